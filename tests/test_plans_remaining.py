"""A new version is of what remains: what was done is not done again, and a field that had some of its visits gets the others.

Authority: the planner's promise that a field counts once all its visits are made, as far apart as was asked; recount.py.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tom_observations.models import ObservationRecord
from tom_targets.models import Target

from tests import factories as make
from tests import planned as rig
from tom_treasuremap import recount
from tom_treasuremap.models import Plan, PlanVisit
from tom_treasuremap.plans import approving, making, setting, versions, whatif

pytestmark = pytest.mark.django_db
GAP = timedelta(minutes=30)


@pytest.fixture(autouse=True)
def observatory(settings):
    wide = {"field": {"rectangle": [6.0, 6.0]}}
    settings.TOM_TREASUREMAP = {
        "BASE_URL": "", "PLAN_TELESCOPES": ["tester"], "PLAN_NODES": 0,
        "TELESCOPES": [rig.telescope(**wide), rig.telescope("other", **wide)],
    }  # fmt: skip


@pytest.fixture
def boss():
    return make.user("boss", is_superuser=True)


def done(one: PlanVisit, status: str = "COMPLETED") -> None:
    ObservationRecord.objects.filter(pk=one.observation_id).update(status=status)


def anew(row: Plan) -> Plan:
    """Its next version."""
    new = versions.again(row, "Anew.")
    making.begin()
    new.refresh_from_db()
    assert new.state == "ready", new.error
    return new


def targets(*names: str) -> tuple[int, ...]:
    """Targets ten degrees apart, up all night."""
    return tuple(
        Target.objects.create(name=name, type="SIDEREAL", ra=(rig.opposite() + 10 * at) % 360, dec=-30.0).pk
        for at, name in enumerate(names)
    )


def test_a_target_that_was_done_is_not_done_again_and_says_by_whom(boss):
    row = rig.plan(None, boss, subjects=("targets",), targets=targets("one", "two", "three"))
    approving.approve(row, boss)
    first, second, third = row.visits.order_by("order")
    done(first)
    done(second, "IN_PROGRESS")
    new = anew(row)
    assert [one.field for one in new.visits.all()] == [third.field]
    said = {one["name"]: one["why"] for one in new.considered}
    assert said[first.field].startswith(f"already covered by tester for this plan at {first.start:%H:%M}")
    assert "1 of the weight" in said[third.field]
    assert new.value == pytest.approx(1.0)


def pairs(boss, **changes) -> Plan:
    row = rig.plan(rig.event(sky=rig.sky(5.0)), boss, visits=2, gap_min=30.0, **changes)
    assert row.visits.values("field").distinct().count() > 2
    return approving.approve(row, boss)


def test_a_field_that_had_its_first_visit_gets_its_second_as_far_apart(boss):
    row = pairs(boss)
    first = row.visits.order_by("start")[0]
    done(first)
    new = anew(row)
    (mine,) = new.visits.filter(field=first.field)
    assert mine.turn == 2
    assert mine.start >= first.start + GAP
    others = {one.turn for one in new.visits.exclude(field=first.field)}
    assert others == {1, 2}
    visits = setting.plan_of(new).visits  # as the planner knows them: one of that field is left
    assert {one.turn for one in visits if one.field == first.field} == {1}
    fields = setting.fields_of(new)
    assert recount.value(fields, visits) == pytest.approx(new.value)
    found = whatif.answer(new, whatif.asked(new.asks, {"airmass": "2.5"}, new))
    assert [one.turn for one in found.best.visits if one.field == first.field] == [1]


def test_it_stays_so_while_the_plan_gets_better_and_when_it_is_approved(boss):
    row = pairs(boss, nodes=1)
    first = row.visits.order_by("start")[0]
    done(first)
    new = anew(row)
    making.improve()
    new.refresh_from_db()
    assert [one.turn for one in new.visits.filter(field=first.field)] == [2]
    approving.approve(new, boss)
    assert new.visits.filter(observation=None).count() == 0
    assert ObservationRecord.objects.get(pk=first.observation_id).status == "COMPLETED"


def test_a_field_with_both_visits_is_done(boss):
    row = pairs(boss)
    field = row.visits.order_by("start")[0].field
    for one in row.visits.filter(field=field):
        done(one)
    new = anew(row)
    assert not new.visits.filter(field=field).exists()
    said = {one["name"]: one["why"] for one in new.considered}
    assert said[field].startswith("already covered by this plan")


def test_what_is_too_late_for_its_second_visit_is_begun_anew(boss):
    row = pairs(boss, gap_max=60.0)
    first = row.visits.order_by("start")[0]
    done(first)
    PlanVisit.objects.filter(pk=first.pk).update(start=timezone.now() - timedelta(hours=2))
    new = anew(row)
    assert sorted(new.visits.filter(field=first.field).values_list("turn", flat=True)) == [1, 2]


def looked(row: Plan) -> dict[str, set[str]]:
    """The fields, or targets, of each telescope."""
    found: dict[str, set[str]] = {"tester": set(), "other": set()}
    for one in row.visits.all():
        found[one.telescope].add(one.field)
    return found


@pytest.mark.parametrize("shared", [True, False])
def test_the_same_sky_is_looked_at_twice_only_when_wanted(boss, shared):
    event = rig.event()
    row = rig.plan(event, boss, telescopes=("tester", "other"), shared=shared)
    mine = looked(row)
    if shared:
        assert not mine["tester"] & mine["other"]
        assert row.worth.endswith("%")
        return
    assert mine["tester"] & mine["other"]
    assert row.worth == f"{row.value:.3g}"
    alone = rig.plan(event, boss, telescopes=("tester",))
    assert row.value == pytest.approx(2 * alone.value, rel=0.02)
    assert row.bound >= row.value
    assert "of the weight" in row.considered[0]["why"]


def test_what_one_telescope_has_done_the_other_still_does_where_that_is_wanted(boss):
    both = {"telescopes": ("tester", "other"), "subjects": ("grid", "targets"), "targets": targets("one", "two")}
    row = approving.approve(rig.plan(rig.event(), boss, shared=False, **both), boss)
    for one in row.visits.filter(telescope="tester"):
        done(one)
    new = anew(row)
    assert {"one", "two"} <= looked(row)["tester"] & looked(row)["other"]
    assert not looked(row)["tester"] & looked(new)["tester"]
    assert looked(row)["other"] <= looked(new)["other"]
