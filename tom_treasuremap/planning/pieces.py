"""Pieces of the sky that no border of any field runs through, and what is left in each.

The map is cut into pixels of a twelfth of a field or less, and each counts by its middle. Where telescopes see a source with
some chance, a pixel is cut in depth as well: with chances c1 <= c2 <= c3 its part c1 is seen by all three, c2 - c1 by two of
them, c3 - c2 by one. So the deepest look counts, as in detection.py. What the same fields see is one piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tom_scimma.skymap import grid, seen, sphere

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap
    from tom_scimma.skymap.footprint import Fields

#: pixels to the side of a field
FINE = 12
#: pixels that hold less than this are left out, all together no more than 1e-4 of the probability
NOTHING = 1e-10

#: (row of the map, ra, dec) of pixels -> chance to see a source that is there, float64[n]
See = Any


class Chance(Protocol):
    """How likely a telescope sees a source, by its exposure."""

    def after(self, seconds: float | None) -> See:
        """A function of (sky, row[n], ra[n], dec[n]) that gives the chance in each pixel, 0..1."""


def about(sky: SkyMap, fields: Fields) -> np.ndarray:
    """About the probability in each field, float64[k], at once: nine points of the map at a third of a field's size."""
    side = np.array([np.sqrt(shape.area / grid.DEG2_PER_SR) for shape in fields.shapes])
    order = int(np.clip(np.ceil(np.log2(np.sqrt(np.pi / 3) * 3 / side.min())), 3, 9))
    mass = _evenly(sky, order)
    x, y = (values.ravel() / 3 for values in np.meshgrid([-1, 0, 1], [-1, 0, 1]))
    total = np.zeros(len(fields))
    for east, north in zip(x, y, strict=True):
        step = side[fields.shape][:, None]
        point = fields.axes[:, 0] + step * (east * fields.axes[:, 1] + north * fields.axes[:, 2])
        ra, dec = sphere.degrees(point / np.linalg.norm(point, axis=1, keepdims=True))
        total += mass[grid.pixel_of(np.asarray(ra) % 360, np.asarray(dec), order)]
    return total / 9 * side[fields.shape] ** 2 / grid.pixel_area(order)


def _evenly(sky: SkyMap, order: int) -> np.ndarray:
    """Probability in each pixel of one order, float64[12 * 4**order]."""
    own, start, size = grid.spans(sky.uniq)
    mass = sky.density * grid.pixel_area(own)
    found = np.zeros(12 << (2 * order))
    shift = 2 * (grid.MAX_ORDER - order)
    fine = own >= order
    np.add.at(found, start[fine] >> shift, mass[fine])
    begin, count = start[~fine] >> shift, size[~fine] >> shift
    at = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count) + np.repeat(begin, count)
    found[at] += np.repeat(mass[~fine] / np.maximum(count, 1), count)
    return found


def pieces(
    sky: SkyMap, fields: Fields, chances: Sequence[tuple[int, See | None]], left: float = 1.0
) -> list[dict[int, float]]:
    """Of each field {piece: what is left there}, `left` being the probability of the whole map.

    `chances` says of how many fields in a row which function gives the chance to see a source; None: surely.
    """
    if not len(fields):
        return []
    row, uniq, mass = pixels(sky, fields)
    ra, dec = grid.centres(uniq)
    point, field = _pairs(fields, ra, dec)
    chance = np.ones(len(point))
    begin = 0
    for count, see in chances:
        if see is not None:
            mine = np.flatnonzero((field >= begin) & (field < begin + count))
            pixel, back = np.unique(point[mine], return_inverse=True)
            chance[mine] = see(sky, row[pixel], ra[pixel], dec[pixel])[back]
        begin += count
    return _layers(point, field, chance, mass * left, len(fields))


def _pairs(fields: Fields, ra: np.ndarray, dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(pixel, field) of all that lie in one another; fields in the same place are looked up once."""
    rows = np.concatenate((fields.shape[:, None], np.round(fields.axes.reshape(-1, 9), 12)), axis=1)
    _, first, same = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    found = list(seen.pairs(fields[first], sphere.vectors(ra, dec)))
    point, place = (np.concatenate([np.zeros(0, np.int64), *parts]) for parts in zip(*found, strict=True))
    order = np.argsort(same.ravel(), kind="stable")
    begin = np.searchsorted(same.ravel()[order], np.arange(len(first) + 1))
    count = (begin[1:] - begin[:-1])[place]
    at = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count) + np.repeat(begin[place], count)
    return np.repeat(point, count), order[at]


def pixels(sky: SkyMap, fields: Fields) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(row of the map, UNIQ, probability) of pixels small enough for these fields, those near none of them left out."""
    from scipy.spatial import cKDTree

    tree = cKDTree(fields.axes[:, 0])
    reach = max(shape.reach for shape in fields.shapes)
    side = min(np.sqrt(np.sum(shape.area)) / grid.DEG2_PER_SR**0.5 for shape in fields.shapes)
    enough = int(np.clip(np.ceil(np.log2(np.sqrt(np.pi / 3) * FINE / side)), 3, 16))
    row, uniq = np.arange(len(sky.uniq)), sky.uniq
    found: list[tuple[np.ndarray, np.ndarray]] = []
    while len(uniq):
        order = grid.order_of(uniq)
        mass = sky.density[row] * grid.pixel_area(order)
        wide = np.array([grid.radius(level) for level in range(grid.MAX_ORDER + 1)])[order]
        apart, _ = tree.query(sphere.vectors(*grid.centres(uniq)), distance_upper_bound=2.1)
        close = (mass > NOTHING) & (apart <= 2 * np.sin(np.minimum(reach + wide, np.pi) / 2) + 1e-9)
        done = close & (order >= enough)
        found.append((row[done], uniq[done]))
        cut = close & ~done
        row, uniq = np.repeat(row[cut], 4), (4 * uniq[cut][:, None] + np.arange(4)).ravel()
    row, uniq = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return row, uniq, sky.density[row] * grid.pixel_area(grid.order_of(uniq))


def _layers(
    point: np.ndarray, field: np.ndarray, chance: np.ndarray, mass: np.ndarray, count: int
) -> list[dict[int, float]]:
    """Layers of each pixel between the chances of its fields, those that the same fields see put together."""
    own: list[dict[int, float]] = [{} for _ in range(count)]
    if not len(point):
        return own
    sort = np.lexsort((field, chance, point))
    point, field, chance = point[sort], field[sort], chance[sort]
    first = np.concatenate(([True], point[1:] != point[:-1]))
    below = np.where(first, 0.0, np.concatenate(([0.0], chance[:-1])))
    weight = mass[point] * (chance - below)
    mark = np.random.default_rng(1).integers(1, 1 << 62, count, dtype=np.uint64)
    ends = np.concatenate((np.flatnonzero(first)[1:], [len(point)]))
    end = np.repeat(ends, np.diff(np.concatenate((np.flatnonzero(first), [len(point)]))))
    with np.errstate(over="ignore"):
        total = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mark[field], dtype=np.uint64)))
        sign = total[end] - total[:-1]
    real = np.flatnonzero(weight > 0)
    _, where, group = np.unique(sign[real], return_index=True, return_inverse=True)
    masses = np.bincount(group.ravel(), weight[real])
    for number, at in enumerate(real[where].tolist()):
        for one in field[at : end[at]].tolist():
            own[one][number] = float(masses[number])
    return own
