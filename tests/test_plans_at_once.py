"""Two people approve at the same instant: one plan is sent, once; two plans never get the same telescope's time.

Authority: the promise that nothing is sent twice. On PostgreSQL, where two connections work at once.
"""

from __future__ import annotations

import threading

import pytest
from tom_observations.models import ObservationRecord

from tests import factories as make
from tests import planned as rig
from tests.at_once import at_once, needs_postgresql
from tom_treasuremap.models import Plan
from tom_treasuremap.plans import approving

pytestmark = [pytest.mark.django_db(transaction=True), needs_postgresql]


@pytest.fixture
def boss(settings):
    settings.TOM_TREASUREMAP = {
        "BASE_URL": "http://127.0.0.1:9", "TOKEN": "t", "TELESCOPES": [rig.telescope()], "PLAN_TELESCOPES": ["tester"], "PLAN_NODES": 0,
    }  # fmt: skip
    return make.user("boss", is_superuser=True)


def approved(*keys: int, by) -> list[str]:
    """What came of approving each of these plans at the same instant: its state, or why not."""
    start = threading.Barrier(len(keys))

    def one(key: int) -> str:
        row = Plan.objects.get(pk=key)
        start.wait(30)
        try:
            return approving.approve(row, by).state
        except approving.NotNow as error:
            return str(error)

    return sorted(at_once(*(lambda key=key: one(key) for key in keys)), key=len)


def test_a_plan_that_two_approve_at_the_same_instant_is_sent_once(boss):
    row = rig.plan(rig.event(sky=rig.sky(2.0)), boss, budget=0.3)
    state, why = approved(row.pk, row.pk, by=boss)
    assert (state, "approved it at" in why) == ("sent", True)
    blocks = {(one.field, one.turn) for one in row.visits.all()}
    assert ObservationRecord.objects.count() == len(blocks) > 0


def test_of_two_plans_for_the_same_time_approved_at_the_same_instant_one_is_sent(boss):
    one, other = rig.event("S1", sky=rig.sky(2.0)), rig.event("S2", sky=rig.sky(2.0, east=3.0))
    first, second = rig.plan(one, boss, budget=0.3), rig.plan(other, boss, budget=0.3)
    state, why = approved(first.pk, second.pk, by=boss)
    assert (state, "asked for something else from" in why) == ("sent", True)
    assert sorted(Plan.objects.values_list("state", flat=True)) == ["ready", "sent"]
    sent = Plan.objects.get(state="sent")
    assert ObservationRecord.objects.count() == len({(each.field, each.turn) for each in sent.visits.all()})
