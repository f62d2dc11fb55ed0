"""A draft written out as visits, and a plan of old read back as far as it is still possible."""

from __future__ import annotations

import numpy as np

from tom_treasuremap.planning.draft import Draft, Setting
from tom_treasuremap.planning.timeline import Line
from tom_treasuremap.visits import Plan, Visit


def visits(some: Draft) -> tuple[Visit, ...]:
    """Every exposure in order of time."""
    found = [visit for number, line in enumerate(some.lines) for visit in _of(some, number, line)]
    return tuple(sorted(found, key=lambda one: (one.start, one.telescope)))


def _of(some: Draft, number: int, line: Line) -> list[Visit]:
    problem, reach = some.setting.problem, line.ground.reach
    found = []
    for job, second in zip(line.jobs.tolist(), line.early.tolist(), strict=True):
        at, turn = divmod(job, line.ground.turns)
        field, before, clock = problem.fields[at], None, float(second)
        for one in reach.sequences[at].blocks[turn]:
            for _ in range(one.count):
                if before is not None:
                    clock += reach.telescope.readout
                    clock += reach.telescope.filter_change if one.filter != before else 0.0
                before = one.filter
                begin, end = problem.when(clock), problem.when(clock + one.seconds)
                place = (field.ra, field.dec, field.pos_angle)
                found.append(
                    Visit(reach.telescope.name, field.name, begin, end, one.filter, one.seconds, *place, turn + 1)
                )
                clock += one.seconds
    return found


def read(setting: Setting, plan: Plan) -> Draft:
    """A draft of the fields of a plan, in its order as far as that still holds, filled up with others."""
    some = Draft(setting)
    names = {
        (name, field.name): at * setting.count + number
        for at, name in enumerate(setting.problem.names)
        for number, field in enumerate(setting.problem.fields)
    }
    order = dict.fromkeys(names[key] for one in plan.visits if (key := (one.telescope, one.field)) in names)
    lookers = np.array(list(order), np.int64)
    favour = np.ones(setting.count * len(setting.grounds))
    favour[lookers] = 1e6
    return some.fill(lookers, favour).fill(np.arange(len(favour)))
