"""Numbers in an astronomer's words; units by arithmetic."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tom_scimma import wording
from tom_scimma.wording import YEAR

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("hz", "words"),
    [
        (1 / (12.3 * YEAR), "1 per 12.3 years"),
        (1 / YEAR, "1 per year"),
        (1 / (3 * 86400), "1 per 3 days"),
        (1 / 1800, "1 per 30 minutes"),
        (5.0, "5 per second"),
        (0.0, "0"),
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
        (-1.0, "–"),
    ],
)
def test_rate(hz, words):
    assert wording.rate(hz) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0123, "12 ms"),
        (5.25, "5.2 s"),
        (59.99, "1 min"),
        (61, "1 min 1 s"),
        (3599.9, "1 h"),
        (3725, "1 h 2 min"),
        (86400, "1 day"),
        (9.26 * 86400, "9.3 days"),
        (3.17 * YEAR, "3.17 years"),
        (-4, "−4 s"),
        (None, "–"),
    ],
)
def test_span(seconds, words):
    assert wording.span(seconds) == words


@pytest.mark.parametrize(
    ("deg2", "words"),
    [
        (1234.5, "1,230 deg²"),
        (240, "240 deg²"),
        (0.003, "10.8 arcmin²"),
        (1e-7, "1.3 arcsec²"),
        (0, "0 deg²"),
        (None, "–"),
    ],
)
def test_area(deg2, words):
    assert wording.area(deg2) == words


@pytest.mark.parametrize(
    ("mean", "sd", "words"),
    [(156.3, 41.2, "156 ± 41 Mpc"), (1234, 300, "1.23 ± 0.3 Gpc"), (40, None, "40 Mpc"), (None, None, "–")],
)
def test_distance(mean, sd, words):
    assert wording.distance(mean, sd) == words


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.92, "92 %"),
        (0.9996, "> 99.9 %"),
        (1.0, "100 %"),
        (0.004, "0.4 %"),
        (1e-5, "< 0.01 %"),
        (0, "0 %"),
        (None, "–"),
    ],
)
def test_percent(p, words):
    assert wording.percent(p) == words


def test_times_are_utc_and_iso_wherever_they_come_from():
    east = datetime(2026, 11, 21, 9, 30, 5, 250_000, tzinfo=timezone(timedelta(hours=9)))
    assert wording.utc(east) == "2026-11-21 00:30:05"
    assert wording.utc(east, 3) == "2026-11-21 00:30:05.250"
    assert wording.age(NOW - timedelta(minutes=3, seconds=20), NOW) == "3 min 20 s ago"
    assert wording.age(NOW - timedelta(minutes=41, seconds=26), NOW) == "41 min ago"
    assert wording.age(NOW - timedelta(hours=20, minutes=41), NOW) == "20 h ago"
    assert wording.age(NOW + timedelta(hours=2), NOW) == "in 2 h"
    assert wording.age(None, NOW) == "–"


@pytest.mark.parametrize(
    ("kind", "classes", "properties", "words"),
    [
        ("GW", {"BNS": 0.92, "BBH": 0.08}, {}, "Binary neutron star merger (92 %)"),
        ("GW", {}, {"group": "Burst"}, "Unmodelled gravitational-wave burst"),
        ("GW", {}, {}, "Gravitational-wave candidate"),
        ("GRB", {}, {}, "Gamma-ray burst"),
        ("OT", {"Ia": 0.7}, {}, "Optical transient: Ia (70 %)"),
        ("NU", {"odd": "text"}, {}, "Neutrino"),
    ],
)
def test_what(kind, classes, properties, words):
    assert wording.what(kind, classes, properties) == words


def test_a_sender_s_name_may_break_behind_its_underscores():
    from tom_scimma.templatetags.scimma_words import breakable

    assert breakable("false_alarm_<b>") == "false_<wbr>alarm_<wbr>&lt;b&gt;"


def test_every_kind_type_role_has_words():
    from tom_scimma import notice

    assert set(wording.KINDS) == set(notice.KINDS)
    assert set(wording.ALERT_TYPES) == set(notice.ALERT_TYPES)
    assert set(wording.ROLES) == set(notice.ROLES)


def test_faults_are_told_as_people_count_and_what_is_wrong_with_the_whole_by_itself():
    errors = {"photometry.3.bandpass": ["May not be blank."], "targets.0.ra_error": "No.", "message": ["Too large."], "": ["Never."]}  # fmt: skip  # noqa: E501
    lines = ["photometry row 4, bandpass: May not be blank.", "targets row 1, ra error: No.", "Too large.", "Never."]
    assert wording.faults(errors) == lines


REFUSALS = [
    ("The broker does not know you.", {}, ["The broker does not know you."]),
    ("HTTP 400: title: Too dull.", {"title": ["Too dull."]}, ["HTTP 400: title: Too dull."]),
    ("HTTP 400: title: Too dull. and 1 more", {"title": ["Too dull."], "topic": ["No."]}, ["title: Too dull.", "topic: No."]),
    ('HTTP 400: {"title": ["Too dull."]}', {"title": ["Too dull."]}, ["title: Too dull."]),
    ("The file a.txt has changed.", {"files": ["a.txt"]}, ["The file a.txt has changed."]),
    ("Refused as a whole.", {"title": "Too dull."}, ["Refused as a whole.", "title: Too dull."]),
    ("", {"title": ["Too dull."]}, ["title: Too dull."]),
    ("", {}, []),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "errors", "lines"), REFUSALS)
def test_why_something_was_refused_is_said_once(reason, errors, lines):
    assert wording.refusal(reason, errors) == lines


#: what templates show with `date` and what is a day, of no zone
DAYS = {"night", "one.night", "before", "after", "gap.first", "gap.last", "day.day", "month", "today"}


def test_no_template_shows_a_time_in_the_zone_of_the_tom():
    """Times are UTC in a TOM of any TIME_ZONE, and Django's `date` shows them in that zone where nobody says `utc` before it."""
    root = Path(__file__).parent.parent
    shown = {
        (path.name, what)
        for path in root.glob("tom_*/templates/**/*.html")
        for what in re.findall(r"([\w.|]+)\|(?:date|time)\b", path.read_text())
    }
    assert {(name, what) for name, what in shown if not what.endswith("|utc") and what not in DAYS} == set()
