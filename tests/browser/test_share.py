"""The story of a result that goes out: ticked, typed, wrong at the keyboard, confirmed, approved by a second person, and followed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import expect

from tests import factories as make
from tests import sharing as shared
from tests.outside.rig import deliver, hurry
from tests.outside.standin import Standin
from tom_hermes import accounts
from tom_hermes.fake import Fake
from tom_scimma.compose import questions
from tom_scimma.models import Delivery, Reaction, SendRule

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def outside(settings, monkeypatch, tom):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.outside"]
    Reaction.objects.all().delete()
    with Standin() as service:
        monkeypatch.setenv("OUTSIDE", service.url)
        yield service


@pytest.fixture
def team(outside):
    """Grace shares, Katherine approves; what goes to the parcel service needs that."""
    group = Group.objects.create(name="team")
    SendRule.objects.create(group=group, destination="parcel", may="approval")
    for name in ("grace", "katherine"):
        user = make.user(name, group)
        user.set_password("a long password")
        user.save()
    user.user_permissions.set(Permission.objects.filter(codename="approve_delivery"))
    star = shared.target("AT2026abc", group)
    shared.photometry(star, 40)
    shared.spectrum(star)
    return star


def leave(visitor) -> None:
    visitor.page.context.clear_cookies()


def test_from_ticked_data_to_a_receipt_with_a_second_persons_yes(visitor, team, outside):
    page = visitor.page
    visitor.log_in("grace")
    visitor.go(f"/scimma/targets/{team.pk}/share/")
    rows = page.locator("#rows-photometry tbody tr")
    expect(rows).to_have_count(25)
    rows.nth(0).get_by_role("checkbox").check()
    rows.nth(1).get_by_role("checkbox").check()
    page.get_by_role("button", name="Share what is ticked").click()
    expect(page.locator("h1")).to_contain_text("AT2026abc")
    expect(page.locator("#chosen-photometry")).to_have_text("2 of 40")
    visitor.fits()
    page.get_by_role("checkbox", name="Parcel service").check()
    text = page.get_by_label("Text", exact=True)
    expect(text).to_be_visible()
    expect(page.locator("#fault-text")).to_contain_text("needs this")
    text.press_sequentially("We saw it fade.")
    expect(page.locator("#fault-text")).to_be_hidden()
    expect(page.locator("#share-preview pre").first).to_contain_text("We saw it fade.")
    expect(page.locator("#share-preview")).to_contain_text("Somebody else must approve it")
    page.reload(wait_until="networkidle")  # nothing typed is lost
    expect(page.get_by_label("Text", exact=True)).to_have_value("We saw it fade.")
    page.locator("#rows-photometry").get_by_role("button", name=re.compile("^all")).click()
    expect(page.locator("#chosen-photometry")).to_have_text("40 of 40")
    visitor.fits()
    page.get_by_role("button", name="Look at it once more").click()
    expect(page.locator("h1")).to_have_text("Send it?")
    visitor.fits()
    page.get_by_role("button", name="Send", exact=True).click()
    states = page.locator("#share-states")
    expect(states).to_contain_text("Waits until somebody else approves it")
    visitor.fits()
    assert Delivery.objects.get().items.filter(kind="photometry").count() == 40
    deliver()
    assert outside.parcels == []
    leave(visitor)
    visitor.log_in("katherine")
    visitor.go("/share/approvals/")
    page.get_by_role("main").or_(page.locator("body")).first.get_by_role(
        "link", name=re.compile(r"\d\d:\d\d")
    ).first.click()
    expect(page.locator("pre.scimma-text").first).to_contain_text("We saw it fade.")
    visitor.fits()
    page.get_by_role("button", name="Approve exactly this").click()
    expect(page.locator("h1")).to_contain_text("queued")
    leave(visitor)
    visitor.log_in("grace")
    page.goto(f"/share/{Delivery.objects.get().share.draft_id}/receipt/")
    expect(states).to_contain_text("queued")
    deliver()
    expect(states).to_contain_text("delivered")  # the page follows by itself
    assert len(outside.parcels) == 1
    page.get_by_role("link", name=re.compile("^#")).click()
    page.get_by_text("Carries 1 target, 40 points of photometry").click()
    visitor.fits()
    visitor.go(f"/scimma/targets/{team.pk}/share/")
    expect(page.locator("body")).to_contain_text("40 points of photometry")


def test_what_is_typed_while_the_form_comes_anew_stays_with_the_cursor_in_it(visitor, team):
    page, held = visitor.page, []
    visitor.log_in("grace")
    visitor.go(f"/share/?target={team.pk}")
    page.get_by_role("checkbox", name="Parcel service").check()
    text = page.get_by_label("Text", exact=True)
    expect(text).to_be_visible()
    visitor.settled()
    page.route("**/form/", lambda route: held.append(route))  # a slow server
    with page.expect_request("**/form/"):
        page.evaluate("htmx.trigger(document.body, 'share-changed')")
    text.press_sequentially("We saw it fade.")
    text.press("ArrowLeft")
    while not held:
        page.wait_for_timeout(50)
    with page.expect_response("**/form/"):
        held[0].continue_()
    expect(page.locator("#share-preview pre").first).to_contain_text("We saw it fade.")
    expect(text).to_have_value("We saw it fade.")
    expect(text).to_be_focused()
    text.press("s")
    expect(text).to_have_value("We saw it fades.")
    expect(page.locator("#share-preview pre").first).to_contain_text("We saw it fades.")


@pytest.fixture
def hermes(settings, team):
    cache.clear()
    with Fake() as fake:
        settings.TOM_HERMES = {"BASE_URL": fake.url, "TOKEN": fake.token}
        yield fake


def test_to_hermes_which_is_asked_loses_its_reply_and_is_found_to_have_it(visitor, team, hermes, settings):
    page, url = visitor.page, hermes.url
    visitor.log_in("grace")
    visitor.go(f"/share/?target={team.pk}")
    expect(page.locator("#share-form")).to_contain_text("HERMES is asked what this account may do")
    expect(page.locator("#share-form")).to_contain_text("No worker runs that would ask")
    visitor.fits()
    accounts.first()  # the worker; the page goes on by itself
    page.get_by_role("checkbox", name=re.compile("^HERMES hermes.test")).check()
    page.get_by_label("Text", exact=True).fill("We saw it fade.")
    preview = page.locator("#share-preview")
    expect(preview.locator("pre").first).to_contain_text("We saw it fade.")
    page.get_by_label("Title", exact=True).fill("")
    expect(page.locator("#fault-title")).not_to_be_empty()
    page.get_by_label("Title", exact=True).fill("Photometry of AT2026abc")
    expect(page.locator("#fault-title")).to_be_empty()
    page.get_by_role("button", name="Ask the service").click()
    expect(preview).to_contain_text("No worker runs that would ask the service")
    questions.run()
    expect(preview).to_contain_text("The service takes it like this.")
    visitor.fits()
    page.get_by_label("Title", exact=True).fill("Photometry of AT2026abc, again")
    expect(preview).not_to_contain_text("The service takes it like this.")
    page.get_by_role("button", name="Look at it once more").click()
    expect(page.locator("h1")).to_have_text("Send it?")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()
    expect(page.locator("body")).to_contain_text("No worker runs that would ask the service")
    questions.run()
    expect(page.locator("body")).to_contain_text("hermes.test: The service takes it like this.")  # asked by itself
    visitor.fits()
    page.get_by_role("button", name="Send", exact=True).click()
    states = page.locator("#share-states")
    expect(states).to_contain_text("queued")
    assert hermes.messages == []
    hermes.faults.append({"path": "submit_message/", "do": "drop_after"})  # it takes the message, and nobody hears so
    deliver("hermes")
    expect(states).to_contain_text(re.compile("reply lost|delivered"))
    row = Delivery.objects.get()
    for _ in range(3):
        Delivery.objects.filter(pk=row.pk, state="unknown").update(not_before=timezone.now() - timedelta(seconds=1))
        deliver("hermes")
    expect(states).to_contain_text("delivered")
    assert len(hermes.messages) == 1
    expect(states.get_by_role("link", name=re.compile("[0-9a-f]{8}")).first).to_have_attribute("href", re.compile(url))
    visitor.fits()


def test_while_hermes_refuses_connections_the_click_returns_and_it_goes_out_later(visitor, team, settings):
    """A real port that nobody listens on, and later the stand-in on that very port."""
    cache.clear()
    page, port = visitor.page, 0
    with Fake() as fake:
        port = int(fake.url.rpartition(":")[2])
        settings.TOM_HERMES = {"BASE_URL": fake.url, "TOKEN": fake.token}
        accounts.first()
        visitor.log_in("grace")
        visitor.go(f"/share/?target={team.pk}")
    page.reload(wait_until="networkidle")  # what may be written where is known from before
    page.get_by_role("checkbox", name=re.compile("^HERMES hermes.test")).check()
    page.get_by_label("Text", exact=True).fill("We saw it fade.")
    expect(page.locator("#share-preview pre").first).to_contain_text("We saw it fade.")
    page.get_by_role("button", name="Ask the service").click()
    expect(page.locator("#share-preview")).to_contain_text("No worker runs that would ask the service")
    questions.run()
    expect(page.locator("#share-preview")).to_contain_text("It could not be asked")
    page.get_by_role("button", name="Look at it once more").click()
    page.get_by_role("button", name="Send", exact=True).click()
    states = page.locator("#share-states")
    expect(states).to_contain_text("queued")
    deliver("hermes")
    row = Delivery.objects.get()
    assert (row.state, row.attempts) == ("queued", 1)
    expect(states).to_contain_text("efused")  # why it waits
    visitor.fits()
    with Fake(port=port) as again:
        settings.TOM_HERMES = {**settings.TOM_HERMES, "TOKEN": again.token}
        hurry(row)
        deliver("hermes")
        expect(states).to_contain_text("delivered")
        assert len(again.messages) == 1
