"""A plan of a night: valid, counted once, bounded.

Authorities: an independent recount (tom_treasuremap/recount.py), trying all orders of small problems.
"""

from __future__ import annotations

import pytest

from tests import nights
from tom_treasuremap import plan, recount
from tom_treasuremap.planning.problem import Exposure, Visits

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
