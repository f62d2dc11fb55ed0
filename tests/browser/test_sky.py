"""The interactive sky as people use it: open it, read it, turn layers on and off with the keyboard, follow an object.

Aladin Lite is the npm package, drawn by a software WebGL. Afterwards (conftest.visitor) no error in the console and no
request that left loopback: without a survey it asks nobody for anything.
"""

from __future__ import annotations

import re

import pytest
from django.test import override_settings
from night import names
from playwright.sync_api import expect
from tom_targets.models import Target

from example_tom import assets
from tom_scimma.models import Candidate, Event

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UNREACHABLE = "http://127.0.0.1:9/aladin.js"  # port 9: discard; browsers refuse to ask it


@pytest.fixture
def merger(start, tom):
    """The night's merger, with a candidate at its most probable place."""
    event = Event.objects.get(name=names(start).merger)
    target = Target.objects.create(name="AT 2026abc", type="SIDEREAL", ra=event.ra, dec=event.dec, permissions="OPEN")
    Candidate.objects.create(event=event, target=target, level=0.01, because=Candidate.Because.PERSON)
    return event


@pytest.fixture
def sky(visitor, merger):
    """The event's page with the sky open."""
    if not assets.sky():
        pytest.fail("Aladin Lite is not here: run `make front-end` (it needs npm)")
    visitor.page.set_default_timeout(90_000)  # WebGL in software, on a machine that may have much to do
    visitor.log_in()
    visitor.go(merger.get_absolute_url())
    section = visitor.page.locator("[data-scimma-sky]")
    section.get_by_role("button", name="Open the interactive sky").click()
    expect(section.get_by_role("status")).to_have_text("Ready.", timeout=60_000)
    return section


def bright(section, colour: tuple[int, int, int]) -> int:
    """How many pixels of what is drawn have about that colour."""
    from tests.pictures import like, pixels

    section.page.wait_for_timeout(1500)  # Aladin Lite draws in frames of its own
    return int(like(pixels(section.locator("[data-view]").screenshot()), colour, 40).sum())


def test_nothing_is_loaded_before_it_is_opened(visitor, merger):
    asked = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.log_in()
    visitor.go(merger.get_absolute_url())
    assert [url for url in asked if "aladin" in url or "sky.json" in url] == []
    expect(visitor.page.get_by_role("button", name="Open the interactive sky")).to_be_visible()
    visitor.fits()


def test_open_it_and_switch_layers_with_the_keyboard(visitor, sky):
    """Contours are white, candidates orange; each goes when its box is unticked by the space bar, and comes back."""
    page = visitor.page
    visitor.fits()
    white, orange = (0xF5, 0xF7, 0xFA), (0xFF, 0x9A, 0x4D)
    drawn = bright(sky, white)  # contours, and Aladin Lite's own buttons
    assert bright(sky, orange) > 10
    box = sky.get_by_role("checkbox", name="50 and 90 % contours")
    box.focus()
    page.keyboard.press("Space")
    expect(sky.get_by_role("status")).to_contain_text("hidden")
    assert bright(sky, white) < drawn - 300
    page.keyboard.press("Space")
    expect(sky.get_by_role("status")).to_contain_text("2 objects")
    assert bright(sky, white) > drawn - 100
    page.keyboard.press("Tab")
    expect(sky.get_by_role("checkbox", name="90 % region")).to_be_focused()
    sky.get_by_role("button", name="Open the interactive sky").or_(sky.get_by_role("button", name="Close")).focus()
    page.keyboard.press("Enter")
    expect(sky.locator("[data-view]")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(sky.locator("[data-view]")).to_be_visible()


def test_move_and_zoom_with_the_keyboard(visitor, sky):
    page, view = visitor.page, sky.locator("[data-view]")
    assert bright(sky, (0xFF, 0x9A, 0x4D)) > 10
    view.focus()
    for _ in range(7):
        page.keyboard.press("ArrowLeft")
    assert bright(sky, (0xFF, 0x9A, 0x4D)) == 0  # the candidate has left the view
    page.keyboard.press("Home")
    assert bright(sky, (0xFF, 0x9A, 0x4D)) > 10
    page.keyboard.press("End")
    expect(view.get_by_text("360")).to_be_visible()
    page.keyboard.press("+")
    expect(view.get_by_text("360")).to_be_hidden()


def test_click_an_object_to_open_its_page(visitor, sky):
    """The candidate lies at the most probable place, which is near the middle: its own place is worked out from its colour."""
    import numpy as np

    from tests.pictures import like, pixels

    visitor.page.wait_for_timeout(1500)
    view = sky.locator("[data-view]")
    view.scroll_into_view_if_needed()
    rows, columns = np.nonzero(like(pixels(view.screenshot()), (0xFF, 0x9A, 0x4D), 30))
    middle = np.abs(rows - np.median(rows)) < 8
    left = columns[middle].min() + 7  # the mark stands left of its name
    view.hover(position={"x": float(left), "y": float(np.median(rows))})
    expect(sky.get_by_role("status")).to_contain_text("AT 2026abc")
    view.click(position={"x": float(left), "y": float(np.median(rows))})
    visitor.page.wait_for_url(re.compile(r"/targets/\d+/"))
    # the host's own page asks CDS for Aladin Lite; that is not ours to complain of
    visitor.complaints[:] = [said for said in visitor.complaints if "/targets/" not in said]


def test_the_page_is_complete_without_it(visitor, merger):
    """Aladin Lite cannot be had: the page says so in words, and the picture and the tables are all there."""
    with override_settings(TOM_SCIMMA={"ALADIN_URL": UNREACHABLE}):
        visitor.log_in()
        visitor.go(merger.get_absolute_url())
        section = visitor.page.locator("[data-scimma-sky]")
        visitor.check()  # nothing yet to complain of
        section.get_by_role("button", name="Open the interactive sky").click()
        expect(section.get_by_role("status")).to_contain_text("The picture and the tables say the same")
        expect(section.locator("[data-view]")).to_be_hidden()
        expect(section.get_by_role("button", name="Open the interactive sky")).to_be_enabled()
        expect(visitor.page.locator("img.scimma-sky").first).to_be_visible()
        visitor.page.get_by_text("The picture in words").click()
        expect(visitor.page.locator("#sky-words")).to_contain_text("90 % region")
        expect(visitor.page.locator("#sky-words")).to_contain_text("AT 2026abc")
        visitor.fits()
    # a browser notes in its console that an address did not answer; ours says nothing there
    own = [said for said in visitor.complaints if "Failed to load resource" not in said]
    assert own == []
    visitor.complaints.clear()


def test_pages_without_javascript_say_the_same(chromium, merger, tom):
    context = chromium.new_context(java_script_enabled=False, base_url=tom)
    page = context.new_page()
    page.goto(merger.get_absolute_url())
    expect(page.get_by_role("button", name="Open the interactive sky")).to_be_hidden()
    expect(page.locator("img.scimma-sky").first).to_be_visible()
    expect(page.locator("#sky-words")).to_contain_text("90 % region")
    context.close()
