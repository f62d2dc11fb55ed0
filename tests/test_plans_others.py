"""Plans beside what else goes on: several telescopes, versions that could not be made, what was covered, dust.

Authority: promises 4 and 5 of the design; recount.py; what a person is told of each field.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from tom_observations.models import ObservationRecord
from tom_targets.models import Target

from tests import catalogs
from tests import factories as make
from tests import planned as rig
from tests.test_plans_made import boss, covered  # noqa: F401  the fixture of the same name
from tom_treasuremap.models import Plan, TelescopeState
from tom_treasuremap.plans import approving, making, setting, told, versions, written
from tom_treasuremap.views.plans import PlanActView

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def observatory(settings):
    known = [rig.telescope(), rig.telescope("other"), rig.telescope("small", field={"rectangle": [0.5, 0.5]})]
    settings.TOM_TREASUREMAP = {"BASE_URL": "", "TELESCOPES": known, "PLAN_TELESCOPES": ["tester"], "PLAN_NODES": 0}


def closed(name: str) -> None:
    TelescopeState.objects.create(
        telescope=name, state="weather", since=timezone.now(), by="somebody", why="Fog.", newest=True
    )


def test_a_target_of_two_telescopes_has_a_reason_for_each(boss):  # noqa: F811
    target = Target.objects.create(name="M83", type="SIDEREAL", ra=rig.opposite(), dec=-30.0)
    row = rig.plan(None, boss, telescopes=("tester", "other"), subjects=("targets",), targets=(target.pk,))
    said = {one["telescope"]: one for one in row.considered}
    looks = row.visits.get().telescope
    idle = ({"tester", "other"} - {looks}).pop()
    assert said[looks]["in"] is True
    assert said[looks]["why"].startswith("number 1 of ")
    assert said[idle]["in"] is False
    assert said[idle]["why"] == "other fields of the plan cover it"
    assert set(written.reasons(row)) == {"M83 (tester)", "M83 (other)"}


def test_a_search_that_cannot_go_on_ends_and_holds_up_no_other(boss):  # noqa: F811
    first = rig.plan(rig.event("S1"), boss, nodes=5, most=40)
    second = rig.plan(rig.event("S2"), boss, nodes=5, most=40, telescopes=("other",))
    Plan.objects.update(improving=True)
    closed("other")
    making.improve()
    for row in (first, second):
        before = row.value
        row.refresh_from_db()
        assert (row.improving, row.state) == (False, "ready")
        assert row.value >= before
    assert (second.stopped, "closed by weather" in second.progress["words"]) == ("left", True)
    assert first.stopped in ("nodes", "optimal")


def test_a_plan_gets_better_within_the_window_of_its_first_version(boss):  # noqa: F811
    row = rig.plan(rig.event(), boss)
    made = setting.again(row)
    assert [one.isoformat() for one in made.window] == row.standing["window"]
    row.standing["window"][0] = (timezone.now() - timedelta(minutes=1)).isoformat()
    with pytest.raises(ValueError, match="are past"):
        setting.again(row)


def test_a_version_that_could_not_be_made_ends_nothing(boss):  # noqa: F811
    event = rig.event()
    row = rig.plan(event, boss, most=20)
    approving.approve(row, boss)
    closed("tester")
    versions.again(row, "Somebody looked.")
    making.begin()
    assert Plan.objects.get(version=2).state == "failed"
    assert [one.pk for one in versions.living()] == [row.pk]
    TelescopeState.objects.all().delete()
    newer_map(event)
    making.begin()
    assert Plan.objects.get(version=3).state == "ready"


def newer_map(event) -> None:
    said = make.notice(event.name, alert_type="update", sent=make.NIGHT + timedelta(hours=1))
    alert = make.alert(event, said, make.message(offset=8))
    make.show(event, make.localization(alert, rig.sky(3.0, east=4.0)))
    versions.mapped(alert.pk, "updated")


def test_what_had_no_map_is_planned_when_one_comes(boss):  # noqa: F811
    event = make.known("S3")
    assert rig.plan(event, boss).state == "failed"
    newer_map(event)
    making.begin()
    assert Plan.objects.get(version=2).state == "ready"


def test_what_an_older_version_had_asked_for_and_nobody_began_is_taken_back_also_when_it_is_late(boss):  # noqa: F811
    row = rig.plan(rig.event(), boss, most=20)
    approving.approve(row, boss)
    late = row.visits.order_by("order").first()
    row.visits.filter(pk=late.pk).update(start=timezone.now() - timedelta(seconds=30))
    versions.again(row, "It is late.")
    making.begin()
    approving.approve(Plan.objects.get(version=2), boss)
    assert ObservationRecord.objects.get(pk=late.observation_id).status == "CANCELED"


def test_a_withdrawn_plan_is_told_to_nobody(boss, rf):  # noqa: F811
    row = rig.plan(rig.event(), boss, most=20)
    approving.approve(row, boss)
    versions.withdraw(Plan.objects.filter(pk=row.pk), "It rains.")
    row.refresh_from_db()
    with pytest.raises(approving.NotNow, match="not over"):
        PlanActView()._tell(row, boss)
    assert told.tell(row, boss) == 0


def test_galaxies_count_by_what_is_left_where_they_are(boss, settings, tmp_path):  # noqa: F811
    event = rig.event()
    sky = catalogs.universe(3)
    sky["ra"], sky["dec"] = (event.ra + np.array([-3.0, 0.0, 3.0])) % 360, np.full(3, event.dec)
    sky["distance"] = np.full(3, 100.0)
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "GALAXY_DIR": str(tmp_path / "galaxies")}
    catalogs.loaded(tmp_path, sky)
    before, why = galaxies(event, boss)
    covered(event, event.ra, event.dec, size=1.0)
    after, why = galaxies(event, boss)
    middle = min(after, key=after.get)
    assert len(before) == 3
    assert after.pop(middle) == pytest.approx(0.0, abs=1e-9)
    assert why[middle].startswith("already covered by goto at ")
    assert after == {name: pytest.approx(before[name], rel=1e-6) for name in after}


def galaxies(event, user) -> tuple[dict[str, float], dict[str, str]]:
    """({galaxy: what it is worth by itself}, {galaxy: why it is in or out}), of a telescope that sees one of them at a time."""
    row = rig.plan(event, user, telescopes=("small",), subjects=("galaxies",))
    return {one.name: one.weight for one in setting.fields_of(row)}, written.reasons(row)


def dust(band: str, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Extinction everywhere."""
    return np.full(np.shape(ra), 30.0)


def test_what_is_to_be_detected_is_dimmed_by_dust(boss, settings):  # noqa: F811
    event = rig.event()
    covered(event, event.ra, event.dec, depth=25.0)
    asked = {"source": {"magnitudes": {"r": [-16.0, -14.0]}}, "most": 20}
    clear = rig.plan(event, boss, **asked)
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "EXTINCTION": "tests.test_plans_others.dust"}
    dusty = rig.plan(event, boss, **asked)
    assert clear.standing["left"] < 0.9
    assert dusty.standing["left"] == pytest.approx(1.0, abs=1e-6)  # nothing was seen through that
