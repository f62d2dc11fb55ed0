"""Publishing to a topic: what is packed, our mark, looking for what was lost. On a real Kafka: tests/services/test_worker.py.

Authority: the interfaces "Kafka" (`_id`, `_relay`) and loop protection.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from confluent_kafka import Consumer

from tests.contract import _source as use
from tests.embedded import Embedded
from tom_scimma import destinations, lookup, producer, sources
from tom_scimma.destinations.hopskotch import ours, packed, relayed, unpacked
from tom_scimma.errors import Rejected

KEY = "k" * 64


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Embedded(tmp_path_factory.mktemp("broker")) as made:
        yield made


@pytest.fixture
def topic(broker, settings):
    use(settings, broker.address)
    return broker.topic()


def read(broker, topic, count):
    """The first messages of a topic: (headers, payload)."""
    consumer = Consumer(
        {"bootstrap.servers": broker.address, "group.id": f"reader-{topic}", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    found = []
    while len(found) < count:
        message = consumer.poll(10)
        assert message is not None
        found.append((dict(message.headers()), message.value()))
    consumer.close()
    return found


def test_a_document_and_its_headers_arrive_as_json_with_our_mark(broker, topic):
    there = destinations.find(f"hopskotch:{topic}")
    receipt = there.send(packed({"text": "naïve ≈"}, {"title": "A title"}), KEY, None)
    assert receipt.id.startswith(f"{topic}@")
    ((headers, payload),) = read(broker, topic, 1)
    assert json.loads(payload) == {"text": "naïve ≈"}
    assert (headers["title"], headers["_format"]) == (b"A title", b"json")
    assert headers["_relay"] == sources.tom_name().encode()
    assert headers["_id"] == producer.identity(sources.tom_name(), KEY).bytes


def test_bytes_are_passed_on_as_they_came(broker, topic):
    came = [("_format", "avro"), ("_id", "base64:AAAA"), ("_sender", "lvk-1"), ("_relay", "other-tom"), ("title", "t")]
    assert relayed(came) == {"_format": "avro", "title": "t", "_relayed": "other-tom"}
    there = destinations.find(f"hopskotch:{topic}")
    there.send(packed(b"\x00Obj\x01", relayed(came)), KEY, None)
    ((headers, payload),) = read(broker, topic, 1)
    assert payload == b"\x00Obj\x01"
    assert (headers["_format"], headers["_relayed"]) == (b"avro", b"other-tom")
    assert "base64" in there.show(packed(b"\xff", {"_format": "blob"})) or "ff" in there.show(packed(b"\xff", {}))


def test_what_began_here_is_not_published_again_however_far_it_went(topic):
    mine = sources.tom_name()
    assert ours([("_relay", mine.encode())])
    assert ours({"_relayed": f"other, {mine}"})
    assert not ours({"_relay": "other", "title": mine})
    there = destinations.find(f"hopskotch:{topic}")
    for headers in ({"_relayed": mine}, relayed([("_relay", f"{mine}"), ("_relayed", "other")])):
        with pytest.raises(Rejected, match="not published again"):
            there.send(packed({}, headers), KEY, None)


def test_looking_reads_the_whole_topic(broker, topic):
    there = destinations.find(f"hopskotch:{topic}")
    begun = datetime.now(timezone.utc)
    receipt = there.send(packed({"n": 1}), KEY, None)
    broker.send(topic, *[b"noise"] * (lookup.BEFORE - 100))  # this broker does not know which offset was when
    found = there.find(b"", KEY, begun)
    assert found is not None
    assert found.data["offset"] == receipt.data["offset"]
    assert there.find(b"", "other", begun - timedelta(days=1)) is None


def test_a_topic_that_is_not_there_cannot_be_looked_at(topic):
    with pytest.raises(Rejected):
        lookup.offset_of(sources.default(), "no.such.topic", producer.identity("a", "b"), datetime.now(timezone.utc))


def test_test_topics_are_test_destinations(topic):
    names = {"hopskotch:tom.test": True, "hopskotch:hermes-test.x": True, "hopskotch:tom.latest": False}
    assert {name: destinations.find(name).is_test for name in names} == names


def test_a_payload_goes_there_and_back():
    assert unpacked(packed({"a": [1]}, {"h": "v"})) == ({"a": [1]}, {"h": "v"})
    assert unpacked(packed(b"\x00\xff")) == (b"\x00\xff", {})
