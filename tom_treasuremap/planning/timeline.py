"""Line: the jobs of one telescope in order, each as early as it can be and as late, and where one more would fit.

A job that is in stays in its run of open times. With gaps g <= s2 - s1 <= G between the starts of a field's visits, the
earliest starts are the least solution of

    s[i+1] >= s[i] + seconds[i] + between[i, i+1],   s[second] >= s[first] + g,   s[first] >= s[second] - G

found by passing from left to right until nothing moves; the latest ones likewise from right to left.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tom_treasuremap.planning import slews
from tom_treasuremap.planning.problem import NEVER, Reach, starts

#: passes after which an order of jobs with gaps is given up
PASSES = 60
#: fields up to which the ways between all of them are kept
KEPT = 2500


class Ground:
    """What stays the same of one telescope: windows of its jobs, and the ways between fields."""

    def __init__(self, reach: Reach, step: int, horizon: int) -> None:
        self.reach, self.step, self.horizon, self.turns = reach, step, horizon, reach.turns
        self.length, self.first, self.last = reach.jobs
        count = len(reach.sequences)
        self.low, self.high = starts(np.repeat(reach.open, self.turns, axis=0), self.length, step)
        self.gaps = np.array([[one.min_gap, -1 if one.max_gap is None else one.max_gap] for one in reach.sequences])
        self.gaps = np.ceil(self.gaps.reshape(-1, 2)).astype(np.int64)
        self.gaps[:, 1] = np.where(self.gaps[:, 1] < 0, NEVER, self.gaps[:, 1])
        self.needed = (self.length.reshape(count, self.turns) > 0).sum(axis=1)
        can = (self.low[:, 0] < NEVER).reshape(count, self.turns) | (self.length.reshape(count, self.turns) == 0)
        self.usable = can.all(axis=1) & (self.needed > 0)
        self.moves = reach.axes[0].shape[1] > 1
        self.ways: np.ndarray | None = None
        if not self.moves and 0 < count <= KEPT:
            here = reach.axes
            self.ways = slews.slew(reach.telescope, here, (here[0].T, here[1].T)).astype(np.int32)

    def between(self, one: np.ndarray, other: np.ndarray, second: np.ndarray | int = 0) -> np.ndarray:
        """Seconds from the end of a job to the start of another, at about that second of the night; arrays broadcast."""
        a, b = one // self.turns, other // self.turns
        if self.ways is not None:
            way: np.ndarray = self.ways[a, b].astype(np.int64)
        else:
            at = np.clip(np.asarray(second) // self.step, 0, self.reach.axes[0].shape[1] - 1) if self.moves else 0
            x, y = self.reach.axes
            way = slews.slew(self.reach.telescope, (x[a, at], y[a, at]), (x[b, at], y[b, at]))
        return slews.between(self.reach.telescope, way, self.last[one] != self.first[other])


class Place(NamedTuple):
    """Where a job would go."""

    position: int
    second: int  #: earliest start there
    cost: int  #: s by which what comes after is pushed at most, its own time included


class Line:
    """Jobs in order. Immutable: `with_job` and `without` give others."""

    def __init__(self, ground: Ground, jobs: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        self.ground, self.jobs, self.low, self.high = ground, jobs, low, high
        self.early = self.late = np.zeros(0, np.int64)

    @classmethod
    def empty(cls, ground: Ground) -> Line:
        """Nothing to do."""
        none = np.zeros(0, np.int64)
        return cls(ground, none, none, none)

    def settled(self) -> Line | None:
        """This line with its times worked out; None where they cannot all be kept."""
        if not len(self.jobs):
            return self
        ground, jobs = self.ground, self.jobs
        length, step = ground.length[jobs], np.zeros(len(jobs) - 1, np.int64)
        guess = self.low
        for _ in range(4 if ground.moves else 1):  # the ways depend on the times where the mount turns in azimuth
            again = np.maximum(step, ground.between(jobs[:-1], jobs[1:], guess[:-1] + length[:-1]))
            if _ and (again == step).all():
                break
            step = again
            early = self._pass(length, step)
            if early is None:
                return None
            guess = early
        else:
            if ground.moves and (ground.between(jobs[:-1], jobs[1:], guess[:-1] + length[:-1]) > step).any():
                return None
        busy = int(length.sum() + step.sum())
        if ground.reach.budget is not None and busy > ground.reach.budget:
            return None
        self.early, self.busy, self.step = guess, busy, step
        self.late = self._back(length, step)
        return self

    busy = 0

    @property
    def pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(position of a visit, of the next one of its field, smallest gap, largest), int64[k] each."""
        if self.ground.turns == 1:
            none = np.zeros(0, np.int64)
            return none, none, none, none
        sort = np.argsort(self.jobs)
        follows = np.flatnonzero((np.diff(self.jobs[sort]) == 1) & (self.jobs[sort][1:] % self.ground.turns > 0))
        field = self.jobs[sort[follows]] // self.ground.turns
        return sort[follows], sort[follows + 1], self.ground.gaps[field, 0], self.ground.gaps[field, 1]

    def _pass(self, length: np.ndarray, step: np.ndarray) -> np.ndarray | None:
        cum = np.concatenate(([0], np.cumsum(length[:-1] + step)))
        low, (one, two, least, most) = self.low.copy(), self.pairs
        for _ in range(PASSES):
            early = cum + np.maximum.accumulate(low - cum)
            if (early > self.high).any():
                return None
            if not len(one):
                return early
            np.maximum.at(low, two, early[one] + least)
            np.maximum.at(low, one, early[two] - most)
            if (low <= early).all():
                return early
        return None

    def _back(self, length: np.ndarray, step: np.ndarray) -> np.ndarray:
        cum = np.concatenate(([0], np.cumsum(length[:-1] + step)))
        high, (one, two, least, most) = self.high.copy(), self.pairs
        for _ in range(PASSES):
            late = cum + np.minimum.accumulate((high - cum)[::-1])[::-1]
            if not len(one):
                break
            np.minimum.at(high, one, late[two] - least)
            np.minimum.at(high, two, late[one] + np.minimum(most, NEVER // 2))
            if (high >= late).all():
                break
        return late

    def places(
        self, jobs: np.ndarray, least: np.ndarray | int = 0, most: np.ndarray | int = NEVER
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(start, cost, run) of jobs at each position, int64[positions, jobs]; start is NEVER where one does not fit.

        `least` and `most` bound the start, from the gaps.
        """
        ground, count = self.ground, len(self.jobs)
        length = ground.length[jobs]
        after, before = np.zeros((2, count + 1, len(jobs)), np.int64)
        lower = np.zeros((count + 1, len(jobs)), np.int64)
        upper = np.full((count + 1, len(jobs)), NEVER)
        skipped = np.zeros(count + 1, np.int64)
        if count:
            ends = self.early + ground.length[self.jobs]
            after[1:] = ground.between(self.jobs[:, None], jobs[None], ends[:, None])
            before[:-1] = ground.between(jobs[None], self.jobs[:, None], self.early[:, None])
            lower[1:] = ends[:, None] + after[1:]
            upper[:-1] = self.late[:, None] - before[:-1] - length
            skipped[1:-1] = self.step
        lower, upper = np.maximum(lower, least), np.minimum(upper, most)
        start, run = np.full(lower.shape, NEVER), np.zeros(lower.shape, np.int64)
        for at in range(ground.low.shape[1] - 1, -1, -1):
            here = np.maximum(lower, ground.low[jobs, at])
            fits = here <= np.minimum(upper, ground.high[jobs, at])
            start, run = np.where(fits, here, start), np.where(fits, at, run)
        cost = np.where(start < NEVER, length + after + before - skipped[:, None], NEVER)
        if ground.reach.budget is not None:
            over = self.busy + cost > ground.reach.budget
            start, cost = np.where(over, NEVER, start), np.where(over, NEVER, cost)
        return start, cost, run

    def with_job(self, job: int, position: int, run: int) -> Line | None:
        """The line with one job more; None where it does not fit."""
        low, high = self.ground.low[job, run], self.ground.high[job, run]
        return Line(
            self.ground,
            np.insert(self.jobs, position, job),
            np.insert(self.low, position, low),
            np.insert(self.high, position, high),
        ).settled()

    def without(self, fields: np.ndarray) -> Line:
        """The line without some fields."""
        keep = ~np.isin(self.jobs // self.ground.turns, fields)
        found = Line(self.ground, self.jobs[keep], self.low[keep], self.high[keep]).settled()
        return found or Line.empty(self.ground)

    @property
    def fields(self) -> np.ndarray:
        """Fields that are in, in the order of their first visits, int64[k]."""
        some = self.jobs // self.ground.turns
        _, at = np.unique(some, return_index=True)
        return some[np.sort(at)]
