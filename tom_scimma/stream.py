"""Kafka -> Record, Record -> Kafka. The only file that imports hop or confluent_kafka.

    stream = Stream(source); stream.subscribe({"igwn.gwalert"}); records = stream.read(0.1)
    publish("tom.test", {"a": 1}, {}, key="greeting 1") -> offset; topics(source) -> {name: partitions}

Fixed properties, errors in our words and messages as Records are in wire.py, where to begin in beginning.py, questions
to a broker in broker.py, waiting for a delivery report in producer.py.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from datetime import datetime, timezone
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition  # noqa: F401
from django.core.exceptions import ImproperlyConfigured

from tom_scimma import wire
from tom_scimma.beginning import beginning, earlier
from tom_scimma.offsets import Place, Unsaid
from tom_scimma.record import Record
from tom_scimma.sources import Login, Source, default, tom_name

logger = logging.getLogger("tom_scimma.kafka")


def credential(source: Source) -> Login | None:
    """The login for a source: its settings', its environment's, or the one hop's auth file has for its host."""
    if source.auth is False:
        return None
    if isinstance(source.auth, Login):
        return source.auth
    from hop.auth import load_auth, select_matching_auth

    try:
        found = select_matching_auth(load_auth(), source.host)
    except (RuntimeError, OSError, KeyError) as error:
        raise ImproperlyConfigured(wire.no_credential(source, error)) from error
    ca, endpoint = found.ssl_ca_location or "", found.token_endpoint or ""
    return Login(found.username, found.password, found.mechanism, found.protocol, ca, endpoint)


def hop_auth(login: Login) -> Any:
    """hop's own object for a login, which makes librdkafka properties and HTTP authentication."""
    from hop.auth import Auth, SASLMethod

    extra = {"ssl_ca_location": login.ca} if login.ca else {}
    method = SASLMethod[login.mechanism.replace("-", "_")]
    secure = login.protocol == "SASL_SSL"
    return Auth(
        login.username, login.password, ssl=secure, method=method, token_endpoint=login.token_endpoint or None, **extra
    )


def connection(source: Source) -> dict[str, Any]:
    """librdkafka properties that reach a source and log in."""
    login = credential(source)
    found = {**wire.CONNECTION, "bootstrap.servers": source.brokers}
    if login is not None:
        found.update(hop_auth(login)())
        if login.scope:
            found["sasl.oauthbearer.scope"] = login.scope
    return found


def group(source: Source) -> str:
    """The consumer group: as set, else `<credential>-<TOM name>`: Hopskotch demands that it begin so."""
    if source.group:
        return source.group
    login = credential(source)
    return f"{login.username}-{tom_name()}" if login else tom_name()


def client(source: Source, **callbacks: Callable) -> Consumer:
    """A Kafka client of the source's group, in it only once it subscribes."""
    config = {**connection(source), **wire.CONSUMER, "group.id": group(source), **source.config, **callbacks}
    return Consumer(config, logger=logger)


class Stream:
    """One member of a source's consumer group. Used by one thread.

    `since(topic)` says from when to read a topic that the group never committed, None for the source's `start`.
    `rewind` goes back to that time once, whatever was committed.
    """

    def __init__(
        self,
        source: Source,
        *,
        since: Callable[[str], datetime | None] = lambda topic: None,
        rewind: datetime | None = None,
    ):
        self.source, self.group = source, group(source)
        self.assigned: set[Place] = set()
        self.joined = False  #: the group has given us our share, be it nothing
        self.trouble = wire.Trouble(source)  #: what the client complains about
        self.complaints: dict[str, str] = {}  #: topic to what keeps us from reading it; emptied by whoever takes note
        self._since, self._rewind, self._rewound = since, rewind, set()
        self._topics: frozenset[str] = frozenset()
        self._unsaid = Unsaid()
        self._held = False
        config = {**wire.CONSUMER, **source.config}
        self._incremental = "cooperative" in config["partition.assignment.strategy"]
        self._consumer = client(source, error_cb=self.trouble.note, on_commit=self._committed)

    def subscribe(self, topics: Collection[str]) -> None:
        """Listens to exactly these topics (and `^regular expressions`), leaving those it had before undisturbed."""
        if frozenset(topics) == self._topics:
            return
        self._topics = frozenset(topics)
        if topics:
            told = {"on_assign": self._assign, "on_revoke": self._revoke, "on_lost": self._revoke}
            self._consumer.subscribe(sorted(topics), **told)
        else:
            self._consumer.unsubscribe()

    def read(self, seconds: float, *, limit: int = 100) -> list[Record]:
        """What has come: waits up to `seconds` for a first message, then takes what else is there, up to `limit`.

        A message that comes alone does not wait for company; while more keep coming, collecting ends after 20 ms.
        Raises Rejected once our log-in was refused.
        """
        self.trouble.check()
        if (first := self._consumer.poll(seconds)) is None:
            return []
        messages, size, end = [first], len(first), time.monotonic() + 0.02
        while len(messages) < limit and size < wire.BATCH_BYTES and time.monotonic() < end:
            more = self._consumer.consume(min(25, limit - len(messages)), timeout=0)
            if not more:
                break
            messages += more
            size += sum(map(len, more))
        received = datetime.now(timezone.utc)
        return [wire.record(message, self.source, received) for message in messages if self._sound(message)]

    def commit(self, offsets: Mapping[Place, int], *, wait: bool = False) -> None:
        """Says that everything before these offsets is handled. `wait` until the broker knows."""
        offsets = self._unsaid.added(offsets, self.assigned, float("inf") if wait else time.monotonic())
        places = [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()]
        try:
            if places:
                self._consumer.commit(offsets=places, asynchronous=not wait)
        except KafkaException as error:  # what is not committed comes again, and ends in the same rows
            self._committed(error.args[0], places)

    def hold(self) -> None:
        """Lets no more messages come, while `read` keeps our place in the group."""
        if not self._held:
            self._held = True
            self._consumer.pause(self._consumer.assignment())

    def resume(self) -> None:
        """Lets messages come again."""
        if self._held:
            self._held = False
            self._consumer.resume(self._consumer.assignment())

    def close(self) -> None:
        """Leaves the group, so that others take over at once."""
        self._consumer.close()

    def _sound(self, message) -> bool:
        if (error := message.error()) is None:
            self.trouble.clear()
            return True
        topic = message.topic()
        if topic and error.name() in wire.UNREADABLE:
            self.complaints[topic] = f"{wire.unreadable(topic, self.source, error)}; it is looked for again."
        else:
            self.trouble.note(error)
        return False

    def _committed(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        lost = {(place.topic, place.partition): place.offset for place in partitions if error or place.error}
        self._unsaid.note({place: offset for place, offset in lost.items() if offset >= 0}, time.monotonic())
        if error is not None and error.name() not in wire.REBALANCING:
            self.trouble.note(error)

    def _assign(self, consumer, partitions: list[TopicPartition]) -> None:
        self.joined = True
        self.trouble.clear()
        first = self.source.start
        placed = beginning(consumer, partitions, self._back, lambda topic: earlier(first, self._since(topic)))
        consumer.incremental_assign(placed) if self._incremental else consumer.assign(placed)
        self.assigned |= {(place.topic, place.partition) for place in placed}
        if self._held:
            consumer.pause(placed)
        # a start that was decided is remembered at once: else what comes while nobody listens would be skipped
        self.commit({(place.topic, place.partition): place.offset for place in placed if place.offset >= 0})

    def _revoke(self, consumer, partitions: list[TopicPartition]) -> None:
        self.assigned -= {(place.topic, place.partition) for place in partitions}

    def _back(self, place: Place) -> datetime | None:
        """The time to go back to, the first time that we get a partition."""
        if place in self._rewound:
            return None
        self._rewound.add(place)
        return self._rewind


def topics(source: Source) -> dict[str, int]:
    """What our credential can read: topics by name, with their partitions. Raises Unavailable or Rejected."""
    from tom_scimma.broker import Broker

    with closing(Broker(source)) as broker:
        return broker.topics()


def publish(
    topic: str,
    document: Any,
    headers: Mapping[str, str | bytes],
    *,
    key: str,
    source: Source | None = None,
    origin: str = "",
    seconds: float = 30,
) -> int:
    """Puts one message on a topic and returns its offset, once every replica has it.

    `document` is bytes, or what JSON can say. `key` is the caller's name for this very message: `_id` follows from it,
    so that saying it again is the same message. `origin` (by default this TOM's name) goes along as `_relay`, to know
    one's own. Raises Rejected (refused for good), Unavailable (surely not on the topic), ReplyLost (maybe).
    """
    from tom_scimma.producer import packed, send

    source = source or default()
    login = credential(source)
    who = {"key": key, "origin": origin or tom_name(), "sender": login.username if login else ""}
    return send(source, topic, *packed(document, headers, **who), seconds)


def http_auth(login: Login | None) -> Any:
    """A requests authentication with a SCRAM login, as the archive asks for it; None for other logins."""
    from hop.http_scram import SCRAMAuth

    return SCRAMAuth(hop_auth(login), shortcut=True) if login and login.mechanism.startswith("SCRAM-") else None


def unbson(data: bytes) -> Any:
    """What a BSON document says, as hop reads it."""
    from hop import bson

    return bson.loads(data)


def tobson(value: Any) -> bytes:
    """A value as a BSON document, as hop writes it."""
    from hop import bson

    return bson.dumps(value)
