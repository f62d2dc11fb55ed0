"""The real Apache Kafka: guarded as Hopskotch is, and what our consumer's fixed properties do there.

Authority: Apache Kafka itself; Hopskotch's rules as scimma/kafka-plugins' ExternalAuthorizer has them.
"""

from __future__ import annotations

import re
import time
from contextlib import closing
from datetime import datetime, timezone

import pytest
from confluent_kafka import Consumer, KafkaException

from tests.services.messages import night, produce
from tests.services.process import wait_for
from tom_scimma import wire
from tom_scimma.errors import Rejected
from tom_scimma.sources import Login, Source
from tom_scimma.stream import Stream, publish, topics

pytestmark = pytest.mark.services


@pytest.fixture
def source(kafka, request):
    """Makes Sources for a credential of the test's own."""
    name = f"reader-{abs(hash(request.node.name)) % 16**4:04x}"
    kafka.credential(name)

    def make(password: str | None = None, **more) -> Source:
        login = Login(name, password or kafka.passwords[name], ca=kafka.ca)
        return Source(
            "hopskotch", "hopskotch", kafka.brokers, login, **{"group": f"{name}-tom", "start": "earliest", **more}
        )

    make.user = name
    return make


def read_all(member: Stream, count: int, *, seconds: float = 30) -> list:
    """Reads until `count` records came; those that came within `seconds`."""
    records, until = [], time.monotonic() + seconds
    while len(records) < count and time.monotonic() < until:
        records += member.read(0.2, limit=1000)
    return records


def assigned(member: Stream, number: int = 1) -> None:
    """Reads until the stream has so many partitions."""
    wait_for("an assignment", lambda: (member.read(0.1), len(member.assigned) >= number)[1], seconds=20, every=0)


def fill(kafka, topic: str, chance, count: int) -> list:
    """Puts `count` messages on a topic."""
    messages = list(night(chance, count))
    produce(kafka.producer(), topic, messages)
    return messages


def test_guarded_as_hopskotch_is(kafka, topic):
    """A plain client: refused with a wrong password, in a group not its own, and on a topic it may not read."""
    kafka.credential("alice-0001")
    private = topic("private", readers=("somebody-else",))
    public = topic("public")
    produce(kafka.producer(), public, [])

    def complaint(group: str, name: str, **more) -> str:
        seen = []
        config = {**kafka.client("alice-0001"), "group.id": group, "error_cb": seen.append, "log_level": 0, **more}
        with closing(Consumer(config)) as consumer:
            consumer.subscribe([name])
            for _ in range(150):
                message = consumer.poll(0.2)
                if message is not None and message.error():
                    return message.error().name()
                if any(error.name() == "_AUTHENTICATION" for error in seen):
                    return "_AUTHENTICATION"
                if consumer.assignment():
                    return ""
        return "nothing"

    assert complaint("alice-0001-x", public) == ""
    assert complaint("alice-0001-x", private) == "TOPIC_AUTHORIZATION_FAILED"
    assert complaint("x", public) == "GROUP_AUTHORIZATION_FAILED"
    assert complaint("alice-0001-x", public, **{"sasl.password": "wrong"}) == "_AUTHENTICATION"
    with pytest.raises(KafkaException):
        Consumer(
            {**kafka.client("alice-0001"), "group.id": "alice-0001-x", "ssl.ca.location": "", "log_level": 0}
        ).list_topics(timeout=3)


def test_what_our_credential_can_read(kafka, topic, source):
    public, described = topic("public"), topic("described", readers=())
    kafka.let_describe(described, source.user)
    hidden = topic("hidden", readers=())
    offered = topics(source())
    assert public in offered
    assert hidden not in offered
    with pytest.raises(Rejected, match="refused"):
        topics(source(password="wrong"))


@pytest.mark.parametrize("start", ["earliest", "latest", "time"])
def test_start_position(kafka, topic, source, chance, start):
    """Begins where it was told, and where it left off ever after."""
    name = topic("alerts", partitions=3)
    old = fill(kafka, name, chance, 30)
    time.sleep(0.05)
    since = datetime.now(timezone.utc)
    time.sleep(0.05)
    new = fill(kafka, name, chance, 20)
    expected = {"earliest": old + new, "latest": [], "time": new}[start]
    with closing(Stream(source(start=since if start == "time" else start))) as member:
        member.subscribe({name})
        wait_for(
            "an assignment", lambda: member.read(0.1) is not None and len(member.assigned) == 3, seconds=20, every=0
        )
    # closed without a commit of what was read: everything from the start position is read again, and now committed
    with closing(Stream(source(start=since if start == "time" else start))) as member:
        member.subscribe({name})
        records = read_all(member, len(expected), seconds=20)
        assert {record.sha256 for record in records} == {message.sha256 for message in expected}
        done = {}
        for record in records:
            done[record.topic, record.partition] = max(done.get((record.topic, record.partition), 0), record.offset + 1)
        member.commit(done, wait=True)
    late = fill(kafka, name, chance, 10)
    with closing(Stream(source(start=start if start != "time" else since))) as member:
        member.subscribe({name})
        assert {record.sha256 for record in read_all(member, 10)} == {message.sha256 for message in late}


def test_nothing_is_committed_that_was_not_said(kafka, topic, source, chance):
    """enable.auto.commit false: what was read and not committed comes again."""
    name = topic("alerts")
    fill(kafka, name, chance, 50)
    seen = []
    for _ in range(2):
        with closing(Stream(source())) as member:
            member.subscribe({name})
            seen.append({record.sha256 for record in read_all(member, 50)})
    assert len(seen[0]) == 50
    assert seen[0] == seen[1]


def test_listening_makes_no_topic(kafka, topic, source):
    """allow.auto.create.topics false, even for a credential that may make topics."""
    kafka.let_create(source.user)
    there = topic("there")
    with closing(Stream(source())) as member:
        member.subscribe({there, "no.such.topic"})
        for _ in range(30):
            member.read(0.1)
        assert {place[0] for place in member.assigned} == {there}
        assert "no.such.topic" in member.complaints
    assert "no.such.topic" not in kafka.admin.list_topics(timeout=10).topics


def test_fetching_does_not_stall(kafka, topic, source, chance, say):
    """fetch.queue.backoff.ms 10: a topic longer than the consumer's queue is read without pauses.

    With librdkafka's default of 1000 the queue that hop sets (1,000 messages) is filled once a second.
    """
    name = topic("bulk", partitions=1)
    count = 20_000
    fill(kafka, name, chance, count)
    seconds = []
    for milliseconds in (wire.CONSUMER["fetch.queue.backoff.ms"], 1000):
        small = {"queued.min.messages": 1000, "fetch.queue.backoff.ms": milliseconds}
        with closing(Stream(source(group=f"{source.user}-{milliseconds}", config=small))) as member:
            member.subscribe({name})
            first = read_all(member, 1)
            begun = time.monotonic()
            assert len(first) + len(read_all(member, count - len(first), seconds=60)) == count
            seconds.append(time.monotonic() - begun)
    say(f"read {count} messages of 2 kB: {seconds[0]:.2f} s; with librdkafka's own back-off {seconds[1]:.2f} s")


def test_who_closes_leaves_at_once(kafka, topic, source):
    """A listener that ends in order makes nobody wait for its session's end."""
    name, description = topic("alerts"), source()
    with closing(Stream(description)) as member:
        member.subscribe({name})
        assigned(member)
        assert len(kafka.members(description.group)) == 1
    assert kafka.members(description.group) == []


def test_new_topic_under_a_pattern_and_nobody_silenced(kafka, topic, source, say):
    """topic.metadata.refresh.interval.ms and cooperative-sticky: found within a minute, the other read throughout."""
    name = topic("first")
    with closing(Stream(source(start="latest"))) as member:
        member.subscribe({"^" + re.escape(name.removesuffix("first")) + ".*"})
        assigned(member)
        late = topic("later")
        producer, begun, gaps, last = kafka.producer(), time.monotonic(), [], time.monotonic()
        while not any(place[0] == late for place in member.assigned):
            assert time.monotonic() - begun < 60
            producer.produce(name, b"still here")
            producer.poll(0)
            if member.read(0.1):
                gaps.append(time.monotonic() - last)
                last = time.monotonic()
        producer.flush(10)
        found = time.monotonic() - begun
        say(f"new topic found after {found:.1f} s; longest silence of the other topic {max(gaps):.2f} s")
        assert max(gaps) < 3


def test_published_is_on_the_topic_once(kafka, topic, source):
    """With Hopskotch's rights (no idempotence, no cluster operation) and hop's headers; refusals are Rejected."""
    name = topic("ours", writers=(source.user,))
    closed = topic("not-ours")
    assert publish(name, {"a": 1}, {"title": "x"}, key="one", source=source(), origin="here") == 0
    with closing(Stream(source())) as member:
        member.subscribe({name})
        (record,) = read_all(member, 1)
    assert record.payload == b'{"a":1}'
    assert record.header("_relay") == b"here"
    assert record.sent_id is not None
    assert record.sender == source.user
    assert record.format == "json"
    with pytest.raises(Rejected, match="authoriz"):
        publish(closed, {"a": 1}, {}, key="two", source=source())
    with pytest.raises(Rejected, match="refused"):
        publish(name, {"a": 1}, {}, key="three", source=source(password="wrong"))


def test_stop_and_start_keep_everything(kafka, topic, source, chance):
    """The broker comes back on its port with its topics, credentials, rights and offsets."""
    name = topic("alerts")
    fill(kafka, name, chance, 20)
    with closing(Stream(source())) as member:
        member.subscribe({name})
        read = read_all(member, 20)
        member.commit({(name, p): offset for p, offset in kafka.ends(name).items()}, wait=True)
        kafka.stop()
        assert member.read(0.2) == []
        kafka.start()
        new = fill(kafka, name, chance, 5)
        assert {record.sha256 for record in read_all(member, 5)} == {message.sha256 for message in new}
    assert len(read) == 20
