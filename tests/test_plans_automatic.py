"""Plans that make themselves: a subscription's action, never sent but where a telescope is armed; clouds and late starts.

Authority: promise 8 of the design (only the living is acted on) and the facility's arming guards.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tom_observations.models import ObservationRecord

from tests import factories as make
from tests import planned as rig
from tom_scimma.models import Alert, Match, Subscription
from tom_treasuremap.models import Plan, TelescopeState
from tom_treasuremap.plans import approving, automatic, making, watching

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
