"""What the client counts on of an archive: of the stand-in always, of a real one where ARCHIVE_TEST_URL names it (docs/archive.md).

Authority: the archive's contract, observed at archive-api 1.3.3; only reads.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import requests
from hop import bson

from tests.archives import ALICE, FIRST, TOPIC, fill
from tests.tls import self_signed
from tom_scimma import guard
from tom_scimma.archive.client import Client, Closed, Key
from tom_scimma.errors import Refused, ScimmaError, Unavailable
from tom_scimma.fake_services import demo, start
from tom_scimma.fake_services.archived import put
from tom_scimma.hopauth import HopAuth
from tom_scimma.stream import unbson

REAL = os.environ.get("ARCHIVE_TEST_URL", "")


@dataclass
class Place:
    """An archive and a public topic of it that has messages."""

    url: str
    topic: str
    key: Key | None

    def client(self, **options) -> Client:
        known = {"loads": unbson, "max_bytes": 2**22, "seconds": 20.0, "pauses": (0.5,)}
        return Client(self.url, options.pop("key", None), **{**known, **options})

    def get(self, path: str, token: str = "") -> guard.Answer:
        headers = {"Authorization": token} if token else {}
        host = self.url.partition("//")[2].partition("/")[0]
        return guard.ask(self.url + path, allowed_hosts=[host], max_bytes=2**24, seconds=20, headers=headers)


@pytest.fixture(params=["stand-in", *(["real"] if REAL else [])])
def place(request) -> Iterator[Place]:
    if request.param == "real":
        yield Place(REAL.rstrip("/"), os.environ["ARCHIVE_TEST_TOPIC"], real_key())
        return
    world = demo()
    with start(world) as running:
        fill(world, 70)
        put(world, TOPIC, b'{"no": "id"}', FIRST + timedelta(days=9))
        put(world, "tomtoolkit.test", b'{"secret": 1}', FIRST)
        login = HopAuth(running.hopauth, ALICE, ALICE[::-1])
        yield Place(running.archive, TOPIC, Key(token=lambda fresh: login.token(anew=fresh)))


def real_key() -> Key | None:
    names = ("ARCHIVE_TEST_HOPAUTH", "ARCHIVE_TEST_USERNAME", "ARCHIVE_TEST_PASSWORD")
    found = [os.environ.get(name, "") for name in names]
    if not all(found):
        return None
    login = HopAuth(*found)
    return Key(token=lambda fresh: login.token(anew=fresh))


def test_a_slash_too_many_leads_to_what_was_meant(place):
    """FastAPI's way; a client that follows nothing must not add one."""
    answer = requests.get(f"{place.url}/messages/?meta=true&limit=1", allow_redirects=False, timeout=20)
    assert (answer.status_code, answer.content) == (307, b"")
    assert answer.headers["Location"].endswith("/messages?meta=true&limit=1")
    answer = place.get("/none/such/")
    assert (answer.status, json.loads(answer.body)) == (404, {"detail": "Not Found"})


def test_it_says_what_there_is(place):
    said = json.loads(place.get("/openapi.json").body)
    assert (said["info"]["title"], said["openapi"][:2]) == ("Archive API", "3.")
    assert {"/messages", "/messages/count", "/topics", "/health_check"} <= set(said["paths"])
    assert place.get("/docs").status == 200


def test_health_is_json_and_always_200(place):
    answer = place.get("/health_check")
    assert answer.status == 200
    assert b"DatabaseOK" in answer.body


def test_success_is_bson_and_mostly_without_a_type(place):
    answer = place.get(f"/messages?topic={place.topic}&meta=true&limit=1")
    assert (answer.status, answer.headers.get("Content-Type")) == (200, None)
    assert set(bson.loads(answer.body)) >= {"messages", "next", "prev"}


def test_the_uuid_is_text_in_full_records_and_a_uuid_in_metas_and_only_these_say_retracted(place):
    (meta,) = bson.loads(place.get(f"/messages?topic={place.topic}&meta=true&limit=1").body)["messages"]
    (full,) = bson.loads(place.get(f"/messages?topic={place.topic}&limit=1").body)["messages"]
    assert isinstance(meta["annotations"]["con_text_uuid"], uuid.UUID)
    assert full["annotations"]["con_text_uuid"] == str(meta["annotations"]["con_text_uuid"])
    assert isinstance(meta["annotations"]["retracted"], bool)
    assert "retracted" not in full["annotations"]
    assert all(isinstance(item, list) and isinstance(item[1], bytes) for item in full["metadata"]["headers"])


def test_pages_are_capped_opaque_and_come_to_an_end(place):
    said = bson.loads(place.get(f"/messages?topic={place.topic}&limit=1000").body)
    assert 0 < len(said["messages"]) <= 64
    pages = place.client().metas(place.topic, limit=25)
    first, second = next(pages), next(pages, [])
    assert len(first) <= 25
    assert not {meta.uuid for meta in first} & {meta.uuid for meta in second}
    assert [meta.timestamp for meta in first] == sorted(meta.timestamp for meta in first)
    newest = next(place.client().metas(place.topic, newest_first=True, limit=5))
    assert newest[0].timestamp >= first[-1].timestamp or len(newest) < 5


def test_a_stretch_begins_with_its_time_and_ends_before_it(place):
    first, *_ = next(place.client().metas(place.topic, limit=3))
    after = first.time + timedelta(milliseconds=1)
    (only, *rest) = [meta for page in place.client().metas(place.topic, first.time, after) for meta in page]
    assert (only.timestamp, {meta.timestamp for meta in rest} - {first.timestamp}) == (first.timestamp, set())
    assert place.client().count(place.topic, first.time, after) == 1 + len(rest)
    assert next(place.client().metas(place.topic, after, first.time)) == []


def test_one_message_and_several_say_the_same(place):
    metas = next(place.client().metas(place.topic, limit=5))
    several = place.client().bodies(place.topic, metas[0], metas[-1], "hopskotch")
    for meta in metas:
        one = place.client().open(meta.uuid, "hopskotch")
        assert one == several[meta.uuid]
        assert (one.meta.topic, one.meta.timestamp, one.record.published) == (meta.topic, meta.timestamp, meta.time)
        assert one.client_uuid == (one.record.sent_id == meta.uuid)


def test_what_is_wrong_is_said_as_it_is(place):
    assert place.get("/msg/xyz").status == 400
    assert place.get(f"/msg/{uuid.UUID(int=1)}").status == 404
    assert place.get(f"/messages?topic={place.topic}&start_time=1764000000000.5").status == 422
    assert place.get(f"/messages?topic={place.topic}&meta=perhaps").status == 422
    unknown = place.get("/messages?topic=no.such.topic.anywhere")
    assert (unknown.status, unknown.body) == (500, b"Internal Error")
    mark = place.get(f"/messages?topic={place.topic}&page=nonsense")
    assert (mark.status, mark.body) == (500, b"Internal Error")
    with pytest.raises(Closed, match="404"):
        place.client().open(uuid.UUID(int=1), "hopskotch")
    assert list(place.client().metas("no.such.topic.anywhere")) == [[]]


@pytest.mark.parametrize("token", ["Token wrong", "Bearer wrong"])
def test_a_wrong_token_is_a_500_where_messages_are_listed_and_a_403_where_topics_are(place, token):
    listed = place.get(f"/messages?topic={place.topic}", token)
    assert (listed.status, listed.body) == (500, b"Internal Server Error")
    assert place.get(f"/messages/count?topic={place.topic}", token).status == 500
    topics = place.get("/topics", token)
    assert (topics.status, topics.body) == (403, b"Forbidden")
    meta = next(place.client().metas(place.topic, limit=1))[0]
    assert place.get(f"/msg/{meta.uuid}", token).status == 200, "what is public is served all the same"
    with pytest.raises(ScimmaError):
        place.client(key=Key(token=lambda fresh: "wrong"), pauses=()).count(place.topic)
    with pytest.raises(Refused):
        place.client(key=Key(token=lambda fresh: "wrong"), pauses=()).topics()


def test_a_credential_sees_what_nobody_sees_too(place):
    if place.key is None:
        pytest.skip("no credential is given")
    anonymous, ours = place.client().topics(), place.client(key=place.key).topics()
    assert place.topic in anonymous
    assert anonymous <= ours
    stale = iter(["old", *["" for _ in range(9)]])
    given = place.key.token
    assert given is not None
    renewing = Key(token=lambda fresh: given(True) if fresh else next(stale) or given(False))
    assert place.client(key=renewing).count(place.topic) > 0, "an old token is made anew, once"


def test_a_server_whose_certificate_is_not_trusted_is_shown_no_credential(tmp_path):
    world = demo()
    fill(world, 1)
    with start(world, tls=self_signed(tmp_path, "127.0.0.1")) as running:
        shown = Key(token=lambda fresh: "secret")
        client = Client(running.archive, shown, loads=unbson, max_bytes=1000, seconds=5, pauses=())
        with pytest.raises(Unavailable, match="certificate"):
            client.count(TOPIC)
        assert running.asked == []
