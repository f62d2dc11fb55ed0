"""All pixels that some footprints touch, order by order: what no footprint touches, and what one wholly covers, is left.

`descend` starts from the twelve base pixels, with every footprint in each, and shows one order after the other as a
Level: pixels, and the (pixel, footprint) pairs that are left. `take` uses a level and says which pairs to look at in
their four parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tom_scimma.skymap import cells, grid, share
from tom_scimma.skymap.footprint import Fields
from tom_scimma.skymap.kinds import Kind, kinds

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

#: pieces of footprints that are looked at in one go: so many columns fit the processor's cache
BATCH = 1 << 14


class Weights:
    """What a map says of pixels of any order."""

    def __init__(self, sky: SkyMap) -> None:
        _, self.start, self.size = sky.spans
        self.density = sky.density
        self.before = np.concatenate(([0.0], np.cumsum(sky.density * sky.pixel_area)))

    def until(self, place: np.ndarray) -> np.ndarray:
        """Probability in the nested order before each order-29 place."""
        row = np.maximum(np.searchsorted(self.start, place, side="right") - 1, 0)
        part = np.clip((place - self.start[row]) / self.size[row], 0, 1)
        return self.before[row] + part * (self.before[row + 1] - self.before[row])

    def of(self, order: int, ipix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(probability, whether it lies in one pixel of the map) of nested pixels."""
        shift = 2 * (grid.MAX_ORDER - order)
        first = ipix << shift
        last = first + (1 << shift)
        row = np.maximum(np.searchsorted(self.start, first, side="right") - 1, 0)
        single = (first >= self.start[row]) & (last <= self.start[row] + self.size[row])
        mass = self.density[row] * grid.pixel_area(order)
        several = np.flatnonzero(~single)
        mass[several] = np.maximum(self.until(last[several]) - self.until(first[several]), 0)
        return mass, single


@dataclass
class Level:
    """Pixels of one order, and the footprints that touch them."""

    order: int
    cell: np.ndarray  #: int64[c], nested, ascending
    mass: np.ndarray  #: float64[c], probability
    single: np.ndarray  #: bool[c], of one density
    at: np.ndarray  #: int64[p], place of the pair's pixel in `cell`; ascending
    field: np.ndarray  #: int64[p]
    deep: np.ndarray  #: bool[p], the footprint covers the whole pixel
    fields: Fields
    kinds: list[tuple[Kind, np.ndarray]]

    def measure(self, pairs: np.ndarray, *, area: bool, samples: bool) -> tuple[np.ndarray, np.ndarray]:
        """(share 0..1 of the pixel, mask of 64 samples) that the footprint of each pair covers; zeros if not asked."""
        found, mask = np.zeros(len(pairs)), np.zeros(len(pairs), np.uint64)
        if len(pairs):
            new = np.diff(self.at[pairs], prepend=-1) != 0
            used, where = self.at[pairs[new]], np.cumsum(new) - 1
            frame = cells.frames(self.order, self.cell[used])
            dual = _dual(frame)
            for kind, shapes in self.kinds:
                mine = np.flatnonzero(shapes[self.fields.shape[self.field[pairs]]])
                for part in np.array_split(mine, len(mine) // BATCH + 1):
                    self._measure(kind, frame.centre, dual, pairs, part, where, (found if area else None, mask if samples else None))  # fmt: skip
        return found, mask

    def _measure(self, kind, centre, dual, pairs, part, where, out) -> None:  # type: ignore[no-untyped-def]
        field, row = self.field[pairs[part]], where[part]
        axes = self.fields.axes[field]
        point = _turned(axes, [axis[row] for axis in centre])
        pair, piece = kind.pieces(self.fields.shape[field], point, cells.radius(self.order))
        seen = [_turned(axes, [axis[row] for axis in vector]) for vector in dual]
        for some in np.array_split(np.arange(len(pair)), len(pair) // BATCH + 1):
            whose = pair[some]
            if not len(whose):
                continue
            corners = share.plane([[axis[whose] for axis in vector] for vector in seen], kind.corners, piece[some])
            begin = np.flatnonzero(np.diff(whose, prepend=-1))
            target = part[whose[begin]]
            if out[0] is not None:
                out[0][target] += np.add.reduceat(share.shares(corners), begin)
            if out[1] is not None:
                out[1][target] |= np.bitwise_or.reduceat(share.masks(corners), begin)


def descend(sky: SkyMap, fields: Fields, take: Callable[[Level], np.ndarray]) -> None:
    """Shows `take` every order in turn, until it wants no pair's parts any more."""
    weights, sorts = Weights(sky), list(kinds(fields))
    reach = np.array([shape.reach for shape in fields.shapes])[fields.shape]
    sight = [np.ascontiguousarray(axis) for axis in fields.axes[:, 0].T]
    cell, at = np.arange(12), np.repeat(np.arange(12), len(fields))
    field = np.tile(np.arange(len(fields)), 12)
    for order in range(grid.MAX_ORDER + 1):
        level = _level(order, cell, at, field, weights, fields, sorts, reach, sight)
        if not len(level.at):
            return
        go = np.flatnonzero(take(level)) if order < grid.MAX_ORDER else np.zeros(0, np.int64)
        new = np.diff(level.at[go], prepend=-1) != 0
        used, where = level.at[go[new]], np.cumsum(new) - 1
        cell = (4 * level.cell[used][:, None] + np.arange(4)).ravel()
        at = (4 * where[:, None] + np.arange(4)).ravel()
        field = np.repeat(level.field[go], 4)
        sort = np.argsort(at, kind="stable")
        at, field = at[sort], field[sort]


def _level(order, cell, at, field, weights, fields, sorts, reach, sight) -> Level:  # type: ignore[no-untyped-def]
    """The pairs that touch one another, and how; `at` ascends."""
    mass, single = weights.of(order, cell)
    centre, radius = cells.centres(order, cell), cells.radius(order)
    point = [axis[at] for axis in centre]
    apart = sight[0][field] * point[0] + sight[1][field] * point[1] + sight[2][field] * point[2]
    near = (apart >= np.cos(np.minimum(reach + radius, np.pi))[field]) & (mass > 0)[at]
    at, field, point = at[near], field[near], [axis[near] for axis in point]
    deep, close = np.zeros(len(at), bool), np.ones(len(at), bool)
    for kind, shapes in sorts:
        mine = np.flatnonzero(shapes[fields.shape[field]])
        if radius > np.pi / 4 or not len(mine):
            continue
        for part in np.array_split(mine, len(mine) // BATCH + 1):
            turned = _turned(fields.axes[field[part]], [axis[part] for axis in point])
            found = kind.find(fields.shape[field[part]], turned, radius)
            deep[part], close[part] = found.deep, found.near
    at, field, deep = at[close], field[close], deep[close]
    return Level(order, cell, mass, single, at, field, deep, fields, sorts)


def _dual(frame: cells.Frames) -> list[list[np.ndarray]]:
    """Vectors whose products with a direction are (h, h (u - 1/2), h (v - 1/2)) of it in the pixel's plane."""
    return [
        _crossed(frame.across, frame.along),
        _crossed(frame.along, frame.centre),
        _crossed(frame.centre, frame.across),
    ]


def _crossed(a: list[np.ndarray], b: list[np.ndarray]) -> list[np.ndarray]:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def _turned(axes: np.ndarray, vector: list[np.ndarray]) -> list[np.ndarray]:
    """The vectors in their cameras' frames."""
    return [axes[:, i, 0] * vector[0] + axes[:, i, 1] * vector[1] + axes[:, i, 2] * vector[2] for i in range(3)]
