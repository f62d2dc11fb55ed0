"""What confluent-kafka would not send: messages made with the C library underneath it, as any other client may."""

from __future__ import annotations

import ctypes
from pathlib import Path

import confluent_kafka

#: librdkafka's RD_KAFKA_VTYPE_*: topic, value, flags (2: copy the value), header, end
TOPIC, VALUE, FLAGS, HEADER, END = 1, 4, 7, 9, 0


def library() -> ctypes.CDLL | None:
    """The librdkafka that confluent-kafka's wheel brings; None where it was built otherwise."""
    folder = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    found = sorted(folder.glob("librdkafka-*.so*"))
    return ctypes.CDLL(str(found[0])) if found else None


def send(kafka: ctypes.CDLL, address: str, topic: str, payload: bytes, header: bytes) -> None:
    """Publishes one message with one header of that name, whatever its bytes."""
    kafka.rd_kafka_conf_new.restype = kafka.rd_kafka_new.restype = ctypes.c_void_p
    said = ctypes.create_string_buffer(512)
    config = ctypes.c_void_p(kafka.rd_kafka_conf_new())
    assert kafka.rd_kafka_conf_set(config, b"bootstrap.servers", address.encode(), said, 512) == 0, said.value
    producer = ctypes.c_void_p(kafka.rd_kafka_new(0, config, said, 512))
    number, text, size = ctypes.c_int, ctypes.c_char_p, ctypes.c_ssize_t
    topic_, flags = (number(TOPIC), text(topic.encode())), (number(FLAGS), number(2))
    value = (number(VALUE), text(payload), size(len(payload)))
    named = (number(HEADER), text(header), text(b"1"), size(1))
    assert kafka.rd_kafka_producev(producer, *topic_, *flags, *value, *named, number(END)) == 0
    assert kafka.rd_kafka_flush(producer, 10_000) == 0
    kafka.rd_kafka_destroy(producer)
