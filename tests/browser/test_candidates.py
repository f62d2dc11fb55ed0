"""What a person does with candidates: reads them, sorts, filters, decides on one and on several, adds one.

At 1400 and at 400 pixels, with the complaints of conftest.visitor.
"""

from __future__ import annotations

import pytest
from night import TARGETS, names
from playwright.sync_api import expect
from tom_targets.models import Target

from tom_scimma import candidates
from tom_scimma.models import Alert, Candidate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def placed(visitor, start):
    """The night's young targets, and what the worker makes of them; the merger's page is open."""
    for one in TARGETS:
        if one.young:
            target = Target(name=one.name, type="SIDEREAL", ra=one.ra, dec=one.dec, permissions="PUBLIC")
            target.save(extras={} if one.redshift is None else {"redshift": one.redshift})
    for alert in Alert.objects.order_by("order"):
        candidates.react(alert.pk, "updated")
    visitor.log_in()
    visitor.go(f"/events/{names(start).merger}/")
    return visitor


def rows(page):
    return page.locator("#candidates-table tbody tr")


def test_read_sort_and_filter(placed):
    page = placed.page
    expect(rows(page)).to_have_count(4)
    expect(rows(page).first).to_contain_text("Demo kilonova")
    expect(page.locator(".scimma-moves")).to_contain_text("Demo flare star")
    address = page.url
    if placed.width > 767:
        page.locator("#candidates-table thead").get_by_role("link", name="Target").click()
    else:
        page.get_by_label("Sort by").select_option("name")
    expect(rows(page).first).to_contain_text("Demo flare star")
    page.locator(".scimma-candidates-filter [name=query]").press_sequentially("nova")
    expect(rows(page)).to_have_count(3)  # kilonova, nova, supernova
    page.locator(".scimma-candidates-filter [name=query]").fill("")
    page.locator(".scimma-candidates-filter [name=place]").select_option("outside")
    expect(rows(page)).to_have_count(1)
    assert page.url == address  # a part of the page, which keeps its address
    placed.fits()


def test_decide_on_one_in_its_row_and_on_two_together(placed):
    page = placed.page
    row = rows(page).filter(has_text="Demo kilonova")
    row.get_by_text("change").click()
    row.locator("select[name=status]").select_option("confirmed")
    row.locator("input[name=reason]").fill("blue and fast")
    row.get_by_role("button", name="Save").click()
    expect(row.locator(".badge")).to_have_text("confirmed")
    expect(row).to_contain_text("blue and fast")
    for name in ("Demo nova", "Demo supernova behind"):
        rows(page).filter(has_text=name).locator("input[type=checkbox]").check()
    page.locator("#candidates-many select").select_option("ruled_out")
    page.locator("#candidates-many input[name=reason]").fill("known")
    page.get_by_role("button", name="Set").click()
    expect(page.locator("#candidates-table [role=status]").first).to_contain_text("2 candidates now ruled out")
    said = set(Candidate.objects.filter(decided_by__username="ada").values_list("target__name", "status", "reason"))
    assert said == {
        ("Demo kilonova", "confirmed", "blue and fast"),
        ("Demo nova", "ruled_out", "known"),
        ("Demo supernova behind", "ruled_out", "known"),
    }
    placed.fits()


def test_add_one_and_find_the_event_on_the_target_s_page(placed):
    page = placed.page
    page.locator(".scimma-candidates-add [name=target]").fill("Demo afterglow")
    page.locator(".scimma-candidates-add").get_by_role("button", name="Add").click()
    expect(rows(page)).to_have_count(5)
    page.get_by_text("Other targets inside").click()
    expect(page.locator("#candidates-others")).to_contain_text("No other target")
    event = Candidate.objects.get(because="person").event
    placed.go(f"/scimma/targets/{Target.objects.get(name='Demo afterglow').pk}/events/")
    expect(page.get_by_role("link", name=event.name)).to_be_visible()
