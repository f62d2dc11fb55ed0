"""The pages and REST of subscriptions and of Find: one's own, and nobody else's.

Authority: docs/subscriptions.md, docs/query.md; promise 6.
"""

from __future__ import annotations

import csv
import io
import json
from html import unescape

import pytest
from django import forms
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client

from tests import factories as make
from tests import subscribers
from tests.subscribers import hear, subscribe, tell
from tom_scimma.models import Alert, Annotation, Event, Match, Subscription

pytestmark = pytest.mark.django_db


class Loudness(forms.Form):
    """What an action of an installed app may ask for."""

    volume = forms.IntegerField(max_value=11)

    def __init__(self, *args, owner, **kwargs):
        super().__init__(*args, **kwargs)
        self.owner = owner


TRIED: list[str] = []


def try_it(subscription, user) -> None:
    """What an action does to be tried."""
    TRIED.append(f"{subscription.name} for {user.username}")


@pytest.fixture(autouse=True)
def acting():
    """An installed app offers actions, one with a form and a test."""
    cache.clear()
    TRIED.clear()
    app = apps.get_app_config("custom_code")
    loud = {
        "name": "loud",
        "label": "Be loud",
        "run": "tests.subscribers.note",
        "form": "tests.test_subscription_pages.Loudness",
        "test": "tests.test_subscription_pages.try_it",
    }
    app.subscription_actions = lambda: [*subscribers.actions(), loud]
    yield
    del app.subscription_actions


@pytest.fixture
def client(ada):
    browser = Client()
    browser.force_login(ada)
    return browser


FORM = {"name": "Mine", "query": 'kind = "GW"', "enabled": "on", "follow": "on", "cap": "5"}


def test_a_query_is_saved_in_one_click_and_once(client, ada):
    for _ in range(2):
        answer = client.post("/subscriptions/save/", {"query": ' kind = "GW" and\r\n far < 1e-7 '})
        row = Subscription.objects.get()
        assert answer.url == f"/subscriptions/{row.pk}/edit/"
    assert (row.owner, row.query, row.enabled, row.follow) == (ada, 'kind = "GW" and\n far < 1e-7', True, True)
    assert row.name == 'kind = "GW" and far < 1e-7'
    assert client.post("/subscriptions/save/", {"query": "knd = 3"}).url == "/subscriptions/"
    assert Subscription.objects.count() == 1


def test_two_long_queries_get_two_names(client):
    for number in range(3):
        client.post("/subscriptions/save/", {"query": f"far < 1 and {'far > 0 and ' * 10} far > {number}"})
    assert Subscription.objects.count() == 3


def test_one_is_made_changed_switched_and_deleted(client):
    made = client.post("/subscriptions/new/", {**FORM, "do-loud": "1", "loud-volume": "11", "do-note": "1"})
    row = Subscription.objects.get()
    assert made.url == row.get_absolute_url()
    assert {action.name: action.options for action in row.actions.all()} == {"loud": {"volume": 11}, "note": {}}
    page = client.get(made.url).content.decode()
    assert "Be loud" in page
    assert "Send me a test" in page
    client.post(f"/subscriptions/{row.pk}/test/")
    assert TRIED == ["Mine for ada"]
    client.post(
        f"/subscriptions/{row.pk}/edit/", {**FORM, "name": "Yours", "cap": "", "do-note": "1", "critical": "on"}
    )
    row.refresh_from_db()
    assert (row.name, row.cap, row.critical) == ("Yours", None, True)
    assert [action.name for action in row.actions.all()] == ["note"]
    client.post(f"/subscriptions/{row.pk}/switch/", {"enabled": "0"})
    row.refresh_from_db()
    assert not row.enabled
    assert client.get(f"/subscriptions/{row.pk}/delete/").status_code == 200
    assert Subscription.objects.count() == 1
    client.post(f"/subscriptions/{row.pk}/delete/")
    assert not Subscription.objects.exists()


def test_what_an_absent_app_offered_is_kept(client, ada):
    row = subscribe(ada, 'kind = "GW"', "mine", "absent")
    client.post(f"/subscriptions/{row.pk}/edit/", {**FORM, "do-note": "1"})
    assert sorted(action.name for action in row.actions.all()) == ["absent", "note"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"query": 'kind = "GW" and clasification.BNS > 1'}, "Did you mean classification?"),
        ({"query": ""}, "This field is required"),
        ({"name": ""}, "This field is required"),
        ({"name": "taken"}, "of that name"),
        ({"cap": "-1"}, "greater than or equal to 0"),
        ({"do-loud": "1", "loud-volume": "12"}, "less than or equal to 11"),
        ({"query": "x" * 2001}, "2000 characters"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(client, ada, changed, said):
    subscribe(ada, name="taken")
    answer = client.post("/subscriptions/new/", {**FORM, **changed})
    assert answer.status_code == 200
    assert said in answer.content.decode().replace("&#x27;", "'")
    assert Subscription.objects.count() == 1


def test_there_are_only_so_many(client, settings):
    settings.TOM_SCIMMA = {"MAX_SUBSCRIPTIONS": 1}
    client.post("/subscriptions/new/", FORM)
    assert "delete one first" in client.post("/subscriptions/new/", {**FORM, "name": "b"}).content.decode()
    client.post("/subscriptions/save/", {"query": "far < 1"})
    assert client.post("/api/subscriptions/", {"name": "c", "query": "far < 1"}).status_code == 400
    assert Subscription.objects.count() == 1


PAGES = ["", "edit/", "delete/"]


def test_nobody_sees_or_touches_those_of_others(client, ada):
    """Not even a superuser, who has the admin for that."""
    other = subscribe(make.user("eve"), 'name = "secret"', "zebra")
    root = Client()
    root.force_login(make.user("root", is_superuser=True))
    for browser in (client, root):
        assert "zebra" not in browser.get("/subscriptions/").content.decode()
        for page in PAGES:
            assert browser.get(f"/subscriptions/{other.pk}/{page}").status_code == 404
        for page in ("edit/", "delete/", "switch/", "test/"):
            assert browser.post(f"/subscriptions/{other.pk}/{page}", FORM).status_code == 404
        assert browser.get("/api/subscriptions/").json()["count"] == 0
        for path in ("", "matches/", "hindsight/"):
            assert browser.get(f"/api/subscriptions/{other.pk}/{path}").status_code == 404
        assert browser.delete(f"/api/subscriptions/{other.pk}/").status_code == 404
        assert browser.patch(f"/api/subscriptions/{other.pk}/", {"name": "x"}, "application/json").status_code == 404
    other.refresh_from_db()
    assert other.name == "zebra"


def test_who_is_not_logged_in_is_asked_to():
    browser = Client()
    row = subscribe(make.user("eve"))
    for page in (
        "/subscriptions/",
        "/subscriptions/new/",
        "/subscriptions/hindsight/",
        *(f"/subscriptions/{row.pk}/{p}" for p in PAGES),
    ):
        assert "/login" in browser.get(page).url
    for page in ("save/", f"{row.pk}/switch/", f"{row.pk}/test/", f"{row.pk}/delete/"):
        assert "/login" in browser.post(f"/subscriptions/{page}", {"query": "far < 1"}).url
    assert browser.get("/api/subscriptions/").status_code in (401, 403)
    assert Subscription.objects.count() == 1


def test_the_history_forgets_what_one_may_no_longer_see(client, ada):
    group = Group.objects.create(name="lvk")
    ada.groups.set([group])
    row = subscribe(ada)
    tell("new", "S261118zz", groups=(group,))
    tell()
    assert Match.objects.count() == 2
    assert "S261118zz" in client.get(row.get_absolute_url()).content.decode()
    ada.groups.clear()
    for path in (row.get_absolute_url(), "/subscriptions/", f"/api/subscriptions/{row.pk}/matches/"):
        answer = client.get(path).content.decode()
        assert "S261118zz" not in answer, path
    assert client.get(f"/api/subscriptions/{row.pk}/matches/").json()["count"] == 1


UNKNOWN = [
    ("annotations.nothing.x > 1", "There is no annotator &#x27;nothing&#x27; here; known: areas, candidates, galaxies"),
    ("annotations.area.x > 1", "Did you mean areas?"),
    ("annotations.areas.area_91 < 5", "Of late areas said nothing called &#x27;area_91&#x27;; known: area_90."),
    ("classification.BSN > 0.5", "No event of late has classification.BSN; known: BNS"),
    ("properties.HasNs > 0.5", "Did you mean HasNS?"),
]


@pytest.mark.parametrize(("query", "words"), UNKNOWN)
def test_a_key_that_nobody_has_is_named_beside_those_that_are_known(client, ada, query, words):
    """No error: what nobody said yet may come; but a slip of the pen would watch for nothing, in silence."""
    hear()
    Event.objects.update(properties={"HasNS": 1.0})
    Annotation.objects.all().delete()
    Annotation.objects.create(alert=Alert.objects.get(), annotator="areas", value={"area_90": 10.0})
    row = subscribe(ada, query=query)
    for path in (row.get_absolute_url(), "/subscriptions/hindsight/", "/find/"):
        asked = {"query": query, "q": query}
        assert words in client.get(path, asked).content.decode(), path
    plain = unescape(words)
    for said in ({"query": query}, {"name": "B", "query": query}):
        path = f"/api/subscriptions/{row.pk}/"
        answers = [client.patch(path, said, "application/json"), client.get(path), client.get(f"{path}hindsight/")]
        assert [plain in " ".join(answer.json()["doubts"]) for answer in answers] == [True] * 3
    assert "doubts" not in client.get("/api/subscriptions/").json()["results"][0]  # a list looks through no events
    for form in ("json", "csv"):
        answer = client.get(f"/find/found.{form}", {"q": query})
        assert plain in answer["X-Doubts"]
        assert answer.getvalue()
    assert plain in " ".join(json.loads(client.get("/find/found.json", {"q": query}).getvalue())["doubts"])


@pytest.mark.parametrize(
    "query", ["annotations.areas.area_90 < 100", "classification.BNS > 0.5", "properties.any = 1", "far < 1"]
)
def test_what_is_known_and_what_cannot_be_known_raises_no_doubt(client, ada, query):
    row = subscribe(ada, query=query)
    assert "scimma-doubt" not in client.get(row.get_absolute_url()).content.decode()
    assert client.get(f"/api/subscriptions/{row.pk}/").json()["doubts"] == []
    assert not client.get("/find/found.csv", {"q": query}).has_header("X-Doubts")


def test_what_others_alone_may_see_is_not_told_as_known(client, ada):
    hidden = make.event("S261120zz", groups=(Group.objects.create(name="others"),), properties={"Secret": 1.0})
    make.event("S261120ab", properties={"HasNS": 1.0})
    assert hidden
    page = client.get("/find/", {"q": "properties.secre = 1"}).content.decode()
    assert "known: HasNS" in page
    assert "Secret" not in page


def test_hindsight_is_a_page_a_part_and_rest(client, ada):
    hear()
    row = subscribe(ada)
    for options in ({}, {"HTTP_HX_REQUEST": "true"}):
        page = client.get("/subscriptions/hindsight/", {"query": row.query}, **options).content.decode()
        assert "1 time" in page
        assert "S261120ab" in page
        assert ("<html" in page) == (not options)
    assert "Did you mean kind?" in client.get("/subscriptions/hindsight/", {"query": "knd = 3"}).content.decode()
    told = client.get(f"/api/subscriptions/{row.pk}/hindsight/").json()["told"]
    assert [(item["event"], item["why"]) for item in told] == [("S261120ab", "matches")]


def test_rest_makes_changes_and_deletes(client, ada):
    body = {"name": "Mine", "query": 'kind = "GW"', "actions": {"loud": {"volume": 3}}}
    made = client.post("/api/subscriptions/", body, "application/json")
    assert made.status_code == 201, made.content
    assert made.json()["actions"] == {"loud": {"volume": 3}}
    path = f"/api/subscriptions/{made.json()['id']}/"
    assert client.patch(path, {"enabled": False, "actions": {"note": {}}}, "application/json").json()["actions"] == {
        "note": {}
    }
    row = Subscription.objects.get()
    assert (row.owner, row.enabled) == (ada, False)
    for wrong in (
        {"query": "knd = 3"},
        {"name": ""},
        {"actions": {"gone": {}}},
        {"actions": {"loud": {"volume": 99}}},
        {"actions": [1]},
        {"owner": 1, "query": "("},
    ):
        assert client.patch(path, wrong, "application/json").status_code == 400, wrong
    said = client.patch(path, {"query": 'kind = "GW" and knd = 3'}, "application/json").json()["query"]
    assert said["column"] == "17"
    assert client.delete(path).status_code == 204
    assert not Subscription.objects.exists()


def test_a_query_that_no_longer_is_one_is_shown_as_such(client, ada):
    row = subscribe(ada, "old_name = 3", "Old")
    assert "cannot run" in client.get("/subscriptions/").content.decode()
    assert "cannot run any more" in client.get(row.get_absolute_url()).content.decode()


def test_find_shows_nothing_one_and_many(client):
    assert "For example" in client.get("/find/").content.decode()
    assert "No event that you may see fits" in client.get("/find/", {"q": "far < 1"}).content.decode()
    make.many(1000)
    page = client.get("/find/", {"q": 'kind = "GW"'})
    assert page.context["record_count"] == Event.objects.filter(kind="GW").exclude(role="test").count()
    assert "tests left out" in page.content.decode()
    tests = client.get("/find/", {"q": 'kind = "GW" and role = "test"'})
    assert tests.context["record_count"] == Event.objects.filter(kind="GW", role="test").count()
    second = client.get(
        "/find/", {"q": 'kind = "GW"', "page": "2", "sort": "-area_90"}, HTTP_HX_REQUEST="true"
    ).content.decode()
    assert "<html" not in second
    assert client.get("/find/", {"q": 'kind = "GW"', "page": "none", "sort": "nonsense"}).status_code == 200


def test_find_says_what_is_wrong_at_its_character(client):
    page = client.get("/find/", {"q": '<script> = "GW"'}).content.decode()
    assert "<script> =" not in page
    assert 'data-at="0"' in page
    page = client.get("/find/", {"q": "far < 1e-7 and\nclasification.BNS > 1"}).content.decode()
    assert "line 2, character 1" in page
    assert 'data-at="15" data-end="32"' in page


def test_files_say_what_the_table_says_and_run_nothing(client):
    make.event("=HYPERLINK(1)", far_hz=1e-9, properties={"a": 1, "b": "é"})
    make.event("S1", far_hz=float("1e-8"), area_90=None)
    text = client.get("/find/found.csv", {"q": "far < 1"})
    rows = list(csv.DictReader(io.StringIO(text.getvalue().decode())))
    assert sorted(row["name"] for row in rows) == ["'=HYPERLINK(1)", "S1"]
    assert {row["far"] for row in rows} == {"1e-09", "1e-08"}
    assert text["Content-Disposition"] == 'attachment; filename="events.csv"'
    said = json.loads(client.get("/find/found.json", {"q": "far < 1"}).getvalue())
    assert (said["what"], said["query"], said["complete"]) == ("events", "far < 1", True)
    assert sorted(row["name"] for row in said["results"]) == ["=HYPERLINK(1)", "S1"]
    assert json.loads(client.get("/find/found.json", {"q": "far > 1"}).getvalue())["results"] == []
    wrong = client.get("/find/found.json", {"q": "knd = 3"})
    assert wrong.status_code == 400
    assert wrong.json()["error"]["column"] == 1
    assert client.get("/find/found.exe", {"q": "far < 1"}).status_code == 404


def test_the_widget_comes_out_of_the_installed_package(client):
    answer = client.get("/find/completion.js")
    assert answer["Content-Type"] == "text/javascript"
    assert b"DjangoQL" in b"".join(answer.streaming_content)
    said = client.get("/find/names/").json()
    assert said["current_model"] == "events"
    assert "GW" in said["models"]["events"]["kind"]["options"]
    assert said["models"]["events"]["classification"]["relation"] == "classification"
    assert "BNS" in said["models"]["classification"]


def test_a_query_that_takes_too_long_is_ended_and_says_so(client, settings):
    make.many(3000)
    settings.TOM_SCIMMA = {"QUERY_SECONDS": 0.0005}
    slow = " or ".join(f'properties."k{n}" ~ "x"' for n in range(60))
    page = client.get("/find/", {"q": slow}).content.decode()
    assert "still looking after" in page
    settings.TOM_SCIMMA = {}
    assert "still looking" not in client.get("/find/", {"q": "far < 1"}).content.decode()


def test_a_long_list_comes_in_pages_and_costs_no_more_than_a_short_one(client, ada, django_assert_max_num_queries):
    for number in range(45):
        subscribe(ada, name=f"watch {number:02}")
    tell()
    client.get("/subscriptions/")  # what is asked once
    with django_assert_max_num_queries(14):
        page = client.get("/subscriptions/").content.decode()
    assert "45 subscriptions" in page
    assert "More filters" not in page  # there are none
    assert page.count("In 30 days") == 1
    assert page.count('aria-label="Switch watch') == 20
    assert ("watch 19" in page, "watch 20" in page) == (True, False)
    page = client.get("/subscriptions/?page=3").content.decode()
    assert page.count('aria-label="Switch watch') == 5
    assert "1 in 30 days, last " in page


def test_a_list_is_filtered_and_a_switch_leads_back_to_its_place(client, ada):
    quiet = subscribe(ada, name="quiet", enabled=False)
    subscribe(ada, "far < 1e-9", "rare", "fail")
    for address, names in (("on=no", {"quiet"}), ("does=fail", {"rare"}), ("query=1e-9", {"rare"}), ("query=x", set())):
        page = client.get(f"/subscriptions/?{address}").content.decode()
        assert {name for name in ("quiet", "rare") if f">{name}</a>" in page} == names
    switch = f"/subscriptions/{quiet.pk}/switch/"
    assert client.post(switch, {"enabled": "1", "next": "/subscriptions/?page=2"}).url == "/subscriptions/?page=2"
    assert client.post(switch, {"enabled": "1", "next": "https://evil.example.org/"}).url == "/subscriptions/"
