"""A query is written with completion, is wrong at a character, is right, is saved and is run on the next alert.

Authority: what the pages show to somebody in front of a browser.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tom_scimma.models import Subscription

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_query_is_completed_mended_and_saved(visitor):
    visitor.log_in()
    visitor.go("/find/")
    page = visitor.page
    box = page.locator("#find-q")
    expect(box).to_have_attribute("data-completes", "yes")

    # completion: names, operators, values, keys
    box.click()
    box.press_sequentially("ki")
    suggested = page.locator(".djangoql-completion li")
    expect(page.locator(".djangoql-completion li.active")).to_contain_text("kind")
    page.keyboard.press("Enter")
    expect(box).to_have_value("kind ")
    box.press_sequentially('= "G')
    expect(suggested.filter(has_text="GW")).to_be_visible()
    suggested.filter(has_text="GW").click()
    expect(box).to_have_value('kind = "GW"')
    box.press_sequentially(" and classification.B")
    expect(suggested.filter(has_text="BNS").first).to_be_visible()

    # an error, at its character
    box.fill('kind = "GW" and clasification.BNS > 0.5')
    page.keyboard.press("Escape")  # closes what is suggested
    page.get_by_role("button", name="Find", exact=True).click()
    wrong = page.locator("#query-error")
    expect(wrong).to_contain_text("line 1, character 17")
    expect(wrong).to_contain_text("Did you mean classification?")
    carets = wrong.locator("pre").inner_text().split("\n")[1]
    assert carets == " " * 16 + "^" * len("clasification.BNS")
    expect(box).to_have_attribute("data-completes", "yes")  # the page's scripts have run
    marked = box.evaluate("box => box.value.slice(box.selectionStart, box.selectionEnd)")
    assert marked == "clasification.BNS"
    visitor.fits()

    # mended: Enter asks
    box.fill('kind = "GW" and classification.BNS > 0.5')
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator("#scimma-table")).to_contain_text("found")
    expect(page.locator("#scimma-table tbody tr").first).to_be_visible()
    visitor.fits()

    # what it would have told, and saved
    page.get_by_role("link", name="What would it have told").click()
    expect(page.locator("main, body").first).to_contain_text("Nobody was told now")
    page.go_back()
    page.get_by_role("button", name="Save as a subscription").click()
    page.wait_for_url("**/edit/")
    visitor.fits()
    page.get_by_label("Name", exact=True).fill("Neutron stars")
    page.get_by_role("button", name="What would this have told").click()
    expect(page.locator("#hindsight")).to_contain_text("Nobody was told now")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_contain_text("Neutron stars")
    saved = Subscription.objects.get()
    assert (saved.name, saved.query, saved.owner.username) == (
        "Neutron stars",
        'kind = "GW" and classification.BNS > 0.5',
        "ada",
    )

    # switched off, and gone
    page.get_by_role("button", name="Switch off").click()
    expect(page.locator("h1")).to_contain_text("off")
    visitor.go("/subscriptions/")
    expect(page.locator("table")).to_contain_text("Neutron stars")
    page.get_by_role("link", name="Neutron stars").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("body")).to_contain_text("No subscription yet")
    assert not Subscription.objects.exists()


def test_alerts_and_candidates_are_found_too(visitor):
    visitor.go("/find/?what=alerts&q=type+%3D+%22initial%22")
    expect(visitor.page.locator("#scimma-table tbody tr").first).to_be_visible()
    visitor.go("/find/?what=candidates&q=level+%3C+1")
    expect(visitor.page.locator("#scimma-table")).to_contain_text("found")
