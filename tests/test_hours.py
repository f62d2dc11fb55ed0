"""When somebody may be told. Authority: the IANA time zones as Python's zoneinfo has them, asked minute by minute."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tom_scimma.hours import DAILY, HOUR, HOURLY, Rules, is_quiet, next_digest, opening, quiet_until

UTC = timezone.utc
NEW_YORK = "America/New_York"
#: north and south, half hours, a midnight that is skipped, one that was set back by 30 minutes
ZONES = ("UTC", NEW_YORK, "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago", "Asia/Beirut")

walls = st.times().map(lambda t: t.replace(microsecond=0, second=0))
moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)).map(lambda t: t.replace(tzinfo=UTC))


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


NIGHT = Rules(zone=NEW_YORK, quiet=(time(22), time(7)))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-21T21:59", "2026-11-21T21:59"),
        ("2026-11-21T22:00", "2026-11-22T07:00"),
        ("2026-11-22T03:00", "2026-11-22T07:00"),
        ("2026-11-22T07:00", "2026-11-22T07:00"),
        ("2026-03-07T23:00", "2026-03-08T07:00"),  # the night the clock goes forward: an hour shorter
        ("2026-10-31T23:00", "2026-11-01T07:00"),  # the night it goes back: an hour longer
    ],
)
def test_quiet_hours_are_those_of_the_clock_on_the_wall(now, expected):
    assert opening(NIGHT, at(now, NEW_YORK)).time == at(expected, NEW_YORK)


def test_the_night_of_the_change_is_as_long_as_it_is():
    spring = opening(NIGHT, at("2026-03-07T22:00", NEW_YORK)).time - at("2026-03-07T22:00", NEW_YORK)
    autumn = opening(NIGHT, at("2026-10-31T22:00", NEW_YORK)).time - at("2026-10-31T22:00", NEW_YORK)
    assert (spring, autumn) == (timedelta(hours=8), timedelta(hours=10))


def test_an_end_that_the_clock_jumps_over():
    rules = Rules(zone=NEW_YORK, quiet=(time(22), time(2, 30)))  # 02:00 becomes 03:00
    assert opening(rules, at("2026-03-08T01:00", NEW_YORK)).time == at("2026-03-08T03:00", NEW_YORK)


def test_an_hour_that_comes_twice_is_quiet_twice():
    rules = Rules(zone=NEW_YORK, quiet=(time(1), time(1, 30)))
    first = datetime(2026, 11, 1, 5, 10, tzinfo=UTC)  # 01:10 EDT
    second = first + HOUR  # 01:10 EST
    assert quiet_until(rules, first) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert quiet_until(rules, second) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ZONES), walls, walls, moments)
def test_quiet_until_is_the_first_moment_that_is_not_quiet(zone, start, end, moment):
    rules = Rules(zone=zone, quiet=(start, end))
    until = quiet_until(rules, moment)
    if until is None:
        assert not is_quiet(rules, moment)
        return
    assert until > moment
    assert not is_quiet(rules, until)
    step, there = timedelta(minutes=1), moment
    while there < until:  # every minute before it
        assert is_quiet(rules, there)
        there += step
    assert is_quiet(rules, until - timedelta(seconds=1)) or until - moment < timedelta(seconds=1)


@given(st.sampled_from(ZONES), walls, moments)
def test_a_daily_digest_comes_once_a_day(zone, wall, moment):
    rules = Rules(zone=zone, pace=DAILY, daily_at=wall)
    first = next_digest(rules, moment)
    second = next_digest(rules, first)
    assert moment < first <= moment + timedelta(hours=27)
    assert timedelta(hours=22) < second - first < timedelta(hours=26)


@given(moments)
def test_an_hourly_digest_comes_at_the_full_hour(moment):
    found = next_digest(Rules(pace=HOURLY), moment)
    assert moment < found <= moment + HOUR
    assert (found.minute, found.second, found.microsecond) == (0, 0, 0)


def test_the_limit_an_hour():
    now = at("2026-11-21T12:00")
    rules = Rules(per_hour=2)
    sent = [now - timedelta(minutes=50), now - timedelta(minutes=10)]
    assert opening(rules, now, sent) == (now + timedelta(minutes=10), "hourly limit")
    assert opening(rules, now, sent, critical=True).time == now + timedelta(minutes=10)
    assert opening(rules, now, sent[:1]) == (now, "")
    assert opening(rules, now, [now - HOUR, now - HOUR]) == (now, "")


def test_a_limit_that_ends_in_the_night_waits_for_the_morning():
    now = at("2026-11-21T21:30", NEW_YORK)
    rules = Rules(zone=NEW_YORK, quiet=(time(22), time(7)), per_hour=1)
    assert opening(rules, now, [now]).time == at("2026-11-22T07:00", NEW_YORK)


def test_critical_ignores_the_night_and_the_digest():
    now = at("2026-11-22T03:00", NEW_YORK)
    rules = Rules(zone=NEW_YORK, quiet=(time(22), time(7)), pace=DAILY)
    assert opening(rules, now, critical=True) == (now, "")
    assert opening(rules, now).time == at("2026-11-22T08:00", NEW_YORK)


def test_a_digest_that_is_due_waits_for_the_night_to_end():
    rules = Rules(quiet=(time(22), time(7)), pace=HOURLY)
    assert opening(rules, at("2026-11-21T23:00"), digest_due=True) == (at("2026-11-22T07:00"), "quiet hours")
    assert opening(rules, at("2026-11-21T20:00"), digest_due=True).why == ""


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.tuples(walls, walls),
    st.sampled_from(["once", HOURLY, DAILY]),
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=60),
    moments,
)
def test_no_more_messages_than_the_rules_say(zone, quiet, pace, per_hour, arrivals, start):
    """Alerts at any distance, told as the worker tells: each as soon as it may, all that wait in one message."""
    rules = Rules(zone=zone, quiet=quiet, pace=pace, per_hour=per_hour)
    sent, now = [], start
    for minutes, critical in arrivals:
        now += timedelta(minutes=minutes)
        found = opening(rules, now, [one for one in sent if one > now - HOUR], critical=critical)
        assert found.time >= now
        if found.time == now:
            assert critical or (pace == "once" and not is_quiet(rules, now))
            sent.append(now)
    for one in sent:
        assert sum(one - HOUR < other <= one for other in sent) <= per_hour


@given(walls, moments)
def test_equal_times_are_never_quiet(wall, moment):
    assert not is_quiet(Rules(quiet=(wall, wall)), moment)
