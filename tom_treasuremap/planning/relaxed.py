"""The relaxed problem: which fields, without their order. Its answer is a bound for every plan; see docs/planning.md.

Columns are lookers (a telescope's field) and pieces of sky that several lookers share; what one looker has for itself is
in its price. Rows are intervals in which visits of a telescope need no more than the interval's length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tom_treasuremap.planning.draft import Setting
from tom_treasuremap.planning.problem import NEVER
from tom_treasuremap.planning.timeline import Ground


class Row(NamedTuple):
    """sum of `value` times the columns `column` is at most `upper`."""

    column: np.ndarray
    value: np.ndarray
    upper: float


@dataclass(frozen=True, eq=False)
class Work:
    """What a telescope's visits need: of each its column, the hull [release, end) in s, and how long it takes."""

    column: np.ndarray
    release: np.ndarray
    end: np.ndarray
    takes: np.ndarray
    budget: float | None


@dataclass(frozen=True, eq=False)
class Relaxed:
    """Columns, prices and first rows."""

    lookers: np.ndarray  #: int64[x], of the first columns
    price: np.ndarray  #: float64[columns]
    rows: tuple[Row, ...]
    works: tuple[Work, ...]  #: of each telescope
    groups: tuple[np.ndarray, np.ndarray]  #: (column of a shared piece, column of a looker), int64[k]

    def full(self, chosen: np.ndarray) -> np.ndarray:
        """Values of all columns where these lookers (bool[x]) are chosen."""
        value = np.zeros(len(self.price))
        value[: len(chosen)] = chosen
        piece, looker = self.groups
        np.maximum.at(value, piece, value[looker])
        return value

    def broken(self, value: np.ndarray, most: int = 12) -> list[Row]:
        """Intervals whose row these values break, of each telescope the worst ones."""
        return [row for work in self.works for row in _broken(work, value, most)]


def of(setting: Setting) -> Relaxed:
    """The relaxed problem of all fields that can be reached."""
    worth = setting.worth
    lookers = np.flatnonzero(setting.usable & (worth.alone() > 0))
    column = np.full(worth.size, -1)
    column[lookers] = np.arange(len(lookers))
    some = column[worth.looker] >= 0
    looker, piece = column[worth.looker[some]], worth.piece[some]
    count = np.bincount(piece, minlength=len(worth.mass))
    own = count[piece] == 1
    price = np.bincount(looker[own], worth.mass[piece[own]], len(lookers))
    group, mass, member = _alike(looker[~own], piece[~own], worth.mass, len(lookers))
    whose, who = member
    prices = np.concatenate((price, mass))
    rows = []
    begin = np.searchsorted(whose, np.arange(group + 1))
    for at in range(group):
        mine = who[begin[at] : begin[at + 1]]
        rows.append(Row(np.append(mine, len(lookers) + at), np.append(np.full(len(mine), -1.0), 1.0), 0.0))
    works = tuple(_work(setting, number, ground, column) for number, ground in enumerate(setting.grounds))
    for work in works:
        rows += _whole(work)
    return Relaxed(lookers, prices, tuple(rows), works, (len(lookers) + whose, who))


def _alike(looker: np.ndarray, piece: np.ndarray, mass: np.ndarray, size: int) -> tuple[int, np.ndarray, tuple]:
    """(groups of pieces that the same lookers see, their mass, (group, looker) of each pair by group)."""
    if not len(piece):
        return 0, np.zeros(0), (np.zeros(0, np.int64), np.zeros(0, np.int64))
    mark = np.random.default_rng(1).integers(1, 1 << 62, size, dtype=np.uint64)
    total = np.zeros(len(mass), np.uint64)
    with np.errstate(over="ignore"):
        np.add.at(total, piece, mark[looker])
    pieces = np.unique(piece)
    _, one, group = np.unique(total[pieces], return_index=True, return_inverse=True)
    number = np.full(len(mass), -1)
    number[pieces] = group
    sums = np.bincount(group, mass[pieces])
    chosen = np.isin(piece, pieces[one])
    whose, who = number[piece[chosen]], looker[chosen]
    sort = np.lexsort((who, whose))
    return len(one), sums, (whose[sort], who[sort])


def least_between(ground: Ground) -> np.ndarray:
    """The least overhead that can follow each job, s, int64[jobs]: readout, the nearest other field, a change of filter."""
    fields = len(ground.reach.sequences)
    mine = np.array([bool(count) for count in ground.needed])
    way = np.zeros(fields, np.int64)
    if ground.turns == 1 and ground.ways is not None and mine.sum() > 1:
        apart = np.where(np.eye(fields, dtype=bool) | ~mine[None], NEVER, ground.ways)
        way = apart.min(axis=1)
    readout = int(np.ceil(ground.reach.telescope.readout))
    starts = np.unique(ground.first[ground.length > 0])
    change = np.where(np.isin(ground.last, starts), 0, int(np.ceil(ground.reach.telescope.filter_change)))
    return np.maximum(np.repeat(way, ground.turns), readout) + change


def _work(setting: Setting, number: int, ground: Ground, column: np.ndarray) -> Work:
    mine = column[number * setting.count : (number + 1) * setting.count]
    turns, fields = ground.turns, np.flatnonzero(mine >= 0)
    low = ground.low.min(axis=1).reshape(-1, turns)[fields]
    high = ground.high.max(axis=1).reshape(-1, turns)[fields]
    least, most = ground.gaps[fields, 0], ground.gaps[fields, 1]
    needed = ground.needed[fields]
    for turn in range(1, turns):  # what gaps take off the hulls
        some = needed > turn
        low[some, turn] = np.maximum(low[some, turn], low[some, turn - 1] + least[some])
        high[some, turn] = np.minimum(high[some, turn], high[some, turn - 1] + most[some])
    for turn in range(turns - 1, 0, -1):
        some = needed > turn
        low[some, turn - 1] = np.maximum(low[some, turn - 1], low[some, turn] - most[some])
        high[some, turn - 1] = np.minimum(high[some, turn - 1], high[some, turn] - least[some])
    takes = (ground.length + least_between(ground)).reshape(-1, turns)[fields]
    real = np.arange(turns)[None] < needed[:, None]
    columns = np.broadcast_to(mine[fields][:, None], real.shape)
    budget = ground.reach.budget
    return Work(
        columns[real],
        low[real],
        (high + takes)[real],
        takes[real],
        None if budget is None else float(budget),
    )


def _whole(work: Work) -> list[Row]:
    """The rows of all of a telescope's time and of its budget; what cannot be kept at all is closed."""
    rows = []
    shut = np.unique(work.column[work.end - work.takes < work.release])
    rows += [Row(np.array([one]), np.ones(1), 0.0) for one in shut]
    if len(work.column):
        rows.append(_row(work, np.ones(len(work.column), bool), float(work.end.max() - work.release.min())))
        if work.budget is not None:  # the last visit's overhead does not count
            row = _row(work, np.ones(len(work.column), bool), work.budget + float(work.takes.max()))
            rows.append(row)
    return rows


def _row(work: Work, some: np.ndarray, upper: float) -> Row:
    column, place = np.unique(work.column[some], return_inverse=True)
    return Row(column, np.bincount(place, work.takes[some]).astype(float), upper)


def _broken(work: Work, value: np.ndarray, most: int) -> list[Row]:
    if not len(work.column):
        return []
    load = work.takes * value[work.column]
    begins, first = np.unique(work.release, return_inverse=True)
    ends, last = np.unique(work.end, return_inverse=True)
    total = np.zeros((len(begins), len(ends)))
    np.add.at(total, (first, last), load)
    inside = np.cumsum(np.cumsum(total[::-1], axis=0)[::-1], axis=1)
    over = inside - (ends[None] - begins[:, None])
    over[ends[None] <= begins[:, None]] = -1.0
    found = []
    for _ in range(most):
        a, b = np.unravel_index(int(np.argmax(over)), over.shape)
        if over[a, b] <= 1e-6 * (ends[b] - begins[a]) + 1e-6:
            break
        some = (work.release >= begins[a]) & (work.end <= ends[b])
        found.append(_row(work, some, float(ends[b] - begins[a])))
        near = max(len(begins) // 25, 1), max(len(ends) // 25, 1)  # not the same interval over and over
        over[max(a - near[0], 0) : a + near[0] + 1, max(b - near[1], 0) : b + near[1] + 1] = -1.0
    return found
