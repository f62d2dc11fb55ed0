"""The parts that a credible region falls into, and the windows that show them well.

A part is a run of neighbouring pixels at an order that gives the whole region some hundreds, so that specks and the
gaps between them do not count; nothing is special about RA 0 or the poles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tom_scimma.skymap import grid

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

#: pixels that the region is looked at with
ENOUGH_PIXELS = 600
#: parts that together hold less than this of the region do not decide what a window shows
NEGLIGIBLE = 0.05
#: parts that fit into a window of this radius are shown in one
NEAR_DEG = 20.0
LARGEST_DEG, SMALLEST_DEG = 90.0, 2 / 3600


@dataclass(frozen=True)
class View:
    """A round part of the sky. Degrees."""

    ra: float
    dec: float
    radius_deg: float
    share: float | None = None  #: of the probability in it, of what the region holds there


def views(sky: SkyMap, level: float) -> list[View]:
    """One or two views of a credible region, the more probable first: one where its parts are near one another."""
    order, cells, weight = _cells(sky, level)
    part = _parts(order, cells)
    vectors = _vectors(*grid.centre_of(order, cells))
    size = np.sqrt(float(grid.pixel_area(order)))
    share = np.bincount(part, weight)
    rank = np.argsort(share)[::-1]
    held = np.cumsum(share[rank]) / share.sum()
    counted = rank[: int(np.searchsorted(held, 1 - NEGLIGIBLE)) + 1]

    def view(parts: np.ndarray) -> View:
        chosen = np.isin(part, parts)
        centre, radius = _cap(vectors[chosen], weight[chosen])
        ra = np.degrees(np.arctan2(centre[1], centre[0])) % 360
        dec = np.degrees(np.arctan2(centre[2], np.hypot(centre[0], centre[1])))
        wide = 1.12 * (np.degrees(radius + 0.7 * size))
        return View(float(ra), float(dec), float(np.clip(wide, SMALLEST_DEG, LARGEST_DEG)), float(weight[chosen].sum()))

    whole, first = view(counted), view(counted[:1])
    if counted.size == 1 or whole.radius_deg <= max(NEAR_DEG, 2.5 * first.radius_deg):
        return [whole]
    return [first, view(counted[1:2])]


def _cells(sky: SkyMap, level: float) -> tuple[int, np.ndarray, np.ndarray]:
    """(order, sorted nested pixels int64[n], probability float64[n]) that the region touches."""
    rows = sky.region(level)
    rows = rows[sky.density[rows] > 0]
    area = float(sky.pixel_area[rows].sum())
    order = int(np.clip(np.round(0.5 * np.log2(ENOUGH_PIXELS * grid.SPHERE_SR / 12 / area)), 0, 24))
    shift = 2 * (grid.MAX_ORDER - order)
    _, start, size = (values[rows] for values in sky.spans)
    first, count = start >> shift, np.maximum(size >> shift, 1)
    cells = np.repeat(first - np.concatenate(([0], np.cumsum(count)[:-1])), count) + np.arange(count.sum())
    each = np.repeat((sky.density * sky.pixel_area)[rows] / count, count)
    found, place = np.unique(cells, return_inverse=True)
    return order, found, np.bincount(place, each)


def _parts(order: int, cells: np.ndarray) -> np.ndarray:
    """Number of the part that each of the sorted cells belongs to, int[n]: cells that touch are of one part."""
    from astropy_healpix import neighbours
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    with np.errstate(invalid="ignore"):  # astropy-healpix warns where a pixel has seven neighbours
        around = np.asarray(neighbours(cells, 1 << order, order="nested"), np.int64)
    place = np.minimum(np.searchsorted(cells, around), cells.size - 1)
    known = cells[place] == around
    here = np.broadcast_to(np.arange(cells.size), around.shape)[known]
    links = coo_array((np.ones(here.size), (here, place[known])), (cells.size, cells.size))
    return connected_components(links, directed=False)[1]


def _cap(vectors: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """(unit vector, angle in radians) of a small circle around all vectors, float64[n, 3].

    Badoiu & Clarkson's steps towards the farthest point (doi:10.1145/644108.644240), from the centre of mass.
    """
    mass = weight @ vectors
    centre = mass / np.linalg.norm(mass) if np.linalg.norm(mass) > 1e-6 else vectors[np.argmax(weight)]
    best, reach = centre, -2.0
    for step in range(2, 60):
        cosine = vectors @ centre
        farthest = int(np.argmin(cosine))
        if cosine[farthest] > reach:
            best, reach = centre, float(cosine[farthest])
        centre = centre + (vectors[farthest] - centre) / step
        length = np.linalg.norm(centre)
        if length < 1e-6:
            break
        centre = centre / length
    # not the arc cosine, which loses what is smaller than an arcsecond
    away = 2 * np.arcsin(np.minimum(np.linalg.norm(vectors - best, axis=1) / 2, 1))
    return best, float(away.max())


def _vectors(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)
