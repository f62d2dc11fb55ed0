"""Plans are made by the worker: at once, with reasons and a bound, on what nobody has covered; approved once, and sent.

Authority: recount.py, which shares nothing with what makes plans; the promises of the design (said once, private stays private).
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tom_observations.models import ObservationRecord
from tom_targets.models import Target

from tests import factories as make
from tests import planned as rig
from tom_scimma.candidates import deciding
from tom_scimma.models import Alert, Delivery, Event
from tom_treasuremap import recount, telescopes
from tom_treasuremap.models import Instrument, Plan, Pointing, Report
from tom_treasuremap.plans import approving, making, setting, versions, wanted, watching, whatif

pytestmark = pytest.mark.django_db
ORIGIN = "treasuremap.test"


@pytest.fixture(autouse=True)
def observatory(settings):
    wide = rig.telescope(field={"rectangle": [4.0, 4.0]})  # a third of the fields, and of the time
    settings.TOM_TREASUREMAP = {
        "TELESCOPES": [wide], "BASE_URL": f"http://{ORIGIN}", "TOKEN": "t", "PLAN_TELESCOPES": ["tester"],
    }  # fmt: skip


@pytest.fixture
def narrow(settings):
    """A telescope that needs a hundred fields and more, where the many of them matter."""
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "TELESCOPES": [rig.telescope()]}


@pytest.fixture
def boss():
    return make.user("boss", is_superuser=True)


def covered(event: Event, ra: float, dec: float, *, size: float = 2.5, status: str = "completed", **more) -> Pointing:
    """A look of another team."""
    square = [[ra - size, dec - size], [ra + size, dec - size], [ra + size, dec + size], [ra - size, dec + size]]
    now = timezone.now()
    values = {
        "source": "treasuremap", "origin": ORIGIN, "source_id": str(Pointing.objects.count()), "status": status, "team": "goto",
        "ra": ra, "dec": dec, "pos_angle": 0.0, "band": "r", "depth": 21.3, "depth_unit": "ab_mag", "time": now,
        "footprint": [square], "first_seen": now, "last_seen": now, "changed": now,
    }  # fmt: skip
    return Pointing.objects.create(event=event, **{**values, **more})


def test_candidates_are_fields_but_those_that_were_ruled_out_or_have_no_place(boss):
    event = rig.event()
    ra = rig.opposite()
    for name, status, place in (
        ("near", "interesting", (ra, -30.0)),
        ("far", "new", ((ra + 5) % 360, -30.0)),
        ("gone", "ruled_out", (ra, -29.0)),
        ("comet", "new", (None, None)),
    ):
        target = Target.objects.create(name=name, type="SIDEREAL", ra=place[0], dec=place[1])
        row = deciding.add(event, target, boss)
        deciding.decide([row], status, "", boss)
    plan = rig.plan(event, boss, subjects=("candidates",))
    assert (plan.state, plan.error) == ("ready", "")
    weights = {one.name: one.weight for one in setting.fields_of(plan)}
    assert set(weights) == {"near", "far"}
    assert weights["near"] > weights["far"] > 0


def test_a_first_plan_is_ready_and_counts_as_an_independent_recount_says(boss, narrow):
    event = rig.event()
    row = rig.plan(event, boss)
    assert (row.state, row.error) == ("ready", "")
    assert row.visits.count() > 5
    fields = setting.fields_of(row)
    visits = setting.plan_of(row).visits
    assert row.value == pytest.approx(recount.value(fields, visits), rel=1e-6)
    assert sum(one.gain for one in row.visits.all()) == pytest.approx(row.value, rel=1e-6)
    assert 0.3 < row.value <= row.bound + 1e-9 <= 1.01
    begin, end = setting.window_of(row.asks, [telescopes.telescope("tester")], row.asked)
    asked = wanted.sequence(row.asks, telescopes.telescope("tester"))
    assert (
        recount.faults(
            fields, [telescopes.telescope("tester")], (begin - timedelta(hours=1), end), visits, sequence=asked
        )
        == []
    )
    assert all(one["why"] for one in row.considered)
    assert row.alert == event.alerts.first()
    assert row.protected is False


def test_the_best_comes_first_where_that_is_as_good(boss, narrow):
    """A plan worth as much whichever way round it is done: half of its worth comes in the first half of its time."""
    row = rig.plan(rig.event(sky=rig.sky(2.0)), boss)
    visits = list(row.visits.order_by("start"))
    assert [one.order for one in visits] == sorted(one.order for one in visits)
    half = sum(one.gain for one in visits[: (len(visits) + 1) // 2])
    assert half >= row.value / 2
    why = {one["name"]: one["why"] for one in row.considered}
    assert f"number 1 of Tester, at {visits[0].start:%H:%M}: " in why[visits[0].field]


def test_what_others_have_covered_is_left_out_and_says_so(boss):
    event = rig.event()
    first = rig.plan(event, boss)
    covered(event, event.ra, event.dec)
    second = rig.plan(event, boss)
    assert second.value < first.value
    assert second.standing["left"] < 0.95
    words = [one["why"] for one in second.considered if one["why"].startswith("already covered by goto")]
    assert words
    assert "to r = 21.3" in words[0]
    third = rig.plan(event, boss, residual=False)
    assert third.value == pytest.approx(first.value, rel=1e-6)


def test_planned_pointings_of_others_count_by_their_weight(boss):
    event = rig.event()
    covered(event, event.ra, event.dec, status="planned")
    values = [rig.plan(event, boss, planned=weight).value for weight in (0.0, 0.5, 1.0)]
    assert values[0] > values[1] > values[2]


def test_what_cannot_be_planned_says_why(boss):
    nowhere = make.known("S2")
    assert "where this event is" in rig.plan(nowhere, boss).error
    event = rig.event("S3")
    assert "has no filter" in rig.plan(event, boss, filters=("K",)).error
    assert "no telescope" in rig.plan(event, boss, telescopes=("nobody",)).error.lower()
    assert Plan.objects.filter(state="failed").count() == 3


def test_a_plan_that_ended_the_worker_is_not_tried_again(boss):
    event = rig.event()
    row = making.ask(setting.Question(), by=boss, event=event)
    Plan.objects.filter(pk=row.pk).update(state="working")
    making.begin()
    row.refresh_from_db()
    assert row.state == "failed"


def test_it_gets_better_until_it_is_stopped_and_never_worse(boss, narrow):
    event = rig.event()
    row = rig.plan(event, boss, nodes=30, limit=3.0, most=60, start=timezone.now(), budget=0.5)
    value = row.value
    if row.improving:
        making.improve()
        row.refresh_from_db()
    assert row.value >= value - 1e-12
    assert row.bound >= row.value - 1e-9
    assert not row.improving
    assert row.value == pytest.approx(recount.value(setting.fields_of(row), setting.plan_of(row).visits), rel=1e-6)


def test_a_second_click_cannot_approve_twice(boss):
    row = rig.plan(rig.event(), boss, most=30)
    with pytest.raises(PermissionDenied):
        approving.approve(row, make.user("anybody"))
    approving.approve(row, boss)
    row.refresh_from_db()
    assert (row.state, row.approved_by) == ("sent", boss)
    count = ObservationRecord.objects.count()
    assert count == row.visits.count()
    with pytest.raises(approving.NotNow, match="boss approved it"):
        approving.approve(row, boss)
    assert ObservationRecord.objects.count() == count


def test_the_treasure_map_is_told_of_what_was_approved_and_nothing_else(boss):
    Instrument.objects.create(origin=ORIGIN, number=47, name="Tester", rings=[], fetched=timezone.now())
    row = rig.plan(rig.event(), boss, most=20)
    assert Report.objects.count() == 0
    approving.approve(row, boss, reports=True)
    assert Report.objects.count() == row.visits.count()
    one = row.visits.first()
    report = Report.objects.get(source=f"visit:{one.pk}")
    assert (report.wanted, report.observation_id) == ("planned", one.observation_id)
    assert report.said["instrumentid"] == 47


def test_a_new_map_makes_a_new_version_that_says_what_changed(boss):
    event = rig.event()
    row = rig.plan(event, boss, most=40)
    approving.approve(row, boss)
    said = make.notice(event.name, alert_type="update", sent=make.NIGHT + timedelta(hours=1))
    alert = make.alert(event, said, make.message(offset=8))
    make.show(event, make.localization(alert, rig.sky(3.0, east=4.0)))
    versions.mapped(alert.pk, "updated")
    versions.mapped(alert.pk, "updated")  # at least once is as once
    assert Plan.objects.filter(line=row.line).count() == 2
    making.begin()
    new = Plan.objects.get(line=row.line, version=2)
    assert (new.state, new.alert) == ("ready", alert)
    assert new.changes["version"] == 1
    assert new.changes["kept"] + new.changes["news"] == new.visits.values("field").distinct().count()
    row.refresh_from_db()
    assert row.state == "sent"  # until somebody approves the new one
    running = row.visits.order_by("order").first()
    ObservationRecord.objects.filter(pk=running.observation_id).update(status="IN_PROGRESS")
    approving.approve(new, boss)
    row.refresh_from_db()
    assert row.state == "superseded"
    running.observation.refresh_from_db()
    assert running.observation.status == "IN_PROGRESS"  # left alone
    states = set(ObservationRecord.objects.exclude(pk=running.observation_id).values_list("status", flat=True))
    assert states == {"PENDING", "CANCELED"}


def test_a_retraction_withdraws_what_has_not_left(boss):
    event = rig.event()
    row = rig.plan(event, boss, most=20)
    Event.objects.filter(pk=event.pk).update(state="retracted")
    alert = Alert.objects.filter(event=event).first()
    versions.withdrawn(alert.pk, "retracted")
    row.refresh_from_db()
    assert row.state == "withdrawn"
    with pytest.raises(approving.NotNow):
        approving.approve(row, boss)


def test_somebody_elses_look_where_it_means_to_makes_a_new_version(boss):
    event = rig.event()
    row = rig.plan(event, boss, most=30)
    watching.watch()
    assert Plan.objects.count() == 1
    covered(event, event.ra, event.dec)
    Plan.objects.update(asked=timezone.now() - timedelta(minutes=5))
    watching.watch()
    watching.watch()
    new = Plan.objects.get(line=row.line, version=2)
    assert "goto looked" in new.why
    row.refresh_from_db()
    assert row.state == "superseded"


def test_a_what_if_claims_nothing_and_is_kept_only_when_asked(boss, django_assert_max_num_queries):
    row = rig.plan(rig.event(), boss, most=60, airmass=1.2)
    before = Plan.objects.count()
    found = whatif.answer(row, whatif.asked(row.asks, {"airmass": "2.5", "moon": "off", "hours": "1"}, row))
    assert found.best.value >= row.value - 1e-9
    assert (Plan.objects.count(), ObservationRecord.objects.count(), Delivery.objects.count()) == (before, 0, 0)
    with pytest.raises(ValueError, match="between"):
        whatif.asked(row.asks, {"airmass": "40"}, row)
    with pytest.raises(ValueError, match="no filter is left"):
        whatif.asked(row.asks, {"without": "r"}, row)
