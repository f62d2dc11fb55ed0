"""hop-client's own models: bytes to a model, which understands nothing yet."""

from __future__ import annotations

from hop import models

from benchmarks.readings import Message, serve

KINDS = {
    "voevent": models.VOEvent,
    "json": models.JSONBlob,
    "circular": models.JSONBlob,
    "text": models.GCNTextNotice,
    "avro": models.AvroBlob,
}


def read(message: Message):
    return KINDS[message.form].deserialize(message.payload)


if __name__ == "__main__":
    serve(read=read)
