"""Where to begin with partitions that the group gives us: where it left off, else where the start position leads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from tom_scimma import wire
from tom_scimma.offsets import Place


def beginning(
    consumer: Any,
    partitions: Sequence[Any],
    back: Callable[[Place], datetime | None],
    start: Callable[[str], str | datetime],
) -> list[Any]:
    """The partitions (confluent-kafka's TopicPartition) with the offset to begin at, as a number and never as a word.

    `back(place)` is a time to go back to whatever was committed, or None; `start(topic)` the start position of a
    partition that was never committed. Raises confluent-kafka's KafkaException when the broker does not say. What it does
    not say of one partition alone is left to librdkafka, and not taken for "never committed", which could skip messages.
    """
    placed, asked = [], []
    for place in consumer.committed(list(partitions), timeout=wire.SECONDS) if partitions else ():
        time = back((place.topic, place.partition))
        if place.error is not None and time is None:
            placed.append(_at(place, wire.COMMITTED))
        elif place.offset >= 0 and time is None:
            placed.append(place)
        else:
            asked.append(_at(place, wire.kafka_time(time or start(place.topic))))
    found = _offsets(consumer, asked)
    placed += [place for place in found if place.offset != wire.LATEST]
    # no message is that young: we begin at the end, as a number that can be committed
    return placed + _offsets(consumer, [_at(place, wire.LATEST) for place in found if place.offset == wire.LATEST])


def _at(place: Any, offset: int) -> Any:
    return type(place)(place.topic, place.partition, offset)


def _offsets(consumer: Any, places: list[Any]) -> list[Any]:
    found = consumer.offsets_for_times(places, timeout=wire.SECONDS) if places else []
    return [place if place.error is None else _at(place, wire.COMMITTED) for place in found]


def earlier(start: str | datetime, since: datetime | None) -> str | datetime:
    """The earlier of a start position and of the time since when a topic should have been heard; twice is harmless."""
    if since is None or start == "earliest":
        return start
    return min(start, since) if isinstance(start, datetime) else since
