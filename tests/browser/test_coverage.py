"""The story of somebody who asks what is left to look at: the tab, one team, a kilonova, the picture, the file.

Authority: the view's own tests say that numbers are right; here they are found by clicking, at a desk and on a phone, with
nothing in the console and no request that left loopback.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from night import names
from playwright.sync_api import expect

from tom_scimma import skymap
from tom_scimma.models import Event, Reaction
from tom_treasuremap.models import Instrument, Pointing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ORIGIN = "treasuremap.test"


@pytest.fixture
def merger(start, tom):
    """The night's merger, at which two teams looked and one of them means to look again."""
    Reaction.objects.all().delete()
    event = Event.objects.get(name=names(start).merger)
    halves = [[[-3, -3], [-0.1, -3], [-0.1, 3], [-3, 3]], [[0.1, -3], [3, -3], [3, 3], [0.1, 3]]]
    Instrument.objects.create(origin=ORIGIN, number=47, name="ZTF", rings=halves, fetched=timezone.now())
    looks(event, "ztf", [(0, 0), (4, 2)])
    looks(event, "goto", [(-5, -3)])
    looks(event, "ztf", [(0, 7)], status="planned")
    return event


def looks(event: Event, team: str, places: list[tuple[float, float]], **more: str) -> None:
    """Pointings of a team, so many degrees from the event's most probable place."""
    now, begin = timezone.now(), Pointing.objects.count()
    common = {
        "event": event, "source": "treasuremap", "origin": ORIGIN, "status": "completed", "team": team, "telescope": "ZTF",
        "instrument_id": 47, "pos_angle": 0.0, "band": "r", "depth": 21.5, "depth_unit": "ab_mag",
        "first_seen": now, "last_seen": now, "changed": now,
    }  # fmt: skip
    for n, (east, north) in enumerate(places):
        when = event.time + timedelta(minutes=10 + n)
        at = {"ra": (event.ra + east) % 360, "dec": event.dec + north, "time": when, "source_id": str(begin + n)}
        Pointing.objects.create(**{**common, **at, **more})


def covered(panel) -> float:
    """The percentage that the tab says."""
    text = panel.get_by_text("of the probability is covered").inner_text()
    return float(re.match(r"[^0-9]*([0-9.]+)", text)[1])


def drawn(image) -> None:
    """Waits until a picture is there."""
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("image => image.naturalWidth") > 100


def test_from_the_tab_to_the_file_of_what_is_left(visitor, merger):
    page = visitor.page
    visitor.log_in()
    visitor.go(merger.get_absolute_url())
    page.locator("#panels").get_by_role("link", name="Coverage", exact=True).click()
    panel = page.locator("#panel")
    expect(panel).to_contain_text("1 planned one would add")
    everybody = covered(panel)
    visitor.fits()
    visitor.settled()
    panel.get_by_text(re.compile("^Team: all")).click()
    panel.get_by_role("checkbox", name="goto").check()
    expect(panel).to_contain_text("by 1 completed pointing.")
    visitor.fits()
    assert 0 < covered(panel) < everybody
    visitor.settled()
    panel.get_by_role("checkbox", name="ztf").check()  # several of them
    expect(panel).to_contain_text("by 3 completed pointings")
    visitor.settled()
    panel.get_by_label("Could it have been seen?").select_option("kilonova")
    expect(panel).to_contain_text(re.compile(r"would have been seen with a probability of [0-9.]+ ?%"))
    visitor.fits()
    drawn(panel.get_by_alt_text("Probability covered against time"))
    panel.get_by_text("What nobody has covered", exact=True).click()
    drawn(panel.get_by_alt_text("The sky map without what is covered"))
    visitor.fits()
    with page.expect_download() as file:
        panel.get_by_role("link", name="FITS").click()
    left = skymap.read(file.value.path().read_bytes())
    assert left.density_at(merger.ra + 0.5, merger.dec) == 0
    assert left.density_at(merger.ra, merger.dec) > 0  # between the CCDs


def test_a_source_that_cannot_be_read_says_why(visitor, merger):
    page = visitor.page
    visitor.log_in()
    visitor.go(f"/treasuremap/{merger.name}/coverage/")
    panel = page.locator("#panel")
    visitor.settled()
    panel.get_by_label("Could it have been seen?").select_option("own")
    panel.get_by_label(re.compile("Absolute AB magnitudes")).fill("bright")
    page.keyboard.press("Tab")
    expect(panel.locator(".text-danger")).to_contain_text("“bright” is not a band")
    expect(panel).to_contain_text("of the probability is covered")
    visitor.fits()
