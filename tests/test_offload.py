"""Large messages: the stub on the topic, the message in the archive, over real HTTP on loopback.

Authority: hop-client 0.13 (stub, BSON record, trusted endpoint), SCiMMA's archive (record with its topic, pseudo-topic
`+oversized`, HTTP SCRAM), promise 6 (what is protected stays so).
"""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hop import bson
from hypothesis import given, settings
from hypothesis import strategies as st
from scramp import ScramException, ScramMechanism

from tom_scimma import offload
from tom_scimma.errors import Refused, Unavailable
from tom_scimma.offload import ADDRESS, ERROR, Archive
from tom_scimma.record import Record
from tom_scimma.sources import Login
from tom_scimma.stream import http_auth, unbson

INNER = uuid.UUID(int=7)
HEADERS = [["_id", INNER.bytes], ["_sender", b"somebody-else"], ["_format", b"json"], ["title", b"big"]]
SCRAM = ScramMechanism("SCRAM-SHA-512")


def reply(topic="igwn.gwalert+oversized", payload=b'{"a": 1}', headers=HEADERS, **more) -> bytes:
    metadata = {"topic": topic, "timestamp": 1795251037080, "key": b"", "headers": headers, **more}
    return bson.dumps({"message": payload, "metadata": metadata, "annotations": {"public": True}})


class Handler(BaseHTTPRequestHandler):
    """An archive: `answers` holds what it says, one after the other; the last one stays."""

    def do_GET(self):
        self.server.asked.append(self.headers.get("Authorization"))
        if self.server.scram is not None:
            return self.scram()
        answers = self.server.answers
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        self.say(status, body)

    def say(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def scram(self):
        """RFC 7804: client-first gets 401 with server-first, client-final gets the answer with server-final."""
        said = self.headers.get("Authorization", "")
        data = base64.b64decode(said.partition("data=")[2]).decode()
        if "sid=" not in said:
            self.server.exchange = SCRAM.make_server(lambda user: SCRAM.make_auth_info(self.server.scram))
            self.server.exchange.set_client_first(data)
            first = base64.b64encode(self.server.exchange.get_server_first().encode()).decode()
            return self.say(401, WWW_Authenticate=f"SCRAM-SHA-512 sid=1, data={first}")
        try:
            self.server.exchange.set_client_final(data)
        except ScramException:  # the real one answers a wrong password with a page of HTML
            return self.say(500, b"<html>")
        final = base64.b64encode(self.server.exchange.get_server_final().encode()).decode()
        self.say(200, self.server.answers[0][1], Authentication_Info=f"sid=1, data={final}")

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    made.asked, made.answers, made.scram = [], [(200, reply())], None
    made.url = f"http://127.0.0.1:{made.server_port}"
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


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
        offload.unpack(stub("http://x"), "http://x", offload._document("http://x", body, unbson), 1000)
    except Refused:
        pass
    assert time.monotonic() - begun < 1


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_good_answer_with_bytes_changed_is_read_or_refused(data):
    body = bytearray(reply())
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        offload.unpack(stub("http://x"), "http://x", offload._document("http://x", bytes(body), unbson), 1000)
    except Refused:
        pass
