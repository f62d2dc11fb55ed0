"""Our own sample messages (tests/data/notices) and short ways to decode and parse."""

from __future__ import annotations

import json
from pathlib import Path

from tom_scimma import parsers
from tom_scimma.decode import Document, decode
from tom_scimma.notice import Notice
from tom_scimma.record import Record

FOLDER = Path(__file__).parent / "data" / "notices"


def raw(payload: bytes, label: str = "", topic: str = "some.topic") -> Record:
    """A record of those bytes; `label` is hop's `_format` header."""
    return Record(topic=topic, payload=payload, headers=(("_format", label.encode()),) if label else ())


def opened(payload: bytes, label: str = "", **options) -> Document:
    """The document in those bytes."""
    return decode(raw(payload, label), **options)


def load(name: str) -> dict:
    """One of our samples, as a dict that a test may change."""
    return json.loads((FOLDER / f"{name}.json").read_bytes())


def read(said: dict | list, topic: str = "file") -> tuple[Notice, ...]:
    """The notices of a document, by way of its bytes."""
    return parsers.parse(topic, opened(json.dumps(said).encode())).notices


def one(said: dict, topic: str = "file") -> Notice:
    """The only notice of a document."""
    (notice,) = read(said, topic)
    return notice


def says(notice: Notice) -> dict:
    """Its JSON form without what is empty."""
    return {key: value for key, value in notice.to_json().items() if value not in (None, [], {})}
