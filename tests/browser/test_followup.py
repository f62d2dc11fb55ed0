"""From an event: follow up a candidate on a simulated telescope, watch it to its end, find it in the calendar and at the Treasure Map.

Authority: the story of the issue, at the stand-in of the Treasure Map over real HTTP.
"""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from tests import following as up
from tests import treasuremap_reports as reports
from tests.outside.rig import deliver
from tom_scimma.models import Candidate, Event, Reaction
from tom_treasuremap import gathering
from tom_treasuremap.followup import following
from tom_treasuremap.models import Asked, ReportRule

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def pace(settings, speed: float) -> None:
    """How fast the dome's time runs."""
    dome = {**up.SENT, "options": {"speed": speed, "poll_seconds": 0}}
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "TELESCOPES": [up.SAID, dome]}


@pytest.fixture
def fake(settings, tom):
    Reaction.objects.all().delete()
    with reports.at_standin(settings) as fake:
        pace(settings, 3600.0)  # it reads a request in milliseconds, and begins some tenths of a second later at least
        yield fake


@pytest.fixture
def event(fake) -> Event:
    now = timezone.now()
    Event.objects.filter(name=reports.NAME).update(time=now - timedelta(hours=1), latest=now)
    found = Event.objects.get(name=reports.NAME)
    star = up.target(name="AT2026abc", permissions="OPEN")
    Candidate.objects.create(event=found, target=star, since=now, because="person")
    values = {"facility": "FollowUp", "instrument": "dome", "number": 100, "since": now}
    ReportRule.objects.create(owner=User.objects.get(username="ada"), **values)
    return found


def host(visitor) -> None:
    """Of the page that is open, the host's own, what it asks of others' servers is not ours."""
    visitor.page.wait_for_load_state("load")
    visitor.complaints[:] = [said for said in visitor.complaints if f"{visitor.page.url} " not in f"{said} "]
    visitor.complaints[:] = [said for said in visitor.complaints if "/targets/" not in said]


def ask(visitor) -> None:
    page = visitor.page
    form = page.locator("#imaging form")
    form.get_by_label("Telescope").select_option("dome")
    form.locator("[name=filter_1]").select_option("gp")
    form.locator("[name=seconds_1]").fill("120")
    form.get_by_role("button", name="Submit").click()
    expect(page.locator("#imaging")).to_contain_text("The dome has no filter gp; it has: r, B.")
    visitor.fits()
    form = page.locator("#imaging form")
    form.locator("[name=filter_1]").select_option("B")
    start, end = up.dark()
    form.locator("[name=start]").fill(f"{start:%Y-%m-%dT%H:%M}")
    form.locator("[name=end]").fill(f"{end:%Y-%m-%dT%H:%M}")
    form.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/targets/**")
    host(visitor)


def taken() -> None:
    """Until the telescope has read what it was asked, some milliseconds later: a quick machine asks it before that."""
    for _ in range(200):
        following.follow()
        if Asked.objects.get().record.status != "PENDING":
            return
        time.sleep(0.02)


def test_a_candidate_followed_up_to_its_end(visitor, fake, event, settings):
    visitor.log_in()
    page = visitor.page
    visitor.go(f"/events/{event.name}/")
    page.locator("tr", has_text="AT2026abc").get_by_role("link", name="Follow up").press("Enter")
    expect(page.get_by_role("heading", name="Follow up AT2026abc")).to_be_visible()
    visitor.fits()
    ask(visitor)
    visitor.go(f"/events/{event.name}/")
    card = page.locator("section.card", has=page.get_by_role("heading", name="Follow-up"))
    expect(card.locator(".badge")).to_have_text("pending")
    deliver("simulated")
    taken()
    page.reload()
    expect(card.locator(".badge")).to_have_text("scheduled")
    at = Asked.objects.get().record.scheduled_start
    assert Asked.objects.get().calendar
    visitor.page.goto(f"/calendar/?year={at:%Y}&month={at:%-m}")
    expect(page.locator("body")).to_contain_text("AT2026abc at")
    host(visitor)
    pace(settings, 1e7)
    following.follow()
    visitor.go(f"/events/{event.name}/")
    expect(card.locator(".badge")).to_have_text("completed")
    deliver("treasuremap")
    deliver("treasuremap-complete")
    rows = [row for row in reports.rows(fake) if row["status"] == "completed"]
    assert [(row["instrumentid"], row["band"]) for row in rows] == [(100, "B")]
    gathering.own_pointings(event)
    visitor.go(f"/treasuremap/{event.name}/pointings/")
    expect(page.locator("body")).to_contain_text("FollowUp dome")
    asked = Asked.objects.get()
    visitor.go(f"/followup/nights/dome/{asked.night}/")
    expect(page.get_by_role("link", name="Share what was observed")).to_be_visible()
