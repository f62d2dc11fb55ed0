"""Kafka -> Record and back, over real sockets to the embedded broker.

Authority: librdkafka's own mock cluster; hop-client's headers (contracts of hop 0.13); hop.auth for credentials;
gcn-kafka for GCN's log-in; the interfaces "Kafka". What needs log-in, permissions or times is in tests/services.
"""

from __future__ import annotations

import json
import logging
import re
import statistics
import threading
import time
import uuid
from contextlib import closing
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.exceptions import ImproperlyConfigured
from hop.auth import Auth

from tests import rawkafka
from tests.embedded import ROOT, Embedded, wait_for
from tom_scimma import producer, wire
from tom_scimma import stream as kafka
from tom_scimma.beginning import earlier
from tom_scimma.broker import Broker
from tom_scimma.decode import decode
from tom_scimma.errors import Unavailable, Undecodable
from tom_scimma.sources import Login, Source, sources
from tom_scimma.stream import Stream, publish, topics

NOBODY = Source("nobody", "kafka", "127.0.0.1:1", auth=False)


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Embedded(tmp_path_factory.mktemp("broker")) as made:
        yield made


def read(stream: Stream, count: int, seconds: float = 60) -> list:
    """Reads until `count` records came."""
    records, until = [], time.monotonic() + seconds
    while len(records) < count and time.monotonic() < until:
        records += stream.read(0.1)
    return records


def joined(stream: Stream, topic: str) -> Stream:
    """The stream once it has partitions of a topic."""
    stream.subscribe({topic})
    wait_for("an assignment", lambda: (stream.read(0.05), stream.assigned)[1], every=0)
    return stream


def joined_late(stream: Stream, topic: str) -> Stream:
    """The stream, subscribed; what comes first is not read away."""
    stream.subscribe({topic})
    return stream


def places(records) -> dict:
    """Offsets to commit for all of these."""
    done: dict = {}
    for record in records:
        place = (record.topic, record.partition)
        done[place] = max(done.get(place, 0), record.offset + 1)
    return done


@pytest.fixture(scope="module")
def reader(broker):
    """A stream that has joined its group (which takes the mock cluster three seconds) on the topics reader.0 to 4."""
    names = {broker.topic(f"reader.{number}") for number in range(5)}
    with closing(Stream(broker.source())) as stream:
        stream.subscribe(names)
        wait_for("an assignment", lambda: (stream.read(0.05), len(stream.assigned) == 20)[1], every=0)
        yield stream


def test_a_message_is_a_record_with_everything_the_broker_said(broker, reader):
    topic, before = "reader.0", datetime.now(timezone.utc)
    headers = [("_sender", b"alice-1"), ("_test", b"true"), ("_format", b"JSON"), ("twice", b"1"), ("twice", b"\xff")]
    (ident,) = broker.send(topic, b'{"a": 1}', headers=headers, partition=2)
    (record,) = read(reader, 1)
    assert (record.topic, record.partition, record.offset, record.payload) == (topic, 2, 0, b'{"a": 1}')
    assert record.headers == (*headers, ("_id", ident.bytes))
    assert (record.sender, record.is_test, record.format, record.sent_id) == ("alice-1", True, "json", ident)
    assert (record.source, record.broker, record.place) == ("local", broker.address, f"{topic}:2:0")
    assert abs(record.published - before) < timedelta(seconds=10)
    assert before <= record.received <= datetime.now(timezone.utc)


def test_a_message_without_value_is_a_record_too(broker, reader):
    broker.send("reader.1", b"")
    assert [record.payload for record in read(reader, 1)] == [b""]


def test_a_header_whose_name_is_not_text_costs_that_message_its_headers_and_nothing_else(broker, reader):
    """Kafka bounds a header's name by nothing; confluent-kafka cannot read it. Kept, and quarantined: it may be a test's."""
    if (library := rawkafka.library()) is None:
        pytest.skip("no librdkafka beside confluent-kafka")
    rawkafka.send(library, broker.address, "reader.1", b'{"a": 1}', header=b"\xff\xfe_test")
    (bad,) = read(reader, 1)
    broker.send("reader.1", b"{}")
    (good,) = read(reader, 1)
    assert (bad.payload, good.payload) == (b'{"a": 1}', b"{}")
    assert good.sent_id is not None
    with pytest.raises(Undecodable, match="headers cannot be read: 'utf-8' codec"):
        decode(bad)


def test_a_lone_message_does_not_wait_for_company(broker, reader):
    """the interfaces: a batch is what has come; the median from produce to hand stays far under 30 ms."""
    taken = []
    for _ in range(15):
        begun = time.monotonic()
        broker.send("reader.2", b"{}")
        assert read(reader, 1)
        taken.append(time.monotonic() - begun)
    assert statistics.median(taken) < 0.030, taken


def test_batches_are_full_but_not_more_than_full(broker, reader):
    reader.hold()
    broker.send("reader.3", *(b"x" * 100 for _ in range(1000)), partition=0)
    reader.resume()
    sizes: list[int] = []
    while sum(sizes) < 1000:
        sizes.append(len(reader.read(1)))
    assert max(sizes) == 100, sizes


def test_messages_stop_while_held_and_the_place_in_the_group_stays(broker, reader):
    had = set(reader.assigned)
    reader.hold()
    broker.send("reader.4", b"1", b"2")
    assert [record for _ in range(10) for record in reader.read(0.1)] == []
    assert reader.assigned == had
    reader.resume()
    assert len(read(reader, 2)) == 2


def test_a_group_goes_on_where_it_committed(broker):
    topic, source = broker.topic(), broker.source()
    broker.send(topic, *(b"%d" % number for number in range(10)), partition=0)
    with closing(Stream(source)) as stream:
        records = read(joined_late(stream, topic), 10)
        stream.commit(places(records[:4]), wait=True)
    with closing(Stream(source)) as stream:
        again = read(joined_late(stream, topic), 6)
    assert [record.payload for record in again] == [b"%d" % number for number in range(4, 10)]


def test_latest_begins_at_the_end_and_is_remembered_at_once(broker):
    """What comes between a first start and the first message handled, while nobody listens, is not skipped."""
    topic, source = broker.topic(), broker.source(start="latest")
    broker.send(topic, b"old", partition=1)
    with closing(Stream(source)) as stream:
        joined(stream, topic)
        assert stream.read(0.3) == []
    broker.send(topic, b"new", partition=1)
    with closing(Stream(source)) as stream:
        records = read(joined_late(stream, topic), 1)
        assert [record.payload for record in records] == [b"new"]


def test_a_topic_more_does_not_disturb_the_others(broker):
    one, two = broker.topic(), broker.topic()
    with closing(Stream(broker.source())) as stream:
        joined(stream, one)
        stream.subscribe({one, two})
        lost = []
        wait_for(
            "the second topic",
            lambda: (stream.read(0.05), lost.append(1) if not stream.assigned else None, len(stream.assigned) == 8)[2],
            every=0,
        )
        assert not lost
        stream.subscribe({two})
        wait_for(
            "the first to go", lambda: (stream.read(0.05), {topic for topic, _ in stream.assigned} == {two})[1], every=0
        )


def test_a_broker_that_is_not_there_is_said_and_polling_goes_on(caplog):
    with closing(Stream(NOBODY)) as stream, caplog.at_level(logging.CRITICAL):
        stream.subscribe({"any"})
        wait_for("a complaint", lambda: (stream.read(0.1), stream.trouble.text)[1], every=0)
        assert "127.0.0.1:1" in stream.trouble.text


def test_what_is_offered_and_what_is_not(broker, monkeypatch):
    topic, source = broker.topic(), broker.source()
    assert topics(source)[topic] == 4
    with closing(Broker(source)) as asked:
        assert "has no topic no.such.topic" in asked.why_not("no.such.topic")
        assert asked.why_not(topic) == ""
        assert "no.such.topic" not in asked.topics()  # asking did not make it
    monkeypatch.setattr(wire, "SECONDS", 1)
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"), closing(Broker(NOBODY)) as asked:
        asked.topics()


def test_lag_is_what_the_group_has_still_to_handle(broker):
    topic, source = broker.topic(), broker.source()
    broker.send(topic, *(b"x" for _ in range(30)), spread=True)
    with closing(Broker(source)) as asked, closing(Stream(source)) as stream:
        counts = asked.topics()
        assert asked.lag({topic}, counts) == {}  # never committed: nothing to measure against
        records = read(joined_late(stream, topic), 30)
        wait_for("where it begins, committed", lambda: asked.lag({topic}, counts) == {topic: 30})
        stream.commit(places(records[:12]), wait=True)
        assert asked.lag({topic}, counts)[topic] <= 18
        stream.commit(places(records), wait=True)
        assert asked.lag({topic}, counts) == {topic: 0}


def test_the_broker_names_the_server_for_large_messages(broker):
    """hop 0.13: the last message on sys.metadata, a JSON object with LargeMessageUploadEndpoint."""
    source = broker.source()
    with closing(Broker(source)) as asked:
        assert asked.offload_endpoint() == ""
    broker.topic("sys.metadata")
    broker.send("sys.metadata", json.dumps({"LargeMessageUploadEndpoint": "http://old.example"}).encode(), partition=0)
    time.sleep(0.01)
    broker.send(
        "sys.metadata", json.dumps({"LargeMessageUploadEndpoint": "https://new.example/x"}).encode(), partition=1
    )
    with closing(Broker(source)) as asked:
        assert asked.offload_endpoint() == "https://new.example/x"


@pytest.mark.parametrize("bad", [b"", b"{", b"[]", b"{}", b'{"LargeMessageUploadEndpoint": 3}', b"[" * 100000])
def test_metadata_that_names_no_server_is_none(bad):
    assert wire.endpoint(bad) == ""


def test_publishing_gives_the_offset_and_the_headers_hop_expects(broker):
    topic, source = broker.topic(), broker.source()
    offset = publish(topic, {"a": 1.5}, {"title": "hello"}, key="greeting", source=source, origin="tom.example")
    again = publish(topic, b"raw", {"_format": "blob"}, key="greeting", source=source, origin="tom.example")
    with closing(Stream(source)) as stream:
        first, second = sorted(read(joined_late(stream, topic), 2), key=lambda record: record.payload, reverse=True)
    assert (json.loads(first.payload), first.offset, first.format) == ({"a": 1.5}, offset, "json")
    assert (first.header("title"), first.header("_relay")) == (b"hello", b"tom.example")
    assert (second.payload, second.format, second.offset) == (b"raw", "blob", again)
    assert first.sent_id == second.sent_id  # the same key is the same message
    assert first.sent_id.version == 5


def test_publishing_says_what_surely_did_not_go_out(monkeypatch):
    monkeypatch.setattr(wire, "SECONDS", 1)
    with pytest.raises(Unavailable, match="nobody"):
        publish("t", {}, {}, key="k", source=NOBODY, seconds=1)
    with pytest.raises(ValueError, match=r"NaN|nan|JSON"):
        publish("t", {"x": float("nan")}, {}, key="k", source=NOBODY, seconds=1)


class _Error:
    """An error with one of librdkafka's names."""

    def __init__(self, name):
        self._name = name

    def name(self):
        return self._name

    def str(self):
        return f"Broker: {self._name}"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("TOPIC_AUTHORIZATION_FAILED", "Rejected"), ("MSG_SIZE_TOO_LARGE", "Rejected"), ("_AUTHENTICATION", "Rejected"),
        ("NOT_ENOUGH_REPLICAS", "Unavailable"), ("NOT_LEADER_FOR_PARTITION", "Unavailable"),
        ("NOT_ENOUGH_REPLICAS_AFTER_APPEND", "ReplyLost"), ("_MSG_TIMED_OUT", "ReplyLost"), ("_TRANSPORT", "ReplyLost"),
        ("REQUEST_TIMED_OUT", "ReplyLost"), ("anything new", "ReplyLost"),
    ],
)  # fmt: skip
def test_what_a_delivery_report_means(name, answer):
    """the interfaces's table: refused for good, surely not received, or maybe; what is not known is maybe."""
    assert type(producer.receipt(_Error(name), NOBODY, "t")).__name__ == answer


# --- credentials


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine without any credential; write a hop auth file with `machine(text)`."""
    for name in ("HOP_USERNAME", "HOP_PASSWORD", "GCN_CLIENT_ID", "GCN_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    def write(text):
        path = tmp_path / "hop" / "auth.toml"
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text)

    return write


def one(settings, **entry) -> Source:
    settings.TOM_SCIMMA = {"SOURCES": {"hopskotch": entry}}
    return sources()["hopskotch"]


def test_a_login_in_the_settings_is_used_as_hop_uses_it(settings, machine):
    source = one(settings, auth={"username": "alice-1", "password": "pw"})
    found = kafka.connection(source)
    assert {name: found[name] for name in Auth("alice-1", "pw")()} == Auth("alice-1", "pw")()
    assert (found["sasl.mechanism"], found["security.protocol"]) == ("SCRAM-SHA-512", "SASL_SSL")
    assert (source.brokers, kafka.group(source)) == ("kafka.scimma.org:9092", "alice-1-example_tom")


def test_the_environment_comes_before_hops_file(settings, machine, monkeypatch):
    machine('[[auth]]\nusername = "file"\npassword = "fpw"\n')
    assert kafka.credential(one(settings)).username == "file"
    monkeypatch.setenv("HOP_USERNAME", "env")
    with pytest.raises(ImproperlyConfigured, match="only one"):
        one(settings)
    monkeypatch.setenv("HOP_PASSWORD", "epw")
    assert kafka.credential(one(settings)) == Login("env", "epw")


def test_hops_file_is_asked_for_the_sources_host(settings, machine):
    machine(
        '[[auth]]\nusername = "dev"\npassword = "d"\nhostname = "dev.hop.scimma.org"\n'
        '[[auth]]\nusername = "prod"\npassword = "p"\nhostname = "kafka.scimma.org:9092"\n'
    )
    assert kafka.credential(one(settings)).username == "prod"
    assert kafka.credential(one(settings, brokers="kafka://dev.hop.scimma.org/")).username == "dev"
    with pytest.raises(ImproperlyConfigured, match=r"other\.example.*hop auth add"):
        kafka.credential(one(settings, brokers=["other.example"]))


def test_no_credential_anywhere_says_what_to_do(settings, machine):
    with pytest.raises(ImproperlyConfigured, match="HOP_USERNAME and HOP_PASSWORD"):
        kafka.credential(one(settings))
    assert kafka.credential(one(settings, auth=False)) is None
    assert "sasl.mechanism" not in kafka.connection(one(settings, auth=False))


def test_a_password_is_not_shown_in_a_repr():
    assert "secret" not in repr(Source("s", "kafka", "b", auth=Login("u", "secret")))


def test_gcn_logs_in_with_client_credentials(settings, machine):
    """As gcn-kafka's get_config: OAUTHBEARER, oidc, kafka.<domain>, https://auth.<domain>/oauth2/token."""
    settings.TOM_SCIMMA = {
        "SOURCES": {"gcn": {"auth": {"client_id": "id", "client_secret": "s", "domain": "test.gcn.nasa.gov"}}}
    }
    source = sources()["gcn"]
    found = kafka.connection(source)
    assert source.brokers == "kafka.test.gcn.nasa.gov:9092"
    assert found["sasl.mechanism"] == "OAUTHBEARER"
    assert found["sasl.oauthbearer.method"] == "oidc"
    assert found["sasl.oauthbearer.client.id"] == "id"
    assert found["sasl.oauthbearer.token.endpoint.url"] == "https://auth.test.gcn.nasa.gov/oauth2/token"
    kafka.Consumer({**found, "group.id": "g"}).close()  # librdkafka knows every one of these


def test_gcns_token_is_asked_for_as_oauth_says(settings, machine, monkeypatch):
    """RFC 6749 section 4.4: grant_type=client_credentials, the client's id and secret as HTTP Basic."""
    asked = threading.Event()
    seen = {}

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self):
            seen["auth"] = self.headers["Authorization"]
            seen["body"] = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.send_error(401)
            asked.set()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    login = {
        "client_id": "id",
        "client_secret": "s",
        "token_endpoint": f"http://127.0.0.1:{server.server_port}/oauth2/token",
    }
    settings.TOM_SCIMMA = {"SOURCES": {"gcn": {"auth": login, "brokers": "127.0.0.1:1"}}}
    with closing(Stream(sources()["gcn"])) as stream:
        stream.subscribe({"gcn.heartbeat"})
        wait_for("the token endpoint to be asked", lambda: (stream.read(0.1), asked.is_set())[1], every=0)
    server.shutdown()
    server.server_close()
    assert seen["auth"] == "Basic aWQ6cw=="
    assert "grant_type=client_credentials" in seen["body"]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"kind": "kafak"}, "kafak"), ({"start": "yesterday"}, "ISO 8601"), ({"auth": "pw"}, "auth must be"),
        ({"auth": {"username": "a"}}, "a username and a password"), ({"kind": "kafka", "auth": False}, "brokers"),
        (3, "must be a dict"),
    ],
)  # fmt: skip
def test_wrong_settings_are_said(settings, machine, entry, says):
    settings.TOM_SCIMMA = {"SOURCES": {"hopskotch": entry}}
    with pytest.raises(ImproperlyConfigured, match=says):
        sources()


def test_topics_come_from_the_source_or_else_from_the_policies(settings, machine):
    settings.TOM_SCIMMA = {
        "SOURCES": {"hopskotch": {"auth": False}, "gcn": {"auth": False, "topics": ["gcn.heartbeat"]}},
        "TOPICS": {"igwn.gwalert": {"source": "hopskotch"}, "gcn.notices.*": {}, "x": {"source": "gcn"}},
    }
    found = sources()
    assert found["hopskotch"].topics == ("igwn.gwalert", "gcn.notices.*")
    assert found["gcn"].topics == ("gcn.heartbeat",)


def test_a_start_is_the_earlier_of_what_is_set_and_since_when_we_should_have_heard():
    now = datetime(2026, 11, 21, tzinfo=timezone.utc)
    hour = timedelta(hours=1)
    assert earlier("latest", None) == "latest"
    assert earlier("latest", now) == now
    assert earlier("earliest", now) == "earliest"
    assert earlier(now - hour, now) == now - hour
    assert earlier(now + hour, now) == now


def test_the_id_of_what_we_say_depends_on_who_we_are_and_what_we_call_it():
    ident = lambda **who: dict(producer.packed(b"", {}, **who)[1])["_id"]  # noqa: E731
    assert ident(key="a", origin="x") == ident(key="a", origin="x", sender="s")
    assert len({ident(key=key, origin=origin) for key in "ab" for origin in "xy"}) == 4
    assert uuid.UUID(bytes=ident(key="a", origin="x")).version == 5


def test_the_properties_in_the_documentation_are_the_ones_in_use():
    page = (ROOT / "docs" / "listening.md").read_text()
    table = dict(re.findall(r"^\| `([a-z.]+)` \| (\S+) \|", page.partition("## Properties")[2], re.M))
    used = {name: str(value).lower() for name, value in wire.CONSUMER.items() if name != "enable.auto.offset.store"}
    assert table == used
