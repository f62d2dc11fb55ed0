"""What a person does: log in, filter the list, open an event, read the map, try a quarantined message again.

At 1400 and at 400 pixels; afterwards (conftest.visitor) no error in the console, no answer of 400 or more, no page
wider than its window, and no request that left loopback.
"""

from __future__ import annotations

import re

import pytest
from django.test import override_settings
from night import expected, names
from playwright.sync_api import expect

from tests.messages import gw
from tom_scimma.ingest import ingest
from tom_scimma.models import Message

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def rows(page):
    """The rows of the list's table."""
    return page.locator("#scimma-table tbody tr")


def test_log_in_and_find_the_events(visitor, start):
    page = visitor.page
    visitor.log_in()
    visitor.menu()
    page.get_by_role("link", name="Events", exact=True).first.click()
    page.locator(".dropdown-menu.show").get_by_role("link", name="Events", exact=True).click()
    expect(page.locator("h1")).to_have_text("Events")
    real = [event for event in expected(start) if event.role == "observation"]
    expect(rows(page)).to_have_count(len(real))
    for event in real:
        expect(rows(page).get_by_text(event.name, exact=True)).to_have_count(1)
    visitor.fits()


def test_filter_and_sort_the_list(visitor, start):
    """Each change asks for the table alone, and the address can be sent to somebody else."""
    page = visitor.page
    visitor.log_in()
    visitor.go("/events/")
    page.locator("#filter-form select[name=kind]").select_option("NU")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text(names(start).neutrino)
    expect(page).to_have_url(re.compile(r"kind=NU"))
    page.locator("#filter-form select[name=kind]").select_option("")
    expect(rows(page)).to_have_count(len([event for event in expected(start) if event.role == "observation"]))
    page.locator("#filter-form [name=query]").press_sequentially(names(start).merger)
    expect(rows(page)).to_have_count(1)
    visitor.go(page.url)
    expect(rows(page)).to_have_count(1)
    visitor.go("/events/")
    page.locator("#scimma-table thead a").first.click()
    expect(page).to_have_url(re.compile(r"sort="))
    visitor.fits()


def test_open_an_event_and_read_its_map(visitor, start):
    page = visitor.page
    merger = next(event for event in expected(start) if event.name == names(start).merger)
    visitor.log_in()
    visitor.go("/events/")
    rows(page).get_by_role("link", name=merger.name, exact=True).click()
    expect(page.locator("h1")).to_contain_text(merger.name)
    picture = page.locator("img.scimma-sky[src$='skymap.png']")
    expect(picture).to_be_visible()
    page.wait_for_load_state("networkidle")
    width, height = picture.evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert width >= 400
    box = picture.bounding_box()
    assert box["width"] <= visitor.width
    assert box["width"] / box["height"] == pytest.approx(width / height, rel=0.02)  # not squeezed
    assert re.search(r"90 % region [\d,.]+ ?deg", picture.get_attribute("alt")), picture.get_attribute("alt")
    expect(page.get_by_text("BNS").first).to_be_visible()
    expect(page.locator("#versions-title")).to_contain_text(str(merger.alerts))
    expect(page.locator("[hx-trigger=load] >> text=Show the candidates")).to_have_count(0)  # htmx brought them
    visitor.fits()


def test_a_retracted_event_says_so(visitor, start):
    visitor.log_in()
    visitor.go(f"/events/{names(start).retracted}/")
    expect(visitor.page.get_by_text("retracted").first).to_be_visible()


def test_try_a_quarantined_message_again(visitor):
    """Refused as too large; with the limit raised the button reads it, without leaving the page."""
    page = visitor.page
    with override_settings(TOM_SCIMMA={"MAX_MESSAGE_BYTES": 100}):
        ingest([gw("S261121zz")])
    message = Message.objects.get(state="quarantined", error__contains="100")
    visitor.log_in()
    visitor.go("/messages/")
    page.get_by_role("link", name=re.compile("Quarantine")).click()
    expect(rows(page)).to_have_count(2)
    visitor.go(message.get_absolute_url())
    expect(page.get_by_role("alert")).to_contain_text("In quarantine")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("status")).to_contain_text("parsed")
    expect(page.get_by_role("link", name="S261121zz")).to_be_visible()
    message.refresh_from_db()
    assert message.state == "parsed"
    visitor.fits()


def test_the_poison_message_shows_its_trouble(visitor):
    """What is broken stays in quarantine when tried again, with its bytes and traceback."""
    page = visitor.page
    visitor.log_in()
    visitor.go(Message.objects.get(state="quarantined").get_absolute_url())
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_contain_text("Still in quarantine")
    expect(page.locator("pre").first).to_be_visible()
    visitor.fits()


@pytest.mark.parametrize("path", ["/events/", "/messages/", "/streams/", "/events/?role=all&sort=-far_hz"])
def test_every_list_without_logging_in(visitor, path):
    """READ_ONLY is the host's default: anybody may look."""
    visitor.go(path)
    expect(visitor.page.locator("h1").first).to_be_visible()


def test_streams(visitor):
    visitor.log_in()
    visitor.go("/streams/")
    expect(visitor.page.locator("h1")).to_contain_text("Streams")


def test_the_visitor_complains(visitor):
    """What these tests rest on: an address outside, an error in the console and a page too wide are noticed."""
    visitor.go("/events/")
    visitor.check()
    visitor.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=\"https://outside.invalid/x.png\">')"
    )
    visitor.page.evaluate("console.error('oh'); document.querySelector('h1').style.minWidth = '3000px'")
    visitor.page.wait_for_load_state("networkidle")
    visitor.fits()
    said = "\n".join(visitor.complaints)
    assert "asked outside.invalid" in said
    assert "console: oh" in said
    assert "pixels wide" in said
    visitor.complaints.clear()
