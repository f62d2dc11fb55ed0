"""The story of somebody who asks what is up tonight: an event's tab, one telescope, that it is closed; at a desk and on a phone.

Authority: the view's own tests say that numbers are right; here they are found by clicking.
"""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from night import names
from playwright.sync_api import expect

from tom_scimma.models import Event, Reaction
from tom_treasuremap.telescopes import status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_an_event_to_a_telescope_that_is_closed(visitor, start):
    Reaction.objects.all().delete()
    event, page = Event.objects.get(name=names(start).merger), visitor.page
    visitor.log_in()
    visitor.go(event.get_absolute_url())
    page.locator("#panels").get_by_role("link", name="Tonight", exact=True).click()
    panel = page.locator("#tonight")
    expect(panel.get_by_role("img")).to_have_attribute("aria-label", re.compile("Altitude of the most probable place"))
    visitor.fits()
    visitor.settled()
    panel.get_by_label("Show").select_option("decam")
    expect(panel).to_contain_text("Candidates and galaxies from DECam")
    expect(panel.get_by_role("img")).to_have_attribute("aria-label", re.compile("tonight: DECam, Cerro Tololo$"))
    visitor.fits()
    panel.get_by_role("link", name="DECam, Cerro Tololo").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("DECam, Cerro Tololo open")
    visitor.fits()
    page.get_by_label("State").select_option("weather")
    page.get_by_label("Why").fill("humidity 95 %")
    page.get_by_role("button", name="Say so").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("closed by weather")
    assert status("decam", timezone.now()).why == "humidity 95 %"
    visitor.go("/followup/telescopes/")
    expect(page.get_by_role("row", name=re.compile("DECam"))).to_contain_text("closed by weather")


def test_a_copy_with_a_mistake_says_its_line(visitor):
    page = visitor.page
    visitor.log_in()
    visitor.go("/followup/telescopes/new/?copy=goto")
    text = page.get_by_label("JSON", exact=True)
    said = text.input_value()
    text.fill(re.sub(r'"twilight": "\w+"', '"twilight": "dusk"', said))
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("form[enctype]")).to_contain_text(re.compile(r"line \d+, twilight: 'dusk' is none of"))
    visitor.complaints = [one for one in visitor.complaints if "400" not in one]  # the refusal itself
    visitor.fits()
    page.get_by_label("JSON", exact=True).fill(said.replace("GOTO North, La Palma", "Ours"))
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ours")
    visitor.fits()
