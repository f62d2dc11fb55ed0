"""Questions to a broker: what it offers our credential, why not, how far behind we are, where large messages lie.

with closing(Broker(source)) as broker:
    broker.topics(); broker.why_not("igwn.gwalert"); broker.lag({"igwn.gwalert"}, {"igwn.gwalert": 2})
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

from tom_scimma import offload, wire
from tom_scimma.archive import access
from tom_scimma.conf import conf
from tom_scimma.errors import Refused
from tom_scimma.offload import Archive
from tom_scimma.offsets import Place
from tom_scimma.record import Record
from tom_scimma.sources import Source, sources
from tom_scimma.stream import KafkaException, TopicPartition, client, credential, group, http_auth, unbson


class Broker:
    """What a source offers our credential, and how far behind our group is. Raises Unavailable or Rejected."""

    def __init__(self, source: Source):
        self.source, self.group = source, group(source)
        self._refusal = ""
        self._made: Any = None

    @property
    def _consumer(self) -> Any:
        """The client; a new one after a refused log-in."""
        if self._made is None:
            self._made = client(self.source, error_cb=self._note)
        return self._made

    def topics(self) -> dict[str, int]:
        """Every topic that our credential may at least describe, and how many partitions it has."""
        found = self._ask(lambda wait: self._consumer.list_topics(timeout=wait)).topics
        return {
            name: len(topic.partitions)
            for name, topic in sorted(found.items())
            if not name.startswith("__") and topic.error is None
        }

    def why_not(self, topic: str) -> str:
        """Why a topic is not among `topics`: it does not exist, or we may not read it; "" when it is there."""
        error = self._ask(lambda wait: self._consumer.list_topics(topic, timeout=wait)).topics[topic].error
        return wire.unreadable(topic, self.source, error) if error else ""

    def lag(self, topics: Collection[str], partitions: Mapping[str, int]) -> dict[str, int]:
        """How many messages of each topic the group has still to handle; topics it never committed are left out."""
        places = [TopicPartition(topic, number) for topic in topics for number in range(partitions.get(topic, 0))]
        if not places:
            return {}
        done = self._ask(lambda wait: self._consumer.committed(places, timeout=wait))
        places = [place for place in done if place.offset >= 0]
        low, high = (self._ends(places, which) if places else {} for which in (wire.EARLIEST, wire.LATEST))
        behind: dict[str, int] = {}
        for place in places:
            key = (place.topic, place.partition)
            behind[place.topic] = behind.get(place.topic, 0) + max(0, high[key] - max(place.offset, low[key]))
        return behind

    def offload_endpoint(self) -> str:
        """The address that the broker's `sys.metadata` topic names for large messages, or "" when it names none."""
        topic = self._ask(lambda wait: self._consumer.list_topics("sys.metadata", timeout=wait)).topics["sys.metadata"]
        places = [TopicPartition("sys.metadata", number) for number in topic.partitions]
        if topic.error or not places:
            return ""
        ends = self._ends(places, wire.LATEST)
        begins = self._ends(places, wire.EARLIEST)
        left = {place for place in ends if ends[place] > begins[place]}
        self._consumer.assign([TopicPartition(*place, begins[place]) for place in left])
        newest, deadline = (-1, b""), time.monotonic() + wire.SECONDS
        while left and time.monotonic() < deadline:
            message = self._consumer.poll(0.2)
            if message is not None and message.error() is None:
                newest = max(newest, (message.timestamp()[1], message.value() or b""))
                if message.offset() + 1 >= ends[(message.topic(), message.partition())]:
                    left.discard((message.topic(), message.partition()))
        self._consumer.unassign()
        return wire.endpoint(newest[1])

    def ends(self, places: Iterable[Place], which: int) -> dict[Place, int]:
        """Offsets of partitions: where they begin (EARLIEST), end (LATEST), or were at a time; -1: nothing is that young."""
        return self._ends([TopicPartition(*place) for place in places], which)

    def read(self, begin: Mapping[Place, int], deadline: float) -> Iterator[Any]:
        """confluent-kafka's messages from these offsets on, as they come, until the deadline (monotonic). No group."""
        if not begin:
            return
        self._consumer.assign([TopicPartition(*place, offset) for place, offset in begin.items()])
        try:
            while time.monotonic() < deadline:
                message = self._consumer.poll(0.2)
                if message is not None and message.error() is None:
                    yield message
        finally:
            self._consumer.unassign()

    def close(self) -> None:
        """Ends the client, until something is asked again."""
        if self._made is not None:
            self._made.close()
            self._made = None

    def _ends(self, places: Iterable[TopicPartition], which: int) -> dict[Place, int]:
        asked = [TopicPartition(place.topic, place.partition, which) for place in places]
        found = self._ask(lambda wait: self._consumer.offsets_for_times(asked, timeout=wait))
        return {(place.topic, place.partition): place.offset for place in found}

    def _note(self, error: Any) -> None:
        if error.name() in wire.REFUSED:
            self._refusal = wire.text(error, self.source)

    def _ask(self, question: Callable[[float], Any]) -> Any:
        """The answer, asked for in growing bites, so that a refused log-in is heard of: left alone the client would try
        three times a second."""
        for bite in wire.bites():
            try:
                return question(bite)
            except KafkaException as error:
                failure = error
                self._consumer.poll(0.1)  # lets the client say what lies behind a time-out: it calls `_note`
                if self._refusal or error.args[0].name() not in wire.SILENCE:
                    break
        refusal, self._refusal = self._refusal, ""
        if refusal:
            self.close()
        raise wire.answer(failure.args[0], self.source, refusal) from failure


def archive(source: Source) -> Archive:
    """Where the source's large messages lie, and our authentication there. Raises Unavailable or Rejected."""
    with closing(Broker(source)) as broker:
        return Archive(broker.offload_endpoint(), http_auth(credential(source)))


def _where(record: Record, source: Source) -> Archive:
    """The archive that keeps a large message: the one we know, where its stub names that, else the one that the broker names."""
    ours = access.url(source)
    try:
        if ours and offload.origin(offload.address(record)) == offload.origin(ours):
            return Archive(ours, http_auth(credential(source)))
    except (Refused, ValueError):
        pass  # `fetch` says what is wrong with it
    return archive(source)


def retrieve(record: Record, where: Callable[[], Archive] | None = None, **options: Any) -> Record:
    """The message that a stub stands for, fetched now; the stub with the reason in a header when it cannot be had.

    Any other record is given back as it is. `where` finds the archive; by default the record's source is asked.
    """
    if not offload.is_stub(record):
        return record
    known = sources()
    find = where or (lambda: _where(record, known[record.source]) if record.source in known else Archive())
    limits = {"hosts": conf.FETCH_HOSTS, "max_bytes": conf.MAX_MESSAGE_BYTES, "seconds": conf.FETCH_SECONDS}
    return offload.fetch(record, find, loads=unbson, **limits, **options)
