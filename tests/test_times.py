"""Times as alerts write them. Authority: ISO 8601, datetime.fromisoformat, and the oddities listed in times.py."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tom_scimma import times
from tom_scimma.notice import iso


@pytest.mark.parametrize(
    ("said", "meant", "exact"),
    [
        ("2026-03-13T21:02:20.71Z", "2026-03-13T21:02:20.710000Z", True),
        ("2026-03-13T21:02:20.71", "2026-03-13T21:02:20.710000Z", True),
        ("2026-03-13 21:02:20.710001+00:00", "2026-03-13T21:02:20.710001Z", True),
        ("2026-03-13T21:02:20.71+00:00", "2026-03-13T21:02:20.710000Z", True),
        ("2026-03-13T21:02:20+02:30", "2026-03-13T18:32:20.000000Z", True),
        ("2026-03-13T01:02:20-0500", "2026-03-13T06:02:20.000000Z", True),
        ("2026-03-13T01:02:20-05", "2026-03-13T06:02:20.000000Z", True),
        ("2026-03-13 21:02:20 UTC", "2026-03-13T21:02:20.000000Z", True),
        ("2026-03-13T21:02Z", "2026-03-13T21:02:00.000000Z", True),
        ("2026-03-13T21:02:20.Z", "2026-03-13T21:02:20.000000Z", True),
        ("2026-03-13T21:02:20,5Z", "2026-03-13T21:02:20.500000Z", True),
        ("2026-03-13T21:02:20.123456000Z", "2026-03-13T21:02:20.123456Z", True),
        ("2026-03-13T21:02:20.123456789Z", "2026-03-13T21:02:20.123456Z", False),
        ("2026-3-5T1:02:20Z", "2026-03-05T01:02:20.000000Z", True),
        ("26-03-13T21:02:20Z", "2026-03-13T21:02:20.000000Z", False),
        ("2026-03-13", "2026-03-13T00:00:00.000000Z", False),
        ("20260313T210220Z", "2026-03-13T21:02:20.000000Z", True),
        ("20260313T210220.71", "2026-03-13T21:02:20.710000Z", True),
        ("20260313T210220,1234567+0230", "2026-03-13T18:32:20.123456Z", False),
        ("20260313T2102Z", "2026-03-13T21:02:00.000000Z", True),
        ("2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.500000Z", False),
        ("2026-03-13T24:00:00Z", "2026-03-14T00:00:00.000000Z", False),
        ("2026-08-23.512", "2026-08-23T12:17:16.800000Z", False),
        ("2026-8-23.999999999999999", "2026-08-23T23:59:59.999999Z", False),
    ],
)
def test_times_that_mean_something(said, meant, exact):
    moment = times.parse(said)
    assert iso(moment.time) == meant
    assert moment.exact is exact


@pytest.mark.parametrize(
    "said",
    [
        "0000-00-00T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2023-01--8034T00:00:00.00",
        "2022-01-00T23:16:14.46", "2026-13-01T00:00:00", "2026-01-01T25:00:00", "2026-01-01T24:30:00Z", "2026-02-30",
        "2026-02-30.5", "2026-03-13.",
        "20261313T210220Z", "20260313T2102.5", "20260313", "20260313 210220", "x20260313T210220Z", "20260313T210220Zx",
        "2026-03-13T21:02:20+00:0", "2026-03-13T21:02:20Z+00:00",
        "T569:03:04.96", "", "now", "2026-01-01T00:00:00" + "0" * 100, None, 20260101, 1.5, True, [], {},
        "٢٠٢٦-01-01T00:00:00Z",
    ],
)  # fmt: skip
def test_times_that_mean_nothing(said):
    assert times.parse(said) == times.NEVER


@given(some.datetimes(datetime(1900, 1, 2), datetime(2200, 12, 30), timezones=some.just(timezone.utc)))
def test_what_datetime_writes_is_read_back(moment):
    assert times.parse(moment.isoformat()) == (moment, True)
    assert times.parse(iso(moment)) == (moment, True)


@given(some.text(alphabet="0123456789-T:. Z+", max_size=40))
def test_never_raises(text):
    assert isinstance(times.parse(text).exact, bool)
