"""One message out: handed to the broker, and its answer awaited and understood."""

from __future__ import annotations

from typing import Any

from tom_scimma import wire
from tom_scimma.errors import ReplyLost, Unavailable
from tom_scimma.sources import Source
from tom_scimma.stream import KafkaError, KafkaException, Producer, connection, logger


def send(source: Source, topic: str, payload: bytes, headers: list[tuple[str, bytes]], seconds: float) -> int:
    """The offset of a message that every replica has. Raises Rejected, Unavailable, ReplyLost: see `stream.publish`."""
    refusals: list[KafkaError] = []
    config = {**connection(source), **wire.PRODUCER, "message.timeout.ms": int(seconds * 1000)}
    config |= {**wire.for_producer(source.config), "error_cb": refusals.append}
    producer = Producer(config, logger=logger)
    _ready(producer, source, topic, refusals)
    reports: list[tuple[KafkaError | None, Any]] = []
    try:
        producer.produce(topic, payload, headers=headers, on_delivery=lambda *report: reports.append(report))
    except KafkaException as error:
        raise wire.receipt(error.args[0], source, topic) from error
    except BufferError as error:
        raise Unavailable(f"{topic}: {error}") from error
    producer.flush(seconds + 1)
    if not reports:
        raise ReplyLost(
            f"{topic}: {source.name} ({source.host}) did not confirm within {seconds:g} s; it may be there or not."
        )
    error, message = reports[0]
    if error is not None:
        raise wire.receipt(error, source, topic)
    return message.offset()


def _ready(producer: Producer, source: Source, topic: str, refusals: list[KafkaError]) -> None:
    """Returns when the broker is there and knows the topic; as long as it does not, surely nothing was sent."""
    for bite in wire.bites():
        try:
            error = producer.list_topics(topic, timeout=bite).topics[topic].error
        except KafkaException as failure:
            producer.poll(0.1)  # lets the client say what lies behind a time-out
            answer = failure
            known = next((wire.text(item, source) for item in refusals if item.name() in wire.REFUSED), "")
            if known or failure.args[0].name() not in wire.SILENCE:
                break
        else:
            if error is None:
                return
            raise wire.answer(error, source)
    raise wire.answer(answer.args[0], source, known) from answer
