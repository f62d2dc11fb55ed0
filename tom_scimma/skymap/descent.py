"""All pixels that some footprints touch, order by order: what no footprint touches, and what one wholly covers, is left.

`descend` starts from the twelve base pixels, with every footprint in each, and shows one order after the other as a
Level: pixels, and the (pixel, footprint) pairs that are left. `take` uses a level and says which pairs to look at in
their four parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tom_scimma.skymap import cells, grid, share
from tom_scimma.skymap.footprint import Fields
from tom_scimma.skymap.kinds import Kind, kinds

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

Vectors = list[np.ndarray]
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


class Ground:
    """What a search needs at every order."""

    def __init__(self, sky: SkyMap, fields: Fields) -> None:
        self.weights, self.fields, self.kinds = Weights(sky), fields, list(kinds(fields))
        self.reach = np.array([shape.reach for shape in fields.shapes])[fields.shape]
        self.sight = [np.ascontiguousarray(axis) for axis in fields.axes[:, 0].T]

    def by_kind(self, field: np.ndarray) -> Iterator[tuple[Kind, np.ndarray]]:
        """(kind, places of those fields that are of it), in batches."""
        for kind, shapes in self.kinds:
            mine = np.flatnonzero(shapes[self.fields.shape[field]])
            for part in batches(len(mine)):
                yield kind, mine[part]

    def turned(self, field: np.ndarray, vector: list[np.ndarray]) -> list[np.ndarray]:
        """Vectors [3][n] in the frame of each field's camera."""
        axes = self.fields.axes[field]
        return [axes[:, i, 0] * vector[0] + axes[:, i, 1] * vector[1] + axes[:, i, 2] * vector[2] for i in range(3)]


@dataclass
class Level:
    """Pixels of one order, and the footprints that touch them."""

    ground: Ground
    order: int
    cell: np.ndarray  #: int64[c], nested, ascending
    mass: np.ndarray  #: float64[c], probability
    single: np.ndarray  #: bool[c], of one density
    at: np.ndarray  #: int64[p], place of the pair's pixel in `cell`; ascending
    field: np.ndarray  #: int64[p]
    deep: np.ndarray  #: bool[p], the footprint covers the whole pixel

    def measure(self, pairs: np.ndarray, *, area: bool, samples: bool) -> tuple[np.ndarray, np.ndarray]:
        """(share 0..1 of the pixel, mask of 64 samples) that the footprint of each pair covers; zeros if not asked."""
        part, mask = np.zeros(len(pairs)), np.zeros(len(pairs), np.uint64)
        new = first(self.at[pairs])
        frame, place = cells.frames(self.order, self.cell[self.at[pairs[new]]]), np.cumsum(new) - 1
        dual = cells.dual(frame)
        for kind, some in self.ground.by_kind(self.field[pairs]):
            for pair, corners in self._planes(kind, self.field[pairs[some]], frame.centre, dual, place[some]):
                begin = np.flatnonzero(first(pair))
                target = some[pair[begin]]
                if area:
                    part[target] += np.add.reduceat(share.shares(corners), begin)
                if samples:
                    mask[target] |= np.bitwise_or.reduceat(share.masks(corners), begin)
        return np.minimum(part, 1.0), mask

    def _planes(
        self, kind: Kind, field: np.ndarray, centre: Vectors, dual: list[Vectors], place: np.ndarray
    ) -> Iterator[tuple[np.ndarray, share.Plane]]:
        """(pair, corners in its pixel's plane) of every piece that may touch its pair's pixel, in batches."""
        shape, turned = self.ground.fields.shape[field], self.ground.turned
        pair, piece = kind.pieces(shape, turned(field, [axis[place] for axis in centre]), radius(self.order))
        seen = [turned(field, [axis[place] for axis in vector]) for vector in dual]
        for part in batches(len(pair)):
            mine = pair[part]
            yield mine, share.plane([[axis[mine] for axis in vector] for vector in seen], kind.corners, piece[part])


def descend(sky: SkyMap, fields: Fields, take: Callable[[Level], np.ndarray]) -> None:
    """Shows `take` every order in turn, until it wants no pair's parts any more."""
    ground = Ground(sky, fields)
    cell, at = np.arange(12), np.repeat(np.arange(12), len(fields))
    field = np.tile(np.arange(len(fields)), 12)
    for order in range(grid.MAX_ORDER + 1):
        level = _level(ground, order, cell, at, field)
        go = np.flatnonzero(take(level)) if len(level.at) else level.at
        if not len(go):
            return
        new = first(level.at[go])
        cell = (4 * level.cell[level.at[go[new]]][:, None] + np.arange(4)).ravel()
        at = (4 * (np.cumsum(new) - 1)[:, None] + np.arange(4)).ravel()
        sort = np.argsort(at, kind="stable")
        at, field = at[sort], np.repeat(level.field[go], 4)[sort]


def _level(ground: Ground, order: int, cell: np.ndarray, at: np.ndarray, field: np.ndarray) -> Level:
    """The pairs that touch one another, and how; `at` ascends."""
    mass, single = ground.weights.of(order, cell)
    centre, wide = cells.centres(order, cell), radius(order)
    least = np.cos(np.minimum(ground.reach + wide, np.pi))
    deep, close = np.zeros(len(at), bool), np.zeros(len(at), bool)
    for part in batches(len(at)):
        where, who = at[part], field[part]
        point = [axis[where] for axis in centre]
        apart = sum(axis[who] * other for axis, other in zip(ground.sight, point, strict=True))
        near = np.flatnonzero((apart >= least[who]) & (mass[where] > 0))
        close[part.start + near] = True
        for kind, some in ground.by_kind(who[near]) if wide < np.pi / 4 else ():
            mine = near[some]
            turned = ground.turned(who[mine], [axis[mine] for axis in point])
            found = kind.find(ground.fields.shape[who[mine]], turned, wide)
            deep[part.start + mine], close[part.start + mine] = found.deep, found.near
    return Level(ground, order, cell, mass, single, at[close], field[close], deep[close])


def first(values: np.ndarray) -> np.ndarray:
    """Where runs of equal values begin, bool[n]."""
    found = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found


def radius(order: int) -> float:
    """Radians from the centre of a pixel to its farthest corner."""
    return float(np.radians(grid.radius(order)))


def batches(count: int) -> Iterator[slice]:
    """Slices of a batch each."""
    return (slice(begin, begin + BATCH) for begin in range(0, count, BATCH))
