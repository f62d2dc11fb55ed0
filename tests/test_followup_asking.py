"""What is asked of telescopes: once, as an observation of the host's, taken back by those who may, followed to its end.

Authority: the host's ObservationRecord and its states, the promises that nothing is sent twice and that what was observed flows on.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tom_observations.models import ObservationRecord
from tom_targets.models import Target

from tests import factories as make
from tests import following as up
from tests import treasuremap_reports as reports
from tests.outside.rig import deliver
from tom_scimma.models import Event
from tom_treasuremap import gathering, observed
from tom_treasuremap.facility import FollowUpFacility
from tom_treasuremap.followup import asking, cancelling, following, joining
from tom_treasuremap.followup.request import Exposure, State
from tom_treasuremap.models import Asked, Pointing, ReportRule, TelescopeRow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known(settings):
    with up.known(settings):
        yield


@pytest.fixture
def target(ada):
    found = Target.objects.create(name="AT2026abc", type="SIDEREAL", ra=60.0, dec=-30.0, permissions="PRIVATE")
    found.give_user_access(ada)
    return found


def test_what_is_asked_is_an_observation_of_the_hosts(ada, target):
    event = make.event("S261127ab")
    (record,) = asking.ask([up.request(event="S261127ab")], by=ada, event=event, targets=target)
    record.refresh_from_db()
    assert (record.status, record.facility, record.user, record.target_id) == ("PENDING", "FollowUp", ada, target.pk)
    assert record.observation_id.startswith("fu-")
    row = record.asked
    assert (row.telescope, row.event, str(row.night)) == ("one-metre", event, "2026-11-27")
    assert row.submission is None  # it is downloaded: nothing leaves by itself


def test_the_same_again_is_the_same_observation(ada, target):
    first = asking.ask([up.request()], by=ada, targets=target)
    again = asking.ask([up.request()], by=ada, targets=target)
    assert [row.pk for row in first] == [row.pk for row in again]
    assert asking.ask([up.request(priority=2.0)], by=ada, targets=target)[0].pk != first[0].pk


def test_all_telescopes_are_read_once_however_much_is_asked(ada, target):
    """One statement of a plan's hundreds: what people added as telescopes is a table."""
    with CaptureQueriesContext(connection) as asked:
        asking.ask([up.request(priority=float(at)) for at in range(1, 5)], by=ada, targets=target)
    assert sum(TelescopeRow._meta.db_table in one["sql"] for one in asked) == 1


def test_a_field_of_a_tiling_is_of_the_events_target_which_whoever_sees_the_event_sees(ada):
    group = make.Group.objects.create(name="lvk")
    event = make.event("S261127ab", groups=(group,), ra=10.0, dec=20.0)
    record = asking.ask([up.request(target="field 7", ra=12.0)], by=ada, event=event)[0]
    event.refresh_from_db()
    assert record.target_id == event.target_id
    assert (event.target.name, event.target.permissions, event.target_made) == ("S261127ab", "PRIVATE", True)
    assert record.parameters["ra"] == 12.0
    with pytest.raises(LookupError, match="has no target"):
        asking.ask([up.request()], by=ada, event=make.event("S261127ac"))


def test_what_was_observed_is_a_pointing_of_the_event_and_stands_in_the_calendar(ada, target):
    from tom_calendar.models import CalendarEvent

    event = make.event("S261127ab", time=timezone.now() - timedelta(hours=1), target=target)
    (record,) = asking.ask([up.request(event=event.name)], by=ada, event=event, targets=target)
    start = up.EVENING + timedelta(minutes=10)
    following.apply(record.asked, State("SCHEDULED", start=start, end=start + timedelta(minutes=8)))
    entry = CalendarEvent.objects.get()
    assert entry.start_time == start
    assert "AT2026abc" not in entry.title + entry.description + entry.user  # all see the calendar, and few the target
    done = {"start": start, "filter": "B", "seconds": 120.0, "depth": 21.2, "ra": 60.01, "dec": -30.0, "pos_angle": 2.0}
    following.apply(record.asked, State("COMPLETED", start=start, end=start + timedelta(minutes=9), observed=(done,)))
    record.refresh_from_db()
    assert record.status == "COMPLETED"
    gathering.own_pointings(event)
    pointing = Pointing.objects.get(event=event)
    assert (pointing.status, pointing.band, pointing.depth, pointing.depth_unit) == ("completed", "B", 21.2, "ab_mag")
    assert (pointing.ra, pointing.pos_angle, pointing.instrument_id, pointing.time) == (
        60.01,
        358.0,
        100,
        start,
    )  # the Treasure Map turns the other way
    assert CalendarEvent.objects.get().end_time == start + timedelta(minutes=9)


def test_each_filter_that_was_used_is_a_pointing_and_is_told(ada, target, settings):
    """At the stand-in of the Treasure Map, by a rule; of one filter the deepest exposure counts."""
    with reports.at_standin(settings) as fake, up.known(settings):
        event = Event.objects.get(name=reports.NAME)
        Event.objects.update(time=timezone.now() - timedelta(hours=1), latest=timezone.now())
        ReportRule.objects.create(
            owner=ada, facility="FollowUp", number=100, since=timezone.now() - timedelta(hours=1), depth=None
        )
        exposures = (Exposure("r", 120.0, 2), Exposure("B", 60.0))
        wanted = up.request(event=event.name, exposures=exposures)
        (record,) = asking.ask([wanted], by=ada, event=event, targets=target)
        start = timezone.now() - timedelta(minutes=20)
        place = {"ra": 60.0, "dec": -30.0, "pos_angle": 0.0, "start": start}
        done = (
            {"filter": "r", "depth": 21.0, **place},
            {"filter": "r", "depth": 21.4, **place},
            {"filter": "B", "depth": 20.5, **place},
        )
        following.apply(record.asked, State("COMPLETED", start=start, end=start + timedelta(minutes=9), observed=done))
        gathering.own_pointings(event)
        found = set(Pointing.objects.filter(source="own").values_list("band", "depth", "status"))
        assert found == {("r", 21.4, "completed"), ("B", 20.5, "completed")}
        observed.observed(record.pk)
        observed.observed(record.pk)
        deliver("treasuremap")
        told = [(row["band"], row["depth"], row["status"]) for row in reports.rows(fake)]
        assert sorted(told) == [("B", 20.5, "completed"), ("r", 21.4, "completed")]


def test_what_has_ended_stays_as_it_ended(ada, target):
    (record,) = asking.ask([up.request()], by=ada, targets=target)
    assert following.apply(record.asked, State("FAILED", message="clouds"))
    assert not following.apply(record.asked, State("COMPLETED"))
    record.refresh_from_db()
    assert (record.status, record.asked.message) == ("FAILED", "clouds")


def test_only_who_asked_or_may_change_the_target_takes_it_back(ada, target):
    (record,) = asking.ask([up.request()], by=ada, targets=target)
    stranger, owner = make.user("stranger"), make.user("owner")
    target.give_user_access(owner)
    assert [cancelling.may_cancel(record, who) for who in (ada, stranger, owner, None)] == [True, False, True, False]
    assert cancelling.cancel([record], ada, "not needed") == {}
    record.refresh_from_db()
    assert (record.status, record.asked.message) == ("CANCELED", "not needed")
    assert cancelling.cancel([record], ada) == {record.observation_id: "It is canceled already."}


def test_an_observation_that_the_host_makes_joins_its_request(ada, target):
    wanted = up.request()
    row, new = asking.reserve(wanted, by=ada, target=target)
    assert new
    record = ObservationRecord.objects.create(
        target=target, user=ada, facility="FollowUp", observation_id=wanted.id, parameters={"mine": 1}
    )
    row.refresh_from_db()
    record.refresh_from_db()
    assert (row.record, record.status, record.parameters["mine"]) == (record, "PENDING", 1)


def test_an_observation_whose_maker_was_killed_is_made_all_the_same(ada, target):
    row, _ = asking.reserve(up.request(), by=ada, target=target)
    joining.strays()
    assert not ObservationRecord.objects.exists()  # its maker may be at it
    Asked.objects.update(created=timezone.now() - timedelta(minutes=2))
    joining.strays()
    row.refresh_from_db()
    assert row.record.status == "PENDING"


def test_the_host_asks_for_states_by_id(ada, target):
    (record,) = asking.ask([up.request()], by=ada, targets=target)
    facility = FollowUpFacility()
    assert facility.get_observation_status(record.observation_id)["state"] == "PENDING"
    assert facility.update_all_observation_statuses() == []
