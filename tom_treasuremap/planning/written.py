"""A draft written out as visits, and a plan of old read back as far as it is still possible."""

from __future__ import annotations

import numpy as np

from tom_treasuremap.planning.draft import Draft, Setting
from tom_treasuremap.planning.timeline import Ground, Line
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
    """A draft of a plan's fields, in its order where that still holds, filled up with others."""
    some = Draft(setting)
    lost: list[int] = []
    for number, ground in enumerate(setting.grounds):
        name = ground.reach.telescope.name
        jobs = _jobs(setting, ground, [one for one in plan.visits if one.telescope == name])
        fields = list(dict.fromkeys(job // ground.turns for job in jobs))
        line = _line(ground, jobs)
        if line is None:
            lost += [number * setting.count + field for field in fields]
            continue
        some.lines[number] = line
        for field in fields:
            some.left.take(number * setting.count + field)
    lookers = np.array(lost, np.int64)
    favour = np.ones(setting.count * len(setting.grounds))
    favour[lookers] = 1e6
    return some.fill(lookers, favour).fill(np.arange(len(favour)))


def same(setting: Setting, plan: Plan) -> Draft | None:
    """A draft of exactly a plan's visits; None where one of them is not possible (any more)."""
    some = Draft(setting)
    for number, ground in enumerate(setting.grounds):
        mine = [one for one in plan.visits if one.telescope == ground.reach.telescope.name]
        jobs = _jobs(setting, ground, mine)
        line = _line(ground, jobs) if len(jobs) == len({(one.field, one.turn) for one in mine}) else None
        if line is None:
            return None
        some.lines[number] = line
        for field in line.fields:
            some.left.take(number * setting.count + int(field))
    return some


def _jobs(setting: Setting, ground: Ground, mine: list[Visit]) -> dict[int, int]:
    """{job: second} in order of time, of the fields all of whose visits are there and may still be made."""
    names = {one.name: at for at, one in enumerate(setting.problem.fields) if ground.usable[at]}
    jobs: dict[int, int] = {}
    for one in sorted(mine, key=lambda one: one.start):
        if one.field in names and one.turn <= ground.turns:
            second = round((one.start - setting.problem.start).total_seconds())
            jobs.setdefault(names[one.field] * ground.turns + one.turn - 1, second)
    held = [job // ground.turns for job, second in jobs.items() if _run(ground, job, second) is not None]
    return {job: s for job, s in jobs.items() if held.count(job // ground.turns) == ground.needed[job // ground.turns]}


def _run(ground: Ground, job: int, second: int) -> int | None:
    """The run of open times in which a job began then; None where there is none."""
    inside = (ground.low[job] <= second) & (second <= ground.high[job])
    return int(np.argmax(inside)) if inside.any() else None


def _line(ground: Ground, jobs: dict[int, int]) -> Line | None:
    some = np.array(list(jobs), np.int64)
    runs = np.array([_run(ground, job, second) or 0 for job, second in jobs.items()], np.int64)
    return Line(ground, some, ground.low[some, runs], ground.high[some, runs]).settled() if jobs else Line.empty(ground)
