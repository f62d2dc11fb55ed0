"""What a stranger, a race, a removed telescope or a wrong input must not bring about in follow-up.

Authority: promises 4, 5, 6 and 8 of the design, driven through the pages, REST and jobs that people and workers use.
"""

from __future__ import annotations

from datetime import timedelta
from datetime import timezone as zone

import pytest
from django.urls import reverse
from django.utils import timezone
from tom_observations.models import ObservationGroup, ObservationRecord

from tests import factories as make
from tests import following as up
from tests import planned as rig
from tests.outside.rig import deliver
from tests.test_followup_facility import CREATE, filled
from tom_scimma import acts
from tom_scimma.models import Alert, Delivery, Event, Match, Subscription
from tom_treasuremap.followup import arming, asking, cancelling, following, withdrawn
from tom_treasuremap.followup.request import State
from tom_treasuremap.models import Asked, Plan, TelescopeState
from tom_treasuremap.plan_forms import QuestionForm
from tom_treasuremap.plans import approving, automatic, making, versions
from tom_treasuremap.telescope_forms import StateForm

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known(settings):
    wide = {"rectangle": [6.0, 6.0]}
    settings.TOM_TREASUREMAP = {"BASE_URL": "", "PLAN_TELESCOPES": ["tester"], "PLAN_NODES": 0}
    with up.known(settings, up.SENT, rig.telescope(field=wide, transport="simulated")):
        yield


@pytest.fixture
def ada():
    return make.permitted(make.user("ada"), "arm_telescope")


@pytest.fixture
def boss():
    return make.user("boss", is_superuser=True)


@pytest.fixture
def event(ada):
    now = timezone.now()
    return make.event("S261127ab", time=now, latest=now, target=up.target(ada, permissions="PUBLIC"))


def asked(event, ada, **more) -> Asked:
    begin = timezone.now()
    wanted = up.request(telescope="dome", start=begin, end=begin + timedelta(days=1), name=more.pop("name", "x"))
    return asking.ask([wanted], by=ada, event=event, targets=event.target, **more)[0].asked


def act(client, row: Plan, name: str):
    return client.post(reverse("tom_treasuremap:plan-act", args=[row.pk, name]), follow=True)


def forget(settings, *gone: str) -> None:
    """Somebody takes telescopes away."""
    said = settings.TOM_TREASUREMAP
    left = [one for one in said["TELESCOPES"] if one["name"] not in gone]
    settings.TOM_TREASUREMAP = {**said, "TELESCOPES": left}


# --- who may


def test_who_asked_for_a_plan_does_not_withdraw_what_another_approved(client, boss):
    mia = make.user("mia")
    row = rig.plan(rig.event(), mia)
    approving.approve(row, boss)
    new = versions.again(row, "A new map came.")
    making.begin()
    client.force_login(mia)
    act(client, new, "withdraw")
    row.refresh_from_db()
    assert row.state == "sent"
    assert not ObservationRecord.objects.filter(status="CANCELED").exists()


def test_a_plan_asks_a_telescope_for_nothing_that_is_known_to_be_wrong(boss):
    """What a form would say at its field is said at the visit; nothing of it is told to the Treasure Map."""
    row = rig.plan(rig.event(), boss)
    first, *others = row.visits.order_by("start")
    first.band = "nothing"
    first.save()
    approving.approve(row, boss, reports=True)
    first.refresh_from_db()
    assert first.observation is None
    assert "has no filter nothing" in first.trouble
    assert not first.told
    assert all(one.observation_id for one in row.visits.exclude(pk=first.pk))
    assert len(others) > 0
    other = rig.plan(rig.event("S261127zz"), boss)
    TelescopeState.objects.create(telescope="tester", state="taken", since=timezone.now(), by="x", why="", newest=True)
    with pytest.raises(approving.NotNow, match="Nothing was sent"):
        approving.approve(other, boss)
    assert not other.visits.exclude(observation=None).exists()


@pytest.mark.parametrize("cancels", [False, True])
def test_a_new_version_takes_nothing_back_at_telescopes_by_itself_but_where_that_is_armed(ada, boss, cancels):
    """Promise 4 holds for versions as for retractions: only where armed for it, after a grace time."""
    event = rig.event()
    rule = Subscription.objects.create(owner=ada, name="plans", query='kind = "GW"')
    until = timezone.now() + timedelta(hours=12)
    armed = {"tester": arming.arm("tester", rule, ada, until, hours=24, requests=500, cancels=cancels)}
    row = rig.plan(event, boss)
    approving.approve(row, ada, arming=armed)
    Delivery.objects.update(state="delivered")
    new = versions.again(row, "A new map came.")
    making.begin()
    new.refresh_from_db()
    new.visits.update(exposure=31.0)
    if cancels:
        approving.approve(new, ada, arming=armed)
    else:
        with pytest.raises(approving.NotNow, match="cancel that first"):
            approving.approve(new, ada, arming=armed)
    assert not Delivery.objects.filter(service="simulated-cancel").exists()
    old = Asked.objects.filter(record__in=row.visits.values("observation"))
    assert set(old.values_list("grace", flat=True)) == {cancels}
    old.filter(grace=True).update(cancel_after=timezone.now())
    cancelling.due()
    assert Delivery.objects.filter(service="simulated-cancel").exists() == cancels


def test_a_bystander_does_not_stop_anothers_search(client, boss):
    row = rig.plan(rig.event(), boss)
    client.force_login(make.user("eve"))
    act(client, row, "stop")
    assert client.post(f"/api/plans/{row.pk}/stop/").status_code in (403, 409)
    row.refresh_from_db()
    assert not row.stop
    client.force_login(boss)
    assert client.post(f"/api/plans/{row.pk}/stop/").status_code == 200
    row.refresh_from_db()
    assert row.stop


def test_nobody_asks_in_anothers_name_by_the_key_of_a_cadence(client, ada):
    """The host's API takes posts of anybody; a record's parameters, with their key, are read by whoever sees its target."""
    target = up.target(ada, permissions="OPEN")
    client.force_login(ada)
    strategy = "RetryFailedObservationsStrategy"
    said = filled(target, cadence_strategy=strategy, cadence_frequency="24")
    assert client.post(f"{CREATE}?cadence_strategy={strategy}", said).status_code == 302
    mine = ObservationRecord.objects.get()
    client.logout()
    seen = client.get("/api/observations/").content.decode()
    body = {
        "facility": "FollowUp", "observation_type": "imaging", "target_id": target.pk,
        "observing_parameters": filled(target, key=mine.parameters["key"], seconds_1="900"),
    }  # fmt: skip
    client.post("/api/observations/", body, content_type="application/json")
    assert set(ObservationRecord.objects.exclude(pk=mine.pk).values_list("status", flat=True)) <= {"FAILED"}, seen[:300]


@pytest.mark.parametrize("who", ["eve", ""])
@pytest.mark.parametrize("address", ["/api/observations/", CREATE])
def test_nobody_learns_by_asking_where_a_hidden_target_is(client, ada, who, address):
    """What stands in the way of a telescope says where a target is; so does that nothing does."""
    up_there, low = up.target(ada, name="AT2026secret"), up.target(ada, name="AT2026low", dec=89.0)
    if who:
        client.force_login(make.user(who))
    answers = []
    for hidden in (up_there, low):
        said = filled(hidden, visits="2", every_hours="24", observation_type="cadence")
        body = {"observation_type": "cadence", "facility": "FollowUp", "target_id": hidden.pk}
        if address == CREATE:
            answer = client.post(CREATE, said)
            client.get(CREATE, {"target_id": hidden.pk})
            answers.append((answer.status_code, answer.headers.get("Location", "").partition("?")[0]))
        else:
            body["observing_parameters"] = said
            answer = client.post(address, body, content_type="application/json")
            answers.append((answer.status_code, answer.content))
        assert "AT2026" not in answer.content.decode()
    assert answers[0] == answers[1]
    assert not ObservationRecord.objects.exists()
    assert not ObservationGroup.objects.exists()
    client.force_login(ada)
    body |= {"observation_type": "imaging", "observing_parameters": filled(low)}
    answer = client.post("/api/observations/", body, content_type="application/json")
    assert address == CREATE or "never rises" in answer.content.decode()  # its owner is told


def test_the_page_of_the_form_names_no_hidden_target(client, ada):
    hidden = up.target(ada, name="AT2026secret")
    client.force_login(make.user("eve"))
    answer = client.get(CREATE, {"target_id": hidden.pk}, follow=True)
    assert "AT2026secret" not in answer.content.decode()
    client.force_login(ada)
    assert "AT2026secret" in client.get(CREATE, {"target_id": hidden.pk}).content.decode()


def test_the_calendar_names_nothing_that_needs_a_log_in(client, ada, settings, astropy_frames):
    settings.AUTH_STRATEGY = "READ_ONLY"
    row = asked(make.event("S261127ac", target=up.target(ada, permissions="PUBLIC")), ada)
    assert client.get(f"/targets/{row.target_id}/").status_code in (302, 403, 404)
    following.apply(row, State("SCHEDULED", start=timezone.now(), end=timezone.now() + timedelta(minutes=5)))
    month = client.get("/calendar/").content.decode()
    assert "AT2026abc" not in month
    assert "The dome: a p" in month  # which telescope is busy is what little may be said


# --- twice, and after the end


def test_what_was_left_with_its_reply_lost_may_be_at_the_telescope(client, event, ada):
    """It is neither over nor forgotten: its telescope is asked, and it can be cancelled there."""
    row = asked(event, ada)
    Delivery.objects.update(state="unknown", looks=1)
    row.submission.refresh_from_db()
    acts.leave(row.submission, ada)
    following.follow()
    row.refresh_from_db()
    assert row.record.status == "PENDING"
    assert "may be at the telescope" in row.message
    Event.objects.filter(pk=event.pk).update(state="retracted")
    event.refresh_from_db()
    withdrawn.retracted(up.heard(event, alert_type="retraction").pk, "retracted")
    row.record.refresh_from_db()
    assert row.record.status == "PENDING"  # a person is asked
    assert withdrawn.left(event, ada) == [row]
    cancelling.cancel([row.record], ada, "Enough.")
    assert Delivery.objects.get(destination="simulated-cancel:dome").state == "queued"


def test_a_retraction_drops_no_cancellation_that_goes_by_a_topic(settings, event, ada):
    by_topic = {**up.SENT, "name": "far", "transport": "hopskotch", "options": {"topic": "far.ask", "senders": ["far"]}}
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "TELESCOPES": [by_topic]}
    settings.TOM_SCIMMA = {"SOURCES": {"hopskotch": {"brokers": "127.0.0.1:9", "auth": None}}}
    (record,) = asking.ask([up.request(telescope="far")], by=ada, event=event, targets=event.target)
    Delivery.objects.update(state="delivered")
    cancelling.cancel([record], ada, "Enough.")
    Event.objects.filter(pk=event.pk).update(state="retracted")
    acts.withdraw(up.heard(event, alert_type="retraction").pk, "retracted")
    assert Delivery.objects.get(destination="hopskotch-cancel:far.ask").state == "queued"


@pytest.mark.parametrize("what", ["observed", "failed", "skipped"])
def test_what_a_person_marked_as_over_does_not_leave_any_more(client, event, ada, what):
    row = asked(event, ada)
    client.force_login(ada)
    client.post(reverse("tom_treasuremap:asked-act", args=[row.pk, what]))
    row.record.refresh_from_db()
    ended = row.record.status
    assert ended in ("COMPLETED", "FAILED", "WINDOW_EXPIRED")
    deliver("simulated")
    row.submission.refresh_from_db()
    assert row.submission.state == "cancelled"
    following.follow()
    row.record.refresh_from_db()
    assert row.record.status == ended


def test_a_retraction_takes_nothing_back_that_a_worker_has_just_taken(event, ada, monkeypatch):
    """It was waiting when the reaction looked, and is being sent when it acts: from then on it is a person's to cancel."""
    row = asked(event, ada)
    Delivery.objects.update(state="sending")
    monkeypatch.setattr(Asked, "has_left", property(lambda self: False))
    monkeypatch.setattr(versions, "_waits", lambda record: True)
    Event.objects.filter(pk=event.pk).update(state="retracted")
    withdrawn.retracted(up.heard(event, alert_type="retraction").pk, "retracted")
    Delivery.objects.update(state="delivered")
    cancelling.due()
    row.refresh_from_db()
    assert row.cancellation is None
    assert row.cancel_after is None


def test_a_retraction_does_not_stop_a_cancellation(event, ada):
    row = asked(event, ada)
    deliver("simulated")
    row.refresh_from_db()
    cancelling.cancel([row.record], ada, "Enough.")
    Event.objects.filter(pk=event.pk).update(state="retracted")
    acts.withdraw(up.heard(event, alert_type="retraction").pk, "retracted")
    assert Delivery.objects.get(destination="simulated-cancel:dome").state == "queued"


def test_a_plan_withdrawn_while_it_was_made_stays_withdrawn(boss, monkeypatch):
    row = making.ask(
        automatic.presets.question("tiling").but(telescopes=("tester",), nodes=0), by=boss, event=rig.event()
    )
    real = making.setting.problem

    def meanwhile(*given, **more):
        versions.withdraw(Plan.objects.filter(pk=row.pk), "boss withdrew it.", boss)
        return real(*given, **more)

    monkeypatch.setattr(making.setting, "problem", meanwhile)
    making.begin()
    row.refresh_from_db()
    assert row.state == "withdrawn"


# --- what is not armed any more


def armed(rule, ada, telescope="dome", **changes):
    values = {"hours": 20, "requests": 300, **changes}
    return arming.arm(telescope, rule, ada, timezone.now() + timedelta(hours=12), **values)


@pytest.mark.parametrize("because", ["over", "rule off", "rule gone", "may not"])
def test_what_waits_does_not_outlast_its_arming(event, ada, because):
    rule = Subscription.objects.create(owner=ada, name="kilonovae", query="kind = GW")
    row = armed(rule, ada)
    waits = asked(event, ada, arming=row, not_before=timezone.now() + timedelta(seconds=120))
    by_hand = asked(event, ada, name="by hand")
    if because == "over":
        type(row).objects.update(until=timezone.now() - timedelta(seconds=1))
    elif because == "rule off":
        Subscription.objects.update(enabled=False)
    elif because == "rule gone":
        rule.delete()
    else:
        ada.user_permissions.clear()
    cancelling.due()
    waits.refresh_from_db()
    by_hand.refresh_from_db()
    assert (waits.record.status, waits.submission.state) == ("CANCELED", "cancelled")
    assert by_hand.submission.state == "queued"


def test_a_version_is_not_sent_by_itself_for_a_rule_that_the_event_no_longer_meets(boss):
    event = rig.event()
    alert = Alert.objects.get(event=event)
    Alert.objects.filter(pk=alert.pk).update(order=timezone.now(), live=True)
    made = Subscription.objects.create(owner=boss, name="plans", query='kind = "GW"')
    made.actions.create(name="plan", options={"telescopes": ["tester"], "preset": "tiling", "send": True})
    armed(made, boss, "tester")
    alert.refresh_from_db()
    Match.objects.create(subscription=made, alert=alert)
    automatic.run(made, alert)
    making.begin()
    row = Plan.objects.get()
    assert row.state == "sent", (row.state, row.progress, row.error)
    update = up.heard(event, alert_type="update")
    Match.objects.create(subscription=made, alert=update, why=Match.Why.ENDED)
    versions.again(row, "A new map came.")
    making.begin()
    new = Plan.objects.get(version=2)
    assert new.state == "ready", new.error
    assert "no longer meets" in new.progress["words"]


def test_a_new_version_names_no_target_that_it_does_not_speak_of(boss):
    """Which its readers may not see: they see this version because of that."""
    hidden = up.target(name="AT2026secret", ra=rig.opposite(), dec=-30.0)
    shown = up.target(name="AT2026shown", ra=rig.opposite(), dec=-25.0, permissions="PUBLIC")
    question = automatic.presets.question("tiling").but(telescopes=("tester",), subjects=("targets",), nodes=0)
    first = making.ask(question.but(targets=(hidden.pk, shown.pk)), by=boss)
    making.begin()
    assert set(first.visits.values_list("field", flat=True)) == {"AT2026secret", "AT2026shown"}
    versions.again(first, "anew", question=question.but(targets=(shown.pk,)), by=boss)
    making.begin()
    new = Plan.objects.visible_to(make.user("eve")).get()
    assert new.version == 2
    assert "AT2026secret" not in str(new.changes)
    assert new.changes["goners"] == 1


# --- telescopes that are gone


def test_a_telescope_that_was_taken_away_costs_no_page_and_no_job(client, event, ada, settings):
    row = asked(event, ada)
    Delivery.objects.update(state="delivered")
    forget(settings, "dome")
    client.force_login(ada)
    address = [reverse("tom_treasuremap:asked-act", args=[row.pk, what]) for what in ("cancel", "observed")]
    answer = client.post(address[0], follow=True)
    assert "tell the observers" in answer.content.decode()
    assert client.post(address[1]).status_code == 302
    row.record.refresh_from_db()
    assert row.record.status == "COMPLETED"


def test_a_plan_for_a_telescope_that_was_taken_away_says_so(client, boss, settings):
    row = rig.plan(rig.event(), boss)
    forget(settings, "tester")
    client.force_login(boss)
    assert "no telescope is called" in act(client, row, "approve").content.decode()
    assert client.post(f"/api/plans/{row.pk}/approve/").status_code == 409
    row.refresh_from_db()
    assert row.state == "ready"


# --- what people type


def test_what_is_labelled_utc_is_utc(settings, boss):
    settings.TIME_ZONE = "Australia/Sydney"
    with timezone.override("Australia/Sydney"):
        form = QuestionForm({"start": "2099-01-01 03:00"}, user=boss)
        assert form.is_valid(), form.errors
        assert form.question().start.isoformat() == "2099-01-01T03:00:00+00:00"
        state = StateForm({"state": "weather", "until": "2099-01-01 03:00"})
        assert state.is_valid(), state.errors
        assert f"{state.cleaned_data['until'].astimezone(zone.utc):%H:%M}" == "03:00"


@pytest.mark.parametrize("when", ["9999-12-31T23:00", "0001-01-01T00:00", "0001-01-01T00:00+14:00"])
def test_a_time_that_no_calendar_here_has_is_said_at_its_field(client, ada, when):
    target = up.target(ada)
    client.force_login(ada)
    for changes in ({"start": when}, {"end": when}, {"observation_type": "time_critical", "start": when, "end": None}):
        answer = client.post(CREATE, filled(target, **changes))
        assert answer.status_code == 200, changes
        assert not ObservationRecord.objects.exists()


def test_a_mark_at_such_a_time_is_refused(client, event, ada):
    row = asked(event, ada)
    client.force_login(ada)
    address = reverse("tom_treasuremap:asked-act", args=[row.pk, "observed"])
    assert "Not marked" in client.post(address, {"start": "9999-12-31T23:59"}, follow=True).content.decode()


@pytest.mark.parametrize("night", ["0001-01-01", "9999-12-31"])
def test_a_night_of_no_calendar_is_not_there(client, ada, night):
    client.force_login(ada)
    assert client.get(f"/followup/nights/dome/{night}/").status_code == 404


def test_a_number_that_is_none_finds_no_instrument(client, boss):
    client.force_login(boss)
    assert client.get("/followup/telescopes/import/", {"q": "²"}).status_code == 200


@pytest.mark.parametrize("path", ["/api/followup/", "/api/armings/", "/api/plans/"])
def test_a_body_that_is_a_list_is_a_bad_request(client, boss, path):
    client.force_login(boss)
    assert client.post(path, "[1]", content_type="application/json").status_code == 400
