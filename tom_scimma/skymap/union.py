"""The probability inside the union of many footprints, of all and of each group of them.

A pixel that one footprint wholly covers counts with all it holds, and no other footprint is looked at there. Where only
one footprint cuts a pixel its exact share is taken (as in inside.py). Where several cut it, and it holds little enough,
the shares' sum is corrected for what overlaps by 64 sample points.

How wrong may it be? For every pixel with several footprints the largest share and the sum of the shares enclose the
union's: `bound` adds up what these leave open, and holds always. `error` says how wrong it is in truth: five standard
deviations, from the difference of the two halves of the samples in each pixel, pixels being independent of one
another. Pixels are cut until `error` is below the tolerance, 1e-4 by default.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from tom_scimma.skymap import cells, grid
from tom_scimma.skymap.descent import Level, descend
from tom_scimma.skymap.footprint import Fields
from tom_scimma.skymap.inside import BENT_ORDERS, COARSEST, EVEN, NOTHING, finest
from tom_scimma.skymap.overlap import CROWD, overlap, runs

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

TOLERANCE = 1e-4
#: that of each group, in tolerances of all: nobody reads a team's share to four digits, and there are many teams
OF_GROUPS = 2
#: groups are worked on side by side
THREADS = 4
#: standard deviations in `error`
SIGMAS = 5
#: what a pixel cut by several footprints may hold, at first: with few footprints, and with many
FINE, COARSE = 2e-6, 1e-5
_NONE = (np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True, eq=False)
class Union:
    """What several footprints cover together."""

    probability: float
    error: float  #: five standard deviations
    bound: float  #: it is wrong by no more than this
    by: dict[Hashable, Union] = field(default_factory=dict)  #: each group's own union
    pixels: tuple[np.ndarray, np.ndarray] = _NONE  #: (UNIQ, share 0..1 that is covered) of all that are touched


def union(
    sky: SkyMap,
    fields: Fields,
    *,
    by: Sequence[Hashable] | None = None,
    tolerance: float = TOLERANCE,
    edge: float = 1.0,
) -> Union:
    """The union of footprints, and that of each group of them: `by` names the group of each, such as its team.

    `error` of the whole is at most `tolerance`, that of a group twice that.

    Pixels of which only a part is covered hold no more than `edge`, where it matters how fine `pixels` are.
    """
    if by is not None:
        if len(by) != len(fields):
            raise ValueError(f"there are {len(fields)} footprints and {len(by)} names of groups")
        groups: dict[Hashable, list[int]] = {}
        for number, name in enumerate(by):
            groups.setdefault(name, []).append(number)
        parts = [fields, *(fields[numbers] for numbers in groups.values())]
        with ThreadPoolExecutor(THREADS) as threads:  # numpy lets go of the interpreter's lock for most of it
            allowed = [tolerance, *[tolerance * OF_GROUPS] * len(groups)]
            all_, *each = threads.map(lambda some, off: union(sky, some, tolerance=off, edge=edge), parts, allowed)
        return replace(all_, by=dict(zip(groups, each, strict=True)))
    fields = fields[different(fields)]
    most = COARSE * max(tolerance / TOLERANCE, 1.0) ** 1.5  # as the error goes with what a pixel holds
    coarse = min(float(np.clip(EVEN * len(fields), FINE, most)), edge)
    while True:
        sums = _Sums(fields, coarse, edge)
        descend(sky, fields, sums.take)
        found = sums.union()
        if found.error <= tolerance or coarse < EVEN:
            return found
        coarse *= min((tolerance / found.error) ** 1.5, 0.5)


def different(fields: Fields) -> np.ndarray:
    """Which of the fields to look at, ascending: each placement once, since surveys come back to the same one many times."""
    rows = np.concatenate((fields.shape[:, None], fields.axes.reshape(-1, 9)), axis=1)
    lines = np.ascontiguousarray(rows + 0.0).view(np.dtype((np.void, rows.shape[1] * 8))).ravel()
    return np.sort(np.unique(lines, return_index=True)[1])


def small_enough(level: Level, pairs: np.ndarray, enough: np.ndarray, coarse: float, edge: float = 1.0) -> np.ndarray:
    """Whether the pixel of each pair need not be cut, bool[p]; `enough` is `finest` of all fields."""
    begin, count = runs(level.at[pairs])
    cell = level.at[pairs[begin]]
    mass = level.mass[cell]
    order = np.maximum.reduceat(enough[level.field[pairs]], begin)
    order += BENT_ORDERS * cells.bent(level.order, level.cell[cell])
    exact = (level.single[cell] | (mass < EVEN)) & (level.order >= order) & (count == 1)
    most = np.minimum(coarse * np.square(np.maximum(count / CROWD, 1)), edge)
    exact &= mass <= edge
    return np.repeat(exact | ((level.order >= COARSEST) & (mass < most)) | (mass < NOTHING), count)


class _Sums:
    """What the levels add up to."""

    def __init__(self, fields: Fields, coarse: float, edge: float) -> None:
        self.coarse, self.edge, self.enough = coarse, edge, finest(fields)
        self.total = self.variance = self.bound = 0.0
        self.pixels = [_NONE]

    def take(self, level: Level) -> np.ndarray:
        """Adds what can be said at this level; the pairs that need a closer look."""
        whole = np.zeros(len(level.cell), bool)
        whole[level.at[level.deep]] = True
        self.total += level.mass[whole].sum()
        self.pixels.append((grid.uniq_of(level.order, level.cell[whole]), np.ones(np.count_nonzero(whole))))
        left = ~whole[level.at]
        pairs = np.flatnonzero(left)
        if len(pairs) and (level.order >= COARSEST or level.mass.min() < NOTHING):
            ready = pairs[small_enough(level, pairs, self.enough, self.coarse, self.edge)]
            self._add(level, ready)
            left[ready] = False
        return left

    def _add(self, level: Level, pairs: np.ndarray) -> None:
        """Counts pixels by the shares that are covered."""
        if len(pairs):
            cell = level.at[pairs[runs(level.at[pairs])[0]]]
            mass, covered = level.mass[cell], overlap(level, pairs)
            self.total += float(mass @ covered.share)
            self.variance += float(np.square(mass * covered.off).sum())
            self.bound += float(mass @ covered.open)
            self.pixels.append((grid.uniq_of(level.order, level.cell[cell]), covered.share))

    def union(self) -> Union:
        """The result."""
        uniq, share = (np.concatenate(parts) for parts in zip(*self.pixels, strict=True))
        error = SIGMAS * float(np.sqrt(self.variance))
        return Union(min(float(self.total), 1.0), error, self.bound, pixels=(uniq, share))
