"""What a simulated telescope does. Authority: the issue (weather, failures, speed-up, deterministic by seed), and laws that any
telescope keeps: one thing at a time, inside its window, nothing while the dome is shut, and a past that stays."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.observatory import DUSK, request, telescope
from tom_treasuremap.followup.request import STATES, TERMINAL, Exposure
from tom_treasuremap.transports.simulation import Closed, Manner, Taken, _shut, chance, courses, states, window

NOON = DUSK - timedelta(hours=5)
THERE = telescope()
STILL = Manner()


def at(*taken: Taken, manner: Manner = STILL, **after):
    """States of all, so long after noon."""
    return states(taken, THERE, manner, NOON + timedelta(**after))


def test_one_request_from_the_queue_to_its_facts():
    one = Taken(request(), NOON)
    assert at(one, seconds=1)["tom-0001"].state == "PENDING"
    ahead = at(one, minutes=1)["tom-0001"]
    assert (ahead.state, ahead.start) == ("SCHEDULED", DUSK)
    assert at(one, hours=5, seconds=40)["tom-0001"].state == "IN_PROGRESS"
    done = at(one, hours=6)["tom-0001"]
    assert done.state == "COMPLETED"
    assert [row["filter"] for row in done.observed] == ["g", "g", "g", "rp"]
    assert done.observed[0]["start"] == DUSK + timedelta(seconds=30)
    assert done.observed[1]["start"] == DUSK + timedelta(seconds=30 + 60 + 10)  # readout
    assert done.observed[3]["start"] == DUSK + timedelta(seconds=30 + 3 * 70 + 5)  # another filter
    assert [row["seconds"] for row in done.observed] == [60, 60, 60, 120]
    assert all(18.5 < row["depth"] <= 20.0 for row in done.observed)
    assert (done.start, done.end) == (done.observed[0]["start"], done.observed[-1]["end"])
    assert [row["id"] for row in done.products] == ["tom-0001-1", "tom-0001-2"]
    assert at(one, days=30) == at(one, hours=6)


def test_its_time_runs_as_fast_as_asked_and_nothing_lies_ahead_of_our_clocks():
    one, manner = Taken(request(), NOON), Manner(speed=600)
    assert at(one, manner=manner, seconds=29)["tom-0001"].state == "SCHEDULED"  # five hours are 30 s
    done = at(one, manner=manner, seconds=31.5)["tom-0001"]
    assert done.state == "COMPLETED"
    assert NOON + timedelta(seconds=30) < done.start < done.end < NOON + timedelta(seconds=31)
    assert done.observed[0]["seconds"] == 60


def test_a_plan_is_kept_to_the_second():
    visits = [
        request(n, fixed=True, exposures=(Exposure("g", 60),), start=DUSK + timedelta(seconds=70 * n),
                end=DUSK + timedelta(seconds=70 * n + 60))
        for n in range(20)
    ]  # fmt: skip
    found = at(*(Taken(visit, NOON) for visit in visits), hours=12)
    for visit in visits:
        (row,) = found[visit.id].observed
        assert (row["start"], row["end"]) == (visit.start, visit.end)
    swift = Manner(speed=3600)
    found = at(*(Taken(visit, NOON) for visit in visits), manner=swift, seconds=10)
    assert {state.state for state in found.values()} == {"COMPLETED"}


def test_what_is_more_important_comes_first_and_nothing_runs_into_what_has_its_time():
    first, later = request(1, priority=1), request(2, priority=5)
    found = at(Taken(first, NOON), Taken(later, NOON), hours=12)
    assert found["tom-0002"].end < found["tom-0001"].start
    timed = request(3, fixed=True, exposures=(Exposure("g", 30),), start=DUSK + timedelta(seconds=100))
    found = at(Taken(first, NOON), Taken(timed, NOON), hours=12)
    assert found["tom-0003"].start == timed.start
    assert found["tom-0001"].start > found["tom-0003"].end


def test_cancelled_before_it_begins_and_never_afterwards():
    one = Taken(request(), NOON, cancelled=NOON + timedelta(hours=1))
    assert at(one, hours=2)["tom-0001"].state == "CANCELED"
    late = replace(one, cancelled=NOON + timedelta(hours=11))
    assert at(late, hours=12)["tom-0001"].state == "COMPLETED"


def test_weather_shuts_the_dome_and_a_night_without_a_clear_hour_is_lost():
    one = Taken(request(), NOON)
    shut = Manner(weather=1.0)
    assert at(one, manner=shut, hours=5.5)["tom-0001"].message == "Shut for weather."
    assert at(one, manner=shut, hours=12)["tom-0001"].state == "WINDOW_EXPIRED"
    longer = request(1, exposures=(Exposure("g", 1200, 2),))
    broken = [
        course
        for seed in range(30)
        for course in courses([Taken(longer, NOON)], THERE, Manner(seed=seed, weather=0.4))
        if any(turn.outcome == "weather" for turn in course.turns) and course.turns[-1].outcome == "done"
    ]
    assert broken  # interrupted once, and done later the same night


def test_closed_by_people_it_stops_until_they_say_that_it_is_open():
    """Authority: a telescope's state, as its page says it: closed is closed."""
    one, other = (Taken(request(n, exposures=(Exposure("g", 600),)), NOON) for n in (1, 2))
    begin = NOON + timedelta(hours=5, minutes=5)  # while the first of them is exposed
    closed = Manner(closed=(Closed(begin, words="Closed by weather."),))
    for moment in ({"hours": 5, "minutes": 6}, {"hours": 9}):
        found = at(one, other, manner=closed, **moment)
        assert {(state.state, state.message) for state in found.values()} == {("PENDING", "Closed by weather.")}
    assert {state.state for state in at(one, other, manner=closed, hours=12).values()} == {"WINDOW_EXPIRED"}
    opened = Manner(closed=(Closed(begin, begin + timedelta(hours=1)),))
    done = at(one, other, manner=opened, hours=12)
    assert {state.state for state in done.values()} == {"COMPLETED"}
    assert min(state.start for state in done.values()) > begin + timedelta(hours=1)


@pytest.mark.parametrize("hours", [4.0, 5.05, 5.5, 7.0])
def test_what_it_did_before_it_was_closed_stays(hours):
    taken = [Taken(request(n, exposures=(Exposure("g", 600),)), NOON) for n in range(8)]
    moment = NOON + timedelta(hours=hours)
    before = states(taken, THERE, STILL, moment)
    after = states(taken, THERE, Manner(closed=(Closed(moment),)), moment)
    for name, state in before.items():
        if state.state in TERMINAL:
            assert after[name] == state
        else:
            assert after[name].state == "PENDING"


def test_an_instrument_fails_and_says_so():
    found = at(Taken(request(), NOON), manner=Manner(failures=1.0), hours=6)["tom-0001"]
    assert found.state == "FAILED"
    assert found.message
    assert not found.observed


def test_chances_are_chances():
    drawn = [chance(7, "weather", n) for n in range(4000)]
    assert 0 <= min(drawn) <= max(drawn) < 1
    assert sum(drawn) / len(drawn) == pytest.approx(0.5, abs=0.02)
    assert chance(7, "a") == chance(7, "a") != chance(8, "a")


asked = st.lists(
    st.builds(
        lambda late, begin, hours, seconds, count, priority, fixed, cancel: (
            late, begin, hours, seconds, count, priority, fixed, cancel,
        ),
        st.integers(0, 6 * 3600), st.integers(-3600, 8 * 3600), st.integers(1, 6), st.integers(5, 1500), st.integers(1, 3),
        st.integers(0, 3), st.booleans(), st.none() | st.integers(0, 10 * 3600),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


def made(rows) -> list[Taken]:
    taken = []
    for number, (late, begin, hours, seconds, count, priority, fixed, _) in enumerate(rows):
        start = NOON + timedelta(seconds=begin)
        exposures = (Exposure("g", seconds, count),)
        values = {"start": start, "end": start + timedelta(hours=hours), "exposures": exposures}
        taken.append(Taken(request(number, priority=priority, fixed=fixed, **values), NOON + timedelta(seconds=late)))
    return taken


def shut(begin: float, end: float | None = None) -> Closed:
    """Closed by people, hours after noon."""
    return Closed(NOON + timedelta(hours=begin), None if end is None else NOON + timedelta(hours=end))


CLOSED = [(), (shut(5.5, 6.25),), (shut(-1, 5.1), shut(6, 8)), (shut(7),)]

manners = st.builds(
    Manner, seed=st.integers(0, 99), speed=st.sampled_from([1.0, 60.0, 1000.0]), weather=st.sampled_from([0.0, 0.3]),
    failures=st.sampled_from([0.0, 0.2]), closed=st.sampled_from(CLOSED),
)  # fmt: skip


@given(asked, manners)
@examples(max_examples=60)
def test_any_telescope_looks_at_one_thing_at_a_time_in_its_window_under_an_open_dome(rows, manner):
    taken = made(rows)
    turns = []
    for course in courses(taken, THERE, manner):
        begin, end = window(course.taken, manner)
        late = timedelta(seconds=60 / manner.speed if course.taken.request.fixed else 0)
        for turn in course.turns:
            assert max(begin, course.taken.at) <= turn.begin < turn.end <= end + late + timedelta(microseconds=20)
            assert _shut(THERE, manner, turn.begin) is None
            turns.append((turn.begin, turn.end))
    turns.sort()
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(turns))
    final = states(taken, THERE, manner, NOON + timedelta(days=3))
    assert len(final) == len(taken)
    assert {state.state for state in final.values()} <= set(TERMINAL) <= set(STATES)


@given(asked, manners, st.integers(0, 10 * 3600))
@examples(max_examples=60)
def test_the_past_stays_whatever_is_asked_or_cancelled_later(rows, manner, seconds):
    taken, moment = made(rows), NOON + timedelta(seconds=seconds)
    known = [one for one in taken if one.at <= moment]
    before = states(known, THERE, manner, moment)
    after = states(taken, THERE, manner, moment)
    for one in known:  # what is still ahead may move
        if before[one.request.id].state not in ("SCHEDULED", "PENDING"):
            assert after[one.request.id] == before[one.request.id]
        else:
            assert after[one.request.id].state in ("SCHEDULED", "PENDING")
    cancelled = [
        replace(one, cancelled=moment) if before[one.request.id].state in ("SCHEDULED", "PENDING") else one
        for one in known
    ]
    later = states(cancelled, THERE, manner, moment + timedelta(days=2))
    for one in cancelled:
        if one.cancelled is not None:
            assert later[one.request.id].state == "CANCELED"
        elif before[one.request.id].state in TERMINAL:
            assert later[one.request.id] == before[one.request.id]
