"""One message out: packed, handed to the broker, and its answer awaited and understood."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from tom_scimma import wire
from tom_scimma.errors import DeliveryError, Rejected, ReplyLost, Unavailable
from tom_scimma.sources import Source
from tom_scimma.stream import KafkaError, KafkaException, Producer, connection, logger

_IDENTITY = uuid.uuid5(uuid.NAMESPACE_DNS, "published.tom-multimessenger")

PROPERTIES: dict[str, Any] = {
    "acks": "all",
    "enable.idempotence": False,  # needs a right that Hopskotch gives to nobody
    "message.send.max.retries": 0,  # a repeat could be a second message; the outbox decides about those
    "message.max.bytes": 128 * 2**20,  # let the broker say what is too large
    "linger.ms": 0,
}
#: the broker said that it did not take the message
NOT_TAKEN = {
    "NOT_LEADER_FOR_PARTITION", "LEADER_NOT_AVAILABLE", "NOT_ENOUGH_REPLICAS", "THROTTLING_QUOTA_EXCEEDED",
    "KAFKA_STORAGE_ERROR", "_QUEUE_FULL",
}  # fmt: skip


def send(source: Source, topic: str, payload: bytes, headers: list[tuple[str, bytes]], seconds: float) -> int:
    """The offset of a message that every replica has. Raises Rejected, Unavailable, ReplyLost: see `stream.publish`."""
    refusals: list[KafkaError] = []
    config = {**connection(source), **PROPERTIES, "message.timeout.ms": int(seconds * 1000)}
    config |= {**for_producer(source.config), "error_cb": refusals.append}
    producer = Producer(config, logger=logger)
    _ready(producer, source, topic, refusals)
    reports: list[tuple[KafkaError | None, Any]] = []
    try:
        producer.produce(topic, payload, headers=headers, on_delivery=lambda *report: reports.append(report))
    except KafkaException as error:
        raise receipt(error.args[0], source, topic) from error
    except BufferError as error:
        raise Unavailable(f"{topic}: {error}") from error
    producer.flush(seconds + 1)
    if not reports:
        raise ReplyLost(
            f"{topic}: {source.name} ({source.host}) did not confirm within {seconds:g} s; it may be there or not."
        )
    error, message = reports[0]
    if error is not None:
        raise receipt(error, source, topic)
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


def receipt(error: Any, source: Source, topic: str) -> DeliveryError:
    """What a delivery report with an error means for the message that was handed over."""
    said = f"{topic}: {wire.text(error, source)}"
    if error.name() in wire.REFUSED:
        return Rejected(said, {"topic": [error.str()]})
    if error.name() in NOT_TAKEN:
        return Unavailable(said)
    return ReplyLost(f"{said} The message may be on the topic or not.")


def packed(
    document: Any, headers: Mapping[str, str | bytes], *, key: str, origin: str, sender: str = ""
) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Payload and headers of a message we publish: bytes as they are, anything else as JSON.

    `_id` is uuid5 of our key, `_relay` our origin; the caller's headers cannot change these or `_sender`.
    """
    own = {
        "_id": identity(origin, key).bytes,
        "_relay": origin,
        **({"_sender": sender} if sender else {}),
    }
    chosen: dict[str, str | bytes] = {**headers, **own}
    if not isinstance(document, bytes):
        chosen.setdefault("_format", "json")
        document = json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
    return document, [(name, value.encode() if isinstance(value, str) else value) for name, value in chosen.items()]


def identity(origin: str, key: str) -> uuid.UUID:
    """The `_id` of the message that an origin publishes under a key."""
    return uuid.uuid5(_IDENTITY, f"{origin}\n{key}")


def for_producer(config: Mapping[str, Any]) -> dict[str, Any]:
    """Of a source's own librdkafka properties, those about the connection: a producer knows no groups and fetches."""
    parts = (
        "bootstrap",
        "security",
        "ssl",
        "sasl",
        "https",
        "socket",
        "client",
        "reconnect",
        "broker",
        "metadata",
        "debug",
        "log",
    )
    return {name: value for name, value in config.items() if name.split(".")[0] in parts}
