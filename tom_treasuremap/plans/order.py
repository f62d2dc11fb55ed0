"""The best first: a plan's fields are looked at the other way round where that is as good and brings the probability earlier.

What a plan is worth does not depend on the order of its fields, so that a plan may keep the best for last; clouds do not wait
for it. Turned round, the ways between fields stay the same; where one would not be up, or a filter would have to be changed
more often, the telescope's order stays as it was. Pure.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tom_treasuremap import recount
from tom_treasuremap.plans.written import gains
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.visits import Field, Plan, Visit, keys


def best_first(problem: Any, fields: Sequence[Field], best: Plan) -> Plan:
    """The plan with each telescope's order turned round where that is valid and better."""
    visits, reasons = list(best.visits), dict(best.reasons)
    for reach in problem.reaches:
        mine = [one for one in visits if one.telescope == reach.telescope.name]
        turned = _turned(mine) if mine and all(one.turn == 1 for one in mine) else []
        if turned and _valid(problem, reach, turned):
            others = [one for one in visits if one.telescope != reach.telescope.name]
            tried = sorted([*others, *turned], key=lambda one: (one.start, one.telescope))
            if _lateness(fields, tried) < _lateness(fields, visits):
                visits = tried
                reasons |= _reworded(reach.telescope, turned, reasons, fields)
    return replace(best, visits=tuple(visits), reasons=reasons)


def _reworded(
    telescope: Telescope, turned: Sequence[Visit], reasons: Mapping[str, str], fields: Sequence[Field]
) -> dict[str, str]:
    """Why fields are in, with their new places and times: reasons.py says these first, and after a colon what a field adds."""
    first = {one.field: one for one in reversed(turned)}
    order = {name: number for number, name in enumerate(dict.fromkeys(one.field for one in turned), 1)}
    named = {
        one.name: key for one, key in zip(fields, keys(fields), strict=True) if one.telescope in ("", telescope.name)
    }
    return {
        key: f"number {order[name]} of {telescope.label}, at {first[name].start:%H:%M}: {reasons[key].rsplit(': ', 1)[-1]}"
        for name, key in named.items()
        if name in first and key in reasons
    }


def _turned(mine: Sequence[Visit]) -> list[Visit]:
    """The same fields from the last to the first, with the same times between them."""
    first, last = mine[0].start, mine[-1].end
    blocks = [list(group) for _, group in itertools.groupby(mine, key=lambda one: one.field)]
    found = []
    for block in reversed(blocks):
        shift = first + (last - block[-1].end) - block[0].start
        found += [replace(one, start=one.start + shift, end=one.end + shift) for one in block]
    return found


def _valid(problem: Any, reach: Any, visits: Sequence[Visit]) -> bool:
    """Whether every field is up during its exposures, and the telescope has the time to go from one to the next."""
    numbers = {one.name: at for at, one in enumerate(problem.fields) if one.telescope in ("", reach.telescope.name)}
    for one in visits:
        low = int(np.floor((one.start - problem.start).total_seconds() / problem.step))
        high = int(np.ceil((one.end - problem.start).total_seconds() / problem.step))
        if one.field not in numbers or not reach.open[numbers[one.field], max(low, 0) : high + 1].all():
            return False
    if reach.telescope.slew is not None and reach.telescope.slew.altaz:
        return False  # the ways change with the time of night
    needs = (recount.overhead(reach.telescope, *pair) - recount.TOLERANCE for pair in itertools.pairwise(visits))
    free = ((two.start - one.end).total_seconds() for one, two in itertools.pairwise(visits))
    return all(have >= need for have, need in zip(free, needs, strict=True))


def _lateness(fields: Sequence[Field], visits: Sequence[Visit]) -> float:
    """How late the probability comes on average, s times probability."""
    begin = visits[0].start
    return sum(
        gain * (one.end - begin).total_seconds() for one, gain in zip(visits, gains(fields, visits), strict=True)
    )
