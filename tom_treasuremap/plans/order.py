"""The best first: a plan's fields are looked at the other way round where that is possible and brings the probability earlier.

What a plan is worth does not depend on the order of its fields, so that a plan may keep the best for last; clouds do not wait
for it. A telescope's visits are turned round with the first and the last visit of each field changing places, and begin as early as
they can; where that breaks a rule (up, gaps, ways, budget), its order stays as it was. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tom_treasuremap.planning import reasons, written
from tom_treasuremap.planning.draft import Draft, Setting
from tom_treasuremap.planning.timeline import Line
from tom_treasuremap.plans.written import gains
from tom_treasuremap.visits import Field, Plan, Visit, keys


def best_first(problem: Any, fields: Sequence[Field], best: Plan) -> Plan:
    """The plan with each telescope's order turned round where that is valid and better."""
    some = written.same(Setting(problem), best) if best.visits else None
    if some is None:
        return best
    visits, why = best.visits, dict(best.reasons)
    for number, line in enumerate(some.lines):
        turned = _turned(line)
        if turned is None:
            continue
        tried = some.copy()
        tried.lines[number] = turned
        now = written.visits(tried)
        if _lateness(fields, now) < _lateness(fields, visits):
            some, visits = tried, now
            why |= _reworded(some, number, why)
    return replace(best, visits=visits, reasons=why)


def _turned(line: Line) -> Line | None:
    """The same visits from the last to the first; None where they cannot be."""
    ground, jobs = line.ground, line.jobs
    if len(jobs) < 2:
        return None
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
