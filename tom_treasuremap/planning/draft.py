"""Draft: a plan in the making, one line a telescope; and how fields are put in. Whatever it holds is a valid plan."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tom_treasuremap.planning import worth
from tom_treasuremap.planning.problem import NEVER, Problem
from tom_treasuremap.planning.timeline import Ground, Line

#: fields that are tried at once, the most worthy of those that are left
TRIED = 48
#: places that are tried for the first of several visits in an empty line
PLACES = 40
#: what adds less than this part of the best field is not worth a slew
NOTHING = 1e-9


class Setting:
    """What is worked out once for a problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.grounds = [Ground(reach, problem.step, problem.horizon) for reach in problem.reaches]
        self.worth = worth.of(problem)
        self.count = len(problem.fields)
        self.usable = np.concatenate([np.zeros(0, bool), *(ground.usable for ground in self.grounds)])
        jobs = [ground.length.reshape(self.count, ground.turns).sum(axis=1) for ground in self.grounds]
        least = [int(np.ceil(ground.reach.telescope.readout)) * ground.needed for ground in self.grounds]
        times = [np.maximum(some + more, 1) for some, more in zip(jobs, least, strict=True)]
        self.time = np.concatenate([np.zeros(0, np.int64), *times])


class Draft:
    """Lines of all telescopes, and what is left to gain."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.lines = [Line.empty(ground) for ground in setting.grounds]
        self.left = worth.Left(setting.worth)

    @property
    def value(self) -> float:
        """What the plan is worth."""
        return self.left.value

    @property
    def lookers(self) -> np.ndarray:
        """Telescopes' fields that are in."""
        count = self.setting.count
        return np.concatenate(
            [np.zeros(0, np.int64), *(at * count + line.fields for at, line in enumerate(self.lines))]
        )

    def copy(self) -> Draft:
        """The same, apart."""
        other = object.__new__(Draft)
        other.setting, other.lines, other.left = self.setting, list(self.lines), self.left.copy()
        return other

    def fill(self, lookers: np.ndarray, favour: np.ndarray | None = None, *, thorough: bool = False) -> Draft:
        """Puts in what fits of these, the most worth in its time first; `favour` is what to multiply that with.

        `thorough`: fields of several visits are tried in more than one place.
        """
        left = np.array(lookers, np.int64)
        left = left[self.setting.usable[left] & ~np.isin(left, self.lookers)]
        floor = NOTHING * float(self.setting.worth.alone().max(initial=0.0))
        while len(left):
            adds = self.left.adds[left]
            left, adds = left[adds > floor], adds[adds > floor]
            if not len(left):
                break
            rate = adds / self.setting.time[left] * (1.0 if favour is None else favour[left])
            order = np.lexsort((left, -rate))[:TRIED]
            tried = left[order]
            fits, choices = self._choices(tried, rate[order])
            gone = tried[~fits]
            for at, position, run in choices:
                gone = np.append(gone, tried[at])
                if self.put(int(tried[at]), position, run) or (thorough and self._placed_in_short(int(tried[at]))):
                    break  # the line is another one now; those that failed before would fail in it, too
            left = left[~np.isin(left, gone)]
        return self

    def _choices(self, tried: np.ndarray, rate: np.ndarray) -> tuple[np.ndarray, list[tuple[int, int, int]]]:
        """(which of them fit, (which, position, run) of those, the best one first)."""
        fits, score = np.zeros(len(tried), bool), np.full(len(tried), -1.0)
        where = np.zeros((len(tried), 2), np.int64)
        for number, line in enumerate(self.lines):
            mine = np.flatnonzero(tried // self.setting.count == number)
            if not len(mine):
                continue
            jobs = tried[mine] % self.setting.count * line.ground.turns
            start, cost, run = line.places(jobs)
            position = np.lexsort((start, cost), axis=0)[0]
            here = (position, np.arange(len(mine)))
            fits[mine] = start[here] < NEVER
            score[mine] = rate[mine] * line.ground.length[jobs] / np.maximum(cost[here], 1)
            where[mine] = np.stack((position, run[here]), axis=1)
        order = np.argsort(-score, kind="stable")
        return fits, [(int(at), int(where[at, 0]), int(where[at, 1])) for at in order if fits[at]]

    def placed(self, looker: int) -> bool:
        """Puts a field in where it costs least; False where it fits nowhere.

        Where a field wants several visits, the first one is tried in other places, too: the more the shorter the line is.
        """
        number, field = divmod(looker, self.setting.count)
        line = self.lines[number]
        job = field * line.ground.turns
        start, cost, run = (one[:, 0] for one in line.places(np.array([job])))
        order = np.lexsort((start, cost))
        order = order[start[order] < NEVER]
        some = 1 if line.ground.needed[field] == 1 else max(PLACES - len(line.jobs), 1)
        return any(self.put(looker, int(position), int(run[position])) for position in order[:some])

    def _placed_in_short(self, looker: int) -> bool:
        return len(self.lines[looker // self.setting.count].jobs) < PLACES and self.placed(looker)

    def put(self, looker: int, position: int, run: int) -> bool:
        """Puts a field in, its first visit there, the next ones where they fit best; False where they do not."""
        number, field = divmod(looker, self.setting.count)
        line = self.lines[number]
        job = field * line.ground.turns
        found = line.with_job(job, position, run)
        for turn in range(1, int(line.ground.needed[field])):
            found = found and _next(found, job + turn)
        if found is None:
            return False
        self.lines[number] = found
        self.left.take(looker)
        return True

    def drop(self, lookers: Iterable[int]) -> Draft:
        """Takes fields out."""
        some = np.array(sorted(lookers), np.int64)
        for number, line in enumerate(self.lines):
            mine = some[some // self.setting.count == number]
            if len(mine):
                before = line.fields
                self.lines[number] = line.without(mine % self.setting.count)
                for field in np.setdiff1d(before, self.lines[number].fields):
                    self.left.drop(number * self.setting.count + int(field))
        return self


def _next(line: Line, job: int) -> Line | None:
    """The line with the next visit of a field whose last one is in."""
    ground = line.ground
    before = int(np.flatnonzero(line.jobs == job - 1)[0])
    least, most = ground.gaps[job // ground.turns]
    start, cost, run = line.places(
        np.array([job]), int(line.early[before] + least), int(min(line.late[before] + most, NEVER - 1))
    )
    for position in np.lexsort((start[:, 0], cost[:, 0]))[:8]:
        if start[position, 0] >= NEVER or position <= before:
            continue
        found = line.with_job(job, int(position), int(run[position, 0]))
        if found is not None:
            return found
    return None


def first(setting: Setting) -> Draft:
    """The plan at once: always the field that gives most in its time and still fits."""
    return Draft(setting).fill(np.arange(setting.count * len(setting.grounds)))
