"""Cameras for tests, and ways to know what lies in them that share nothing with how we find out."""

from __future__ import annotations

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import Table
from mocpy import MOC

from tom_scimma import skymap
from tom_scimma.skymap import footprint, grid
from tom_scimma.skymap.footprint import Fields, Footprint


def ccds(rows: tuple[int, ...] = (2, 3, 3, 2), width: float = 0.6, height: float = 0.3, gap: float = 0.05) -> Footprint:
    """A camera of rectangular CCDs in rows, with gaps."""
    return footprint.mosaic(corners(rows, width, height, gap))


def corners(rows: tuple[int, ...], width: float, height: float, gap: float) -> list[tuple[list[float], list[float]]]:
    """The corners of its CCDs."""
    made = []
    for number, count in enumerate(rows):
        y = (number - len(rows) / 2) * (height + gap)
        for column in range(count):
            x = (column - count / 2) * (width + gap)
            made.append(([x, x + width, x + width, x], [y, y, y + height, y + height]))
    return made


def hull() -> Footprint:
    """What encloses the camera of `ccds()`."""
    return footprint.rectangle(2.1, 1.5)


def scattered(shape: Footprint, sky: skymap.SkyMap, count: int, seed: int) -> Fields:
    """The shape at places drawn from a map, turned at random."""
    rng = np.random.default_rng(seed)
    ra, dec = drawn(sky, count, rng)
    return shape.at(ra, dec, rng.uniform(0, 360, count))


def drawn(sky: skymap.SkyMap, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Positions drawn from a map, one from each of `count` equal parts of its probability."""
    order, start, size = grid.spans(sky.uniq)
    total = np.cumsum(sky.density * grid.pixel_area(order))
    row = np.searchsorted(total, (np.arange(count) + rng.uniform(0, 1, count)) / count * total[-1])
    place = start[row] + (rng.uniform(0, 1, count) * size[row]).astype(np.int64)
    return grid.centre_of(grid.MAX_ORDER, place)


def vectors(ra, dec) -> np.ndarray:
    """Unit vectors, by hand."""
    ra, dec = np.radians(ra), np.radians(dec)
    return np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)]).T


def within(ra: np.ndarray, dec: np.ndarray, polygon: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Whether points lie in a convex spherical polygon."""
    return inside(vectors(ra, dec), polygon)


def inside(points: np.ndarray, polygon: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The same of unit vectors: on the same side of every edge as the polygon's middle."""
    edges = vectors(*polygon)
    normals = np.cross(edges, np.roll(edges, -1, axis=0))
    side = np.sign(normals @ edges.mean(axis=0))
    return (points @ (normals.T * side) > 0).all(axis=1)


def moc(polygons: list[tuple[np.ndarray, np.ndarray]], depth: int, sky: skymap.SkyMap) -> float:
    """Probability in the union of polygons as mocpy has it: of all cells that they touch."""
    table = Table({"UNIQ": sky.uniq, "PROBDENSITY": sky.density * u.sr**-1})
    mocs = MOC.from_polygons([SkyCoord(lon, lat, unit="deg") for lon, lat in polygons], max_depth=depth)
    return mocs[0].union(*mocs[1:]).probability_in_multiordermap(table)


def girard(polygon: tuple[np.ndarray, np.ndarray]) -> float:
    """Area in deg2 of a simple spherical polygon that is smaller than its outside: the sum of its angles, less (n - 2) pi."""
    at = vectors(*polygon)
    before, after = np.roll(at, 1, axis=0), np.roll(at, -1, axis=0)
    one, other = np.cross(at, before), np.cross(at, after)
    turn = np.arctan2(np.einsum("ij,ij->i", np.cross(other, one), at), np.einsum("ij,ij->i", one, other)) % (2 * np.pi)
    area = turn.sum() - (len(at) - 2) * np.pi
    area = area if area < 2 * np.pi else (2 * np.pi - turn).sum() - (len(at) - 2) * np.pi
    return float(np.degrees(np.degrees(area)))
