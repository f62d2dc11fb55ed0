"""When this TOM asks by itself, and takes back by itself: only where a person armed it, and never what a person asked for.

Authority: promises 4 and 8 of the design (live alone, ACT_AGE, one button, a grace time, no running exposure, nothing by hand).
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from tom_observations.models import ObservationRecord

from tests import factories as make
from tests import following as up
from tests.at_once import at_once, needs_postgresql
from tests.outside.rig import deliver
from tom_scimma import destinations, switch
from tom_scimma.acting import act
from tom_scimma.models import Delivery, Event, Match, Subscription, SubscriptionAction
from tom_scimma.notice import Sky
from tom_scimma.worker.clearance import judge
from tom_treasuremap.followup import arming, asking, cancelling, following, withdrawn, written
from tom_treasuremap.followup.acting import FollowUpForm
from tom_treasuremap.followup.request import State
from tom_treasuremap.models import Arming, Asked, TelescopeState
from tom_treasuremap.transports.simulated import Simulated

pytestmark = pytest.mark.django_db
SAID = {"telescope": "dome", "what": "target", "hours": 24, "filter_1": "r", "seconds_1": 60.0, "count_1": 2}


@pytest.fixture(autouse=True)
def known(settings):
    with up.known(settings, up.SENT):
        yield


@pytest.fixture
def ada():
    return make.permitted(make.user("ada"), "arm_telescope")


@pytest.fixture
def event(ada):
    now = timezone.now()
    return make.event("S261127ab", time=now, latest=now, target=up.target(ada, permissions="PUBLIC"))


@pytest.fixture
def rule(ada):
    found = Subscription.objects.create(owner=ada, name="kilonovae", query="kind = GW")
    SubscriptionAction.objects.create(subscription=found, name="follow_up", options=SAID)
    return found


def armed(rule, ada, **changes) -> Arming:
    values = {"hours": 2, "requests": 3, **changes}
    return arming.arm("dome", rule, ada, timezone.now() + timedelta(hours=12), **values)


def met(rule, alert, why=Match.Why.MATCHES) -> Match:
    match = Match.objects.create(subscription=rule, alert=alert, why=why)
    act(alert)
    match.refresh_from_db()
    return match


def requests(count=1, start=None):
    begin = start or timezone.now()
    place = {"telescope": "dome", "start": begin, "end": begin + timedelta(hours=20)}
    return [up.request(name=f"{i}", **place) for i in range(count)]


# --- asking


def test_a_telescope_that_nobody_armed_is_not_asked(rule, event):
    match = met(rule, up.heard(event))
    assert "dome is not armed for “kilonovae”" in match.error
    assert not Asked.objects.exists()


def test_the_target_that_the_same_subscription_makes_is_asked_for_at_once(rule, ada):
    """Whatever was chosen first: of an event with one alert there would be no second time."""
    SubscriptionAction.objects.create(subscription=rule, name="targets", options={"max_radius_deg": 1.0})
    armed(rule, ada)
    event = make.event("S261127cd", time=timezone.now(), latest=timezone.now())
    alert = up.heard(event, sky=Sky("circle", ra_deg=150.0, dec_deg=-30.0, radius_deg=0.1))
    assert alert.event.target is None  # as whoever looked before has it in hand
    assert met(rule, alert).error == ""
    assert Asked.objects.get().record.target == Event.objects.get(pk=event.pk).target


def test_why_nothing_was_asked_is_said_in_words_for_people(rule, event):
    Event.objects.update(target=None)
    words = "There is no target to look at: the event has none, nor candidates that are not ruled out."
    assert met(rule, up.heard(event)).error == f"Ask a telescope: {words}"


def test_an_armed_one_is_asked_after_a_delay_in_the_name_of_who_armed_it(rule, event, ada):
    row = armed(rule, ada)
    match = met(rule, up.heard(event))
    assert match.error == ""
    asked = Asked.objects.get()
    assert (asked.arming, asked.by, asked.event) == (row, ada, event)
    assert "armed by ada until" in asked.armed_by
    wait = (asked.submission.not_before - timezone.now()).total_seconds()
    assert 110 < wait <= 120
    deliver("simulated")
    asked.submission.refresh_from_db()
    assert asked.submission.state == "queued"  # not yet
    met(rule, up.heard(event, alert_type="update"))
    assert Asked.objects.count() == 1  # the same again for the same event is the same


def test_anybody_who_sees_it_may_stop_it_before_it_leaves(rule, event, ada, client):
    armed(rule, ada)
    met(rule, up.heard(event))
    asked = Asked.objects.get()
    address = reverse("tom_treasuremap:asked-act", args=[asked.pk, "cancel"])
    assert client.post(address).status_code == 302  # to the log-in
    asked.record.refresh_from_db()
    assert asked.record.status == "PENDING"
    client.force_login(make.user("bystander"))
    assert "Stop" in client.get(event.get_absolute_url()).content.decode()
    client.post(address)
    asked.record.refresh_from_db()
    asked.submission.refresh_from_db()
    assert (asked.record.status, asked.submission.state) == ("CANCELED", "cancelled")
    assert not asked.is_stoppable
    assert "leaves at" not in client.get(event.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"live": False}, "Only what was heard live"),
        ({"via": "replay"}, "Only what was heard live"),
        ({"topic": "igwn.gwalert-test"}, "topic of tests"),
        ({"age": timedelta(hours=3)}, "older than"),
        ({"authority": False}, "no authority"),
        ({"event": {"role": "test"}}, "is a test"),
        ({"event": {"name": "MS261127ab"}}, "is a test"),
        ({"event": {"name": "TS261127ab"}}, "is a test"),
        ({"event": {"state": "retracted"}}, "is retracted"),
        ({"status": "weather"}, "dome is weather"),
        ({"stop": True}, "not armed"),
        ({"rule": {"enabled": False}}, "switched off"),
        ({"permission": False}, "may not do that any more"),
    ],
)
def test_what_does_not_move_a_telescope(rule, event, ada, change, words):
    armed(rule, ada)
    said = {name: change[name] for name in ("live", "via", "topic") if name in change}
    Event.objects.filter(pk=event.pk).update(**change.get("event", {}))
    event.refresh_from_db()
    alert = up.heard(event, **said)
    alert.authority = change.get("authority", True)
    alert.order -= change.get("age", timedelta(0))
    alert.save()
    for name, value in change.get("rule", {}).items():
        setattr(rule, name, value)
    rule.save()
    if "status" in change:
        TelescopeState.objects.create(
            telescope="dome", state=change["status"], since=timezone.now(), by="x", why="", newest=True
        )
    if "stop" in change:
        switch.stop(ada, "too much")
        assert "too much" in Arming.objects.get().why
        switch.lift(ada)  # it stays disarmed
    if "permission" in change:
        ada.user_permissions.clear()
    verdict = arming.allowed("dome", Subscription.objects.get(), alert, requests())
    assert not verdict
    assert words in verdict.why


def test_no_more_than_was_said_a_night(rule, event, ada):
    row = armed(rule, ada, requests=2, hours=0.21)
    alert = up.heard(event)
    assert arming.allowed("dome", rule, alert, requests(2))  # 2 x 360 s are 0.2 h
    assert "it is armed for 2" in arming.allowed("dome", rule, alert, requests(3)).why
    arming.ask_armed(requests(1), row, alert=alert, targets=event.target)
    others = requests(3)[1:]
    assert "would be 3 requests" in arming.allowed("dome", rule, alert, others).why
    Arming.objects.update(requests=9)
    assert "it is armed for 0.21 h" in arming.allowed("dome", rule, alert, others).why
    assert arming.allowed("dome", rule, alert, requests(2, timezone.now() + timedelta(days=2)))  # another night


def test_of_two_that_were_both_allowed_the_second_is_counted_with_the_first(rule, event, ada):
    row = armed(rule, ada, requests=1)
    alert = up.heard(event)
    mine, theirs = requests(2)
    assert arming.allowed("dome", rule, alert, [mine])
    assert arming.allowed("dome", rule, alert, [theirs])  # another worker, at the same time
    for _ in range(2):  # the same again is no second one
        arming.ask_armed([mine], row, alert=alert, targets=event.target)
    with pytest.raises(arming.NotArmed, match="would be 2 requests"):
        arming.ask_armed([theirs], row, alert=alert, targets=event.target)
    arming.disarm(row, ada, "Enough.")
    with pytest.raises(arming.NotArmed, match="Enough"):
        arming.ask_armed([theirs], row, alert=alert, targets=event.target)
    assert Asked.objects.get().request_id == mine.id


@needs_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("cap", [{"requests": 2, "hours": 9}, {"requests": 9, "hours": 0.21}])
def test_of_many_workers_at_once_no_more_is_asked_for_than_was_said(rule, event, ada, cap):
    """Each has looked and was allowed; a cap of hours and one of requests let two through of eight, whichever they are."""
    row = armed(rule, ada, **cap)
    alert = up.heard(event)
    together = threading.Barrier(8)

    def ask(request) -> bool:
        allowed = arming.allowed("dome", rule, alert, [request])
        together.wait(60)
        if not allowed:
            return False
        try:
            return bool(arming.ask_armed([request], row, alert=alert, targets=event.target))
        except arming.NotArmed:
            return False

    asked = at_once(*(partial(ask, one) for one in requests(8)))
    assert (sum(asked), Asked.objects.count(), Delivery.objects.count()) == (2, 2, 2)


@needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_who_arm_at_once_the_second_waits_and_ends_the_first(rule, ada):
    def somebody_waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return cursor.fetchone()[0] > 0

    def arm() -> Arming:
        try:
            return armed(rule, ada)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first = armed(rule, ada)
            other = pool.submit(arm)
            while not other.done() and not somebody_waits():
                time.sleep(0.01)
        second = other.result(30)
    first.refresh_from_db()
    assert first.why == "Armed anew."
    assert list(Arming.objects.in_force()) == [second]


def test_what_a_worker_comes_to_late_does_not_move_a_telescope_any_more(rule, event, ada):
    """ACT_AGE is of the act, and not of the thought."""
    armed(rule, ada)
    alert = up.heard(event)
    met(rule, alert)
    row = Asked.objects.get()
    assert row.submission.deadline == alert.order + timedelta(hours=2)
    Delivery.objects.update(deadline=timezone.now() - timedelta(seconds=1), not_before=None)  # no worker ran for hours
    deliver("simulated")
    following.follow()
    row.record.refresh_from_db()
    assert (row.record.status, Delivery.objects.get().state) == ("WINDOW_EXPIRED", "expired")
    assert arming.used(row.arming, row.night) == (0, 0)


def test_nothing_leaves_between_the_end_of_an_arming_and_the_job_that_drops_what_waits(rule, event, ada):
    armed(rule, ada)
    met(rule, up.heard(event))
    Arming.objects.update(until=timezone.now())
    Delivery.objects.update(not_before=None)
    deliver("simulated")
    sent = Delivery.objects.get()
    assert (sent.state, sent.attempts) == ("held", 0)
    assert "no longer armed" in sent.reason
    cancelling.due()
    assert Asked.objects.get().record.status == "CANCELED"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"until": True}, "no longer armed"),
        ({"permission": True}, "may not do that any more"),
        ({"rule": True}, "switched off"),
        ({"topic": "scope.other"}, "not asked by the topic scope.ask any more"),
        ({"transport": "download"}, "not asked this way any more"),
    ],
)
def test_what_goes_by_a_topic_is_looked_at_again_as_it_leaves_too(rule, event, ada, settings, change, words):
    """Promise 5: at send time the worker checks again; a topic is no other way than the others."""
    options = {"topic": change.get("topic", "scope.ask"), "senders": ["scope"]}
    by_topic = {
        **up.SENT,
        "transport": change.get("transport", "hopskotch"),
        "options": {**options, "topic": "scope.ask"},
    }
    settings.TOM_SCIMMA = {"SOURCES": {"hopskotch": {"brokers": "127.0.0.1:9", "auth": None}}}
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "TELESCOPES": [{**by_topic, "transport": "hopskotch"}]}
    armed(rule, ada)
    assert met(rule, up.heard(event)).error == ""
    sent = Delivery.objects.get()
    there = destinations.find(sent.destination)
    assert there.full_name == "hopskotch-ask:scope.ask"
    assert not there.composes()
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "TELESCOPES": [{**by_topic, "options": options}]}
    if "until" in change:
        Arming.objects.update(until=timezone.now())
    if "permission" in change:
        ada.user_permissions.clear()
    if "rule" in change:
        Subscription.objects.update(enabled=False)
    found = judge(Delivery.objects.get(), there, timezone.now())
    assert (found is None) if not words else words in found.reason


def test_what_a_worker_comes_to_late_is_not_taken_back_any_more(event, ada, rule):
    row = armed(rule, ada, cancels=True)
    sent(event, ada, row)
    retract(event)
    Asked.objects.update(cancel_after=timezone.now() - timedelta(hours=3))
    cancelling.due()
    assert not Delivery.objects.filter(destination="simulated-cancel:dome").exists()
    assert "more than 2:00:00 ago" in Asked.objects.get().message


def test_a_refusal_disarms_and_drops_what_waits(rule, event, ada):
    row = armed(rule, ada)
    said = {"alert": up.heard(event), "targets": event.target}
    first = arming.ask_armed(requests(1), row, **said)[0]
    second = arming.ask_armed([up.request(name="b", telescope="dome")], row, **said)[0]
    Delivery.objects.filter(pk=first.asked.submission_id).update(state="rejected", reason="no time is left")
    following.follow()
    row.refresh_from_db()
    second.refresh_from_db()
    assert "no time is left" in row.why
    assert (row.is_in_force, second.status) == (False, "CANCELED")


def test_a_refusal_disarms_the_telescope_whatever_else_it_was_armed_for(rule, event, ada):
    """Another subscription's would be refused as well."""
    row, other = armed(rule, ada), Subscription.objects.create(owner=ada, name="bursts", query="kind = GRB")
    second = armed(other, ada)
    (record,) = arming.ask_armed(requests(1), row, alert=up.heard(event), targets=event.target)
    waits = arming.ask_armed(
        [up.request(name="b", telescope="dome")], second, alert=up.heard(event), targets=event.target
    )
    by_hand = asking.ask([up.request(name="c", telescope="dome")], by=ada, event=event, targets=event.target)[0]
    Delivery.objects.filter(pk=by_hand.asked.submission_id).update(state="rejected", reason="a person's mistake")
    following.follow()
    assert Arming.objects.in_force().count() == 2  # what a person asked for says nothing of what this TOM may
    Delivery.objects.filter(pk=record.asked.submission_id).update(state="rejected", reason="no time is left")
    following.follow()
    assert not Arming.objects.in_force().exists()
    assert set(Arming.objects.values_list("why", flat=True)) == {
        f"dome refused {record.observation_id}: no time is left"
    }
    waits[0].refresh_from_db()
    assert waits[0].status == "CANCELED"


@pytest.mark.parametrize("scheduled", [False, True])
def test_a_telescope_that_says_no_after_it_took_it_disarms_too(rule, event, ada, scheduled, monkeypatch):
    """One that is asked by a topic can refuse in no other way; what fails later was not refused."""
    row, now = armed(rule, ada), timezone.now()
    record = sent(event, ada, row)
    ObservationRecord.objects.filter(pk=record.pk).update(scheduled_start=now if scheduled else None, status="PENDING")
    answer = {record.observation_id: State("FAILED", message="not tonight")}
    monkeypatch.setattr(Simulated, "states", lambda *said, **more: answer)
    Asked.objects.update(polled=None)
    following.follow()
    row.refresh_from_db()
    record.refresh_from_db()
    assert record.status == "FAILED"
    assert row.is_in_force == scheduled
    assert scheduled or "not tonight" in row.why


def test_the_big_switch_disarms_and_what_waited_does_not_come_back_with_it(rule, event, ada):
    row = armed(rule, ada)
    met(rule, up.heard(event))
    asked = Asked.objects.get()
    switch.stop(ada, "fire in the dome")
    row.refresh_from_db()
    asked.record.refresh_from_db()
    assert (row.is_in_force, row.disarmed_by, asked.record.status) == (False, ada, "CANCELED")
    assert "fire in the dome" in row.why
    switch.lift(ada)
    row.refresh_from_db()
    assert not row.is_in_force
    armed(rule, ada)
    match = met(rule, up.heard(event, alert_type="update"))
    assert "which is canceled: only a person asks for it again" in match.error


def test_in_a_dry_run_what_an_armed_rule_asks_does_not_leave_and_says_so(rule, event, ada, client, settings):
    """Nothing is disarmed: a dry run is how one looks at what would be asked."""
    settings.TOM_SCIMMA = {**getattr(settings, "TOM_SCIMMA", {}), "DRY_RUN": True}
    row = armed(rule, ada)
    met(rule, up.heard(event))
    Delivery.objects.update(not_before=None)
    deliver("simulated")
    following.follow()
    asked = Asked.objects.get()
    assert (asked.submission.state, asked.record.status) == ("dry", "CANCELED")
    assert arming.used(row, asked.night) == (0, 0)
    row.refresh_from_db()
    assert row.is_in_force
    client.force_login(ada)
    card = client.get(event.get_absolute_url()).content.decode()
    assert "Not sent: this TOM is in dry run." in card
    assert "Cancel 1 request" not in card


def test_who_may_not_arm_does_not(rule, ada):
    with pytest.raises(PermissionDenied):
        arming.arm("dome", rule, make.user("eve"), timezone.now() + timedelta(hours=1), hours=1, requests=1)
    for changes in ({"hours": 0}, {"requests": 0}):
        with pytest.raises(ValueError, match="nothing would be asked"):
            armed(rule, ada, **changes)
    with pytest.raises(ValueError, match="31 days"):
        arming.arm("dome", rule, ada, timezone.now() + timedelta(days=99), hours=1, requests=1)


def test_the_page_arms_and_disarms(rule, ada, client):
    page = reverse("tom_treasuremap:armings")
    assert client.get(page).status_code == 302
    until = timezone.now() + timedelta(hours=5)
    said = {"telescope": "dome", "rule": rule.pk, "until": f"{until:%Y-%m-%dT%H:%M}", "hours": "1", "requests": "2"}
    client.force_login(make.user("eve"))
    client.post(page, said)
    assert not Arming.objects.exists()
    client.force_login(ada)
    assert client.post(page, {**said, "telescope": ""}).status_code == 400
    client.post(page, said)
    row = Arming.objects.get()
    assert "kilonovae" in client.get(page).content.decode()
    client.force_login(make.user("mallory"))
    assert client.post(reverse("tom_treasuremap:disarm", args=[row.pk])).status_code == 404
    client.force_login(ada)
    client.post(reverse("tom_treasuremap:disarm", args=[row.pk]))
    row.refresh_from_db()
    assert row.disarmed_by == ada
    over = client.get(page).content.decode().partition("Over</summary>")[2].partition("</table>")[0]
    assert "kilonovae of ada" in over
    assert over.count("<td") == over.count("<td data-label=") == 4  # on a telephone a row has no headings but these


# --- a retraction


def sent(event, ada, row=None, name="x"):
    """One that its telescope has."""
    wanted = up.request(name=name, telescope="dome", start=timezone.now(), end=timezone.now() + timedelta(days=1))
    (record,) = asking.ask([wanted], by=ada, event=event, targets=event.target, arming=row)
    deliver("simulated")
    following.follow()
    record.refresh_from_db()
    return record


def retract(event) -> None:
    Event.objects.filter(pk=event.pk).update(state="retracted")
    event.refresh_from_db()
    withdrawn.retracted(up.heard(event, alert_type="retraction").pk, "retracted")


def test_what_has_not_left_never_leaves(event, ada):
    (record,) = asking.ask([up.request(telescope="dome")], by=ada, event=event, targets=event.target)
    retract(event)
    record.refresh_from_db()
    assert (record.status, record.asked.submission.state) == ("CANCELED", "cancelled")
    assert "was retracted by LVK" in record.asked.message


def test_what_a_person_asked_for_waits_for_a_person_and_one_button(event, ada, client):
    record = sent(event, ada)
    assert record.asked.submission.state == "delivered"
    retract(event)
    Asked.objects.update(polled=None)
    cancelling.due()
    assert not Delivery.objects.filter(destination="simulated-cancel:dome").exists()
    client.force_login(ada)
    assert "Cancel 1 request at telescopes" in client.get(event.get_absolute_url()).content.decode()
    client.post(reverse("tom_treasuremap:event-withdraw", args=[event.name]))
    deliver("simulated-cancel")
    following.follow()
    record.refresh_from_db()
    assert record.status == "CANCELED"


def test_the_button_says_where_what_it_cancels_is(event, ada, client):
    client.force_login(ada)
    mine = {"by": ada, "event": event, "targets": event.target}
    first, second = requests(2)
    asking.ask([first], **mine)
    assert "Cancel 1 request not sent yet" in client.get(event.get_absolute_url()).content.decode()
    sent(event, ada)
    asking.ask([second], **mine)
    assert "Cancel 3 requests, 2 of them at telescopes" in client.get(event.get_absolute_url()).content.decode()


def test_what_runs_is_not_counted_as_cancelled(event, ada, client):
    """Its telescope says that it runs to its end."""
    runs, waits = sent(event, ada), sent(event, ada, name="y")
    for record, state in ((runs, "IN_PROGRESS"), (waits, "SCHEDULED")):
        following.apply(record.asked, State(state, start=timezone.now()))
    retract(event)
    client.force_login(ada)
    address = reverse("tom_treasuremap:event-withdraw", args=[event.name])
    page = client.post(address, follow=True).content.decode()
    assert "1 of 2 is cancelled, or will be as the telescopes say so." in page
    assert "1 of 2 is being observed already. What is being exposed usually runs to its end" in page
    following.apply(waits.asked, State("IN_PROGRESS", start=timezone.now()))
    page = client.post(address, follow=True).content.decode()
    assert "2 of 2 are being observed already." in page
    assert "cancelled, or will be" not in page
    act = reverse("tom_treasuremap:asked-act", args=[runs.asked.pk, "cancel"])
    assert "It is being observed already." in client.post(act, follow=True).content.decode()


def test_a_taking_back_that_is_refused_disarms_and_is_then_a_persons(event, ada, rule, client):
    row = armed(rule, ada, cancels=True)
    record = sent(event, ada, row)
    retract(event)
    Asked.objects.update(cancel_after=timezone.now())
    cancelling.due()
    cancellation = Asked.objects.get().cancellation
    Delivery.objects.filter(pk=cancellation.pk).update(state="rejected", reason="it is being exposed")
    following.follow()
    row.refresh_from_db()
    assert not row.is_in_force
    assert "it is being exposed" in row.why
    client.force_login(ada)
    card = client.get(event.get_absolute_url()).content.decode()
    assert "not cancelled: " in card
    assert "it is being exposed</div>" in card  # and why, not a page further
    assert "Cancel 1 request at telescopes" in card
    assert withdrawn.left(event, ada) == [record.asked]


def test_what_this_tom_asked_for_is_taken_back_after_a_grace_time_where_that_is_armed(event, ada, rule):
    row = armed(rule, ada, cancels=True)
    record = sent(event, ada, row)
    retract(event)
    asked = Asked.objects.get()
    assert asked.grace
    assert asked.cancel_after > timezone.now() + timedelta(minutes=4)
    cancelling.due()
    assert Asked.objects.get().cancellation is None  # not yet
    Asked.objects.update(cancel_after=timezone.now())
    cancelling.due()
    assert Asked.objects.get().cancellation is not None
    deliver("simulated-cancel")
    following.follow()
    record.refresh_from_db()
    assert record.status == "CANCELED"


def test_what_has_ended_is_no_longer_taken_back_nor_kept(client, event, ada, rule):
    """It was done before the grace time was over."""
    record = sent(event, ada, armed(rule, ada, cancels=True))
    retract(event)
    client.force_login(ada)
    assert "unless somebody keeps it" in client.get(event.get_absolute_url()).content.decode()
    following.apply(record.asked, State("COMPLETED", start=timezone.now(), end=timezone.now()))
    page = client.get(event.get_absolute_url()).content.decode()
    assert "unless somebody keeps it" not in page
    assert ">Keep<" not in page
    withdrawn.keep(record.asked, ada)
    assert "keeps it" not in Asked.objects.get().message


@pytest.mark.parametrize("because", ["not armed for it", "kept", "reinstated", "disarmed", "running"])
def test_it_stays_where_that_is_not_armed_or_somebody_keeps_it_or_it_is_exposed(event, ada, rule, because):
    row = armed(rule, ada, cancels=because != "not armed for it")
    record = sent(event, ada, row)
    if because == "running":
        following.apply(record.asked, State("IN_PROGRESS", start=timezone.now()))
    retract(event)
    assert Asked.objects.get().grace == (because not in ("not armed for it", "running"))
    Asked.objects.filter(grace=True).update(cancel_after=timezone.now())
    if because == "kept":
        withdrawn.keep(Asked.objects.get(), ada)
    elif because == "reinstated":
        Event.objects.filter(pk=event.pk).update(state="active")
    elif because == "disarmed":
        arming.disarm(row, ada, "enough")
    cancelling.due()
    assert not Delivery.objects.filter(destination="simulated-cancel:dome").exists()
    assert Asked.objects.get().cancel_after is None


def test_a_request_is_written_and_read_as_it_was():
    wanted = up.request(extra={"max_airmass": 1.5})
    assert written.from_json(written.as_json(wanted)) == wanted


def test_a_rule_asks_a_telescope_for_what_it_has(client, ada):
    """What would be refused in the night is said when the rule is made; a telescope without filters is not offered."""
    client.force_login(ada)
    said = {"name": "kilonovae", "query": 'kind = "GW"', "enabled": "on", "do-follow_up": "1"}
    said |= {f"follow_up-{name}": value for name, value in {**SAID, "filter_1": "gp"}.items()}
    page = client.post("/subscriptions/new/", said).content.decode()
    assert "The dome has no filter gp; it has: r, B." in page
    assert page.count('class="form-select form-select-sm"') == 6  # telescope, what, four filters
    assert not Subscription.objects.exists()
    client.post("/subscriptions/new/", {**said, "follow_up-filter_1": "B"})
    assert SubscriptionAction.objects.get().options["filter_1"] == "B"
    assert "lco-2m0-coj" not in dict(FollowUpForm().fields["telescope"].widget.choices)
