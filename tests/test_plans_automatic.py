"""Plans that make themselves: a subscription's action, never sent but where a telescope is armed; clouds and late starts.

Authority: promise 8 of the design (only the living is acted on) and the facility's arming guards.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tom_observations.models import ObservationRecord

from tests import factories as make
from tests import following as up
from tests import planned as rig
from tests.outside.rig import deliver
from tom_scimma.acting import act
from tom_scimma.models import Alert, Delivery, Match, Subscription
from tom_treasuremap.followup import arming, cancelling
from tom_treasuremap.models import Arming, Asked, Plan, SimulatedRequest, TelescopeState
from tom_treasuremap.plans import approving, automatic, making, watching
from tom_treasuremap.telescopes import writing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def observatory(settings):
    wide = {"rectangle": [6.0, 6.0]}
    settings.TOM_TREASUREMAP = {
        "BASE_URL": "", "PLAN_TELESCOPES": ["tester"], "PLAN_NODES": 0,
        "TELESCOPES": [rig.telescope(field=wide), rig.telescope("other", field=wide)],
    }  # fmt: skip


@pytest.fixture
def boss():
    return make.user("boss", is_superuser=True)


def subscribed(user, **options) -> Subscription:
    made = Subscription.objects.create(owner=user, name="plans", query='kind = "GW"')
    made.actions.create(name="plan", options={"telescopes": ["tester"], "preset": "tiling", **options})
    return Subscription.objects.prefetch_related("actions").get(pk=made.pk)


def test_a_subscription_makes_one_plan_of_an_event_and_sends_nothing(boss):
    event = rig.event()
    alert, rule = Alert.objects.get(event=event), subscribed(boss, send=True)
    automatic.run(rule, alert)
    automatic.run(rule, alert)
    making.begin()
    row = Plan.objects.get()
    assert (row.state, row.subscription, row.asked_by) == ("ready", "plans", boss)
    assert "not armed" in row.progress["words"]
    assert ObservationRecord.objects.count() == 0


def met(rule: Subscription, alert: Alert) -> None:
    Match.objects.create(subscription=rule, alert=alert)
    act(alert)


def armed(settings, boss) -> tuple[Subscription, Alert]:
    """A telescope that takes requests, armed for a subscription that sends; and a live alert of an event that it sees tonight."""
    wide = {"rectangle": [6.0, 6.0]}
    known = [rig.telescope(field=wide, transport="simulated")]
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "TELESCOPES": known, "VETO_SECONDS": 300}
    rule, event = subscribed(boss, send=True), rig.event(time=timezone.now(), latest=timezone.now())
    arming.arm("tester", rule, boss, timezone.now() + timedelta(hours=20), hours=10, requests=500)
    alert = up.heard(event)
    make.show(event, make.localization(alert, rig.sky()))
    return rule, alert


def test_an_armed_rule_sends_its_plan_by_itself_once_the_time_to_stop_it_is_over(boss, settings):
    rule, alert = armed(settings, boss)
    met(rule, alert)
    making.begin()
    row = Plan.objects.get()
    assert (row.state, row.approved_by, row.how["armed"]) == ("sent", boss, ["tester"])
    asked = Asked.objects.select_related("submission")
    assert {one.arming.rule for one in asked} == {rule}
    assert row.visits.exclude(observation=None).count() == row.visits.count() > 0
    sends = Delivery.objects.filter(service="simulated")
    first = row.visits.order_by("start").first()
    assert all(row.sent + timedelta(seconds=299) < one.not_before < first.start for one in sends)
    deliver("simulated")
    assert {one.state for one in sends} == {"queued"}  # anybody may still stop it
    sends.update(not_before=timezone.now())
    deliver("simulated")
    assert {one.state for one in sends} == {"delivered"}
    assert SimulatedRequest.objects.filter(telescope="tester").count() == asked.count()
    met(rule, up.heard(alert.event, alert_type="update"))
    making.begin()
    deliver("simulated")
    assert SimulatedRequest.objects.count() == asked.count() == row.visits.count()  # once


def test_what_an_armed_rule_sends_is_stopped_by_disarming_it(boss, settings):
    rule, alert = armed(settings, boss)
    met(rule, alert)
    making.begin()
    arming.disarm(Arming.objects.get(), boss, "Not tonight.")
    Delivery.objects.filter(service="simulated").update(not_before=timezone.now())
    deliver("simulated")
    assert SimulatedRequest.objects.count() == 0
    assert set(ObservationRecord.objects.values_list("status", flat=True)) == {"CANCELED"}


def test_what_is_taken_back_of_a_delivery_leaves_the_rest_in_one(boss, settings):
    rule, alert = armed(settings, boss)
    met(rule, alert)
    making.begin()
    records = list(ObservationRecord.objects.order_by("pk"))
    assert cancelling.cancel(records[:3], boss, "Not these.") == {}
    waiting = Delivery.objects.filter(service="simulated", state="queued")
    assert waiting.count() == 1
    assert waiting.get().not_before > timezone.now()  # may still be stopped as long
    waiting.update(not_before=timezone.now())
    deliver("simulated")
    assert SimulatedRequest.objects.count() == len(records) - 3


def test_what_is_not_live_is_planned_and_waits_for_a_person(boss, settings):
    rule, alert = armed(settings, boss)
    Alert.objects.filter(pk=alert.pk).update(live=False)
    alert.refresh_from_db()
    automatic.run(rule, alert)
    making.begin()
    row = Plan.objects.get()
    assert (row.state, Asked.objects.count()) == ("ready", 0)
    assert "Only what was heard live" in row.progress["words"]


def test_what_ended_or_was_retracted_is_not_planned(boss):
    event = rig.event()
    alert, rule = Alert.objects.get(event=event), subscribed(boss)
    Match.objects.create(subscription=rule, alert=alert, change="updated", why=Match.Why.ENDED)
    automatic.run(rule, alert)
    other = rig.event("S2", state="retracted")
    automatic.run(rule, Alert.objects.get(event=other))
    assert Plan.objects.count() == 0


def test_the_form_of_the_action(boss):
    form = automatic.PlanForm({"telescopes": ["tester"], "preset": "pairs"}, owner=boss)
    assert form.is_valid(), form.errors
    assert not automatic.PlanForm({"telescopes": ["nobody"], "preset": "pairs"}, owner=boss).is_valid()


def closed(name: str) -> None:
    TelescopeState.objects.create(
        telescope=name, state="weather", since=timezone.now(), by="somebody", why="Fog.", newest=True
    )


def closes_and_opens(boss) -> list[Plan]:
    """The versions after the telescope closed and opened again, the later one with longer exposures: nothing of both is the same."""
    row = Plan.objects.get()
    Plan.objects.update(question={**row.question, "seconds": 90.0})
    for state in ("weather", "open"):
        writing.set_state("tester", state, boss, timezone.now())
        watching.watch()
        making.begin()
    return list(Plan.objects.order_by("version"))


def test_what_an_armed_rule_sent_is_sent_anew_when_its_telescope_opens_again(boss, settings):
    """What has not left of the version before never leaves, so that it does not count for what the telescope is armed for."""
    rule, alert = armed(settings, boss)
    met(rule, alert)
    making.begin()
    Arming.objects.update(requests=Asked.objects.count() + 1)  # not enough for both versions
    old, new = closes_and_opens(boss)
    assert (old.state, new.state) == ("superseded", "sent"), new.progress
    assert (new.approved_by, new.how["armed"]) == (boss, ["tester"])
    assert new.why.startswith("tester is open again.")
    Delivery.objects.filter(service="simulated").update(not_before=timezone.now())
    deliver("simulated")
    asked = Asked.objects.filter(record__in=new.visits.values("observation"))
    assert set(SimulatedRequest.objects.values_list("request_id", flat=True)) == {one.request_id for one in asked}
    assert asked.count() == new.visits.count() > 0


def test_when_it_opens_too_late_after_the_alert_a_person_is_asked(boss, settings):
    rule, alert = armed(settings, boss)
    met(rule, alert)
    making.begin()
    Alert.objects.filter(pk=alert.pk).update(order=timezone.now() - timedelta(hours=3))
    old, new = closes_and_opens(boss)
    assert (old.state, new.state) == ("sent", "ready")
    assert new.progress["words"].startswith("Not sent by itself: The alert is older")


def test_nor_are_two_versions_at_a_telescope_that_takes_nothing_back(boss, settings):
    rule, alert = armed(settings, boss)
    met(rule, alert)
    making.begin()
    Delivery.objects.filter(service="simulated").update(not_before=timezone.now())
    deliver("simulated")
    old, new = closes_and_opens(boss)
    assert (old.state, new.state) == ("sent", "ready")
    assert new.progress["words"] == (
        "Not sent by itself: tester has what version 1 asked for, and is not armed for taking it back."
    )
    assert SimulatedRequest.objects.count() == Asked.objects.count() == old.visits.count()


def test_a_telescope_that_closes_makes_a_version_without_it(boss):
    row = rig.plan(rig.event(), boss, telescopes=("tester", "other"))
    used = set(row.visits.values_list("telescope", flat=True))
    closed(sorted(used)[0])
    watching.watch()
    watching.watch()
    making.begin()
    new = Plan.objects.get(version=2)
    assert "closed by weather" in new.why
    assert sorted(used)[0] not in set(new.visits.values_list("telescope", flat=True))
    assert sorted(used)[0] in new.standing["closed"]


def test_when_all_are_closed_the_plan_says_so(boss):
    closed("tester")
    assert "closed by weather" in rig.plan(rig.event(), boss).error


def test_a_plan_that_nobody_approved_in_time_is_made_anew(boss):
    row = rig.plan(rig.event(), boss)
    first = row.visits.order_by("order").first()
    row.visits.filter(pk=first.pk).update(start=timezone.now() - timedelta(minutes=20))
    watching.watch()
    assert Plan.objects.get(version=2).why.startswith("It is late")


def test_a_plan_is_done_when_its_observations_are(boss):
    row = rig.plan(rig.event(), boss)
    approving.approve(row, boss)
    one = row.visits.order_by("order").first().observation
    ObservationRecord.objects.filter(pk=one.pk).update(status="IN_PROGRESS")
    watching.watch()
    row.refresh_from_db()
    assert row.state == "running"
    ObservationRecord.objects.update(status="COMPLETED")
    watching.watch()
    row.refresh_from_db()
    assert row.state == "done"
