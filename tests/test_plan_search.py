"""How good the search is: two visits against all orders of small problems, fields that overlap freely against their bound.

Authorities: trying all orders with their own times; the linear programme solved to its end.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests import nights
from tom_treasuremap import plan, recount
from tom_treasuremap.planning import exchange, problem, relaxed
from tom_treasuremap.planning.draft import Setting, first
from tom_treasuremap.planning.problem import Visits
from tom_treasuremap.planning.solver import Solver
from tom_treasuremap.visits import Visit

PAIRS = [
    Visits.simple("r", 400, turns=2, min_gap=900, max_gap=3600),
    Visits.simple("r", 300, turns=2, min_gap=600),
    Visits.simple("r", 300, turns=2, min_gap=600, max_gap=1200),
]


class Orders:
    """The optimum of a small problem of one telescope and two visits a field, by trying all orders of all visits."""

    def __init__(self, some, sequence: Visits) -> None:
        self.some, self.reach = some, some.reaches[0]
        self.least = sequence.min_gap
        self.most = math.inf if sequence.max_gap is None else sequence.max_gap
        self.length = self.reach.jobs[0]
        low, high = problem.starts(np.repeat(self.reach.open, 2, axis=0), self.length, some.step)
        self.runs = [[(a, b) for a, b in zip(*pair, strict=True) if a <= b] for pair in zip(low, high, strict=True)]
        self.all = self.worth(range(len(some.fields)))
        self.best = 0.0
        self.go([], [0] * len(some.fields))

    def worth(self, fields) -> float:
        return recount.value(self.some.fields, [self.visit(at) for at in fields])

    def visit(self, at: int) -> Visit:
        one, when = self.some.fields[at], self.some.start
        return Visit(self.reach.telescope.name, one.name, when, when, "r", 60, one.ra, one.dec)

    def go(self, order: list, done: list[int]) -> None:
        self.best = max(self.best, self.worth([at for at, count in enumerate(done) if count == 2]))
        for at in sorted(range(len(done)), key=lambda at: -done[at]):
            for run in self.runs[2 * at + done[at]] if done[at] < 2 and self.best < self.all - 1e-12 else ():
                after = [*order, (2 * at + done[at], run)]
                if self.possible(after):
                    self.go(after, [count + (other == at) for other, count in enumerate(done)])

    def possible(self, order: list) -> bool:
        """Whether visits can be made in this order: their earliest starts, pushed on until nothing moves."""
        start = [run[0] for _, run in order]
        place = {job: at for at, (job, _) in enumerate(order)}
        moved = True
        while moved:
            moved = False
            for at, (job, run) in enumerate(order):
                soonest = [start[at]]
                if at:
                    soonest.append(start[at - 1] + self.length[order[at - 1][0]] + self.way(order[at - 1][0], job))
                if job % 2 and job - 1 in place:
                    soonest.append(start[place[job - 1]] + self.least)
                if job % 2 == 0 and job + 1 in place:
                    soonest.append(start[place[job + 1]] - self.most)
                if max(soonest) > run[1]:
                    return False
                if max(soonest) > start[at]:
                    start[at], moved = max(soonest), True
        return True

    def way(self, one: int, other: int) -> int:
        return math.ceil(recount.overhead(self.reach.telescope, self.visit(one // 2), self.visit(other // 2)))


@pytest.mark.parametrize("kind", range(3))
def test_small_problems_of_two_visits_are_solved_as_well_as_by_trying_all_orders(kind):
    missed = []
    for seed in range(kind, 30, 3):
        fields = nights.fields(4, seed, pieces=3 * (seed % 2))
        some = nights.night(
            fields, [nights.telescope()], PAIRS[kind], seed=seed, steps=(61, 46, 91)[kind], half=(12, 30)
        )
        found, optimum = plan.best(some, nodes=40), Orders(some, PAIRS[kind]).best
        assert found.bound >= optimum * (1 - 1e-9)
        assert found.value <= optimum * (1 + 1e-9)
        if found.value < optimum * (1 - 1e-9):
            missed.append((seed, found.value / optimum))
    assert missed == []


def overlapping():
    """Squares of two degrees every degree over a lump of probability: more than the night has time for."""
    from tom_treasuremap.visits import Field

    def mass(x: int, y: int) -> float:
        return math.exp(-((x - 10.3) ** 2 + (y - 9.6) ** 2) / 50)

    some = [
        Field(
            f"{x},{y}", 120.0 + x, float(y), 0.0, 1.0,
            {100 * a + b: mass(a, b) for a in (x, x + 1) for b in (y, y + 1)},
        )
        for x in range(20)
        for y in range(20)
    ]  # fmt: skip
    return nights.night(some, [nights.telescope()], Visits.simple("r", 60), steps=91, half=(200, 300))


def test_fields_that_overlap_freely_are_exchanged_until_little_is_seen_twice():
    """Authority: the linear programme's bound."""
    some = overlapping()
    found = plan.best(some, nodes=4)
    greedy = first(Setting(some))
    every = np.arange(len(some.fields))
    assert exchange.exchanged(greedy.copy(), every, lambda: "").value >= greedy.value
    assert found.value >= 0.97 * found.bound
    assert found.value >= greedy.value


@pytest.mark.parametrize("method", ["simplex", "ipm"])
@pytest.mark.parametrize("limit", [0, 3, 10])
def test_what_a_linear_programme_that_was_cut_short_has_proved_is_a_bound(method, limit):
    """Authority: the same solved to its end."""
    some = relaxed.of(Setting(overlapping()))
    whole, short = Solver(some), Solver(some)
    whole.highs.run()
    optimum = -whole.highs.getObjectiveValue()
    for name, value in {"solver": method, "simplex_iteration_limit": limit, "ipm_iteration_limit": limit}.items():
        short.highs.setOptionValue(name, value)
    short.highs.setOptionValue("run_crossover", "off")
    short.highs.run()
    assert short.proved() >= optimum * (1 - 1e-9)
    assert whole.proved() == pytest.approx(optimum)
