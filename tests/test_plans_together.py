"""Several events and ordinary targets in one plan, by priority; and plans that want the same telescope at the same time.

Authority: recount.py; promises 4 and 6 of the design (a retraction reaches everything, private stays private).
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from tom_observations.models import ObservationRecord
from tom_targets.models import Target

from tests import factories as make
from tests import planned as rig
from tests.test_plans_made import ORIGIN, boss  # noqa: F401  the fixture of the same name
from tom_scimma.models import Event
from tom_treasuremap import recount
from tom_treasuremap.followup import asking, written
from tom_treasuremap.followup.request import Exposure, Request
from tom_treasuremap.models import Asked, Instrument, Plan, Report
from tom_treasuremap.plan_forms import QuestionForm
from tom_treasuremap.plans import approving, making, setting, taken, versions, whatif

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def observatory(settings):
    wide = rig.telescope(field={"rectangle": [4.0, 4.0]})  # a third of the fields, and of the time
    settings.TOM_TREASUREMAP = {
        "TELESCOPES": [wide], "BASE_URL": f"http://{ORIGIN}", "TOKEN": "t", "PLAN_TELESCOPES": ["tester"], "PLAN_NODES": 0,
    }  # fmt: skip


def two(east: float = 30.0, **more) -> tuple[Event, Event]:
    """Two events that are up together, by default far from one another."""
    return rig.event("S1", sky=rig.sky(2.0)), rig.event("S2", sky=rig.sky(2.0, east=east), **more)


def fields(row: Plan, event: Event) -> int:
    return row.visits.filter(event=event).values("field").distinct().count()


def test_two_events_share_a_night_by_priority(boss):  # noqa: F811
    one, other = two()
    more = [rig.plan(one, boss, budget=0.3, also={str(other.pk): weight}) for weight in (0.1, 1.0, 10.0)]
    assert all(
        recount.value(setting.fields_of(row), setting.plan_of(row).visits) == pytest.approx(row.value) for row in more
    )
    assert fields(more[0], one) > fields(more[0], other)
    assert fields(more[2], one) < fields(more[2], other)
    assert fields(more[0], other) <= fields(more[1], other) <= fields(more[2], other)
    assert more[1].standing["others"][0]["event"] == "S2"
    assert set(more[1].maps.all()) == set(other.alerts.all())


def test_what_is_asked_for_each_event_goes_with_it(boss):  # noqa: F811
    one, other = two()
    row = rig.plan(one, boss, budget=0.5, also={str(other.pk): 1.0})
    approving.approve(row, boss)
    for event in (one, other):
        asked = Asked.objects.filter(event=event)
        assert asked.count() == row.visits.filter(event=event).count() > 0
        assert {each.request["event"] for each in asked} == {event.name}
    Event.objects.filter(pk=other.pk).update(state="retracted")
    versions.withdrawn(other.alerts.get().pk, "retracted")
    versions.withdrawn(other.alerts.get().pk, "retracted")
    making.begin()
    new = Plan.objects.get(version=2)
    assert (new.state, new.why, new.asks.also) == ("ready", "S2 was retracted.", {})
    assert set(new.visits.values_list("event", flat=True)) == {one.pk}


def test_a_new_map_of_any_of_its_events_makes_a_new_version(boss):  # noqa: F811
    one, other = two()
    rig.plan(one, boss, also={str(other.pk): 1.0})
    said = make.notice(other.name, alert_type="update", sent=make.NIGHT + timedelta(hours=1))
    alert = make.alert(other, said, make.message(offset=8))
    make.show(other, make.localization(alert, rig.sky(2.0, east=20.0)))
    versions.mapped(alert.pk, "updated")
    versions.mapped(alert.pk, "updated")
    making.begin()
    new = Plan.objects.get(version=2)
    assert new.why == "A new map of S2 (update) came."
    assert set(new.maps.all()) == {alert}


def test_a_plan_with_an_event_that_is_hidden_is_hidden(boss):  # noqa: F811
    team = Group.objects.create(name="team")
    one, other = two(groups=(team,))
    row = rig.plan(one, boss, also={str(other.pk): 1.0})
    assert row.visits.filter(event=other).exists()
    for user, seen in ((make.user("stranger"), False), (make.user("member", team), True)):
        assert Plan.objects.visible_to(user).filter(pk=row.pk).exists() is seen


def test_the_treasure_map_is_told_nothing_of_ordinary_and_private_targets(boss):  # noqa: F811
    event = rig.event(sky=rig.sky(2.0))
    Instrument.objects.create(origin=ORIGIN, number=47, name="Tester", rings=[], fetched=timezone.now())
    target = Target.objects.create(
        name="M83", type="SIDEREAL", ra=(rig.opposite() + 30) % 360, dec=-30.0, permissions="PRIVATE"
    )
    asked = {"subjects": ("grid", "targets"), "targets": (target.pk,), "most": 10}
    row = rig.plan(event, boss, **asked)
    mine = row.visits.get(target=target)
    approving.approve(row, boss, reports=True)
    assert Report.objects.count() == row.visits.count() - 1 > 0
    assert not Report.objects.filter(source=mine.source_name).exists()
    mine.refresh_from_db()
    assert (mine.event, mine.told, mine.observation.target_id) == (None, "", target.pk)


def test_a_target_takes_part_by_its_weight(boss):  # noqa: F811
    event = rig.event(sky=rig.sky(2.0))
    target = Target.objects.create(name="M83", type="SIDEREAL", ra=(rig.opposite() + 30) % 360, dec=-30.0)
    asked = {"subjects": ("grid", "targets"), "targets": (target.pk,), "budget": 0.05}
    light, heavy = (rig.plan(event, boss, priorities={str(target.pk): weight}, **asked) for weight in (1e-4, 5.0))
    assert not light.visits.filter(target=target).exists()
    assert heavy.visits.order_by("order").filter(target=target).exists()
    assert heavy.worth == "5.2" or heavy.value > 5


# --- the same telescope at the same time


def overlap(row: Plan, other: Plan) -> bool:
    theirs = [(one.start, one.end) for one in other.visits.filter(observation__status="PENDING")]
    return any(one.start < end and start < one.end for one in row.visits.all() for start, end in theirs)


def test_a_plan_leaves_other_plans_the_time_that_they_have(boss):  # noqa: F811
    one, other = two(east=3.0)
    first = rig.plan(one, boss)
    approving.approve(first, boss)
    second = rig.plan(other, boss)
    assert second.visits.exists()
    assert not overlap(second, first)
    assert second.standing["taken"]["tester"] > 5
    again = rig.plan(other, boss, end=first.visits.order_by("end").last().end)
    assert not overlap(again, first)
    wanted = [each["why"] for each in again.considered if not each["in"]]
    assert any("taken by other plans" in why or "min only" in why for why in wanted)


@pytest.mark.parametrize("yields", [True, False])
def test_a_plan_goes_around_what_somebody_asked_for_by_hand(boss, yields):  # noqa: F811
    event = rig.event()
    before = rig.plan(event, boss)
    visit = before.visits.order_by("order")[3]
    fixed = Request(
        "", "tester", "standard", "standard", visit.ra, visit.dec, (Exposure("r", 300.0, 2),), visit.start,
        visit.start + timedelta(hours=2), fixed=True, by=boss.username,
    )  # fmt: skip
    (record,) = asking.ask([written.identified(fixed, key="1")], by=boss, event=event)
    over = visit.start + timedelta(seconds=610)
    row = rig.plan(event, boss, yields=yields)
    assert row.visits.count() > 3
    assert not [one for one in row.visits.all() if one.start < over and visit.start < one.end]
    assert 10 <= row.standing["taken"]["tester"] <= 11
    ObservationRecord.objects.filter(pk=record.pk).update(status="CANCELED")
    assert taken.by_hand(["tester"]) == {}


def test_two_plans_made_at_once_cannot_both_have_it(boss):  # noqa: F811
    one, other = two(east=3.0)
    first, second = rig.plan(one, boss), rig.plan(other, boss)
    approving.approve(first, boss)
    assert overlap(second, first)
    count = ObservationRecord.objects.count()
    with pytest.raises(approving.NotNow, match="asked for something else from"):
        approving.approve(second, boss)
    assert ObservationRecord.objects.count() == count


def test_a_plan_that_comes_first_takes_it_and_the_other_is_made_anew(boss):  # noqa: F811
    one, other = two(east=3.0)
    first = rig.plan(one, boss)
    approving.approve(first, boss)
    running = first.visits.order_by("order").last()
    ObservationRecord.objects.filter(pk=running.observation_id).update(status="IN_PROGRESS")
    urgent = rig.plan(other, boss)
    urgent = versions.again(urgent, "It is urgent.", question=whatif.asked(urgent.asks, {"yields": "off"}, urgent))
    making.begin()
    urgent.refresh_from_db()
    assert overlap(urgent, first)
    approving.approve(urgent, boss)
    urgent.refresh_from_db()
    assert urgent.state == "sent"
    assert not overlap(urgent, first)
    assert ObservationRecord.objects.get(pk=running.observation_id).status == "IN_PROGRESS"  # left alone
    making.begin()
    new = Plan.objects.get(line=first.line, version=2)
    assert (new.state, new.why) == ("ready", "Another plan took some of its telescope's time.")
    assert not overlap(new, urgent)
    assert taken.clash(new) is None


# --- the form


def test_the_form_says_priorities_filters_by_visit_and_whose_time_it_is(boss):  # noqa: F811
    one, other = two()
    target = Target.objects.create(name="NGC 4993", type="SIDEREAL", ra=1.0, dec=2.0)
    said = {
        "also": "S2 = 0.5",
        "priority": "2",
        "targets": "NGC 4993 = 0.1",
        "filters": "g 30, r / r",
        "yields": "off",
        "shared": "off",
    }
    form = QuestionForm({**said, "subjects": ["free"]}, user=boss, event=one)
    assert form.is_valid(), form.errors
    asked = form.question()
    assert asked.shared is False
    assert (asked.also, asked.priority, asked.yields) == ({str(other.pk): 0.5}, 2.0, False)
    assert (asked.subjects, asked.targets, asked.priorities) == (
        ("free", "targets"),
        (target.pk,),
        {str(target.pk): 0.1},
    )
    assert (asked.filters, asked.later, asked.seconds_by_filter) == (("g", "r"), (("r",),), {"g": 30.0})
    assert asked == type(asked).from_json(asked.to_json())
    row = rig.plan(one, boss, filters=("g", "r"), later=(("r",),), gap_min=20, budget=0.5)
    looks = {}
    for each in row.visits.order_by("order"):
        looks.setdefault(each.field, []).append((each.turn, each.band))
    assert all(sorted(some) == [(1, "g"), (1, "r"), (2, "r")] for some in looks.values())
    assert looks


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"also": "S9"}, "No event that you may see is called S9"),
        ({"also": "S1"}, "S1 is this event"),
        ({"also": "S2 = many"}, "after = stands a number"),
        ({"also": "S2 = 0"}, "more than 0"),
        ({"also": "S3"}, "Nobody has said yet where S3 is"),
        ({"also": "S4"}, "S4 was retracted"),
        ({"targets": "= 3"}, "No target"),
    ],
)
def test_what_the_form_does_not_take(boss, said, words):  # noqa: F811
    one, _ = two()
    make.known("S3")
    rig.event("S4", state="retracted")
    form = QuestionForm(said, user=boss, event=one)
    assert words in str(form.errors)
