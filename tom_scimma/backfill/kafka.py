"""A topic's retention: what the broker still has of a time, read without a group, so that no listener's offset moves."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime, timezone
from typing import Any

from tom_scimma import offload, wire
from tom_scimma.backfill import Batch
from tom_scimma.broker import Broker, retrieve
from tom_scimma.errors import Rejected, Unavailable
from tom_scimma.notice import iso
from tom_scimma.offsets import Place
from tom_scimma.record import Record
from tom_scimma.sources import Source
from tom_scimma.stream import TopicPartition, client

BATCH = 100
#: seconds without a message after which a broker that has more is given up for now
PATIENCE = 30.0


class Retention:
    """What a topic still holds from `since` until `until`; None: all it has, to what it has now.

    The cursor holds the next offset of each partition. A stretch without an end goes on with what has come since.
    """

    def __init__(
        self,
        source: Source,
        topic: str,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        patience: float = PATIENCE,
    ):
        self._source, self._since, self._until, self._patience = source, since, until, patience
        self.source, self.topic = source.name, topic
        self.asked = f"{iso(since) or 'earliest'} to {iso(until) or 'now'}"
        self.left = 0  #: messages still to be read, once it is known

    def batches(self, cursor: Mapping[str, Any]) -> Iterator[Batch]:
        """Records in batches with the cursor after them. Raises Rejected, Unavailable."""
        with closing(Broker(self._source)) as broker:
            begin, end = self._stretch(broker, cursor)
        done = dict(begin)
        left = {place for place in begin if begin[place] < end[place]}
        batch: list[Record] = []
        for record, place, offset in self._read({place: begin[place] for place in left}, end):
            done[place] = offset
            if record is not None and self._wanted(record):
                batch.append(retrieve(record, pauses=offload.PAUSES[:1]))
            if len(batch) >= BATCH:
                self.left = sum(max(0, end[place] - done[place]) for place in left)
                yield batch, _cursor(done)
                batch = []
        self.left = 0
        yield batch, _cursor(done)

    def _stretch(self, broker: Broker, cursor: Mapping[str, Any]) -> tuple[dict[Place, int], dict[Place, int]]:
        """Offsets to begin and to end at, by partition."""
        count = broker.topics().get(self.topic)
        if count is None:
            raise Rejected(broker.why_not(self.topic) or f"{self.source} has no topic {self.topic}")
        places = [(self.topic, number) for number in range(count)]
        low, high = broker.ends(places, wire.EARLIEST), broker.ends(places, wire.LATEST)
        first = broker.ends(places, wire.kafka_time(self._since)) if self._since else low
        last = broker.ends(places, wire.kafka_time(self._until)) if self._until else high
        begin, end = {}, {}
        for place in places:
            # some brokers do not know which offset was when and name their end: then all is read, and time decides
            known = first[place] if 0 <= first[place] < high[place] else low[place]
            asked = int(cursor.get(str(place[1]), known))
            begin[place] = asked if low[place] <= asked <= high[place] else low[place]  # a topic made anew begins anew
            end[place] = last[place] if last[place] >= 0 else high[place]
        return begin, end

    def _read(self, begin: Mapping[Place, int], end: Mapping[Place, int]) -> Iterator[tuple[Record | None, Place, int]]:
        """Each record, its partition and the offset after it; None for a partition's end. Raises Unavailable when the broker stalls."""
        if not begin:
            return
        reader = client(self._source, **{"enable.partition.eof": True})
        left, heard = set(begin), time.monotonic()
        try:
            reader.assign([TopicPartition(*place, offset) for place, offset in begin.items()])
            while left:
                message = reader.poll(0.2)
                if message is None:
                    if time.monotonic() - heard > self._patience:
                        raise Unavailable(
                            f"{self.source} sent nothing more of {self.topic} for {self._patience:g} s; run it again to go on."
                        )
                    continue
                heard, place = time.monotonic(), (message.topic(), message.partition())
                if message.error() is not None:
                    self._judge(message.error())
                    if message.error().name() == "_PARTITION_EOF":
                        left.discard(place)
                        yield None, place, message.offset()
                elif place in left and message.offset() < end[place]:
                    yield wire.record(message, self._source, datetime.now(timezone.utc)), place, message.offset() + 1
                if message.error() is None and message.offset() + 1 >= end[place]:
                    left.discard(place)
        finally:
            reader.close()

    def _judge(self, error: Any) -> None:
        if error.name() in wire.REFUSED:
            raise Rejected(wire.text(error, self._source))

    def _wanted(self, record: Record) -> bool:
        """Whether it was published in the stretch; without a stamp it is taken."""
        stamp = record.published
        if stamp is None:
            return True
        return (self._since is None or stamp >= self._since) and (self._until is None or stamp < self._until)


def _cursor(done: Mapping[Place, int]) -> dict[str, int]:
    return {str(number): offset for (_, number), offset in sorted(done.items())}
