"""The best first: a plan's fields are looked at in another order where that is possible and brings the probability earlier.

What a plan is worth does not depend on the order of its fields, so that a plan may keep the best for last, or wait for the second
visit of a field before it begins the next one; clouds do not wait for it. Three other orders of each telescope's visits are
tried: turned round, with the first and the last visit of each field changing places; from the front, always what gives most
for its time, or what is nearest. Where one breaks a rule (up, gaps, ways, budget), the order stays as it was. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tom_treasuremap.planning import reasons, written
from tom_treasuremap.planning.draft import Draft
from tom_treasuremap.planning.problem import NEVER
from tom_treasuremap.planning.timeline import Line
from tom_treasuremap.plans.written import gains
from tom_treasuremap.visits import Field, Plan, Visit, keys

#: worth that even a field without any has, so that it is looked at in the end
TINY = 1e-12


def best_first(problem: Any, fields: Sequence[Field], best: Plan) -> Plan:
    """The plan with each telescope's visits in another order where that is valid and better."""
    some = written.same(problem.setting, best) if best.visits else None
    if some is None:
        return best
    visits, why = best.visits, dict(best.reasons)
    worth = some.setting.worth.alone().reshape(len(some.lines), some.setting.count)
    for number, line in enumerate(some.lines):
        for other in _others(line, worth[number]):
            tried = some.copy()
            tried.lines[number] = other
            now = written.visits(tried)
            if _lateness(fields, now) < _lateness(fields, visits):
                some, visits = tried, now
        if some.lines[number] is not line:
            why |= _reworded(some, number, why)
    return replace(best, visits=visits, reasons=why)


def _others(line: Line, worth: np.ndarray) -> Iterator[Line]:
    """Other orders of the same visits that are possible. `worth` is each field's, float64[f]."""
    if len(line.jobs) > 1:
        for other in (_turned(line), _in_turn(line, worth), _in_turn(line, np.ones_like(worth))):
            if other is not None:
                yield other


def _in_turn(line: Line, worth: np.ndarray) -> Line | None:
    """From the front, always the visit that gives most for the time until its end; None where that leads nowhere."""
    some = _Row(line, worth)
    while len(some.left):
        if not some.next():
            return None
    return some.line()


class _Row:
    """Visits one after another from the front. Nothing begins that would let the next visit of a field come too late."""

    def __init__(self, line: Line, worth: np.ndarray) -> None:
        self.ground, self.worth, self.left = line.ground, worth, line.jobs.copy()
        self.jobs: list[int] = []
        self.runs: list[int] = []
        self.clock = int(line.early[0])
        count = len(self.ground.length)
        self.early, self.late = np.zeros(count, np.int64), np.full(count, NEVER)  #: what the gaps ask of each start
        self.early[self.left[self.left % self.ground.turns > 0]] = NEVER

    def next(self) -> bool:
        """One visit more; False where none can follow."""
        start, run = self._starts()
        end = start + self.ground.length[self.left]
        at = self._best(start, end, self._rates(start, end))
        if at is None:
            return False
        job = int(self.left[at])
        self.jobs.append(job)
        self.runs.append(int(run[at]))
        self.clock, self.left = int(end[at]), np.delete(self.left, at)
        self._wait(job, int(start[at]))
        return True

    def _starts(self) -> tuple[np.ndarray, np.ndarray]:
        """(earliest start, run of open times) of each that is left; NEVER where there is none."""
        ground, left = self.ground, self.left
        way = ground.between(np.array([self.jobs[-1]]), left, self.clock) if self.jobs else 0
        here = np.maximum(np.maximum(self.clock + way, self.early[left])[:, None], ground.low[left])
        here = np.where(here <= ground.high[left], here, NEVER)
        run = np.argmin(here, axis=1)
        return here[np.arange(len(left)), run], run

    def _rates(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """What each gives for the time until its end; 0 where it comes too late, or lets another one."""
        fine = (start <= self.late[self.left]) & self._harmless(end)
        return np.where(fine, self.worth[self.left // self.ground.turns] + TINY, 0.0) / (end - self.clock)

    def _harmless(self, end: np.ndarray) -> np.ndarray:
        """Whether, after each of these, every other one that has a latest start can still be in time."""
        late = self.late[self.left]
        due = np.flatnonzero(late < NEVER)
        last = late[due][None] - self.ground.between(self.left[:, None], self.left[due][None], end[:, None])
        fine: np.ndarray = ((end[:, None] <= last) | (np.arange(len(late))[:, None] == due)).all(axis=1)
        return fine

    def _best(self, start: np.ndarray, end: np.ndarray, rate: np.ndarray) -> int | None:
        """Which gives most or, where that has to be waited for, which of those that fit before it."""
        at = int(np.argmax(rate))
        before = np.where(end + self.ground.between(self.left, self.left[at], end) <= start[at], rate, 0.0)
        at = int(np.argmax(before)) if before.any() else at
        return at if start[at] < NEVER and rate[at] > 0 else None

    def _wait(self, job: int, start: int) -> None:
        """From when until when the next visit of that field may begin."""
        least, most = self.ground.gaps[job // self.ground.turns]
        if (job + 1) % self.ground.turns and job + 1 in self.left:
            self.early[job + 1], self.late[job + 1] = start + least, min(start + most, NEVER)

    def line(self) -> Line | None:
        """The visits as a line; None where that is none."""
        ground, order, taken = self.ground, np.array(self.jobs, np.int64), np.array(self.runs, np.int64)
        return Line(ground, order, ground.low[order, taken], ground.high[order, taken]).settled()


def _turned(line: Line) -> Line | None:
    """The same visits from the last to the first; None where they cannot be."""
    ground, jobs = line.ground, line.jobs
    field, turn = np.divmod(jobs, ground.turns)
    mirrored = line.early[0] + (line.early + ground.length[jobs])[-1] - (line.early + ground.length[jobs])
    again = (field * ground.turns + ground.needed[field] - 1 - turn)[::-1]
    late = ground.high[again] >= mirrored[::-1, None]
    if not late.any(axis=1).all():
        return None
    run = np.argmax(late, axis=1)
    return Line(ground, again, ground.low[again, run], ground.high[again, run]).settled()


def _reworded(some: Draft, number: int, why: dict[str, str]) -> dict[str, str]:
    """Why a telescope's fields are in, with their new places and times."""
    named = keys(some.setting.problem.fields)
    mine = [int(field) for field in some.lines[number].fields]
    return {named[at]: reasons.inside(some, at, number) for at in mine if named[at] in why}


def _lateness(fields: Sequence[Field], visits: Sequence[Visit]) -> float:
    """How late the probability comes on average, s times probability, from the first visit of all."""
    begin = visits[0].start
    return sum(
        gain * (one.end - begin).total_seconds() for one, gain in zip(visits, gains(fields, visits), strict=True)
    )
