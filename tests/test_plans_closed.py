"""A plan whose telescopes close: its page says so, nothing more goes there, and what was not done is made anew when one opens.

Authority: the planner's promise that clouds make a new version of what remains, that exposures being taken are left alone, and that a
person approves.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from tom_observations.models import ObservationRecord

from tests import factories as make
from tests import planned as rig
from tests.outside.rig import deliver
from tom_scimma.models import Alert, Delivery, Event
from tom_treasuremap.models import Asked, Plan
from tom_treasuremap.plans import approving, making, versions, watching
from tom_treasuremap.telescopes import writing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def observatory(settings):
    wide = {"field": {"rectangle": [6.0, 6.0]}, "transport": "simulated"}
    settings.TOM_TREASUREMAP = {
        "BASE_URL": "", "PLAN_TELESCOPES": ["tester"], "PLAN_NODES": 0,
        "TELESCOPES": [rig.telescope(**wide), rig.telescope("other", **wide)],
    }  # fmt: skip


@pytest.fixture
def boss():
    return make.user("boss", is_superuser=True)


def says(name: str, state: str, by, why: str = "") -> None:
    writing.set_state(name, state, by, timezone.now(), why=why)


def sent(boss, **changes) -> Plan:
    """A plan that its telescopes have been asked for."""
    return approving.approve(rig.plan(rig.event(), boss, **changes), boss)


def watched() -> list[Plan]:
    """All versions after the job has run, twice, and what it asked for was made."""
    watching.watch()
    watching.watch()
    making.begin()
    return list(Plan.objects.order_by("version"))


def ended(row: Plan, status: str) -> None:
    ObservationRecord.objects.filter(pk__in=row.visits.values("observation")).update(status=status)


def short(row: Plan, end) -> None:
    """The plan's time ends then."""
    row.standing = {**row.standing, "window": [row.standing["window"][0], end.isoformat()]}
    row.save()


def test_the_page_and_the_tab_say_what_closed_since_when_and_why(client, boss):
    row = sent(boss)
    client.force_login(boss)
    page, tab = row.get_absolute_url(), reverse("tom_treasuremap:event-plans", args=[row.event.name])
    assert "closed" not in client.get(page).content.decode()
    says("tester", "weather", boss, "Fog.")
    words = f"tester is closed by weather since {timezone.now():%Y-%m-%d}"
    for where in (page, f"{page}?part=state", tab, reverse("tom_treasuremap:plans")):
        body = client.get(where).content.decode()
        assert words in body, where
        assert "(boss: Fog.)" in body
    assert "Nothing more goes there until it opens" in client.get(page).content.decode()
    assert [one.version for one in watched()] == [1]  # there is no other telescope
    says("tester", "open", boss)
    assert "closed by weather" not in client.get(page).content.decode()


def test_what_was_not_done_is_made_anew_once_it_opens_and_a_person_approves_it(boss):
    row = sent(boss)
    first = row.visits.order_by("start")[0]
    ObservationRecord.objects.filter(pk=first.observation_id).update(status="IN_PROGRESS")
    says("tester", "weather", boss, "Fog.")
    assert [one.version for one in watched()] == [1]
    says("tester", "open", boss)
    old, new = watched()
    assert new.why.startswith("tester is open again. It was closed from ")
    assert (old.state, new.state) == ("running", "ready")
    assert min(new.visits.values_list("start", flat=True)) >= first.end
    approving.approve(new, boss)
    first.observation.refresh_from_db()
    assert first.observation.status == "IN_PROGRESS"  # left alone
    old.refresh_from_db()
    assert old.state == "superseded"
    assert len(watched()) == 2


def test_a_plan_lost_to_the_weather_waits_for_the_telescope_and_is_not_done(client, boss):
    row = sent(boss)
    says("tester", "weather", boss)
    ended(row, "WINDOW_EXPIRED")
    (row,) = watched()
    assert row.state == "sent"
    says("tester", "open", boss)
    old, new = watched()
    assert (old.state, new.state) == ("sent", "ready")
    assert (new.changes["kept"], new.changes["news"], new.changes["goners"]) == (old.visits.count(), 0, 0)
    client.force_login(boss)
    old_page, page = (client.get(one.get_absolute_url()).content.decode() for one in (old, new))
    assert ">window expired</a>" in old_page  # words that a narrow page can break
    assert "goes on at the telescopes" not in page
    ended(old, "PENDING")
    assert "goes on at the telescopes" in client.get(new.get_absolute_url()).content.decode()
    approving.approve(new, boss)
    old.refresh_from_db()
    assert old.state == "superseded"


@pytest.mark.parametrize("status", ["COMPLETED", "CANCELED"])
def test_what_was_done_or_taken_back_is_not_made_anew(boss, status):
    row = sent(boss)
    says("tester", "weather", boss)
    ended(row, status)
    (row,) = watched()
    assert row.state == "done"
    says("tester", "open", boss)
    assert len(watched()) == 1


def test_what_the_telescope_itself_took_off_its_list_is_made_anew(boss):
    row = sent(boss)
    deliver("simulated")
    says("tester", "weather", boss)
    ended(row, "CANCELED")
    assert watched()[0].state == "sent"
    says("tester", "open", boss)
    assert len(watched()) == 2


def test_a_telescope_that_opens_after_its_time_makes_nothing(boss):
    row = sent(boss)
    says("tester", "weather", boss)
    ended(row, "WINDOW_EXPIRED")
    short(row, timezone.now() + timedelta(minutes=1))
    says("tester", "open", boss)
    (row,) = watched()
    assert row.state == "done"


def test_what_was_withdrawn_is_not_made_anew(boss):
    row = sent(boss)
    says("tester", "weather", boss)
    versions.withdraw(Plan.objects.filter(pk=row.pk), "No more.", boss)
    says("tester", "open", boss)
    assert [one.state for one in watched()] == ["withdrawn"]


def test_what_is_being_taken_back_is_said_and_not_asked_for_again(client, boss):
    row = sent(boss)
    deliver("simulated")
    versions.withdraw(Plan.objects.filter(pk=row.pk), "No more.", boss)
    client.force_login(boss)
    count = row.visits.count()
    assert f"Take back {count} that telescopes have" in client.get(row.get_absolute_url()).content.decode()
    act = reverse("tom_treasuremap:plan-act", args=[row.pk, "take-back"])
    body = client.post(act, follow=True).content.decode()
    assert f"Taken back: {count}." in body
    assert f"{count} are being taken back" in body
    assert "that telescopes have" not in body


def test_of_several_that_all_close_each_that_opens_makes_a_version(boss):
    sent(boss, telescopes=("tester", "other"))
    says("tester", "weather", boss)
    says("other", "taken", boss)
    assert len(watched()) == 1
    says("other", "open", boss)
    _, second = watched()
    assert second.why.startswith("other is open again.")
    assert set(second.standing["closed"]) == {"tester"}
    says("tester", "open", boss)
    third = watched()[-1]
    assert (third.version, third.why) == (3, "tester is open again.")
    assert third.standing["closed"] == {}


def test_while_none_is_open_nothing_else_makes_a_version_that_cannot_be_made(boss):
    row = rig.plan(rig.event(), boss)
    says("tester", "off", boss)
    first = row.visits.order_by("order").first()
    row.visits.filter(pk=first.pk).update(start=timezone.now() - timedelta(minutes=20))
    assert [one.state for one in watched()] == ["ready"]


def test_what_has_not_left_for_it_does_not_leave_while_it_is_closed(boss):
    sent(boss)
    says("tester", "weather", boss)
    watching.watch()
    deliver("simulated")
    waiting = Delivery.objects.get(service="simulated")
    assert (waiting.state, waiting.not_before > timezone.now()) == ("queued", True)
    says("tester", "open", boss)
    waiting.not_before = timezone.now()
    waiting.save()
    watching.watch()
    deliver("simulated")
    waiting.refresh_from_db()
    assert waiting.state == "delivered"


def test_what_a_person_sent_while_it_was_closed_leaves(boss):
    """Weather may get better: they saw it."""
    row = rig.plan(rig.event(), boss)
    says("tester", "weather", boss)
    approving.approve(row, boss)
    watching.watch()
    deliver("simulated")
    assert {one.submission.state for one in Asked.objects.all()} == {"delivered"}


def test_a_plan_that_could_not_be_made_since_all_were_closed_is_made_when_one_opens(client, boss):
    says("tester", "weather", boss, "Fog.")
    row = rig.plan(rig.event(), boss)
    client.force_login(boss)
    assert row.state == "failed"
    assert "It is made when one of them is open again" in client.get(row.get_absolute_url()).content.decode()
    assert len(watched()) == 1
    says("tester", "open", boss)
    new = watched()[-1]
    assert (new.version, new.state, new.why) == (2, "ready", "tester is open again.")


def test_nor_is_one_made_of_what_was_retracted(boss):
    says("tester", "weather", boss)
    row = rig.plan(rig.event(), boss)
    Event.objects.filter(pk=row.event_id).update(state="retracted")
    versions.withdrawn(Alert.objects.get(event=row.event).pk, "retracted")
    says("tester", "open", boss)
    assert len(watched()) == 1
