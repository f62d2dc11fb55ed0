"""How often places were seen: areas, and regions to draw. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skymap import grid, seen, sphere

if TYPE_CHECKING:
    from tom_scimma.skymap.footprint import Fields

#: regions of places seen at least so often
TIMES = (1, 2, 3, 5, 10)
#: the finest pixels that are looked at, by area: no more than so many of them
MOST = 400_000
FINEST, COARSEST = 11, 6


def often(fields: Fields) -> list[dict[str, Any]]:
    """For 1, 2, 3, 5 and 10 times: {"times", "area" in deg2, "moc" in its JSON form}, as far as any place was.

    Places are the centres of HEALPix pixels, the finer the less sky there is.
    """
    from mocpy import MOC

    order = FINEST
    while order > COARSEST and fields.area.sum() / (grid.pixel_area(order) * grid.DEG2_PER_SR) > MOST:
        order -= 1
    pixel = _near(fields, order)
    point = sphere.vectors(*grid.centres(grid.uniq_of(order, pixel)))
    count = np.zeros(len(pixel), np.int64)
    for place, _ in seen.pairs(fields, point):
        count += np.bincount(place, minlength=len(pixel))
    found = []
    for times in TIMES:
        some = pixel[count >= times]
        if not len(some):
            break
        moc = MOC.from_healpix_cells(some.astype(np.uint64), np.full(len(some), order, np.uint8), order)
        area = float(len(some) * grid.pixel_area(order) * grid.DEG2_PER_SR)
        found.append({"times": times, "area": area, "moc": moc.serialize("json")})
    return found


def _near(fields: Fields, order: int) -> np.ndarray:
    """The pixels in whose surroundings any field lies, int64."""
    reach = np.array([shape.reach for shape in fields.shapes])[fields.shape]
    pixel = np.arange(12 << (2 * COARSEST))
    from scipy.spatial import cKDTree

    tree = cKDTree(fields.axes[:, 0])
    for level in range(COARSEST, order + 1):
        point = sphere.vectors(*grid.centres(grid.uniq_of(level, pixel)))
        wide = 2 * np.sin((reach.max() + np.radians(grid.radius(level))) / 2)
        away, _ = tree.query(point)
        pixel = pixel[away <= wide]
        if level < order:
            pixel = (4 * pixel[:, None] + np.arange(4)).ravel()
    return pixel
