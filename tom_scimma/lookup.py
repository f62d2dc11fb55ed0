"""Whether a topic has a message of ours: read again from a time on, by the `_id` that follows from our key."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import datetime, timedelta
from uuid import UUID

from tom_scimma import wire
from tom_scimma.broker import Broker
from tom_scimma.errors import Rejected, Unavailable
from tom_scimma.sources import Source

#: clocks of ours and of the broker may differ by so much
CLOCKS = timedelta(minutes=2)
#: so many messages before that time are read all the same: some brokers do not know which offset was when
BEFORE = 1000


def offset_of(
    source: Source, topic: str, identity: UUID, since: datetime, *, seconds: float = 60
) -> tuple[int, int] | None:
    """(partition, offset) of the message with that `_id` that a topic got since a time; None: it is not there.

    Raises Unavailable when the topic could not be read to its end in time, Rejected when we may not read it.
    """
    with closing(Broker(source)) as broker:
        count = broker.topics().get(topic)
        if count is None:
            raise Rejected(broker.why_not(topic) or f"{topic}: not there any more")
        return _search(broker, topic, count, identity, since - CLOCKS, time.monotonic() + seconds)


def _search(
    broker: Broker, topic: str, count: int, identity: UUID, since: datetime, deadline: float
) -> tuple[int, int] | None:
    places = [(topic, number) for number in range(count)]
    low, high = broker.ends(places, wire.EARLIEST), broker.ends(places, wire.LATEST)
    asked = broker.ends(places, wire.kafka_time(since))
    begin = {}
    for place in places:
        offset = asked[place] if asked[place] >= 0 else high[place]
        begin[place] = max(low[place], min(offset, high[place] - BEFORE))
    left = {place for place in places if begin[place] < high[place]}
    for message in broker.read({place: begin[place] for place in left}, deadline):
        place = (message.topic(), message.partition())
        if dict(wire.headers(message)).get("_id") == identity.bytes:
            return message.partition(), message.offset()
        if message.offset() + 1 >= high[place]:
            left.discard(place)
        if not left:
            return None
    if left:
        raise Unavailable(f"{topic} could not be read to its end: {len(left)} of {count} partitions are left")
    return None
