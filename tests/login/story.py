"""Somebody logs in with SCiMMA, sees only what their groups see, loses a group and sees less; in a browser, all over HTTP.

Authority: docs/login.md. Pictures of the pages are left in LOGIN_PICTURES, where that names a folder.
"""

from __future__ import annotations

import os
from io import StringIO

import pytest
from django.core.management import call_command

from tests import messages
from tests.browser.conftest import FLAGS, chromium  # noqa: F401  the fixture
from tests.browser.visitor import Visitor
from tom_scimma import account_tests, hopauth, ingest, rights, sources
from tom_scimma.fake_services import demo, start
from tom_scimma.fake_services.issuer import of
from tom_scimma.fake_services.world import ALICE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TOMS, OWN = "bob-1c0ffee1", "alice-bed6b3a5"


@pytest.fixture
def running(settings):
    hopauth._tokens.clear()
    world = demo()
    issuer = of(world)
    issuer.asks = True
    with start(world) as running:
        app = {"provider_id": "scimma", "name": "SCiMMA", "client_id": issuer.client_id, "secret": issuer.secret}
        app["settings"] = {"server_url": running.issuer}
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
        settings.TOM_REGISTRATION_STRATEGY = "open"
        source = {"brokers": "127.0.0.1:1", "auth": {"username": TOMS, "password": TOMS[::-1]}, "topics": ["*"]}
        settings.TOM_SCIMMA = {
            "SOURCES": {"hopskotch": source},
            "HOPAUTH_URL": running.hopauth,
            "HOPSKOTCH_GROUPS": {"tomtoolkit": "team"},
            "LOGIN_GROUPS": {"/LVC": "lvc"},
            "LOGIN_GROUPS_CLAIM": "is_member_of",
        }
        rights.follow(sources.sources()["hopskotch"])
        record = messages.record(messages.igwn("S261121a"), "tomtoolkit.secret", source="hopskotch")
        ingest.ingest([record], via="listen")
        yield running


def picture(page, name: str) -> None:
    if os.environ.get("LOGIN_PICTURES"):
        page.screenshot(path=os.path.join(os.environ["LOGIN_PICTURES"], f"{name}.png"), full_page=True)


def log_in(visitor: Visitor) -> None:
    """A click on SCiMMA's button, and at SCiMMA a click on one's name."""
    page = visitor.page
    visitor.go("/accounts/login/")
    page.get_by_role("button", name="SCiMMA").or_(page.get_by_role("link", name="SCiMMA")).first.click()
    page.get_by_role("button", name="Continue").click()  # allauth asks once more
    page.get_by_text("Alice Adams").click()
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("width", [1400, 400])
def test_log_in_see_ones_groups_lose_one_see_less(chromium, live_server, running, width):  # noqa: F811
    context = chromium.new_context(base_url=live_server.url, viewport={"width": width, "height": 900})
    visitor = Visitor(context, width)
    page = visitor.page
    visitor.go("/events/")
    assert "S261121a" not in page.content()
    log_in(visitor)
    visitor.go("/events/")
    page.get_by_text("S261121a").first.wait_for()
    visitor.go("/users/profile/")
    card = page.locator("#scimma")
    assert "because of tomtoolkit" in card.inner_text()
    card.get_by_role("link", name="Add your credential").click()
    page.get_by_label("Credential").first.fill(OWN)
    page.locator("input[name=password]").fill(OWN[::-1])
    picture(page, f"credential-{width}")
    page.get_by_role("button", name="Keep").click()
    page.locator("#scimma").get_by_role("button", name="Test it").click()
    page.get_by_text("No worker runs that would ask SCiMMA about it").wait_for()
    account_tests.run()
    page.get_by_text("is good").wait_for()
    picture(page, f"profile-{width}")
    visitor.go("/streams/")
    picture(page, f"streams-{width}")
    running.world.leave(ALICE, "tomtoolkit")
    call_command("syncgroups", stdout=StringIO())
    visitor.go("/events/")
    assert "S261121a" not in page.content()
    visitor.go("/users/profile/")
    assert "leaves team" in page.locator("#scimma").text_content()
    context.close()
    assert visitor.complaints == []
