"""The pages of contacts and of what was told, as anonymous, as a stranger, as somebody of the group, and as the person.

Authorities: the design's promises; RFC 9110 for what a GET may do.
"""

from __future__ import annotations

import logging
import re
import time

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from tests import factories as make
from tests.outside import rig
from tests.told import contact, hear, outcomes, send, subscription
from tests.world import ROLES, SECRET, World
from tom_scimma import seen
from tom_scimma.models import Contact, Delivery, Telling

pytestmark = pytest.mark.django_db
TOKEN = "x9tokenx9"
FORM = {
    "name": "my telephone", "address_given": "you@example.org", "whose": "", "picture": "on", "enabled": "on",
    "pace": "once", "daily_at": "08:00", "quiet_from": "22:00", "quiet_until": "07:00", "zone": "America/New_York",
    "per_hour": "12",
}  # fmt: skip


@pytest.fixture(autouse=True)
def tom(settings):
    settings.TOM_SCIMMA = {"NOTIFY_HOSTS": ["127.0.0.1"], "URL": "https://tom.example.org"}


def as_(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client, address) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_a_contact_is_made_and_its_address_never_comes_back(ada):
    client = as_(ada)
    answer = client.post("/contacts/new/", {**FORM, "address_given": f"ntfys://ntfy.sh/{TOKEN}"})
    assert (answer.status_code, answer["Location"]) == (302, "/users/profile/#contacts")
    made = Contact.objects.get()
    assert (made.owner, made.scheme, made.address) == (ada, "ntfys", f"ntfys://ntfy.sh/{TOKEN}")
    assert made.rules.zone == "America/New_York"
    for address in ("/users/profile/", f"/contacts/{made.pk}/", "/told/"):
        assert TOKEN not in page(client, address)
    assert "my telephone" in page(client, "/users/profile/")
    client.post(f"/contacts/{made.pk}/", {**FORM, "name": "other", "address_given": ""})
    made.refresh_from_db()
    assert (made.name, made.address) == ("other", f"ntfys://ntfy.sh/{TOKEN}")  # empty: as it was
    client.post(f"/contacts/{made.pk}/", {**FORM, "address_given": "new@example.org"})
    made.refresh_from_db()
    assert (made.scheme, made.address) == ("email", "new@example.org")


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"address_given": ""}, "Where to?"),
        ({"address_given": f"syslog://{TOKEN}"}, "does not send by syslog"),
        ({"address_given": f"jsons://{TOKEN}@10.0.0.7/"}, "own network"),
        ({"address_given": f"slack://{TOKEN}"}, "Not a complete address for slack"),
        ({"quiet_until": ""}, "a beginning and an end"),
        ({"zone": "Mars/Jezero"}, "Select a valid choice"),
        ({"per_hour": "0"}, "greater than or equal to 1"),
        ({"whose": "1"}, "Select a valid choice"),
        ({"name": ""}, "required"),
    ],
)
def test_what_is_wrong_with_a_contact_is_said_and_the_address_is_not(ada, values, word, caplog):
    Group.objects.create(pk=1, name="not hers")
    with caplog.at_level(logging.NOTSET):
        answer = as_(ada).post("/contacts/new/", {**FORM, **values})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert word in text
    assert TOKEN not in text
    assert TOKEN not in caplog.text
    assert not Contact.objects.exists()


def test_a_crash_report_does_not_hold_the_address(ada, monkeypatch, settings):
    """Django mails its administrators the form of a request that failed."""
    from django.test import RequestFactory
    from django.views.debug import ExceptionReporter

    from tom_scimma.views import contacts

    def broken(self, commit=True):
        raise RuntimeError("a bug")

    settings.DEBUG = False
    monkeypatch.setattr("tom_scimma.contact_form.ContactForm.save", broken)
    request = RequestFactory().post("/contacts/new/", {**FORM, "address_given": f"ntfys://ntfy.sh/{TOKEN}"})
    request.user = ada
    try:
        contacts.ContactEditView.as_view()(request)
    except RuntimeError as error:
        report = ExceptionReporter(request, type(error), error, error.__traceback__)
        post = report.get_traceback_data()["filtered_POST_items"]
    assert TOKEN not in str(post)
    assert "my telephone" in str(dict(post))


def test_somebody_else_s_contact_is_not_there(ada):
    hers, group = contact(ada), Group.objects.create(name="group")
    ours = contact(group=group)
    member, stranger = make.user("member", group), make.user("stranger")
    for one, may in ((hers, (ada,)), (ours, (member,))):
        for user in (ada, member, stranger):
            client = as_(user)
            expected = user in may
            assert (client.get(f"/contacts/{one.pk}/").status_code == 200) == expected
            assert (one.name in page(client, "/users/profile/")) == expected
            for act in ("test", "forget"):
                if not expected:
                    assert client.post(f"/contacts/{one.pk}/{act}/").status_code == 404
        for act in ("", "test/", "forget/"):
            answer = Client().post(f"/contacts/{one.pk}/{act}")
            assert answer.status_code == 302
            assert answer["Location"].startswith("/accounts/login/")
        assert as_(ada).get(f"/contacts/{one.pk}/test/").status_code == 405 or one is ours
    assert Contact.objects.filter(forgotten=True).count() == 0


def test_everybody_s_group_has_no_contacts_of_everybody(ada):
    """Every user of a TOM is in the group Public."""
    public, _ = Group.objects.get_or_create(name="Public")
    ada.groups.add(public)
    contact(group=public, name="the world")
    assert "the world" not in page(as_(ada), "/users/profile/")
    assert "the group Public" not in page(as_(ada), "/contacts/new/")


def test_send_me_a_test(ada, web):
    mine = contact(ada, address=f"json://127.0.0.1:{web.port}/", quiet_from="00:00", quiet_until="23:59")
    client = as_(ada)
    client.post(f"/contacts/{mine.pk}/test/")
    send()
    (said,) = web.said
    assert said["title"].startswith("TEST from ")
    assert "ada asked for this test" in said["message"]
    assert "Last message: delivered" in page(client, "/users/profile/")
    assert not Telling.objects.exists()
    for _ in range(20):
        client.post(f"/contacts/{mine.pk}/test/")
    assert Delivery.objects.count() == 12  # the contact's own limit


def test_a_test_that_fails_says_why_on_the_card(ada, web):
    mine = contact(ada, address=f"json://127.0.0.1:{web.port}/{TOKEN}")
    web.answers = [500]
    client = as_(ada)
    client.post(f"/contacts/{mine.pk}/test/")
    send()
    text = page(client, "/users/profile/")
    assert "json did not take it" in text
    assert TOKEN not in text


def test_the_subscription_s_own_test(ada, web):
    one = subscription(ada, contact(ada, address=f"json://127.0.0.1:{web.port}/"))
    as_(ada).post(f"/subscriptions/{one.pk}/test/") if _has("subscription-test") else _try(one, ada)
    send()
    assert web.said[0]["title"].startswith("TEST from ")


def _has(name: str) -> bool:
    from tom_scimma import pages

    return any(getattr(pattern, "name", "") == name for pattern in pages.urlpatterns)


def _try(one, user):
    from tom_scimma.trying import try_subscription

    try_subscription(one, user)


def test_forgetting_removes_the_address_and_keeps_the_record(ada, web):
    mine = contact(ada, address=f"json://127.0.0.1:{web.port}/{TOKEN}")
    subscription(ada, mine)
    hear()
    client = as_(ada)
    client.post(f"/contacts/{mine.pk}/forget/")
    send()
    mine.refresh_from_db()
    assert (mine.address, mine.enabled, mine.forgotten) == (None, False, True)
    assert web.heard == []
    assert outcomes() == ["cancelled"]
    page(client, "/users/profile/")  # says once that it is removed
    assert mine.name not in page(client, "/users/profile/")
    assert mine.name in page(client, "/told/")
    hear("S261121b")
    assert Telling.objects.count() == 1


# what was told, and that it was seen


def told(ada, web) -> str:
    """An alert that was told, and the path of the link in its message."""
    subscription(ada, contact(ada, address=f"json://127.0.0.1:{web.port}/", name="hook", picture=False), name="waves")
    hear()
    send()
    return re.search(r"https://tom\.example\.org(/told/seen/\S+)", web.said[-1]["message"])[1]


def test_opening_the_link_acknowledges_nothing_and_the_button_does(ada, web):
    """A mail scanner opens every link; none presses buttons."""
    link, scanner = told(ada, web), Client(enforce_csrf_checks=True)
    for method in (scanner.get, scanner.head):
        answer = method(link)
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
    assert scanner.options(link).status_code == 200
    assert Telling.objects.get().acknowledged is None
    assert scanner.post(link)["Location"].startswith("/accounts/login/")  # without the page's token
    assert Telling.objects.get().acknowledged is None
    form = page(scanner, link)
    csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)[1]
    answer = scanner.post(link, {"csrfmiddlewaretoken": csrf})
    assert (answer.status_code, answer["Location"]) == (302, link)
    row = Telling.objects.get()
    assert row.acknowledged is not None
    assert (row.acknowledged_by, row.acknowledged_name) == (None, "ada, by the link to hook")
    assert "Seen by ada, by the link to hook" in page(Client(), link)


def test_who_is_logged_in_is_named_and_the_first_one_counts(ada, web):
    link = told(ada, web)
    bob = make.user("bob")
    as_(bob).post(link)
    as_(ada).post(link)
    row = Telling.objects.get()
    assert (row.acknowledged_by, row.acknowledged_name) == (bob, "bob")


@pytest.mark.parametrize(
    "change", [lambda t: t[:-2], lambda t: "1:x:y", lambda t: "", lambda t: t.replace(":", "1:", 1)]
)
def test_a_link_that_is_not_ours_is_none(ada, web, change):
    token = told(ada, web).split("/")[3]
    assert seen.found(change(token)) == []
    if change(token):
        address = reverse("tom_scimma:seen", kwargs={"token": change(token)})
        assert Client().get(address).status_code == 404
        assert Client().post(address).status_code == 302
    assert Telling.objects.get().acknowledged is None


def test_a_link_is_good_for_three_months(ada, web, monkeypatch):
    token = told(ada, web).split("/")[3]
    assert len(seen.found(token)) == 1
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 91 * 86400)
    assert seen.found(token) == []


def test_a_digest_is_acknowledged_as_a_whole(ada, web):
    mine = contact(ada, address=f"json://127.0.0.1:{web.port}/", pace="hourly")
    subscription(ada, mine)
    hear("S261121a")
    hear("S261121b")
    Telling.objects.update(due=Telling.objects.first().created)
    from tom_scimma import telling

    telling.tell_due()
    send()
    link = re.search(r"https://tom\.example\.org(/told/seen/\S+)", web.said[0]["message"])[1]
    text = page(Client(), link)
    assert "S261121a" in text
    assert "S261121b" in text
    Client().post(link)
    assert Telling.objects.filter(acknowledged=None).count() == 0


def test_seen_on_the_event_s_page(ada, web):
    told(ada, web)
    client = as_(ada)
    assert "I have seen it" in page(client, "/events/S261121a/told/")
    row = Telling.objects.get()
    assert as_(make.user("eve")).post(f"/told/{row.pk}/seen/").status_code == 404
    assert Client().post(f"/told/{row.pk}/seen/")["Location"].startswith("/accounts/login/")
    assert client.get(f"/told/{row.pk}/seen/").status_code == 405
    client.post(f"/told/{row.pk}/seen/")
    text = page(client, "/events/S261121a/told/")
    assert "I have seen it" not in text
    assert "ada, " in text


def test_what_is_still_on_its_way_cannot_have_been_seen(ada, web):
    """Authority: "Seen" is said of what somebody was told."""
    subscription(ada, contact(ada, address=f"json://127.0.0.1:{web.port}/"))
    hear()
    text = page(as_(ada), "/events/S261121a/told/")
    assert "on its way" in text
    assert "I have seen it" not in text


def test_the_ledger_says_when_the_first_was_told(ada, web, client):
    from tom_scimma import ledger
    from tom_scimma.models import Alert

    told(ada, web)
    entries = {one.step: one for one in ledger.ledger(Alert.objects.select_related("message").get()).entries}
    assert entries["told"].time == Delivery.objects.get().finished
    assert entries["told"].seconds is not None


@pytest.mark.parametrize("role", ROLES)
def test_the_pages_show_what_one_may_know(role, web, settings):
    settings.TOM_SCIMMA = {**settings.TOM_SCIMMA, "TOPICS": {"lvk.nutrack": {"groups": ["lvk"]}}}
    world = World()
    member = world.users["member"]
    mine = contact(member, name="hook-of-secret", address=f"json://127.0.0.1:{web.port}/{TOKEN}")
    one = subscription(member, mine, name="name-of-secret")
    alert = world.secret.alerts.get()
    from tom_scimma.telling import tell

    tell(one, alert, [mine], change="new")
    send()
    client = world.clients[role]
    answers = {address: client.get(address) for address in ("/told/", "/told/?query=hook", f"/events/{SECRET}/told/")}
    for address, answer in answers.items():
        text = answer.content.decode()
        assert TOKEN not in text
        if role in ("member", "superuser"):
            assert answer.status_code == 200
            assert "hook-of-secret" in text
            assert SECRET in text
        else:
            assert "hook-of-secret" not in text
            assert "name-of-secret" not in text
            assert SECRET not in text.replace(address, "")
            assert answer.status_code in (200, 302, 404)
    assert rig.again(Delivery.objects.get(service="people")).state == "delivered"


def test_a_superuser_has_no_use_of_the_admin_to_read_addresses(web):
    contact(make.user("ada"), address=f"json://127.0.0.1:{web.port}/{TOKEN}", name="hook")
    root = make.user("root", is_superuser=True, is_staff=True)
    client = as_(root)
    made = Contact.objects.get()
    for address in ("/admin/tom_scimma/contact/", f"/admin/tom_scimma/contact/{made.pk}/change/"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert TOKEN not in answer.content.decode()
    answer = client.post(f"/admin/tom_scimma/contact/{made.pk}/change/", {"name": "x"})
    assert answer.status_code in (302, 403)
    made.refresh_from_db()
    assert made.name == "hook"


def test_filters_of_the_told_page(ada, web):
    told(ada, web)
    client = as_(ada)
    assert "1 telling" in page(client, "/told/?whom=me")
    assert "0 tellings found" in page(client, "/told/?seen=yes")
    assert "1 telling" in page(client, "/told/?seen=no&query=S261121a")
    assert "0 tellings" in page(client, "/told/?query=nobody")
    assert "Nobody was told anything yet" in page(as_(make.user("eve")), "/told/")
