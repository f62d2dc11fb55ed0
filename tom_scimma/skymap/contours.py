"""Outlines of a sky map's credible regions, as rings on the sphere.

Marching squares on the mesh whose nodes are the centres of HEALPix pixels of one order and whose faces are the four
(at eight places three) pixels around each pixel corner. The mesh closes around the whole sphere, so that nothing is
special about RA 0 or the poles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tom_scimma.skymap import grid

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

#: a region is traced at the first order that gives it this many pixels
ENOUGH_PIXELS = 8000
LEAST_ORDER, MOST_ORDER = 4, 22
#: densities below this part of the outline's own count as this much, so that cliffs are crossed near the middle
FLOOR = 1e-3
#: densities that differ by no more than this part of themselves are the same
EQUAL = 1e-6

Ring = list[tuple[float, float]]


def rings(sky: SkyMap, level: float) -> list[Ring]:
    """The closed rings that bound a credible region: lists of (ra, dec) in degrees, the last equal to the first.

    Joined by great circles. Going along a ring, the region is on the left where RA increases to the right, as GeoJSON
    wants it (so on the right on the sky, where east is left); a hole is a ring of its own, the other way round. The
    whole sky has no ring. Pixels of equal density are inside or outside together.
    """
    rows = sky.region(level)
    inside = float(sky.density[rows[-1]])
    less = sky.density[sky.density < inside * (1 - EQUAL)]
    if not less.size and sky.pixel_area.sum() > grid.SPHERE_SR * (1 - EQUAL):
        return []
    outside = max(float(less.max(initial=0.0)), FLOOR * inside)
    threshold = float(np.sqrt(inside * outside))
    area = float(sky.pixel_area[rows].sum())
    order = int(np.ceil(np.log2(np.sqrt(ENOUGH_PIXELS * grid.SPHERE_SR / 12 / area))))
    order = min(max(order, LEAST_ORDER), MOST_ORDER, max(int(sky.order[rows].max()) + 1, LEAST_ORDER))
    return _traced(sky, sky.density >= threshold, threshold, order)


def _traced(sky: SkyMap, chosen: np.ndarray, threshold: float, order: int) -> list[Ring]:
    """Rings where the density, averaged over pixels of `order`, crosses `threshold`, near the chosen rows."""
    from astropy_healpix import neighbours

    pixels = _covering(sky, chosen, order)
    density = sky.mean_density(order, pixels)
    pixels = pixels[density >= threshold]
    with np.errstate(invalid="ignore"):  # astropy-healpix warns where a pixel has seven neighbours
        around = np.asarray(neighbours(pixels, 1 << order, order="nested"), np.int64)
    edge = ~_among(around, pixels).all(axis=0)
    pixels, around = pixels[edge], around[:, edge]
    if not pixels.size:
        return []
    faces = _faces(pixels, around)
    nodes, index = np.unique(faces, return_inverse=True)
    height = np.log(np.maximum(sky.mean_density(order, nodes), FLOOR * threshold)) - np.log(threshold)
    return [_smooth(ring, sky, order) for ring in _rings(order, nodes, height, index.reshape(faces.shape))]


def _covering(sky: SkyMap, chosen: np.ndarray, order: int) -> np.ndarray:
    """Sorted nested pixels of one order that the chosen rows touch."""
    _, start, size = (values[chosen] for values in sky.spans)
    shift = 2 * (grid.MAX_ORDER - order)
    first = start >> shift
    count = np.maximum(size >> shift, 1)
    repeated = np.repeat(first - np.concatenate(([0], np.cumsum(count)[:-1])), count)
    return np.unique(repeated + np.arange(repeated.size))


def _among(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Whether each value is one of the sorted known ones; pixels that do not exist (-1) count as known."""
    place = np.minimum(np.searchsorted(known, values), known.size - 1)
    return (known[place] == values) | (values < 0)


def _faces(pixels: np.ndarray, around: np.ndarray) -> np.ndarray:
    """The faces at the four corners of each pixel, int64[f, 4], clockwise on the sky, none twice.

    `around` is astropy_healpix.neighbours: SW W NW N NE E SE S. Where only three pixels meet, one is named twice.
    """
    southwest, west, northwest, north, northeast, east, southeast, south = around
    corners = [
        (pixels, southwest, west, northwest),
        (pixels, northwest, north, northeast),
        (pixels, northeast, east, southeast),
        (pixels, southeast, south, southwest),
    ]
    faces = np.concatenate([np.stack([a, b, np.where(c < 0, b, c), d], axis=1) for a, b, c, d in corners])
    _, first = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    return faces[first]


def _rings(order: int, nodes: np.ndarray, height: np.ndarray, faces: np.ndarray) -> list[np.ndarray]:
    """Closed rings, float64[p, 3], of unit vectors where `height` crosses zero along the edges of the faces."""
    here, there = faces, np.roll(faces, -1, axis=1)
    leaves = (height[here] >= 0) & (height[there] < 0)
    enters = (height[here] < 0) & (height[there] >= 0)
    # an edge is named by its node inside and its node outside; two faces share it, one leaves by it, the other enters
    name_out = here * nodes.size + there
    name_in = there * nodes.size + here
    following: dict[int, int] = {}
    for face in np.flatnonzero(leaves.any(axis=1)):
        for at in np.flatnonzero(enters[face]):
            turn = (at + 1 + np.arange(4)) % 4
            leave = turn[np.argmax(leaves[face, turn])]
            following[int(name_in[face, at])] = int(name_out[face, leave])
    points = _crossings(order, nodes, height, np.array(list(following), np.int64))
    place = {name: at for at, name in enumerate(following)}
    found: list[np.ndarray] = []
    while following:
        first, step = following.popitem()
        ring = [place[first]]
        while step != first and step in following:
            ring.append(place[step])
            step = following.pop(step)
        found.append(points[ring])
    return sorted(found, key=len, reverse=True)


def _crossings(order: int, nodes: np.ndarray, height: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Unit vectors, float64[k, 3], where each edge crosses zero, linear in `height`."""
    inside, outside = np.divmod(names, nodes.size)
    part = height[inside] / (height[inside] - height[outside])
    vectors = _vectors(*grid.centre_of(order, nodes))
    found = (vectors[:, inside] * (1 - part) + vectors[:, outside] * part).T
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def _vectors(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


def _degrees(vectors: np.ndarray) -> Ring:
    x, y, z = vectors.T
    ra, dec = np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arctan2(z, np.hypot(x, y)))
    return list(zip(ra.tolist(), dec.tolist(), strict=True))


def _smooth(points: np.ndarray, sky: SkyMap, order: int) -> Ring:
    """The closed ring in degrees, without the stairs of map pixels that are larger than the mesh.

    A Gaussian of the width of a stair, applied as 2 G - G G, which keeps what bends more slowly than that where it is.
    """
    if len(points) >= 12:
        ra, dec = np.array(_degrees(points)).T
        coarse = np.median(sky.order[np.maximum(sky.rows_at(ra, dec), 0)])
        width = min(0.8 * 2.0 ** (order - coarse), len(points) / 12)
        steps = np.minimum(np.arange(len(points)), len(points) - np.arange(len(points)))
        kernel = np.exp(-0.5 * np.square(steps / max(width, 0.1)))
        factor = np.fft.rfft(kernel / kernel.sum())[:, None]
        points = np.fft.irfft((2 * factor - factor**2) * np.fft.rfft(points, axis=0), len(points), axis=0)
    return _degrees(np.concatenate((points, points[:1])))
