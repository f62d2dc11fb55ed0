"""The story of somebody on duty: add a way to be told, write a query, save it, get told, say that it was seen, find it in Sent.

Over a real web server and mail server on loopback; the worker's own parts do what the worker does.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.ears import text_of
from tests.told import hear, send
from tom_scimma.models import Reaction, Telling

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def allowed(settings, live_server, tom):
    """What the night asks for is done already."""
    Reaction.objects.all().delete()
    here = {"hopskotch": {"kind": "kafka", "brokers": "127.0.0.1:9", "auth": False}}
    more = {"NOTIFY_HOSTS": ["127.0.0.1"], "URL": live_server.url, "SOURCES": here}
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, **more}


def add_contact(visitor, name: str, address: str) -> None:
    page = visitor.page
    visitor.go("/users/profile/")
    page.locator("#contacts").get_by_role("link", name="Add").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Address").fill(address)
    page.get_by_role("button", name="Save and send me a test").click()
    expect(page.locator("#contacts")).to_contain_text(name)
    visitor.fits()


def subscribe(visitor, query: str, name: str, *contacts: str) -> None:
    page = visitor.page
    visitor.go("/subscriptions/new/")
    page.get_by_label("Name").first.fill(name)
    page.locator("#id_query").fill(query)
    page.keyboard.press("Escape")
    page.get_by_label("Tell people").check()
    for contact in contacts:
        page.get_by_label(re.compile(contact)).check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("h1")).to_contain_text(name)
    visitor.fits()


def test_from_a_query_to_what_was_seen(visitor, web, mail):
    page = visitor.page
    visitor.log_in()
    add_contact(visitor, "hook", f"json://127.0.0.1:{web.port}/x9tokenx9")
    add_contact(visitor, "my mail", "ada@example.org")
    send()
    assert web.said[0]["title"].startswith("TEST from")
    assert mail.mails[0]["Subject"].strip().startswith("TEST from")
    visitor.go("/users/profile/")
    expect(page.locator("#contacts")).to_contain_text("Last message: delivered")
    assert "x9tokenx9" not in page.content()
    subscribe(visitor, 'kind = "GW" and classification.BNS > 0.5', "merging stars", "hook", "my mail")
    hear("S261121zz")
    send()
    assert web.said[1]["title"].startswith("NEW S261121zz")
    body = text_of(mail.mails[1])
    link = re.search(r"I have seen this: (\S+)", body)[1]
    visitor.go(urlsplit(link).path)
    assert Telling.objects.filter(acknowledged=None).count() == 2
    page.get_by_role("button", name="I have seen this").click()
    expect(page.get_by_role("status")).to_contain_text("Seen by ada")
    visitor.fits()
    page.get_by_role("link", name="Open the event").click()
    section = page.locator("section", has=page.locator("#told-title"))
    expect(section.locator("tbody tr")).to_have_count(2)
    section.get_by_role("button", name="I have seen it").click()
    expect(section.get_by_text("ada,")).to_have_count(2)
    visitor.go("/told/?query=S261121zz")
    expect(page.locator("#scimma-table tbody tr")).to_have_count(2)
    visitor.go("/sent/")
    expect(page.locator("#scimma-table tbody tr", has_text="S261121zz")).to_have_count(2)
    page.locator("#scimma-table tbody tr", has_text="S261121zz").first.get_by_role("link").first.click()
    expect(page.locator("body")).to_contain_text("NEW S261121zz")
    visitor.fits()


def test_a_wrong_address_says_why_and_is_not_sent_back(visitor):
    page = visitor.page
    visitor.log_in()
    visitor.go("/contacts/new/")
    page.get_by_label("Name").fill("hook")
    page.get_by_label("Address").fill("jsons://10.0.0.7/x9tokenx9")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".text-danger")).to_contain_text("own network")
    assert "x9tokenx9" not in page.content()
    visitor.fits()
