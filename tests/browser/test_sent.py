"""The story of a lost reply: the badge, the choices in words, and a person who settles it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from tests.outside.rig import deliver, put
from tests.outside.standin import Standin
from tom_scimma.models import Event

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def outside(settings, monkeypatch, tom):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.outside"]
    with Standin() as service:
        monkeypatch.setenv("OUTSIDE", service.url)
        yield service


def lost(outside, text: str):
    """Something sent on a connection that the service cuts before it stores anything, which nobody here can know."""
    outside.faults.append("cut")
    row = put(User.objects.get(username="ada"), Event.objects.filter(kind="GW", public=True).first(), text, to="parcel")
    deliver()
    row.refresh_from_db()
    assert row.state == "unknown", row.reason
    return row


def test_a_lost_reply_is_settled_by_a_person(visitor, outside):
    page = visitor.page
    seen, unseen = lost(outside, "first"), lost(outside, "second")
    assert outside.parcels == []
    visitor.log_in()
    visitor.go("/sent/")
    page.get_by_role("link", name="Waits for a person").click()
    expect(page.locator("#scimma-table tbody tr")).to_have_count(2)
    visitor.fits()
    page.goto(seen.get_absolute_url(), wait_until="networkidle")
    expect(page.get_by_role("alert").first).to_contain_text("Nobody knows whether it arrived")
    page.get_by_label("How do you know?").fill("I saw it on their page")
    page.get_by_role("button", name="It arrived").click()
    expect(page.locator("h1")).to_contain_text("delivered")
    visitor.fits()
    page.goto(unseen.get_absolute_url(), wait_until="networkidle")
    expect(page.get_by_text("has it twice")).to_be_visible()
    page.get_by_role("button", name="Send it again").click()
    page.wait_for_load_state("networkidle")
    visitor.fits()
    assert outside.parcels == []  # a click sends nothing: the worker does
    deliver()
    assert len(outside.parcels) == 1
    visitor.go("/sent/?state=delivered")
    expect(page.locator("#scimma-table tbody tr")).to_have_count(2)
