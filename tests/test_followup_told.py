"""From the host's form to a person's mark: what the Treasure Map is told of that, without to and fro.

Authority: the stand-in's rows (what is planned changes there in time, angle and status alone), and docs/treasuremap.md. What is
committed is committed: that a word leaves too early is seen in no other way.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories as make
from tests import following as up
from tests import treasuremap_reports as reports
from tests.outside.rig import deliver
from tom_scimma.models import Event
from tom_treasuremap import observed
from tom_treasuremap.followup import following, marking
from tom_treasuremap.followup.request import State
from tom_treasuremap.models import Asked, Report, ReportRule

pytestmark = pytest.mark.django_db(transaction=True)
LANES = ("treasuremap", "treasuremap-complete", "treasuremap-cancel")


@pytest.fixture
def fake(settings, db):
    with reports.at_standin(settings, TELESCOPES=[up.SAID]) as fake:
        yield fake


@pytest.fixture
def ada(fake):
    now = timezone.now()
    Event.objects.filter(name=reports.NAME).update(time=now - timedelta(hours=1), latest=now)
    user = make.user("ada")
    ReportRule.objects.create(owner=user, facility="FollowUp", number=100, since=now - timedelta(hours=1))
    return user


def send() -> None:
    for _ in range(3):
        for lane in LANES:
            deliver(lane)


@pytest.fixture
def asked(client, ada) -> Asked:
    """Asked for by the host's form, of a telescope that is fed by hand; what is planned is told."""
    client.force_login(ada)
    start, end = up.dark()
    said = {
        "facility": "FollowUp", "target_id": up.target(ada).pk, "observation_type": "imaging", "telescope": "one-metre",
        "filter_1": "r", "seconds_1": "120", "count_1": "3", "start": f"{start:%Y-%m-%dT%H:%M}", "end": f"{end:%Y-%m-%dT%H:%M}",
        "priority": "1", "pos_angle": "0", "key": "2026-11-27T03:00:00+00:00", "event": reports.NAME,
    }  # fmt: skip
    assert client.post("/observations/FollowUp/create/", said).status_code == 302
    send()
    return Asked.objects.get()


def planned(fake) -> dict:
    (row,) = reports.rows(fake)
    assert row["status"] == "planned"
    return row


def test_what_is_planned_is_told_once_with_all_that_is_known_of_it(fake, asked):
    row = planned(fake)
    assert (row["band"], row["instrumentid"], row["depth_unit"]) == ("r", 100, "ab_mag")
    assert 20.9 < row["depth"] < 21.2  # between its table's 20.0 in 30 s and 21.8 in 300 s, less at some airmass


def test_one_mark_completes_what_was_planned_and_nothing_else(client, fake, asked, ada):
    before = planned(fake)
    page = client.get(reverse("tom_treasuremap:night", args=[asked.telescope, asked.night])).content.decode()
    assert f"depth (AB mag), if not {before['depth']} <input" in page  # what is told where nobody says another
    assert marking.mark(asked, "observed", ada)
    observed.reconcile()
    send()
    (row,) = reports.rows(fake)
    assert (row["id"], row["status"], row["depth"]) == (before["id"], "completed", before["depth"])
    assert Report.objects.get().status == "completed"


def test_a_telescope_that_puts_it_at_another_time_moves_nothing_there(fake, asked, ada):
    """Its time changes there as it is completed, and not before: each plan of the telescope's were a pointing that is cancelled."""
    before = planned(fake)
    start, _ = up.dark()
    for minutes in (30, 75):
        begins = start + timedelta(minutes=minutes)
        following.apply(asked, State("SCHEDULED", begins, begins + timedelta(minutes=8)))
        send()
    assert planned(fake)["id"] == before["id"]
    following.apply(asked, State("COMPLETED", begins, begins + timedelta(minutes=8)))
    send()
    (row,) = reports.rows(fake)
    assert (row["id"], row["status"], row["time"][:16]) == (before["id"], "completed", f"{begins:%Y-%m-%dT%H:%M}")


def test_what_came_out_deeper_or_less_deep_is_told_as_it_was(fake, asked, ada):
    planned(fake)
    marking.mark(asked, "observed", ada, depth=19.25)
    send()
    assert sorted((row["status"], row["depth"]) for row in reports.rows(fake))[1] == ("completed", 19.25)
    assert [row["status"] for row in reports.rows(fake)].count("completed") == 1
