"""Our side of reading: bytes to notices, and (`content`) as far as hop-client's models go."""

from __future__ import annotations

from benchmarks.readings import Message, serve
from tom_scimma import parsers
from tom_scimma.decode import decode
from tom_scimma.record import Record

#: labels of hop's models
LABELS = {"voevent": "voevent", "json": "json", "circular": "json", "text": "gcntextnotice", "avro": "avro"}


def content(message: Message):
    headers = (("_format", LABELS.get(message.form, "").encode()),)
    return decode(Record(topic=message.topic, payload=message.payload, headers=headers))


def notices(message: Message):
    return parsers.parse(message.topic, content(message)).notices or None


if __name__ == "__main__":
    serve(content=content, notices=notices)
