"""Problem: what is to be planned, as frozen arrays on one grid of times. docs/planning.md writes it down in symbols.

some = problem.of(fields, telescopes, window, visits=Visits.simple("r", 60))
plan.best(some, nodes=100)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_treasuremap.followup.request import Exposure
from tom_treasuremap.planning import slews
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.visits import Field

if TYPE_CHECKING:
    from tom_treasuremap.planning.draft import Setting

#: s between two times of the grid
STEP = 60
#: where a job cannot begin at all
NEVER = 1 << 40


@dataclass(frozen=True)
class Visits:
    """What is done at a field, and how far apart. A field counts once all its visits are done."""

    blocks: tuple[tuple[Exposure, ...], ...]  #: of each visit its exposures, in order
    min_gap: float = 0.0  #: s, from the start of a visit to the start of the next one
    max_gap: float | None = None  #: s, the same; None: any

    @classmethod
    def simple(cls, band: str, seconds: float, *, turns: int = 1, min_gap: float = 0, max_gap: float | None = None):
        """The same single exposure at each visit."""
        return cls(((Exposure(band, seconds),),) * turns, min_gap, max_gap)

    def __post_init__(self) -> None:
        if not self.blocks or not all(self.blocks):
            raise ValueError("a field needs at least one visit, and each visit at least one exposure")
        if self.max_gap is not None and self.max_gap < self.min_gap:
            raise ValueError(f"the largest gap, {self.max_gap:g} s, is below the smallest, {self.min_gap:g} s")
        if min(one.seconds for block in self.blocks for one in block) <= 0:
            raise ValueError("an exposure lasts longer than 0 s")


#: visits of all, by name of the telescope, or as a function of telescope and field
Wanted = Visits | Mapping[str, Visits] | Callable[[Telescope, Field], Visits]


@dataclass(frozen=True, eq=False)
class Reach:
    """What one telescope may do. A job is one visit of one field: number `field * turns + turn`."""

    telescope: Telescope
    open: np.ndarray  #: bool[f, n], when each field may be looked at; False throughout for another's fields
    sequences: tuple[Visits, ...]  #: of each field
    axes: tuple[
        np.ndarray, np.ndarray
    ]  #: where the two axes stand, deg, float64[f, 1], or [f, n] where they move with time
    budget: int | None = None  #: s it may spend, overheads included
    stops: Mapping[str, np.ndarray] = field(default_factory=dict)  #: by rule, bool[f, n], when it forbids a field

    @cached_property
    def turns(self) -> int:
        """Visits of a field."""
        return max((len(one.blocks) for one in self.sequences), default=1)

    @cached_property
    def jobs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(seconds, number of the first filter, of the last), int64[f * turns] each; 0 s where a field has fewer visits."""
        names = {name: at for at, name in enumerate(sorted(self.telescope.filters))}
        known: dict[tuple[Exposure, ...], tuple[int, int, int]] = {}
        rows = []
        for one in self.sequences:
            for turn in range(self.turns):
                block = one.blocks[turn] if turn < len(one.blocks) else ()
                if block not in known:
                    ends = (names.get(block[0].filter, -1), names.get(block[-1].filter, -1)) if block else (-1, -1)
                    known[block] = (seconds(self.telescope, block), *ends)
                rows.append(known[block])
        found = np.array(rows, np.int64).reshape(-1, 3)
        return found[:, 0], found[:, 1], found[:, 2]


@dataclass(frozen=True, eq=False)
class Problem:
    """Which fields, by which telescopes, when."""

    fields: tuple[Field, ...]
    reaches: tuple[Reach, ...]
    start: datetime  #: UTC, first time of the grid
    step: int  #: s
    steps: int  #: times on the grid; the last one is the window's end
    shared: bool = True  #: sky that two telescopes looked at counts once; False: once for each of them
    weighed: bool = False  #: what fields hold are weights and no probability, so say its reasons

    @property
    def horizon(self) -> int:
        """s from start to end."""
        return self.step * (self.steps - 1)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the telescopes."""
        return tuple(one.telescope.name for one in self.reaches)

    @cached_property
    def setting(self) -> Setting:
        """What is worked out once for it."""
        from tom_treasuremap.planning.draft import Setting

        return Setting(self)

    def when(self, second: float) -> datetime:
        """The time so many seconds after the start."""
        return self.start + timedelta(seconds=float(second))


def seconds(telescope: Telescope, block: Sequence[Exposure]) -> int:
    """How long a visit lasts, s, from the first opening of the shutter to the last closing."""
    total, before = 0.0, None
    for at, one in enumerate(block):
        change = telescope.filter_change if before not in (None, one.filter) else 0.0
        total += one.count * one.seconds + (one.count - 1) * telescope.readout
        total += change + (telescope.readout if at else 0.0)
        before = one.filter
    return int(np.ceil(total))


def starts(open_: np.ndarray, length: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """(first, last second at which a job may begin), int64[jobs, runs] each: a row of open times a job, `length` s long.

    A job fits into a run of open times if all times of the grid that it touches or lies between are open; what is not
    needed is NEVER to -1.
    """
    padded = np.zeros((len(open_), open_.shape[1] + 2), np.int8)
    padded[:, 1:-1] = open_
    change = np.diff(padded, axis=1)
    row, first = np.nonzero(change == 1)
    last = np.nonzero(change == -1)[1] - 1
    begin, end = first * step, last * step - length[row]
    fits = (end >= begin) & (length[row] > 0)
    row, begin, end = row[fits], begin[fits], end[fits]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    runs = int(rank.max()) + 1 if len(row) else 1
    low, high = np.full((len(open_), runs), NEVER), np.full((len(open_), runs), np.int64(-1))
    low[row, rank], high[row, rank] = begin, end
    return low, high


def of(
    fields: Sequence[Field],
    telescopes: Sequence[Telescope],
    window: tuple[datetime, datetime],
    *,
    visits: Wanted,
    step: int = STEP,
    constraints: Mapping[str, Any] | None = None,
    budgets: Mapping[str, float] | None = None,
    shared: bool = True,
    taken: Mapping[str, Sequence[tuple[datetime, datetime]]] | None = None,
) -> Problem:
    """The Problem of looking at fields within a window, under each telescope's rules, or under those given by its name.

    `constraints` are of `constraints.py`, one of a telescope or several by what people call them. `taken` (by telescope) are times in
    which it does something else. Raises ValueError where two fields of one telescope share a name, or the window is none.
    """
    begin, end = window
    steps = int((end - begin).total_seconds() // step) + 1
    if steps < 2:
        raise ValueError(f"from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} there is no time to plan")
    names = {(one.telescope, one.name) for one in fields}
    if len(names) < len(fields):
        raise ValueError("two fields of one telescope have the same name")
    from tom_treasuremap.planning import reach

    rules, limits = constraints or {}, budgets or {}
    found = tuple(
        reach.of(
            fields,
            one,
            begin,
            step,
            steps,
            visits,
            rules.get(one.name),
            limits.get(one.name),
            (taken or {}).get(one.name, ()),
        )
        for one in telescopes
    )
    return Problem(tuple(fields), found, begin, step, steps, shared)


def wanted(visits: Wanted, telescope: Telescope, one: Field) -> Visits:
    """What a telescope is to do at a field; a field's own seconds come first."""
    if isinstance(visits, Visits):
        found = visits
    else:
        found = visits[telescope.name] if isinstance(visits, Mapping) else visits(telescope, one)
    if one.seconds is None:
        return found
    own = tuple(tuple(replace(item, seconds=one.seconds) for item in block) for block in found.blocks)
    return replace(found, blocks=own)


def fixed(
    fields: Sequence[Field],
    telescope: Telescope,
    open_: np.ndarray,
    visits: Wanted,
    budget: float | None = None,
    stops: Mapping[str, np.ndarray] | None = None,
    axes: tuple[np.ndarray, np.ndarray] | None = None,
) -> Reach:
    """The Reach of a telescope where it is known when each field is open, bool[f, n]."""
    mine = np.array([one.telescope in ("", telescope.name) for one in fields], bool).reshape(-1, 1)
    some = tuple(wanted(visits, telescope, one) for one in fields)
    placed = axes if axes is not None else slews.equatorial(fields)
    return Reach(telescope, open_ & mine, some, placed, None if budget is None else int(budget), stops or {})
