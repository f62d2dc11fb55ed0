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
from tom_treasuremap.planning.draft import Draft, Setting
from tom_treasuremap.planning.problem import NEVER
from tom_treasuremap.planning.timeline import Ground, Line
from tom_treasuremap.plans.written import gains
from tom_treasuremap.visits import Field, Plan, Visit, keys

#: worth that even a field without any has, so that it is looked at in the end
TINY = 1e-12


def best_first(problem: Any, fields: Sequence[Field], best: Plan) -> Plan:
    """The plan with each telescope's visits in another order where that is valid and better."""
    some = written.same(Setting(problem), best) if best.visits else None
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
    """From the front, always the visit that gives most for the time until its end; None where that leads nowhere.

    Nothing begins that would let the next visit of a field come too late.
    """
    ground, left = line.ground, line.jobs.copy()
    early, late = np.zeros(len(ground.length), np.int64), np.full(len(ground.length), NEVER)
    follows = left % ground.turns > 0
    early[left[follows]] = NEVER
    jobs: list[int] = []
    runs: list[int] = []
    clock = int(line.early[0])
    while len(left):
        way = ground.between(np.array([jobs[-1]]), left, clock) if jobs else np.zeros(len(left), np.int64)
        start, run = _starts(ground, left, np.maximum(clock + way, early[left]))
        end = start + ground.length[left]
        rate = np.where(
            (start <= late[left]) & _harmless(ground, left, end, late[left]), worth[left // ground.turns] + TINY, 0.0
        ) / (end - clock)
        at = int(np.argmax(rate))
        before = np.where(end + ground.between(left, left[at], end) <= start[at], rate, 0.0)
        at = int(np.argmax(before)) if before.any() else at  # where that has to be waited for, what fits before it
        if start[at] >= NEVER or rate[at] <= 0:
            return None
        job, clock = int(left[at]), int(end[at])
        jobs.append(job)
        runs.append(int(run[at]))
        least, most = ground.gaps[job // ground.turns]
        if job + 1 in left and (job + 1) % ground.turns:
            early[job + 1], late[job + 1] = start[at] + least, min(start[at] + most, NEVER)
        left = np.delete(left, at)
    order, taken = np.array(jobs, np.int64), np.array(runs, np.int64)
    return Line(ground, order, ground.low[order, taken], ground.high[order, taken]).settled()


def _harmless(ground: Ground, jobs: np.ndarray, end: np.ndarray, late: np.ndarray) -> np.ndarray:
    """Whether, after each of these, every other one that has a latest start can still be in time."""
    due = np.flatnonzero(late < NEVER)
    last = late[due][None] - ground.between(jobs[:, None], jobs[due][None], end[:, None])
    fine: np.ndarray = ((end[:, None] <= last) | (np.arange(len(jobs))[:, None] == due)).all(axis=1)
    return fine


def _starts(ground: Ground, jobs: np.ndarray, lower: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(earliest start from `lower` on, run of open times) of each job; NEVER where there is none."""
    here = np.maximum(lower[:, None], ground.low[jobs])
    here = np.where(here <= ground.high[jobs], here, NEVER)
    run = np.argmin(here, axis=1)
    return here[np.arange(len(jobs)), run], run


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
