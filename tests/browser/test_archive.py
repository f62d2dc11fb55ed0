"""The story of a month that was missed: the gap on the Archive page, one click, the worker fetches it, the messages are here.

Authority: the archive's contract, which the stand-in keeps; what the worker does is done by its own job, in between clicks.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import expect

from tests.archives import headers, settings_of
from tests.messages import igwn
from tom_scimma.archive import asked, attachments, look
from tom_scimma.fake_services import demo
from tom_scimma.fake_services import start as serve
from tom_scimma.fake_services.archived import put
from tom_scimma.models import Message

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TOPIC = "igwn.gwalert"
NOON = datetime.now(timezone.utc).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def services(settings, tom):
    """An archive with a month of alerts that nobody here heard, one of them large, one marked retracted, one that does not open."""
    world = demo()
    with serve(world) as running:
        settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, **settings_of(running, topics=[TOPIC])}
        for day in range(25, 0, -1):
            at = NOON - timedelta(days=day)
            payload = json.dumps(igwn(f"S26{at:%m%d}x", now=at)).encode()
            row = put(world, TOPIC, payload, at, headers=headers(day, TOPIC))
            row.retracted, row.broken = day == 3, day == 9
            row.doi = "10.5281/zenodo.4242" if day == 3 else ""
        inner = put(world, f"{TOPIC}+oversized", payload, NOON, headers=headers(90, "inner"), public=True)
        stub = json.dumps({"url": f"{running.archive}/msg/{inner.uuid}"}).encode()
        own = [("_id", headers(91)[0][1]), ("_format", b"external")]
        put(world, TOPIC, stub, NOON - timedelta(hours=30), headers=own)
        yield running


def test_a_month_is_fetched(visitor, services):
    page = visitor.page
    Message.objects.filter(topic=TOPIC).delete()
    look.look()
    visitor.log_in()
    visitor.go("/archive/")
    expect(page.get_by_role("heading", name=TOPIC)).to_contain_text("26 archived, 26 not here")
    page.get_by_role("button", name="Fetch", exact=True).first.click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#archive-live")).to_contain_text("waits for the worker")
    visitor.fits()
    assert not Message.objects.filter(topic=TOPIC).exists(), "a click fetches nothing: the worker does"
    assert asked.fetch_asked() == 25
    expect(page.locator("#archive-live")).to_contain_text("26 of 26")  # by itself, without a click
    expect(page.get_by_role("heading", name=TOPIC)).to_contain_text("1 not here (1 of them do not open)")
    expect(page.get_by_text("Listed, but not opened to us")).to_be_visible()
    visitor.fits()
    marked = Message.objects.get(archive_records__retracted=True)
    visitor.go(marked.get_absolute_url())
    expect(page.get_by_role("alert").first).to_contain_text("Marked retracted in the Hopskotch archive")
    expect(page.get_by_role("link", name="doi:10.5281/zenodo.4242")).to_be_visible()
    page.get_by_role("link", name=f"S26{NOON - timedelta(days=3):%m%d}x").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator(".scimma-event .alert-warning").first).to_contain_text("Marked retracted")
    visitor.fits()


def test_a_large_message_is_fetched_on_demand(visitor, services):
    page = visitor.page
    visitor.log_in()
    asked.ask("hopskotch", TOPIC, NOON - timedelta(days=2), NOON, User.objects.get(username="ada"))
    asked.fetch_asked()
    visitor.go(Message.objects.get(format="external").get_absolute_url())
    expect(page.get_by_text("what is here is its reference")).to_be_visible()
    page.get_by_role("button", name="Fetch it").click()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_text("about to fetch it")).to_be_visible()
    visitor.fits()
    assert attachments.fetch_wanted() == 1
    page.reload(wait_until="networkidle")
    expect(page.get_by_text("what is here is its reference")).to_have_count(0)


def test_the_archive_is_searched(visitor, services):
    page = visitor.page
    visitor.log_in()
    visitor.go(reverse("dataservices:create") + "?data_service=Hopskotch")
    page.get_by_label("Where").select_option("archive")
    page.locator("#submit-id-submit").press("Enter")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("link", name="number 4", exact=True)).to_be_visible()
    expect(page.get_by_text("marked retracted")).to_be_visible()
    visitor.fits()
