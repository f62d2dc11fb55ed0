"""Secrets that a changed SECRET_KEY lost: said at their field, never sent, never taken for none, kept as they are stored.

Authority: Django's SECRET_KEY_FALLBACKS, by which a former key may come back; promise 5, nothing silently fails to be sent.
"""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from tests import factories as make
from tests.outside import rig
from tests.told import contact, hear, subscription
from tom_hermes import credentials
from tom_hermes.destination import Hermes
from tom_hermes.models import HermesProfile
from tom_scimma import hopskotch_credentials, secrets
from tom_scimma.models import Contact, Delivery
from tom_scimma.models.identity import HopskotchCredential
from tom_treasuremap import accounts
from tom_treasuremap.models import OcsProfile, TreasureMapProfile
from tom_treasuremap.transports import ocs

pytestmark = pytest.mark.django_db

KEPT = [(HermesProfile, "token"), (TreasureMapProfile, "token"), (OcsProfile, "token"), (HopskotchCredential, "password"), (Contact, "address")]  # fmt: skip  # noqa: E501
SAID = "cannot be read any more"


@pytest.fixture
def ada(settings, client):
    """Somebody whose every secret was stored with a key that is gone, in a TOM that has tokens of its own."""
    settings.SECRET_KEY = "the former key of this TOM, long enough for anybody"
    settings.TOM_HERMES = {"TOKEN": "toms"}
    settings.TOM_TREASUREMAP = {"TOKEN": "toms", "OCS_TOKEN": "toms", "OCS_URL": "https://portal.example"}
    user = make.user("ada", is_superuser=True, is_staff=True)
    for model in (HermesProfile, TreasureMapProfile, OcsProfile):
        model.objects.create(user=user, token="former")
    HopskotchCredential.objects.create(user=user, name="ada-1a2b", password="former", said={"groups": {}})
    contact(user, address="json://127.0.0.1:9/former")
    settings.SECRET_KEY = "another key of this TOM, long enough for anybody too"
    client.force_login(user)
    return user


def stored() -> list[bytes]:
    with connection.cursor() as cursor:
        return [
            bytes(cursor.execute(f"SELECT {name} FROM {model._meta.db_table}").fetchone()[0]) for model, name in KEPT
        ]


@pytest.mark.parametrize(
    "page",
    ["/hermes/account/", "/treasuremap/token/", "/followup/ocs/token/", "/scimma/credential/", "/contacts/{contact}/"],
)
def test_the_field_says_that_it_must_be_entered_again(ada, client, page):
    answer = client.get(page.format(contact=Contact.objects.get().pk))
    assert answer.status_code == 200
    assert SAID in answer.content.decode()


def test_the_profile_page_says_it_of_each(ada, client):
    answer = client.get("/users/profile/")
    assert answer.status_code == 200
    assert answer.content.decode().count(SAID) == len(KEPT)


@pytest.mark.parametrize(
    "page", ["/hermes/account/test/", "/treasuremap/account/test/", "/followup/ocs/test/", "/scimma/credential/test/"]
)
def test_test_it_says_so_too(ada, client, page):
    answer = client.post(page, follow=True)
    assert SAID in " ".join(str(note) for note in answer.context["messages"])


def test_what_is_lost_is_refused_and_the_toms_own_is_not_taken_for_it(ada):
    for ask in (credentials.token_of, accounts.token_of, ocs.token_of, Hermes("hermes.test").credential):
        with pytest.raises(secrets.Lost, match=SAID):
            ask(ada)
    assert SAID in Hermes.unready(ada)
    assert SAID in accounts.why_none(ada)
    row = hopskotch_credentials.own(ada)
    assert hopskotch_credentials.asked(row) is None
    assert SAID in row.problem
    assert [ask(None) for ask in (credentials.token_of, accounts.token_of, ocs.token_of)] == ["toms"] * 3


def test_nobody_is_told_at_an_address_that_is_lost(ada):
    subscription(ada, Contact.objects.get())
    hear()
    rig.deliver("people")
    row = Delivery.objects.get()
    assert row.state != "delivered"
    assert SAID in row.reason


def test_what_no_key_reads_is_kept_until_its_key_comes_back(ada, client, settings):
    before = stored()
    client.post("/hermes/account/", {"token": ""})
    for model, _ in KEPT:
        model.objects.get().save()
    assert stored() == before
    settings.SECRET_KEY_FALLBACKS = ["the former key of this TOM, long enough for anybody"]
    call_command("rotate_encryption_key", verbosity=0)
    settings.SECRET_KEY_FALLBACKS = []
    assert credentials.token_of(ada) == accounts.token_of(ada) == ocs.token_of(ada) == "former"


def test_entered_again_it_is_good(ada, client):
    client.post("/treasuremap/token/", {"token": "new"})
    assert accounts.token_of(ada) == "new"
    client.post("/treasuremap/token/", {"token": "", "token-clear": "on"})
    assert accounts.token_of(ada) == "toms"


def test_the_admin_shows_and_deletes_what_is_lost(ada, client):
    pk = Contact.objects.get().pk
    assert client.get(f"/admin/tom_scimma/contact/{pk}/change/").status_code == 200
    other = make.user("bob", is_superuser=True, is_staff=True)
    client.force_login(other)
    assert client.get(f"/admin/auth/user/{ada.pk}/delete/").status_code in (200, 302)
    assert client.get(f"/users/{ada.pk}/delete/").status_code == 200
