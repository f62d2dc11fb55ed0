"""A plan of a night: valid, counted once, bounded.

Authorities: an independent recount (tom_treasuremap/recount.py), trying all orders of small problems.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests import nights
from tom_treasuremap import plan, recount
from tom_treasuremap.planning import problem
from tom_treasuremap.planning.problem import Exposure, Visits
from tom_treasuremap.visits import Visit

SEQUENCES = {
    "one": Visits.simple("r", 60),
    "two with a gap": Visits.simple("r", 60, turns=2, min_gap=1800, max_gap=7200),
    "g then r": Visits(((Exposure("g", 30, 2),), (Exposure("r", 45), Exposure("g", 30))), 600),
}


@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=list(SEQUENCES))
@pytest.mark.parametrize("pieces", [0, 4])
@pytest.mark.parametrize("count", [1, 3])
def test_the_first_plan_is_valid_and_worth_what_it_says(sequence, pieces, count):
    telescopes = [nights.telescope(f"t{at}") for at in range(count)]
    some = nights.night(nights.fields(120, pieces=pieces), telescopes, sequence, steps=181, half=(20, 100))
    found = plan.best(some, nodes=0)
    assert found.visits
    assert recount.faults(some.fields, telescopes, nights.window(some), found.visits, sequence=sequence) == []
    assert found.value == pytest.approx(recount.value(some.fields, found.visits, turns=len(sequence.blocks)))
    assert found.bound >= found.value
    assert set(found.reasons) == {one.name for one in some.fields}


def orders(some) -> float:
    """The optimum of a small problem of one telescope and one visit a field, by trying all orders."""
    reach = some.reaches[0]
    length = reach.jobs[0]
    low, high = problem.starts(reach.open, length, some.step)

    def on(at: int, not_before: int) -> int | None:
        starts = [max(not_before, a) for a, b in zip(low[at], high[at], strict=True) if max(not_before, a) <= b]
        return min(starts, default=None)

    def best(seen: tuple[int, ...], free: int) -> float:
        found = recount.value(some.fields, [visit(at) for at in seen])
        for at in range(len(some.fields)):
            if at in seen:
                continue
            begin = on(at, free + (way(seen[-1], at) if seen else 0))
            if begin is not None:
                found = max(found, best((*seen, at), begin + int(length[at])))
        return found

    def visit(at: int) -> Visit:
        one = some.fields[at]
        when = some.start
        return Visit(reach.telescope.name, one.name, when, when, "r", 60, one.ra, one.dec)

    def way(one: int, other: int) -> int:
        return math.ceil(recount.overhead(reach.telescope, visit(one), visit(other)))

    return best((), 0)


@pytest.mark.parametrize("seed", range(12))
def test_small_problems_are_solved_as_well_as_by_trying_all_orders(seed):
    sequence = Visits.simple("r", 400)
    some = nights.night(
        nights.fields(7, seed, pieces=3 * (seed % 2)), [nights.telescope()], sequence, seed=seed, steps=46, half=(6, 16)
    )
    found = plan.best(some, nodes=40)
    optimum = orders(some)
    assert found.value == pytest.approx(optimum)
    assert found.bound >= optimum * (1 - 1e-9)


def exact(some) -> float:
    """The optimum of a problem without slews of one visit a field, whose exposures and overheads fill the grid's steps.

    By an integer programme over every start, which scipy's milp solves.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_matrix

    reach = some.reaches[0]
    length = reach.jobs[0]
    whole = (length + int(reach.telescope.readout)) // some.step
    low, high = problem.starts(reach.open, length, some.step)
    columns = [
        (at, begin // some.step)
        for at in range(len(some.fields))
        for a, b in zip(low[at], high[at], strict=True)
        for begin in range(int(a), int(b) + 1, some.step)
    ]
    pieces = sorted({piece for one in some.fields for piece in one.pieces})
    mass = {piece: weight for one in some.fields for piece, weight in one.pieces.items()}
    count = len(columns)
    rows, cols, values, upper = [], [], [], []

    def add(entries, limit):
        for column, value in entries:
            rows.append(len(upper))
            cols.append(column)
            values.append(value)
        upper.append(limit)

    for slot in range(some.steps):
        add([(c, 1) for c, (at, begin) in enumerate(columns) if begin <= slot < begin + whole[at]], 1)
    for at in range(len(some.fields)):
        add([(c, 1) for c, (other, _) in enumerate(columns) if other == at], 1)
    for place, piece in enumerate(pieces):
        seen = [(c, -1) for c, (at, _) in enumerate(columns) if piece in some.fields[at].pieces]
        add([(count + place, 1), *seen], 0)
    matrix = coo_matrix((values, (rows, cols)), shape=(len(upper), count + len(pieces)))
    gain = [0.0 if pieces else some.fields[at].weight for at, _ in columns] + [mass[piece] for piece in pieces]
    whole_numbers = np.array([1] * count + [0] * len(pieces))
    done = milp(
        -np.array(gain), constraints=LinearConstraint(matrix, ub=upper), bounds=Bounds(0, 1), integrality=whole_numbers
    )
    assert done.status == 0
    return -done.fun


@pytest.mark.parametrize("pieces", [0, 3])
@pytest.mark.parametrize("seed", [1, 2])
def test_medium_problems_come_near_the_exact_optimum(seed, pieces):
    """Authority: an integer programme over every start, solved to the optimum."""
    some = nights.night(
        nights.fields(40, seed, pieces=pieces),
        [nights.telescope(slews=False)],
        Visits.simple("r", 170),
        seed=seed,
        steps=61,
        half=(6, 30),
    )
    found, optimum = plan.best(some, nodes=60), exact(some)
    assert optimum * 0.98 <= found.value <= optimum * (1 + 1e-6)  # the grid of starts is no limit: see below
    assert found.bound >= optimum * (1 - 1e-9)
