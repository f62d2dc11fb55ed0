"""What this TOM tells the Treasure Map: once, checked, by ids, never without somebody's word, and found again after a lost reply.

Authority: the server's contract (ids, updates by id, 500s that may have stored, refusals in a 200), the table of answers, and
the promises that nothing is sent twice and that what is private stays so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from tom_observations.models import ObservationRecord

from tests import factories as make
from tests import sharing
from tests import treasuremap_reports as reports
from tests.outside.rig import deliver, hurry
from tom_scimma import acts, skymap
from tom_scimma.errors import Unsaid
from tom_scimma.models import Alert, Delivery, Event
from tom_treasuremap import cancelling, dois, observed, rules, withdrawing
from tom_treasuremap.models import Report, ReportRule, TreasureMapProfile
from tom_treasuremap.pointings import Pointing
from tom_treasuremap.reporting import report

pytestmark = pytest.mark.django_db
LANES = ("treasuremap", "treasuremap-complete", "treasuremap-cancel", "treasuremap-doi")
POST = {"path": "/api/v1/pointings", "method": "POST"}


@pytest.fixture
def fake(settings):
    with reports.at_standin(settings) as fake:
        yield fake


@pytest.fixture
def event(fake):
    return Event.objects.get(name=reports.NAME)


@pytest.fixture
def ada(event):
    return make.user("ada")


def look(**changes) -> Pointing:
    values = {
        "key": "x", "event": reports.NAME, "team": "us", "telescope": "Sinistro", "instrument_id": 100, "ra": 125.25, "dec": -12.5,
        "pos_angle": 30.0, "time": make.NIGHT, "status": "planned", "band": "r", "central_wave": None, "bandwidth": None,
        "depth": 21.5, "depth_unit": "ab_mag", "source": "form", "source_id": "1",
    }  # fmt: skip
    return Pointing(**{**values, **changes})


def send() -> None:
    for _ in range(3):
        for lane in LANES:
            deliver(lane)


def tell(pointing, ada, event, source="visit:5"):
    return report(pointing, ada, event=event, source=source)


# --- rules


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ra": 400.0}, "ra"),
        ({"dec": 95.0}, "dec"),
        ({"ra": float("nan")}, "ra"),
        ({"dec": float("inf")}, "dec"),
        ({"instrumentid": None}, "instrumentid"),
        ({"instrumentid": "sinistro"}, "instrumentid"),
        ({"instrumentid": True}, "instrumentid"),
        ({"status": None}, "status"),
        ({"status": "cancelled"}, "status"),
        ({"status": "PLANNED"}, "status"),
        ({"time": None}, "time"),
        ({"time": "yesterday"}, "time"),
        ({"time": "2025-11-12T18:00:00"}, "time"),
        ({"band": "y"}, "band"),
        ({"band": "G"}, "band"),
        ({"band": None, "status": "completed"}, "band"),
        ({"central_wave": None, "bandwidth": None}, "central_wave"),
        ({"bandwidth": None}, "bandwidth"),
        ({"central_wave": -1.0}, "central_wave"),
        ({"depth": None, "status": "completed"}, "depth"),
        ({"depth": 0.0}, "depth"),
        ({"depth": float("nan")}, "depth"),
        ({"depth_unit": "mag"}, "depth_unit"),
        ({"depth_unit": None}, "depth_unit"),
        ({"depth_unit": "flux_jy", "depth": -1.0}, "depth"),
        ({"depth_err": -0.1}, "depth_err"),
        ({"pos_angle": 400.0}, "pos_angle"),
        ({"airmass": 1.2}, "airmass"),
    ],
)
def test_what_cannot_be_told_is_said_at_its_field(change, field):
    said = {name: value for name, value in {**reports.POINTING, **change}.items() if value is not None}
    assert field in rules.faults(said)


def test_what_can_be_told():
    assert rules.faults(reports.POINTING) == {}
    bare = {name: reports.POINTING[name] for name in ("ra", "dec", "instrumentid", "time", "status")}
    assert rules.faults(bare) == {}
    assert rules.faults({**bare, "band": "XRT"}) == {}
    assert rules.values(look())["central_wave"] == 6415.4
    assert "depth_unit" not in rules.values(look(depth=None))


# --- planned, completed, cancelled


def test_a_planned_pointing_is_completed_by_its_id(fake, event, ada):
    first = tell(look(), ada, event)
    assert tell(look(), ada, event) == first
    send()
    first.refresh_from_db()
    assert (first.status, first.graceid) == ("planned", reports.NAME)
    assert first.number in fake.world.pointings
    done = look(status="completed", time=make.NIGHT + timedelta(minutes=7), pos_angle=31.5)
    assert tell(done, ada, event) == first
    assert tell(done, ada, event) == first
    send()
    first.refresh_from_db()
    assert first.status == "completed"
    row = fake.world.pointings[first.number]
    assert (row["status"], row["pos_angle"], row["time"]) == ("completed", 31.5, "2026-11-20T03:07:00")
    assert Delivery.objects.count() == 2
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    assert len(reports.rows(fake)) == 1


def test_completed_while_the_first_word_is_still_queued(fake, event, ada):
    tell(look(), ada, event)
    tell(look(status="completed", time=make.NIGHT + timedelta(minutes=7)), ada, event)
    send()
    assert [row["status"] for row in reports.rows(fake)] == ["completed"]


def test_another_depth_is_cancelled_and_told_anew_behind_that(fake, event, ada):
    tell(look(), ada, event)
    send()
    new = tell(look(status="completed", depth=20.9), ada, event)
    assert new.turn == 2
    assert new.posted.after.service == "treasuremap-cancel"
    assert "depth changed" in bytes(new.posted.after.payload).decode()
    send()
    found = {row["status"]: row["depth"] for row in reports.rows(fake)}
    assert found == {"cancelled": 21.5, "completed": 20.9}
    assert list(Report.objects.order_by("turn").values_list("status", flat=True)) == ["cancelled", "completed"]


def test_what_is_cancelled_before_it_left_never_leaves(fake, event, ada):
    tell(look(), ada, event)
    tell(replace(look(), status="cancelled"), ada, event)
    send()
    assert reports.rows(fake) == []
    assert Delivery.objects.get().state == "cancelled"
    assert report(replace(look(), status="cancelled"), ada, event=event, source="visit:6") is None


def test_cancelled_there_by_ids_and_only_those(fake, event, ada):
    one, other = tell(look(), ada, event), tell(look(ra=10.0), ada, event, "visit:6")
    send()
    one.refresh_from_db()
    cancelling.cancel([one], ada, "clouds")
    send()
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.status, other.status) == ("cancelled", "planned")
    assert [row["id"] for row in reports.rows(fake, status="cancelled")] == [one.number]


def test_a_cancel_of_what_was_completed_elsewhere_is_said(fake, event, ada):
    one = tell(look(), ada, event)
    send()
    one.refresh_from_db()
    fake.world.pointings[one.number]["status"] = "completed"
    delivery = cancelling.cancel([one], ada)[0]
    send()
    delivery.refresh_from_db()
    assert delivery.state == "rejected"
    assert "is completed" in delivery.reason


# --- faults


@pytest.mark.parametrize("fault", ["drop_after", "500_after", "half", "hang_after"])
def test_a_lost_reply_is_found_and_not_sent_twice(fake, event, ada, fault, settings):
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "READ_SECONDS": 1.0}
    one = tell(look(), ada, event)
    fake.faults.append({**POST, "do": fault, "times": 1})
    send()
    send()
    one.refresh_from_db()
    assert len(reports.rows(fake)) == 1
    assert one.posted.state == "delivered"
    assert one.number == reports.rows(fake)[0]["id"]


def test_a_500_that_stored_nothing_waits_for_a_person_and_goes_once_when_sent_again(fake, event, ada):
    one = tell(look(), ada, event)
    fake.faults.append({**POST, "do": "500", "times": 1})
    send()
    hurry(one.posted)
    send()
    one.posted.refresh_from_db()
    assert one.posted.state == "unknown"
    assert reports.rows(fake) == []
    acts.resend(one.posted, ada)
    send()
    one.refresh_from_db()
    assert one.status == "planned"
    assert len(reports.rows(fake)) == 1


def test_what_is_to_be_cancelled_while_its_reply_is_lost_is_cancelled_once_it_is_found(fake, event, ada):
    one = tell(look(), ada, event)
    Delivery.objects.filter(pk=one.posted_id).update(state="unknown", not_before=timezone.now())
    number = fake.observe(reports.NAME, [{**reports.POINTING, "time": "2026-11-20T03:00:00"}], submitterid=100)[0]
    one.refresh_from_db()
    cancelling.cancel([one], ada, "retracted")
    send()
    one.refresh_from_db()
    assert (one.number, one.status) == (number, "cancelled")
    assert fake.world.pointings[number]["status"] == "cancelled"


def test_a_refusal_in_a_200_is_a_refusal(fake, event, ada):
    one = tell(look(instrument_id=4242), ada, event)
    send()
    one.posted.refresh_from_db()
    assert one.posted.state == "rejected"
    assert "4242" in one.posted.reason


def test_a_doi_that_failed_after_it_was_stored_is_found(fake, event, ada):
    fake.world.zenodo = True
    one = tell(look(status="completed"), ada, event)
    send()
    one.refresh_from_db()
    with pytest.raises(Unsaid):
        dois.request([one], ada, creators=[{"name": "A", "affiliation": ""}])
    fake.faults.append({"path": "/api/v1/request_doi", "method": "POST", "do": "500_after", "times": 1})
    dois.request([one], ada, creators=[{"name": "A. Lovelace", "affiliation": "LCO"}])
    send()
    one.refresh_from_db()
    assert one.doi.startswith("https://doi.org/")
    assert one.doi_asked.state == "delivered"


# --- who, and of what


def test_a_protected_event_is_never_told(fake, ada):
    few = make.Group.objects.create(name="few")
    ada.groups.add(few)
    secret = make.event("S251112zz", groups=(few,))
    with pytest.raises(Unsaid, match="protected"):
        tell(look(), ada, secret)


def test_a_test_event_goes_only_where_the_setting_allows(fake, ada, settings):
    trial = make.event("MS251112a", role="test")
    one = report(look(), ada, event=trial, source="visit:5")
    send()
    one.posted.refresh_from_db()
    assert (one.posted.destination, one.posted.state) == ("treasuremap:test", "held")
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "TEST_EVENTS": True}
    acts.release(one.posted, ada)
    send()
    assert len(reports.rows(fake)) == 1


def test_each_speaks_with_their_own_token(fake, event, ada, settings):
    TreasureMapProfile.objects.create(user=ada, token="token-other")
    tell(look(), ada, event)
    send()
    assert reports.rows(fake)[0]["submitterid"] == 101


def test_a_retracted_event_is_told_of_no_more(fake, event, ada):
    event.state = "retracted"
    event.save()
    with pytest.raises(Unsaid, match="retracted"):
        tell(look(), ada, event)


def test_reports_are_seen_by_who_sees_the_event_and_knows_of_them(fake, event, ada):
    team = make.Group.objects.create(name="team")
    ada.groups.add(team)
    tell(look(), ada, event)
    mate, stranger = make.user("mate", team), make.user("stranger")
    seen = {user: Report.objects.visible_to(user).count() for user in (ada, mate, stranger)}
    assert seen == {ada: 1, mate: 1, stranger: 0}
    assert Report.objects.visible_to(AnonymousUser()).count() == 0


# --- observations by themselves


@pytest.fixture
def star(event):
    target = sharing.target("AT2026abc", ra=125.25, dec=-12.5)
    event.target = target
    event.latest = event.time = timezone.now() - timedelta(hours=1)
    event.save()
    return target


def observation(star, ada, **changes) -> ObservationRecord:
    parameters = {
        "filter": "rp",
        "instrument_type": "1M0-SCICAM-SINISTRO",
        "start": "2026-11-20T03:00:00",
        "depth": 21.5,
    }
    values = {
        "parameters": {**parameters, "depth_unit": "ab_mag"},
        "observation_id": "77",
        "status": "PENDING",
        "user": ada,
    }
    return ObservationRecord.objects.create(target=star, **{"facility": "LCO", **values, **changes})


def rule(ada, **changes) -> ReportRule:
    values = {"facility": "LCO", "instrument": "sinistro", "number": 100, "since": timezone.now()}
    return ReportRule.objects.create(owner=ada, **{**values, **changes})


def test_nothing_goes_by_itself_without_a_rule(fake, star, ada, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        observation(star, ada)
    observed.reconcile()
    assert Report.objects.count() == 0


def test_by_a_rule_a_saved_observation_goes_from_planned_to_completed(
    fake, star, ada, django_capture_on_commit_callbacks
):
    rule(ada)
    with django_capture_on_commit_callbacks(execute=True):
        record = observation(star, ada)
        observation(star, ada, facility="SOAR", observation_id="78")
        observation(star, ada, observation_id="")  # a draft
    send()
    one = Report.objects.get()
    assert (one.observation, one.status, one.by) == (record, "planned", ada)
    with django_capture_on_commit_callbacks(execute=True):
        record.status = "COMPLETED"
        record.save()
    send()
    one.refresh_from_db()
    assert one.status == "completed"
    assert [row["status"] for row in reports.rows(fake)] == ["completed"]


@pytest.mark.parametrize(("ends", "state"), [("WINDOW_EXPIRED", "active"), ("CANCELED", "retracted")])
def test_what_bulk_writes_missed_the_job_finds(fake, star, ada, ends, state):
    """What an armed telescope took back after a retraction is cancelled there, too."""
    rule(ada)
    record = observation(star, ada)
    observed.reconcile()
    send()
    Event.objects.update(state=state)
    ObservationRecord.objects.filter(pk=record.pk).update(status=ends)
    observed.reconcile()
    send()
    assert Report.objects.get().status == "cancelled"
    assert [row["status"] for row in reports.rows(fake)] == ["cancelled"]


def test_a_depth_that_nobody_said_is_not_invented_but_asked_for(fake, star, ada):
    rule(ada)
    observation(
        star,
        ada,
        status="COMPLETED",
        parameters={"filter": "rp", "instrument_type": "SINISTRO", "start": "2026-11-20T03:00:00"},
    )
    observed.reconcile()
    one = Report.objects.get()
    assert one.posted is None
    assert "depth" in one.problem
    assert Delivery.objects.count() == 0


# --- when the map changes


def test_what_is_planned_there_is_cancelled_by_one_act(fake, event, ada):
    tell(look(), ada, event)
    tell(look(ra=10.0), ada, event, "visit:6")
    send()
    assert withdrawing.panel(event, ada)["planned_count"] == 2
    assert withdrawing.panel(event, make.user("stranger"))["planned_count"] == 0
    cancelling.cancel(withdrawing.planned_there(event), ada, "retracted")
    send()
    assert {row["status"] for row in reports.rows(fake)} == {"cancelled"}
    assert withdrawing.panel(event, ada)["planned_count"] == 0


def test_a_smaller_map_cancels_what_is_queued_outside_it_and_nothing_else(fake, ada):
    there = make.known("S251112cn", sky=skymap.from_gaussian(125.0, -12.0, 3.0))
    near, far = tell(look(ra=125.0, dec=-12.0), ada, there), tell(look(ra=300.0, dec=40.0), ada, there, "visit:6")
    done = tell(look(ra=300.0, dec=41.0, status="completed"), ada, there, "visit:7")
    withdrawing.shrunk(Alert.objects.get(event=there).pk, "updated")
    states = [Delivery.objects.get(pk=row.posted_id) for row in (near, far, done)]
    assert [row.state for row in states] == ["queued", "cancelled", "queued"]
    assert "99%" in states[1].reason


def test_each_exposure_of_a_planned_visit_is_told_to_its_end(
    fake, event, star, ada, django_capture_on_commit_callbacks
):
    """One observation with three filters, of which two were used: no planned pointing is left there."""
    with django_capture_on_commit_callbacks(execute=True):
        record = observation(star, ada, facility="FollowUp", parameters={"event": event.name, "filter": "g"})
        for number, band in enumerate("gri"):
            report(look(band=band), ada, event=event, source=f"visit:{number}", observation=record.pk)
        record.status = "SCHEDULED"
        record.save()
    assert set(Report.objects.values_list("wanted", flat=True)) == {"planned"}
    done = [{"filter": band, "band": band, "depth": 21.0, "start": "2026-11-20T03:01:00Z"} for band in "gr"]
    with django_capture_on_commit_callbacks(execute=True):
        record.status, record.parameters = "COMPLETED", {**record.parameters, "observed": done}
        record.save()
    last = {row.source: row for row in Report.objects.order_by("turn")}
    assert {source: row.wanted for source, row in last.items()} == {
        "visit:0": "completed", "visit:1": "completed", "visit:2": "cancelled"
    }  # fmt: skip
