"""Which map stands for an event, and which alerts placed it. Authority: fold.py's rules, as ingest applies them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group

from tests import factories as make
from tests.factories import NIGHT
from tests.maps import multiorder
from tests.messages import NOW, gw, xrt
from tom_scimma import eventmaps, skymap
from tom_scimma.ingest import ingest
from tom_scimma.models import Alert, Event, Localization

pytestmark = pytest.mark.django_db


def sky(sigma: float = 3.0, ra: float = 30.0) -> skymap.SkyMap:
    return skymap.from_gaussian(ra, 20.0, sigma, order=3, rounds=3)


def fits(sigma: float = 3.0) -> bytes:
    return multiorder(sky(sigma))


def told(*records) -> Event:
    ingest(records, now=NOW)
    return Event.objects.get()


def test_an_event_without_a_place_has_no_map():
    event = told(gw())
    assert eventmaps.current(event) is None
    assert eventmaps.versions(event) == []
    assert eventmaps.of_alert(event.alerts.get()) is None


def test_the_newest_authoritative_map_stands_for_the_event():
    event = told(gw(minutes=9, skymap=fits(8.0)), gw(kind="UPDATE", minutes=5, skymap=fits(3.0)))
    found = eventmaps.current(event)
    assert found.localization_id == event.localization_id
    assert found.alert_id == event.localization.alert_id
    assert found.sky.area(0.9) == pytest.approx(event.area_90)
    assert [one.alert_type for one in eventmaps.versions(event)] == ["initial", "update"]


def test_a_retraction_keeps_the_map_it_had():
    event = told(gw(minutes=9, skymap=fits()), gw(kind="RETRACTION", minutes=5))
    assert event.state == "retracted"
    assert eventmaps.current(event).localization_id == event.localization_id
    assert len(eventmaps.versions(event)) == 1


def test_an_error_circle_makes_a_map():
    """A Gaussian holds 90 % within the radius given, if the sender did not say otherwise (fold.area)."""
    event = told(xrt(ra=120.0, dec=-89.0, radius=0.5))
    found = eventmaps.current(event)
    assert found.localization_id is None
    assert found.sky.area(0.9) == pytest.approx(event.area_90, rel=0.05)
    assert found.sky.level_at(120.0, -89.0) < 0.2
    assert found.sky.level_at(300.0, 40.0) > 0.999
    assert [one.alert_id for one in eventmaps.versions(event)] == [found.alert_id]


def test_a_map_that_cannot_be_used_leaves_the_earlier_one():
    event = told(gw(minutes=9, skymap=fits()), gw(kind="UPDATE", minutes=5, skymap=b"no FITS"))
    assert Localization.objects.filter(error="").count() == 1
    assert eventmaps.current(event).localization_id == event.localization_id
    assert len(eventmaps.versions(event)) == 1


def test_a_follow_up_that_knows_less_places_nothing():
    event = make.event("Swift 7", kind="GRB", source="Swift BAT", ra=10.0, dec=10.0, radius_deg=0.05)
    for minute, (source, kind, radius) in enumerate(
        (("Swift BAT", "initial", 0.05), ("Fermi GBM", "followup", 4.0), ("Swift XRT", "followup", 0.001))
    ):
        said = {"source": source, "alert_type": kind, "sky": make.circle(10, 10, radius), "kind": "GRB"}
        make.alert(event, make.notice("Swift 7", sent=NIGHT + timedelta(minutes=minute), **said), make.message())
    assert [one.source for one in eventmaps.versions(event)] == ["Swift BAT", "Swift XRT"]
    assert eventmaps.current(event).source == "Swift BAT"  # as the event's row says
    event.radius_deg = 0.001
    assert eventmaps.current(event).source == "Swift XRT"


def test_reports_and_tests_of_a_real_event_place_nothing():
    event = make.known("S261120ab", sky=sky())
    first = eventmaps.current(event)
    make.localization(make.alert(event, make.notice(event.name), make.message(), authority=False), sky(1.0))
    make.localization(make.alert(event, make.notice(event.name, role="test"), make.message()), sky(1.0))
    assert eventmaps.current(event) == first
    assert eventmaps.versions(event) == [first]


def test_a_protected_map_is_there_for_its_groups_alone():
    lvk = Group.objects.create(name="lvk")
    member, stranger = make.user("member", lvk), make.user("stranger")
    event = make.known("S261120ab", sky=sky())
    said = make.notice(event.name, alert_type="update", sent=NIGHT)
    hidden = make.alert(event, said, make.message(groups=(lvk,)))
    row = make.localization(hidden, sky(1.0))
    assert [one.localization_id for one in eventmaps.versions(event, member)] == [event.localization_id, row.pk]
    assert [one.localization_id for one in eventmaps.versions(event, stranger)] == [event.localization_id]
    for user in (None, member, stranger):  # the event itself shows what is public
        assert eventmaps.current(event, user).localization_id == event.localization_id


def test_an_event_of_several_protected_topics_shows_each_its_own():
    groups = [Group.objects.create(name=name) for name in ("a", "b")]
    users = [make.user(group.name, group) for group in groups]
    event = make.event("S1a", groups=tuple(groups), source="", ra=None)
    rows = [
        make.localization(make.alert(event, make.notice("S1a"), make.message(groups=(group,))), sky())
        for group in groups
    ]
    assert eventmaps.current(event) is None
    assert [eventmaps.current(event, user).localization_id for user in users] == [row.pk for row in rows]


def test_of_alert_has_a_report_s_place_too():
    event = make.event("GRB 1")
    said = make.notice("GRB 1", alert_type="report", sky=make.circle(10, 10, 1))
    alert = make.alert(event, said, make.message(), authority=False)
    assert eventmaps.of_alert(alert).error.radius_deg == 1
    assert Alert.objects.count() == 1
