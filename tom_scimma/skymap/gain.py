"""What more footprints add to those there are: only pixels that the new ones touch are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tom_scimma.skymap.descent import Level, descend
from tom_scimma.skymap.footprint import Fields, together
from tom_scimma.skymap.inside import finest
from tom_scimma.skymap.overlap import overlap, runs
from tom_scimma.skymap.union import FINE, different, small_enough

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap


def gain(sky: SkyMap, fields: Fields, new: Fields) -> float:
    """Probability in the union of `new` that lies in none of `fields`; as exact as `union`. The same place again adds none."""
    both = together([fields, new])
    once = different(both)
    fields, new = both[once[once < len(fields)]], both[once[once >= len(fields)]]
    reach = [np.array([shape.reach for shape in some.shapes])[some.shape] for some in (fields, new)]
    apart = fields.axes[:, 0] @ new.axes[:, 0].T
    near = fields[(apart >= np.cos(np.minimum(reach[0][:, None] + reach[1][None], np.pi))).any(axis=1)]
    sums = _Sums(together([near, new]), len(near))
    descend(sky, sums.fields, sums.take)
    return min(max(sums.total, 0.0), 1.0)


class _Sums:
    """What the levels add up to."""

    def __init__(self, fields: Fields, old: int) -> None:
        self.fields, self.old, self.enough, self.total = fields, old, finest(fields), 0.0

    def take(self, level: Level) -> np.ndarray:
        """Adds what can be said at this level; the pairs that need a closer look."""
        old = level.field < self.old
        open_ = np.zeros(len(level.cell), bool)
        open_[level.at[~old]] = True
        open_[level.at[level.deep & old]] = False
        go = open_[level.at]
        pairs = np.flatnonzero(go)
        if len(pairs):
            _, count = runs(level.at[pairs])
            alone = np.repeat(count, count) == 1
            ready = pairs[small_enough(level, pairs, self.enough, FINE) | (alone & level.deep[pairs])]
            self._add(level, ready, 1.0)
            self._add(level, ready[old[ready]], -1.0)
            go[ready] = False
        return go

    def _add(self, level: Level, pairs: np.ndarray, sign: float) -> None:
        if len(pairs):
            begin, _ = runs(level.at[pairs])
            self.total += sign * float(level.mass[level.at[pairs[begin]]] @ overlap(level, pairs).share)
