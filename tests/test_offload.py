"""Large messages: the stub on the topic, the message in the archive, over real HTTP on loopback.

Authority: hop-client 0.13 (stub, BSON record, trusted endpoint), SCiMMA's archive (record with its topic, pseudo-topic
`+oversized`, HTTP SCRAM), promise 6 (what is protected stays so).
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from hop import bson
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.archive import reply, serving
from tests.embedded import Embedded
from tom_scimma import offload
from tom_scimma.broker import retrieve
from tom_scimma.errors import Refused, Unavailable
from tom_scimma.ingest import ingest
from tom_scimma.models import Message
from tom_scimma.offload import ADDRESS, ERROR, Archive
from tom_scimma.record import Record
from tom_scimma.replay import replay
from tom_scimma.sources import Login
from tom_scimma.stream import http_auth, unbson


@pytest.fixture
def server():
    with serving() as made:
        yield made


def stub(url: str, **headers) -> Record:
    own = [("_id", uuid.UUID(int=1).bytes), ("_sender", b"alice-1"), ("_format", b"external")]
    payload = json.dumps({"url": url}).encode()
    now = datetime.now(timezone.utc)
    more = tuple((name, value) for name, value in headers.items())
    return Record("igwn.gwalert", payload, partition=1, offset=9, headers=(*own, *more), published=now, received=now)


def fetch(record: Record, archive: Archive, **options) -> Record:
    defaults = {"hosts": (), "max_bytes": 10_000, "seconds": 2, "pauses": (0.01, 0.01)}
    return offload.fetch(record, lambda: archive, loads=unbson, **{**defaults, **options})


def test_the_message_takes_the_place_of_its_stub(server):
    record = stub(server.url + "/msg/1", _test=b"true")
    found = fetch(record, Archive(server.url))
    assert (found.payload, found.format, found.header("title")) == (b'{"a": 1}', "json", b"big")
    assert (found.uid, found.sent_id) == (record.uid, record.sent_id)  # the stub's identity, whoever fetches it
    assert (found.place, found.published, found.received) == (record.place, record.published, record.received)
    assert found.is_test
    assert found.header(ADDRESS) == (server.url + "/msg/1").encode()


def test_who_sent_it_is_what_the_topic_says(server):
    """Promise 9: authority rests on topic and sender; the archive's copy does not change the sender."""
    assert fetch(stub(server.url), Archive(server.url)).sender == "alice-1"


def test_a_message_of_another_topic_does_not_come_in_by_a_stub(server):
    """Our credential may read what the readers of this topic may not."""
    server.answers = [(200, reply(topic="secret.topic+oversized"))]
    found = fetch(stub(server.url), Archive(server.url))
    assert b"not of igwn.gwalert" in found.header(ERROR)
    assert found.payload == stub(server.url).payload


def test_only_the_server_that_the_broker_names_is_asked(server):
    other = Archive("http://127.0.0.1:1/archive")
    found = fetch(stub(server.url), other)
    assert b"not among the hosts" in found.header(ERROR)
    assert server.asked == []
    assert fetch(stub(server.url), other, hosts=["127.0.0.1"]).payload == b'{"a": 1}'  # or one of FETCH_HOSTS
    assert b"sys.metadata" in fetch(stub(server.url), Archive()).header(ERROR)


def test_credentials_are_shown_to_the_named_server_only(server):
    class Key:
        def __call__(self, request):
            request.headers["Authorization"] = "key"
            return request

    fetch(stub(server.url), Archive(server.url + "/archive", Key()))
    assert server.asked.pop() == "key"
    port = server.server_port
    for endpoint in (f"https://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}", f"http://localhost:{port}"):
        fetch(stub(server.url), Archive(endpoint, Key()), hosts=["127.0.0.1"])
        assert server.asked.pop() is None


def test_scram_over_http_as_the_archive_does_it(server):
    server.scram = "pw"
    found = fetch(stub(server.url), Archive(server.url, http_auth(Login("alice-1", "pw"))))
    assert found.payload == b'{"a": 1}'
    assert len(server.asked) == 2
    wrong = fetch(stub(server.url), Archive(server.url, http_auth(Login("alice-1", "wrong"))))
    assert b"our credential is refused" in wrong.header(ERROR)


def test_what_may_come_back_is_asked_for_again(server):
    server.answers = [(503, b""), (404, b""), (200, reply())]
    assert fetch(stub(server.url), Archive(server.url)).payload == b'{"a": 1}'
    assert len(server.asked) == 3


def test_what_does_not_come_back_leaves_the_stub_with_the_reason(server):
    server.answers = [(404, b"")]
    record = stub(server.url)
    found = fetch(record, Archive(server.url))
    assert len(server.asked) == 3
    assert (found.payload, found.uid, found.format) == (record.payload, record.uid, "external")
    assert b"404" in found.header(ERROR)
    server.answers = [(200, reply())]
    again = fetch(found, Archive(server.url))  # "try again"
    assert again.payload == b'{"a": 1}'


def test_a_broker_that_cannot_be_asked_where_is_asked_again(server):
    tries = []

    def where():
        tries.append(1)
        if len(tries) < 3:
            raise Unavailable("no broker")
        return Archive(server.url)

    found = offload.fetch(stub(server.url), where, loads=unbson, max_bytes=1000, seconds=1, pauses=(0, 0))
    assert found.payload == b'{"a": 1}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        bson.dumps({}),
        bson.dumps({"message": "text", "metadata": {"headers": []}}),
        bson.dumps({"message": b"x"}),
        bson.dumps({"message": b"x", "metadata": {"headers": {"a": b"b"}}}),
        bson.dumps({"message": b"x", "metadata": {"headers": [["a"]]}}),
        bson.dumps({"message": b"x", "metadata": {"headers": [["a", "text"]]}}),
        bson.dumps({"message": b"x", "metadata": {"headers": [], "topic": 3}}),
        bson.dumps({"$$__CLASS_NAME__$$": "os.system"}),
        b"\xff\xff\xff\x7f\x00",
        b"\x10\x00\x00\x00\x05a\x00\xf0\xff\xff\xff\x00xxx\x00",  # a length that leads back
    ],
)
def test_an_answer_that_is_no_message_is_refused(server, body):
    server.answers = [(200, body)]
    found = fetch(stub(server.url), Archive(server.url))
    assert found.header(ERROR)
    assert len(server.asked) == 1


def test_a_nest_of_documents_is_refused(server):
    nested: dict = {}
    for _ in range(100):
        nested = {"a": nested}
    server.answers = [(200, bson.dumps(nested))]
    assert b"nested too deeply" in fetch(stub(server.url), Archive(server.url)).header(ERROR)


def test_what_is_too_large_is_refused(server):
    server.answers = [(200, reply(payload=bytes(20_000)))]
    assert b"more than the 10000" in fetch(stub(server.url), Archive(server.url)).header(ERROR)
    server.answers = [(200, reply(payload=bytes(900_000)))]
    assert b"allowed" in fetch(stub(server.url), Archive(server.url)).header(ERROR)


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b"{}", b'{"url": 3}', b'{"url": ""}', b'"http://x"', b"[" * 50_000, b"x" * 100_000, b"\xff"],
)
def test_a_stub_that_is_none_is_refused(payload):
    with pytest.raises(Refused):
        offload.address(Record("t", payload))


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused_in_no_time(body):
    begun = time.monotonic()
    try:
        offload.unpack(stub("http://x"), "http://x", offload.document("http://x", body, unbson), 1000)
    except Refused:
        pass
    assert time.monotonic() - begun < 15


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_good_answer_with_bytes_changed_is_read_or_refused(data):
    body = bytearray(reply())
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        offload.unpack(stub("http://x"), "http://x", offload.document("http://x", bytes(body), unbson), 1000)
    except Refused:
        pass


@pytest.mark.django_db
def test_try_again_fetches_what_could_not_be_had(server, settings, tmp_path):
    """A stub whose message is not to be had is quarantined with the reason, and "try again" puts the message in its place."""
    with Embedded(tmp_path) as broker:
        broker.topic("sys.metadata")
        broker.send("sys.metadata", json.dumps({"LargeMessageUploadEndpoint": server.url}).encode())
        settings.TOM_SCIMMA = {"SOURCES": {"local": {"brokers": broker.address, "auth": False}}}
        server.answers = [(404, b"")]
        record = replace(stub(server.url), source="local", topic="a.topic")
        (result,) = ingest([retrieve(record, pauses=())])
        message = Message.objects.get(uid=result.uid)
        assert (message.state, message.uid) == ("quarantined", record.uid)
        assert "could not be fetched" in message.error
        assert "404" in message.error
        (result,) = replay([message])
        assert result.state == "quarantined"
        server.answers = [(200, reply(topic="a.topic+oversized", payload=b'{"hello": "you"}'))]
        (result,) = replay([Message.objects.get(pk=message.pk)])
    message = Message.objects.get(pk=message.pk)
    assert (result.state, message.state, message.error) == ("ignored", "ignored", "")  # nobody parses it; it is kept
    assert message.body.payload == b'{"hello": "you"}'
    assert message.sha256 == hashlib.sha256(b'{"hello": "you"}').hexdigest()
    assert message.record().header(ADDRESS) == server.url.encode()
    assert message.record().header(ERROR) is None
    assert message.sender == "alice-1"
