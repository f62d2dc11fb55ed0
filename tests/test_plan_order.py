"""The best first: an order is turned round where that is possible, for any mount and any number of visits.

Authority: recount.py for what is valid.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests import nights
from tom_treasuremap import plan, recount
from tom_treasuremap.planning import problem
from tom_treasuremap.planning.problem import Exposure, Problem, Visits
from tom_treasuremap.plans.order import best_first
from tom_treasuremap.telescopes.telescope import Axis, Slew
from tom_treasuremap.visits import Field

SEQUENCES = {
    "one": Visits.simple("r", 60),
    "two with gaps": Visits.simple("r", 60, turns=2, min_gap=900, max_gap=5400),
    "g then r": Visits(((Exposure("g", 30),), (Exposure("r", 45),)), 600),
}


def worse_first(sequence: Visits, altaz: bool, count: int = 8) -> Problem:
    """Fields in a row, always up, of which the plan begins at the end that has least."""
    some = [Field(f"f{at}", 100.0 + 3 * at, 0.0, 0.0, 0.1 + at) for at in range(count)]
    move = Slew((Axis(2.0, 1.0), Axis(1.0, 0.5)), altaz, settle=1)
    telescope = nights.telescope(slew=move)
    open_ = np.ones((len(some), 181), bool)
    axes = None
    if altaz:  # azimuth and altitude that run through the night
        hours = np.arange(181)[None] / 4
        axes = (np.arange(count)[:, None] * 3 + hours, 40 + np.zeros((count, 1)) + hours / 4)
    reach = problem.fixed(some, telescope, open_, sequence, axes=axes)
    return Problem(tuple(some), (reach,), nights.BEGIN, 60, 181)


def lateness(some: Problem, found) -> float:
    last = {one.field: (one.end - found.visits[0].start).total_seconds() for one in found.visits}
    return sum(one.weight * last[one.name] for one in some.fields)


@pytest.mark.parametrize("altaz", [False, True])
@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=list(SEQUENCES))
def test_the_best_come_first_of_any_mount_and_sequence(sequence, altaz):
    some = worse_first(sequence, altaz)
    found = plan.best(some, nodes=0)
    early = best_first(some, some.fields, found)
    turned = best_first(some, some.fields, replace(found, visits=late_first(some, found)))
    assert lateness(some, early) <= lateness(some, found)
    assert lateness(some, turned) < lateness(some, replace(found, visits=late_first(some, found)))
    for one in (early, turned):
        assert {each.field for each in one.visits} == {each.name for each in some.fields}
        telescopes = [some.reaches[0].telescope]
        assert recount.faults(some.fields, telescopes, nights.window(some), one.visits, sequence=sequence) == []
        first = {each.field: f"{each.start:%H:%M}" for each in reversed(one.visits)}
        assert all(first[name] in one.reasons[name] for name in first)


@pytest.mark.parametrize("altaz", [False, True])
@pytest.mark.parametrize(
    "gap", [{"min_gap": 1800}, {"min_gap": 1800, "max_gap": 2400}], ids=["least", "least and most"]
)
def test_the_time_until_the_second_visit_of_a_field_is_spent_on_others(gap, altaz):
    """Twelve fields that are up all night and fit into half an hour wait once for it, not twelve times."""
    some = worse_first(Visits.simple("r", 60, turns=2, **gap), altaz, count=12)
    found = best_first(some, some.fields, plan.best(some, nodes=0))
    telescopes = [some.reaches[0].telescope]
    sequence = some.reaches[0].sequences[0]
    assert recount.faults(some.fields, telescopes, nights.window(some), found.visits, sequence=sequence) == []
    assert len(found.visits) == 24
    assert (found.visits[-1].end - found.visits[0].start).total_seconds() < 2 * 1800


def late_first(some: Problem, found) -> tuple:
    """The same plan with the least first: the weights of the fields turned round, planned, and the names kept."""
    other = tuple(replace(one, weight=1e6 / (1 + one.weight) ** 3) for one in some.fields)
    again = replace(some, fields=other)
    return best_first(again, other, plan.best(again, nodes=0)).visits
