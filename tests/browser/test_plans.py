"""The story of somebody who plans at three in the morning: one click, a look, what if, yes, and what becomes of it.

Authority: the views' own tests say that numbers are right; here they are found by clicking, at a desk and on a phone, with
nothing in the console and no request that left loopback.
"""

from __future__ import annotations

import os
import re

import pytest
from django.contrib.auth.models import User
from night import names
from playwright.sync_api import expect

from tests.outside.rig import deliver
from tom_scimma.models import Event, Reaction
from tom_treasuremap.models import Plan
from tom_treasuremap.plans import approving, making, presets

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def merger(start, tom, settings):
    """The night's merger, and a telescope below it where it never gets light."""
    Reaction.objects.all().delete()
    event = Event.objects.get(name=names(start).merger)
    telescope = {
        "name": "demo", "label": "Demo telescope", "field": {"rectangle": [3.0, 3.0]}, "transport": "simulated", "readout": 15,
        "site": {"latitude": event.dec, "longitude": 10.0, "height": 100, "timezone": "UTC", "name": "below it"},
        "filters": [{"name": "g", "band": "g"}, {"name": "r", "band": "r"}], "limits": {"min_altitude": 20}, "twilight": 90,
    }  # fmt: skip
    known = {**settings.TOM_TREASUREMAP, "TELESCOPES": [telescope], "PLAN_TELESCOPES": ["demo"], "PLAN_NODES": 0}
    settings.TOM_TREASUREMAP = known
    return event


def picture(visitor, name: str) -> None:
    """A picture for whoever wants to look: PICTURES names a folder."""
    folder = os.environ.get("PICTURES")
    if folder:
        visitor.page.screenshot(path=f"{folder}/{name}-{visitor.width}.png", full_page=True)


def test_what_is_ticked_and_where_the_keyboard_is_outlive_the_pages_own_look(visitor, merger, settings):
    """A plan's page looks every second while the plan gets better: what a person has begun in it stays."""
    settings.TOM_TREASUREMAP = {**settings.TOM_TREASUREMAP, "BASE_URL": "http://127.0.0.1:9", "PLAN_NODES": 50}
    visitor.log_in()
    row = making.ask(presets.question(presets.FIRST), by=User.objects.get(username="ada"), event=merger)
    making.begin()
    Plan.objects.filter(pk=row.pk).update(improving=True, progress={"seconds": 1.0})
    page = visitor.page
    visitor.go(row.get_absolute_url())
    tick = page.get_by_label("tell the Treasure Map what it plans")
    expect(tick).not_to_be_checked()
    tick.check()
    page.get_by_role("button", name="Approve only").focus()
    for seconds in (2, 3):
        Plan.objects.filter(pk=row.pk).update(progress={"seconds": float(seconds)})
        expect(page.locator("#plan-state")).to_contain_text(f"{seconds} s")
        expect(tick).to_be_checked()
        expect(page.get_by_role("button", name="Approve only")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing was sent yet")).to_be_visible()
    row.refresh_from_db()
    assert (row.state, row.reported) == ("approved", True)


def test_what_telescopes_have_is_taken_back_and_said_to_be(visitor, merger):
    visitor.log_in()
    boss = User.objects.get(username="ada")
    row = making.ask(presets.question(presets.FIRST), by=boss, event=merger)
    making.begin()
    row.refresh_from_db()
    approving.approve(row, boss)
    deliver("simulated")
    page = visitor.page
    visitor.go(row.get_absolute_url())
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_role("button", name=re.compile("^Take back [0-9]+ that telescopes have")).click()
    expect(page.get_by_text("being taken back")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Take back"))).to_have_count(0)
    picture(visitor, "taken-back")
    visitor.fits()


def test_from_one_click_to_what_becomes_of_it(visitor, merger):
    visitor.log_in()
    page = visitor.page
    visitor.go(merger.get_absolute_url())
    page.locator("#tab-plans").click()
    panel = page.locator("#panel")
    expect(panel.get_by_text("Nobody has planned anything")).to_be_visible()
    picture(visitor, "tab-none")
    panel.get_by_role("button", name="Plan", exact=True).click()
    expect(panel.get_by_text("asked for", exact=True)).to_be_visible()
    making.begin()
    expect(panel.get_by_text("ready", exact=True)).to_be_visible()
    picture(visitor, "tab-one")
    visitor.fits()
    panel.get_by_role("link", name=re.compile("^Plan ")).first.click()
    expect(page.get_by_role("button", name="Approve and send")).to_be_visible()
    for figure in page.locator(".plan-figure img").all():
        figure.scroll_into_view_if_needed()
        expect(figure).to_have_js_property("complete", True)
        assert figure.evaluate("image => image.naturalWidth") > 0
    picture(visitor, "plan")
    visitor.fits()
    page.get_by_label("Airmass up to").fill("2.5")
    page.get_by_label("Airmass up to").press("Enter")
    expect(page.get_by_text("It would be worth")).to_be_visible()
    assert Plan.objects.count() == 1
    picture(visitor, "what-if")
    page.get_by_role("button", name="Approve and send").click()
    expect(page.get_by_text("requests are on their way")).to_be_visible()
    expect(page.locator("#plan-state").get_by_text("sent", exact=True)).to_be_visible()
    picture(visitor, "sent")
    visitor.fits()
    visitor.go("/followup/plans/")
    expect(page.get_by_text(merger.name)).to_be_visible()
    picture(visitor, "plans")
