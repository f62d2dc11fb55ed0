"""Why a field is in a plan or not, and the choices that a person has.

Authority: what a person reads in the plan, against what the problem was made of.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from tests import nights
from tom_treasuremap import constraints, plan, recount
from tom_treasuremap.planning import problem, reasons
from tom_treasuremap.planning.problem import Exposure, Problem, Visits
from tom_treasuremap.telescopes.telescope import Limits, Site
from tom_treasuremap.visits import Field

HOUR = (nights.BEGIN, nights.BEGIN + timedelta(hours=1))


def by_hand(fields: list[Field], open_: list[slice], sequence: Visits, **more) -> Problem:
    """One telescope, one hour on a grid of a minute, each field open in its slice of it."""
    opened = np.zeros((len(fields), 61), bool)
    for at, when in enumerate(open_):
        opened[at, when] = True
    telescope = nights.telescope(slews=False)
    return Problem(tuple(fields), (problem.fixed(fields, telescope, opened, sequence, **more),), nights.BEGIN, 60, 61)


def places(*weights: float, **more) -> list[Field]:
    return [Field(f"f{at}", 10.0 * at, 0.0, weight=weight, **more) for at, weight in enumerate(weights)]


def test_each_field_says_why():
    fields = [
        *places(5.0, 4.0, 1.0, 0.5),
        Field("twin", 0.0, 0.0, pieces={1: 0.3}),
        Field("pair", 5.0, 0.0, pieces={1: 0.3, 2: 0.1}),
        Field("gone", 7.0, 0.0),
        Field("brief", 8.0, 0.0, weight=9.0),
        Field("never", 9.0, 0.0, weight=9.0),
    ]
    all_, half = slice(0, 61), slice(0, 31)
    windows = [all_, all_, slice(0, 20), half, all_, all_, all_, slice(3, 6), slice(0, 0)]
    some = by_hand(fields, windows, Visits.simple("r", 1000))
    found = plan.best(some, nodes=5, known={"gone": "already covered by ZTF at 03:12 to r = 21.3"})
    why = found.reasons
    assert why["f0"].startswith("number ") and "5 of the weight" in why["f0"]  # noqa: PT018
    assert why["gone"] == "already covered by ZTF at 03:12 to r = 21.3"
    assert why["brief"] == "t0 sees it for 2 min only; its visits need 17 min"
    assert why["never"] == "t0 cannot look at it within the window"
    assert why["f3"].startswith(("worse than others", "no time left while it is up (01:00 to 01:30)"))
    assert why["twin"].startswith(("other fields of the plan cover it", "worse than others"))


def test_a_field_below_the_horizon_and_a_night_that_is_none_say_so():
    telescope = nights.telescope(limits=Limits(min_altitude=30), twilight=-18.0)
    fields = [Field("north", 100.0, 80.0, weight=1.0), Field("up", 100.0, -30.0, weight=1.0)]
    night = (nights.BEGIN, nights.BEGIN + timedelta(hours=6))
    sequence = Visits.simple("r", 60)
    found = plan.solve(fields, [telescope], night, visits=sequence, nodes=0)
    assert found.reasons["north"] == "t0: too low all night"
    day = (nights.BEGIN + timedelta(hours=13), nights.BEGIN + timedelta(hours=15))
    none = plan.solve(fields, [telescope], day, visits=sequence, nodes=0)
    assert (none.visits, none.value) == ((), 0.0)
    assert none.reasons["up"] == "t0: no night within the window"
    # what if: other rules for this plan alone
    what_if = {"t0": {"airmass": constraints.Altitude(0.0)}}
    assert plan.solve(fields, [telescope], day, visits=sequence, nodes=0, constraints=what_if).value >= 0


def test_a_telescope_in_space_is_never_planned():
    telescope = nights.telescope(site=None)
    found = plan.solve(places(1.0), [telescope], HOUR, visits=Visits.simple("r", 60), nodes=0)
    assert found.visits == ()
    assert "nobody knows when it can look" in found.reasons["f0"]


def test_a_budget_holds_and_the_best_comes_first():
    some = by_hand(places(5.0, 4.0, 3.0, 2.0), [slice(0, 61)] * 4, Visits.simple("r", 300), budget=650)
    found = plan.best(some, nodes=5)
    assert {one.field for one in found.visits} == {"f0", "f1"}
    assert found.bound >= found.value == 9.0


@pytest.mark.parametrize(("shared", "value"), [(True, 0.5), (False, 1.0)])
def test_the_same_sky_counts_twice_only_when_wanted(shared, value):
    telescopes = [nights.telescope(name, site=Site(-30.0, -70.0, 0.0)) for name in ("a", "b")]
    fields = [Field("x", 100.0, -30.0, pieces={1: 0.5})]
    night = (nights.BEGIN, nights.BEGIN + timedelta(hours=5))
    sequence = Visits.simple("r", 60)
    found = plan.solve(fields, telescopes, night, visits=sequence, nodes=0, shared=shared)
    assert found.value == pytest.approx(value)
    assert recount.value(fields, found.visits, shared=shared) == pytest.approx(value)
    assert len(found.visits) == (1 if shared else 2)


def test_sequences_are_made_as_wanted():
    """Two filters a visit, twice, with a change of filter between; a field's own seconds come first."""
    sequence = Visits(((Exposure("g", 30), Exposure("r", 60, 2)),) * 2, 1200, 1800)
    fields = [replace(one, seconds=90.0 if at else None) for at, one in enumerate(places(2.0, 1.0))]
    some = by_hand(fields, [slice(0, 61)] * 2, sequence)
    found = plan.best(some, nodes=5)
    mine = [(one.band, one.exposure, one.turn) for one in found.visits if one.field == "f0"]
    assert mine == [("g", 30, 1), ("r", 60, 1), ("r", 60, 1), ("g", 30, 2), ("r", 60, 2), ("r", 60, 2)]
    assert {one.exposure for one in found.visits if one.field == "f1"} == {90.0}
    telescopes = [some.reaches[0].telescope]
    assert recount.faults(fields, telescopes, nights.window(some), found.visits, sequence=sequence) == []


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda one: replace(one, start=one.start - timedelta(hours=2), end=one.end - timedelta(hours=2)), "outside"),
        (lambda one: replace(one, ra=one.ra + 1), "looks elsewhere"),
        (lambda one: replace(one, exposure=one.exposure + 5), "lasts otherwise"),
        (lambda one: replace(one, band="z"), "no filter z"),
        (lambda one: replace(one, field="?"), "no such field"),
        (lambda one: replace(one, telescope="?"), "no telescope"),
        (lambda one: replace(one, start=one.start + timedelta(minutes=2), end=one.end + timedelta(minutes=2)), "needs"),
        (lambda one: replace(one, turn=3), "visits are"),
    ],
)
def test_the_recount_finds_what_is_wrong(spoil, says):
    some = by_hand(places(2.0, 1.0, 3.0), [slice(0, 61)] * 3, Visits.simple("r", 300))
    found = plan.best(some, nodes=0).visits
    spoiled = [spoil(found[0]), *found[1:]]
    telescopes = [some.reaches[0].telescope]
    said = recount.faults(some.fields, telescopes, nights.window(some), spoiled, sequence=Visits.simple("r", 300))
    assert any(says in one for one in said)


def test_what_is_no_problem_is_refused():
    sequence = Visits.simple("r", 60)
    with pytest.raises(ValueError, match="same name"):
        plan.solve(places(1.0) * 2, [nights.telescope()], HOUR, visits=sequence, nodes=0)
    with pytest.raises(ValueError, match="no time to plan"):
        plan.solve(places(1.0), [nights.telescope()], HOUR[::-1], visits=sequence, nodes=0)
    with pytest.raises(ValueError, match="at least one visit"):
        Visits(())
    with pytest.raises(ValueError, match="largest gap"):
        Visits.simple("r", 60, turns=2, min_gap=600, max_gap=60)
    with pytest.raises(ValueError, match="longer than 0"):
        Visits.simple("r", 0)


@pytest.mark.parametrize(
    ("value", "words"), [(0.0302, "0.0302"), (0.5, "0.5"), (0.00003, "under 0.0001"), (0.0, "0.0000")]
)
def test_what_is_little_is_not_said_to_be_nothing(value, words):
    assert reasons.share(value) == words
