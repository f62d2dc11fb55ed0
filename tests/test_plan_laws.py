"""Plans by law: whatever the problem, these hold.

Authorities: an independent recount (tom_treasuremap/recount.py), and astropy for what a telescope may look at.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import nights
from tom_treasuremap import plan, recount
from tom_treasuremap.planning import bounds
from tom_treasuremap.planning.draft import Setting
from tom_treasuremap.planning.problem import Exposure, Problem, Visits
from tom_treasuremap.telescopes.telescope import Axis, Limits, MoonRule, Site, Slew
from tom_treasuremap.visits import Field

SEQUENCES = [
    Visits.simple("r", 60),
    Visits.simple("g", 300),
    Visits.simple("r", 90, turns=2, min_gap=900),
    Visits.simple("r", 60, turns=3, min_gap=600, max_gap=1500),
    Visits(((Exposure("g", 30, 2), Exposure("r", 30)),), 0),
    Visits(((Exposure("g", 30),), (Exposure("r", 45), Exposure("i", 20))), 300, 3000),
]


@st.composite
def problems(draw, most: int = 30, sequences=tuple(SEQUENCES)) -> tuple[Problem, Visits]:
    seed = draw(st.integers(0, 10_000))
    some = nights.fields(draw(st.integers(0, most)), seed, pieces=draw(st.sampled_from([0, 3])))
    kinds = {"readout": draw(st.sampled_from([0.0, 7.3])), "slews": draw(st.booleans())}
    telescopes = [nights.telescope(f"t{at}", **kinds) for at in range(draw(st.integers(1, 3)))]
    sequence = draw(st.sampled_from(sequences))
    budget = draw(st.sampled_from([None, 1800.0]))
    shared = draw(st.booleans())
    steps, step = draw(st.sampled_from([(61, 60), (25, 300)]))
    half = (1, max(steps // 2, 3))
    found = nights.night(
        some, telescopes, sequence, seed=seed, steps=steps, step=step, half=half, budget=budget, shared=shared
    )
    return found, sequence


def wrong(some: Problem, sequence: Visits, found) -> list[str]:
    telescopes = [one.telescope for one in some.reaches]
    budgets = {one.telescope.name: one.budget for one in some.reaches if one.budget is not None}
    opened = {
        (reach.telescope.name, field.ra, field.dec): reach.open[at]
        for reach in some.reaches
        for at, field in enumerate(some.fields)
    }

    def allowed(telescope, ra, dec, when) -> bool:
        at = (when - some.start).total_seconds() / some.step
        open_ = opened[telescope.name, ra, dec]
        return bool(open_[int(np.floor(at))] and open_[int(np.ceil(at))])

    return recount.faults(
        some.fields, telescopes, nights.window(some), found.visits, sequence=sequence, allowed=allowed, budgets=budgets
    )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(problems(), st.sampled_from([0, 3]))
def test_plans_are_valid_counted_once_and_below_their_bound(made, nodes):
    some, sequence = made
    told = []
    found = plan.best(some, nodes=nodes, on_better=told.append)
    assert wrong(some, sequence, found) == []
    turns = len(sequence.blocks)
    again = recount.value(some.fields, found.visits, turns=turns, shared=some.shared)
    assert found.value == pytest.approx(again, rel=1e-9, abs=1e-12)
    assert found.bound >= found.value
    values, limits = [one.value for one in told], [one.bound for one in told]
    assert values == sorted(values)
    assert limits == sorted(limits, reverse=True)
    for one in told[:3]:
        assert wrong(some, sequence, one) == []
    assert set(found.reasons) == {one.name for one in some.fields}
    assert (found.stopped == "optimal") == (found.gap < 1e-5)


def later(some: Problem) -> Problem:
    """More time: two hours at the end in which every second field is open."""
    more = 7200 // some.step
    reaches = []
    for reach in some.reaches:
        added = np.zeros((len(some.fields), more), bool)
        added[::2] = True
        reaches.append(replace(reach, open=np.hstack((reach.open, added))))
    return replace(some, reaches=tuple(reaches), steps=some.steps + more)


def easier(some: Problem) -> Problem:
    """Fewer constraints: a third of the fields may be looked at all night."""
    reaches = []
    for reach in some.reaches:
        open_ = reach.open.copy()
        open_[::3] = True
        reaches.append(replace(reach, open=open_))
    return replace(some, reaches=tuple(reaches))


def another(some: Problem) -> Problem:
    """One more telescope."""
    first = some.reaches[0]
    more = replace(first, telescope=replace(first.telescope, name="more"), open=np.roll(first.open, 7, axis=1))
    return replace(some, reaches=(*some.reaches, more))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(problems(), st.sampled_from([later, easier, another]))
def test_with_more_the_bound_never_falls_nor_a_proved_value(made, more):
    some, _ = made
    large = more(some)
    assert bounds.linear(Setting(large)) >= bounds.linear(Setting(some)) * (1 - 1e-7)
    assert bounds.sum_of_best(Setting(large)) >= bounds.sum_of_best(Setting(some)) * (1 - 1e-9)
    found = plan.best(large, nodes=10)
    if found.stopped == "optimal":
        assert found.value >= plan.best(some, nodes=10).value * (1 - 2e-6)


def test_the_same_input_gives_the_same_plan():
    some = nights.night(nights.fields(80, 3, pieces=3), [nights.telescope()], SEQUENCES[2], steps=121, half=(10, 50))
    one, other = (plan.best(some, nodes=6) for _ in range(2))
    assert one.visits == other.visits
    assert (one.value, one.bound, one.stopped) == (other.value, other.bound, other.stopped)


def test_a_search_stops_when_asked_and_at_its_time_with_the_plan_in_hand():
    some = nights.night(nights.fields(150, 3, pieces=4), [nights.telescope()], SEQUENCES[1], steps=121, half=(10, 60))
    first = plan.best(some, nodes=0)
    asked = plan.best(some, nodes=50, stop=lambda: True)
    late = plan.best(some, nodes=50, seconds=0.0)
    assert (first.stopped, asked.stopped, late.stopped) == ("greedy", "asked", "time")
    assert asked.value >= first.value
    assert late.value >= first.value
    assert asked.bound <= first.bound


def test_a_search_goes_on_from_a_plan_and_is_never_worse():
    some = nights.night(nights.fields(150, 3, pieces=4), [nights.telescope()], SEQUENCES[1], steps=121, half=(10, 60))
    better = plan.best(some, nodes=20)
    again = plan.best(some, nodes=0, start=better)
    assert better.value > plan.best(some, nodes=0).value
    assert again.value == pytest.approx(better.value)


LASILLA = Site(-29.25, -70.73, 2400.0)


def by_astropy(telescope, visits) -> None:
    """Night, altitude and Moon at the start, the middle and the end of every exposure."""
    import astropy.units as u
    from astropy.coordinates import AltAz, EarthLocation, SkyCoord, get_body, get_sun
    from astropy.time import Time

    times = Time([when for one in visits for when in (one.start, one.start + (one.end - one.start) / 2, one.end)])
    place = SkyCoord(
        [one.ra for one in visits for _ in range(3)], [one.dec for one in visits for _ in range(3)], unit="deg"
    )
    site = EarthLocation.from_geodetic(telescope.site.longitude, telescope.site.latitude, telescope.site.height)
    frame = AltAz(obstime=times, location=site)
    altitude = place.transform_to(frame).alt.deg
    assert altitude.min() >= telescope.limits.min_altitude - 0.02
    assert get_sun(times).transform_to(frame).alt.deg.max() <= telescope.twilight + 0.02
    moon = get_body("moon", times, site)
    up = moon.transform_to(frame).alt > 0 * u.deg
    apart = place.transform_to(frame).separation(moon.transform_to(frame)).deg
    assert (apart[up] >= telescope.moon.least - 0.05).all()


@pytest.mark.parametrize("altaz", [False, True])
def test_every_constraint_holds_by_astropy(altaz, astropy_frames):
    """Authority: astropy's AltAz, get_sun and get_body."""
    move = Slew((Axis(2.0, 1.0), Axis(1.0, 0.5)), altaz, settle=2)
    telescope = nights.telescope(
        site=LASILLA, limits=Limits(min_altitude=35), moon=MoonRule(separation=40, least=25), twilight=-15.0, slew=move
    )
    rng = np.random.default_rng(4)
    fields = [
        Field(f"f{at}", float(ra), float(dec), weight=1.0)
        for at, (ra, dec) in enumerate(zip(rng.uniform(0, 360, 300), rng.uniform(-80, 20, 300), strict=True))
    ]
    night = (nights.BEGIN - timedelta(hours=3), nights.BEGIN + timedelta(hours=10))
    sequence = Visits.simple("r", 240)
    found = plan.solve(fields, [telescope], night, visits=sequence, nodes=1)
    assert len(found.visits) > 60
    by_astropy(telescope, found.visits)
    assert recount.faults(fields, [telescope], night, found.visits, sequence=sequence) == []
    assert any("too low" in why for why in found.reasons.values())
    if altaz:
        slews_hold(telescope, found.visits)


def slews_hold(telescope, visits) -> None:
    """The way from field to field in azimuth and altitude, by astropy when each exposure ends."""
    from astropy.coordinates import AltAz, EarthLocation, SkyCoord
    from astropy.time import Time

    site = EarthLocation.from_geodetic(telescope.site.longitude, telescope.site.latitude, telescope.site.height)
    frame = AltAz(obstime=Time([one.end for one in visits[:-1]]), location=site)
    here, there = (
        SkyCoord([one.ra for one in some], [one.dec for one in some], unit="deg").transform_to(frame)
        for some in (visits[:-1], visits[1:])
    )
    across = np.abs((here.az.deg - there.az.deg + 180) % 360 - 180)
    up = np.abs(here.alt.deg - there.alt.deg)
    need = np.maximum(across / 2.0 + 2.0, up / 1.0 + 2.0) + telescope.slew.settle  # long ways: cruise and ramps
    free = np.array([(b.start - a.end).total_seconds() for a, b in itertools.pairwise(visits)])
    far = (across > 4) & (up > 2)
    assert far.any()
    assert (free[far] >= need[far] - 2.0).all()
