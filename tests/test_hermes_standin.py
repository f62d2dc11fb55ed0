"""The stand-in of HERMES in corners where Django REST framework, which HERMES is made of, has the word; no Django here.

Authority: HERMES' source (github.com/LCOGT/hermes: views, filters, serializers) and Django REST framework 3.16.
"""

from __future__ import annotations

import pytest
import requests

from tom_hermes.fake import Fake


@pytest.fixture(scope="module")
def fake():
    with Fake() as fake:
        for number, name in enumerate(("Zed", "Alpha", "Mid"), 1):
            target = {"name": name, "ra": 10.0 * number, "dec": 5.0}
            fake.publish("hermes.test", {"title": name, "data": {"event_id": "S260101ab", "targets": [target]}})
        fake.publish("hermes.test", {"title": "secret", "data": {}}, public=False)
        yield fake


def ask(fake, method, path, body=None, who="tom-demo", **more):
    headers = {"Authorization": f"Token {fake.token_of(who)}"} if who else {}
    url = f"{fake.url}/api/v0/{path}"
    return requests.request(method, url, json=body, headers=headers, allow_redirects=False, timeout=10, **more)


@pytest.mark.parametrize(
    ("ordering", "names"),
    [
        ("", ["Mid", "Alpha", "Zed"]),
        ("id", ["Zed", "Alpha", "Mid"]),
        ("name", ["Alpha", "Mid", "Zed"]),
        ("-name", ["Zed", "Mid", "Alpha"]),
        ("nothing-known", ["Mid", "Alpha", "Zed"]),
    ],
)
def test_lists_come_in_the_order_that_is_asked_for(fake, ordering, names):
    rows = ask(fake, "GET", "targets/", params={"ordering": ordering}).json()["results"]
    assert [row["name"] for row in rows] == names


def test_pages_keep_what_was_asked(fake):
    page = ask(fake, "GET", "messages/?event_id=S260101&uuid=&limit=2&offset=1").json()
    assert page["count"] == 3
    assert page["next"] is None
    assert page["previous"] == f"{fake.url}/api/v0/messages/?event_id=S260101&limit=2&uuid="
    past = ask(fake, "GET", "messages/?offset=900&limit=0").json()  # 0 is no limit, and counts as none given
    assert past["results"] == []
    assert past["previous"].endswith("?limit=100&offset=800")


@pytest.mark.parametrize(
    ("limit", "status", "shown"),
    [
        ("%2B2", 200, 2),
        ("1_0", 200, 3),
        ("\u00b2", 200, 3),
        ("-1", 200, 3),
        (str(2**63 - 1), 200, 3),
        (str(2**63), 500, 0),
    ],
)
def test_a_limit_is_whatever_python_takes_for_a_number(fake, limit, status, shown):
    """LimitOffsetPagination's `_positive_int`; no database's LIMIT is as large as the last."""
    answer = ask(fake, "GET", f"targets/?limit={limit}")
    assert answer.status_code == status
    assert status == 500 or len(answer.json()["results"]) == shown
    assert ask(fake, "GET", f"targets/?limit={2**63}&offset=9").json()["results"] == []  # nothing to ask a database for


WHOLE = {"tns_bot_id": 7, "tns_bot_name": "b", "tns_bot_api_token": "t"}
INTEGER = {"tns_bot_id": ["A valid integer is required."]}
TOGETHER = "Must update tns_bot_id, tns_bot_name, and tns_bot_api_token all together"
TOPICS = {"default_topics_list": {"1": ["Not a valid string."]}}
CHOICE = {"sequence_type": ["Select a valid choice. NONE is not one of the available choices."]}


@pytest.mark.parametrize(
    ("method", "path", "body", "who", "status", "answer"),
    [
        ("GET", "targets/abc/", None, "tom-demo", 404, {"detail": "Not found."}),
        ("GET", "targets/77/", None, "tom-demo", 404, {"detail": "No Target matches the given query."}),
        ("GET", "nonlocalizedeventsequence/abc/", None, "tom-demo", 404, {"detail": "Not found."}),
        ("GET", "nonlocalizedeventsequence/?sequence_type=NONE", None, "tom-demo", 400, CHOICE),
        ("GET", "nonlocalizedeventsequence/?sequence_number=x", None, "tom-demo", 400, {"sequence_number": ["Enter a number."]}),
        ("PATCH", "profile/", {**WHOLE, "tns_bot_id": "x"}, "tom-other", 400, INTEGER),
        ("PATCH", "profile/", {"tns_bot_id": 7}, "tom-other", 400, {"non_field_errors": [TOGETHER]}),
        ("PATCH", "profile/", {"default_topics_list": ["a", True]}, "tom-other", 400, TOPICS),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_its_words(fake, method, path, body, who, status, answer):
    reply = ask(fake, method, path, body, who)
    assert (reply.status_code, reply.json()) == (status, answer)


def test_what_the_server_does_not_foresee_is_its_page_of_a_crash(fake):
    answers = [
        ask(fake, "PATCH", "query/message/00000000-0000-4000-8000-000000000000/", []),
        ask(fake, "GET", "messages/?cone_search=1,2"),
        ask(fake, "POST", "submit_message/validate/", files={"data": (None, "[1]")}),
    ]
    assert {(reply.status_code, reply.headers["Content-Type"]) for reply in answers} == {(500, "text/html; charset=utf-8")}  # fmt: skip


def test_a_head_has_no_body_and_a_get_of_anything_about_submitting_is_the_documentation(fake):
    head = requests.head(f"{fake.url}/api/v0/heartbeat/", timeout=10)
    assert head.status_code == 200
    assert not head.content
    assert int(head.headers["Content-Length"]) > 0
    assert set(ask(fake, "GET", "submit_message/plaintext/", who="").json()) == {"message"}


def test_without_a_credential_the_archive_is_read_as_by_everybody(fake):
    seen = {who: len(ask(fake, "GET", "query/", who=who).json()["messages"]) for who in ("tom-demo", "tom-nocred", "")}
    assert seen == {"tom-demo": 4, "tom-nocred": 3, "": 3}


def test_an_address_that_is_none_is_invalid_whatever_it_is(fake):
    message = {"title": "t", "topic": "hermes.test", "submitter": "s", "data": {"references": [{"url": True}]}}
    wrong = {"data": {"references": [{"url": ["Enter a valid URL."]}]}}
    assert ask(fake, "POST", "submit_message/validate/", message).json() == wrong


def options(fake, path, who="tom-demo"):
    return ask(fake, "OPTIONS", path, who=who)


def test_options_say_what_an_address_is_and_takes(fake):
    said = options(fake, "query/", who="").json()
    assert said == {
        "name": "Query Api",
        "description": "View to query the SCiMMA Archive for messages",
        "renders": ["application/json"],
        "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    }
    assert options(fake, "submit_message/", who="").json()["parses"] == ["multipart/form-data", "application/json"]
    names = [options(fake, path).json()["name"] for path in ("targets/", "targets/1/", "nonlocalizedevents/x/targets/")]
    assert names == ["Target List", "Target Instance", "Targets"]
    assert options(fake, "targets/", who="").status_code == 403


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("submit_message/", "GET, POST, OPTIONS"),
        ("heartbeat/", "GET, HEAD, OPTIONS"),
        ("profile/", "GET, PUT, PATCH, HEAD, OPTIONS"),
        ("revoke_api_token/", "POST, OPTIONS"),
    ],
)
def test_every_answer_says_what_may_be_asked(fake, path, allow):
    reply = ask(fake, "DELETE", path)
    assert (reply.status_code, reply.json()) == (405, {"detail": 'Method "DELETE" not allowed.'})
    assert (reply.headers["Allow"], reply.headers["Vary"]) == (allow, "Accept, Cookie")


def test_no_head_where_messages_are_posted(fake):
    assert requests.head(f"{fake.url}/api/v0/submit_message/", timeout=10).status_code == 405


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def form_of(fake, path, accept="*/*", who="tom-demo"):
    """Status and media type of an answer."""
    headers = {"Accept": accept, **({"Authorization": f"Token {fake.token_of(who)}"} if who else {})}
    reply = requests.get(f"{fake.url}/api/v0/{path}", headers=headers, timeout=10, allow_redirects=False)
    return reply.status_code, reply.headers["Content-Type"].partition(";")[0]


@pytest.mark.parametrize(
    ("path", "accept", "status", "kind"),
    [
        ("targets/", BROWSER, 200, "text/html"),
        ("targets/", "application/json, text/html", 200, "application/json"),
        ("targets/", "application/xml", 406, "application/json"),
        ("targets/?format=api", "*/*", 200, "text/html"),
        ("targets/?format=json", BROWSER, 200, "application/json"),
        ("targets/?format=xml", "*/*", 404, "application/json"),
        ("targets.json", "*/*", 200, "application/json"),
        ("targets/1.json", "*/*", 200, "application/json"),
        ("heartbeat.json", "*/*", 404, "text/html"),
        ("query/", BROWSER, 200, "application/json"),
        ("query/", "text/html", 406, "application/json"),
        ("nothing-here/", "application/json", 404, "text/html"),
    ],
)
def test_the_form_of_an_answer_is_what_was_asked_for(fake, path, accept, status, kind):
    assert form_of(fake, path, accept) == (status, kind)


def test_an_address_comes_before_a_token(fake):
    bad = {"Authorization": "Token nobody"}
    statuses = {
        path: requests.get(f"{fake.url}/api/v0/{path}", headers=bad, timeout=10, allow_redirects=False).status_code
        for path in ("targets/", "targets", "nothing-here/")
    }
    assert statuses == {"targets/": 403, "targets": 301, "nothing-here/": 404}


def test_forms_are_taken_where_no_message_is_posted(fake):
    url, headers = f"{fake.url}/api/v0/", {"Authorization": f"Token {fake.token_of('tom-nogcn')}"}
    reply = requests.patch(f"{url}profile/", data=WHOLE, headers=headers, timeout=10)
    assert (reply.status_code, reply.json()["tns_bot_name"]) == (200, "b")
    missing = f"{url}query/message/00000000-0000-4000-8000-000000000000/"
    reply = requests.patch(missing, data={"retracted": "true"}, headers=headers, timeout=10)
    assert (reply.status_code, reply.json()) == (400, {"error": "'retracted' must be provided as a boolean value."})


def test_a_place_that_is_no_number_keeps_the_message_its_event_and_the_targets_before_it():
    """HERMES' hermes_message_parser.py (v2): the event first, then each target's float(ra), float(dec); a failure ends it."""
    rows = [
        {"name": "first", "ra": "150.1", "dec": 2.2},
        {"name": "sexagesimal", "ra": "10:00:24", "dec": "+02:12:00"},
        {"name": "after", "ra": 10.0, "dec": 2.0},
    ]
    with Fake() as fake:
        sent = fake.publish("hermes.test", {"title": "t", "data": {"event_id": "S260101ab", "targets": rows}})
        for targets in (
            [{"ra": 1.0, "dec": 1.0}],
            [{"name": "x", "ra": "nan", "dec": 1}],
            ["x"],
            7,
            {"name": "x"},
            [None],
        ):
            fake.publish("hermes.test", {"title": "t", "data": {"targets": targets}})
        assert ask(fake, "GET", "targets/").json()["count"] == 1
        (row,) = [row for row in ask(fake, "GET", "messages/").json()["results"] if row["uuid"] == sent.uuid]
        assert [event["event_id"] for event in row["nonlocalizedevents"]] == ["S260101ab"]
        assert [target["name"] for target in row["targets"]] == ["first"]
        assert ask(fake, "GET", "messages/").json()["count"] == 7
        assert ask(fake, "GET", "query/").json()["messages"][-1]["message"]["data"]["targets"] == rows


@pytest.mark.parametrize(
    ("method", "anonymous", "wrong", "known"),
    [("GET", 200, 403, 200), ("OPTIONS", 200, 403, 200), ("POST", 403, 403, 201), ("PUT", 405, 403, 405)],
)
def test_preload_is_read_by_everybody_and_posted_by_those_who_are_logged_in(fake, method, anonymous, wrong, known):
    """A GET is the documentation, whoever asks; a POST wants a log-in; a token that is wrong is refused everywhere."""
    heads = ({}, {"Authorization": "Token wrong"}, {"Authorization": f"Token {fake.token}"})
    url = f"{fake.url}/api/v0/submit_message/preload/"
    asked = [requests.request(method, url, json={"title": "x"}, headers=head, timeout=10) for head in heads]
    assert [reply.status_code for reply in asked] == [anonymous, wrong, known]
