"""The story of a pointing: looked at on the tab, told, completed, cancelled, and told while the server is down."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests import treasuremap_reports as reports
from tests.outside.rig import deliver
from tom_scimma.models import Delivery, Event, Reaction
from tom_treasuremap.models import Pointing, Report

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def fake(settings, tom):
    Reaction.objects.all().delete()
    with reports.at_standin(settings) as fake:
        yield fake


def looks(event: Event, count: int) -> None:
    now = timezone.now()
    common = {
        "source": "treasuremap",
        "team": "ztf",
        "telescope": "ZTF",
        "first_seen": now,
        "last_seen": now,
        "changed": now,
    }
    for n in range(count):
        common |= {"source_id": str(n), "status": ("completed", "planned")[n % 2], "band": "gr"[n % 2]}
        Pointing.objects.create(event=event, ra=n, dec=n / 10, time=now - timedelta(minutes=n), **common)


def test_the_tab_of_pointings_is_filtered_and_paged(visitor, fake):
    event = Event.objects.get(name=reports.NAME)
    looks(event, 120)
    visitor.log_in()
    visitor.go(f"/events/{event.name}/")
    page = visitor.page
    page.get_by_role("tab", name="Pointings").or_(page.get_by_role("link", name="Pointings", exact=True)).first.click()
    panel = page.locator("#panel")
    expect(panel).to_contain_text("page 1 of 3")
    visitor.fits()
    panel.get_by_role("link", name=re.compile("next")).click()
    expect(panel).to_contain_text("page 2 of 3")
    visitor.settled()
    panel.locator("form.scimma-choice").get_by_label("Status").select_option("planned")
    expect(panel).to_contain_text("60 pointings")
    expect(panel.locator("tbody")).not_to_contain_text("completed")
    visitor.fits()


def fill(page, **more: str) -> None:
    page.get_by_text("A pointing", exact=True).click()
    page.get_by_label("Instrument at the Treasure Map").select_option("100")
    said = {"RA (°)": "125.25", "Dec (°)": "-12.5", "Time (UTC)": "2026-11-20 03:00", "Depth": "21.5", **more}
    for label, value in said.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Band", exact=True).select_option("r")


def test_told_completed_and_cancelled(visitor, fake):
    visitor.log_in()
    page = visitor.page
    visitor.go(f"/treasuremap/{reports.NAME}/reports/")
    fill(page)
    page.get_by_label("Unit", exact=True).select_option("ab_mag")
    visitor.fits()
    page.get_by_role("button", name="Tell the Treasure Map", exact=True).click()
    expect(page.locator("#reports")).to_contain_text("queued")
    deliver("treasuremap")
    page.reload()
    expect(page.locator("#reports")).to_contain_text("delivered")
    visitor.fits()
    page.locator("#reports").get_by_role("checkbox").first.check()
    page.get_by_label("Done at (UTC)").fill("2026-11-20 03:07")
    page.get_by_role("button", name="Complete the ticked").click()
    expect(page.locator("#reports tbody")).to_contain_text("to be completed")
    deliver("treasuremap-complete")
    page.reload()
    expect(page.locator("#reports tbody")).not_to_contain_text("to be")
    assert reports.rows(fake)[0]["status"] == "completed"
    fill(page, **{"RA (°)": "10"})
    page.get_by_label("Unit", exact=True).select_option("ab_mag")
    page.get_by_role("button", name="Tell the Treasure Map", exact=True).click()
    expect(page.locator("#reports tbody tr")).to_have_count(2)
    deliver("treasuremap")
    visitor.go(f"/events/{reports.NAME}/")
    page.get_by_role("button", name="Cancel 1 planned pointing at Treasure Map").click()
    expect(page.locator("#reports tbody")).to_contain_text("to be cancelled")
    deliver("treasuremap-cancel")
    page.reload()
    expect(page.locator("#reports tbody")).to_contain_text("cancelled")
    assert len(reports.rows(fake, status="cancelled")) == 1
    visitor.fits()


def test_told_while_the_server_is_down(visitor, fake, settings):
    visitor.log_in()
    page = visitor.page
    visitor.go(f"/treasuremap/{reports.NAME}/reports/")
    fake.faults.append({"path": "/api/v1/pointings", "method": "POST", "do": "503", "times": 1})
    fill(page)
    page.get_by_label("Unit", exact=True).select_option("ab_mag")
    page.get_by_role("button", name="Tell the Treasure Map", exact=True).click()
    deliver("treasuremap")
    expect(page.locator("#reports")).to_contain_text("queued")
    Delivery.objects.update(not_before=None)
    deliver("treasuremap")
    page.reload()
    expect(page.locator("#reports")).to_contain_text("delivered")
    assert Report.objects.get().number == reports.rows(fake)[0]["id"]
