"""What the stand-in of the archive keeps, how it is put there, and the two shapes in which it is given."""

from __future__ import annotations

import re
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tom_scimma.fake_services.world import World

BIG = "+oversized"  #: ending of the pseudo-topics that large messages lie on


@dataclass
class Stored:
    """One archived message."""

    topic: str
    timestamp: int  #: of Kafka, milliseconds
    payload: bytes
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    uuid: uuid.UUID = field(default_factory=lambda: uuid.UUID(int=0))
    client_uuid: bool = True  #: it is the sender's `_id`
    public: bool = True
    retracted: bool = False
    direct: bool = False  #: uploaded, never on Kafka
    broken: bool = False  #: opening it is a 500
    doi: str = ""
    key: bytes = b""
    id: int = 0

    def said(self, name: str) -> str:
        """A header as text; "" where there is none."""
        return dict(self.headers).get(name, b"").decode("utf-8", "replace")


def put(world: World, topic: str, payload: bytes, at: datetime | int, **more: Any) -> Stored:
    """Archives a message as if it had come from Kafka: its `_id` is its uuid where it has one that nobody has yet."""
    when = at if isinstance(at, int) else round(at.timestamp() * 1000)
    place = world.topics.get(topic.removesuffix(BIG))
    row = Stored(topic, when, payload, **{"public": bool(place and place.publicly_readable), **more})
    given = dict(row.headers).get("_id", b"")
    shelf = shelf_of(world)
    row.id = len(world.messages) + 1
    own = uuid.UUID(bytes=given) if len(given) == 16 else None
    row.client_uuid = own is not None and own not in shelf
    row.uuid = own if own is not None and row.client_uuid else uuid.uuid5(uuid.NAMESPACE_OID, f"{topic} {row.id}")
    world.messages.append(row)
    shelf[row.uuid] = row
    return row


def shelf_of(world: World) -> dict[uuid.UUID, Stored]:
    """Messages by uuid; kept beside the list so that opening one does not walk it."""
    if len(world.shelf) != len(world.messages):
        world.shelf = {row.uuid: row for row in world.messages}
    return world.shelf


def as_full(row: Stored) -> dict[str, Any]:
    """A full record: the uuid as text, no word of a retraction."""
    notes = {
        "con_text_uuid": str(row.uuid), "con_is_client_uuid": row.client_uuid, "con_message_crc32": zlib.crc32(row.payload),
        "public": row.public, "direct_upload": row.direct, "media_type": "application/json", "title": row.said("title"),
        "sender": row.said("_sender"), "file_name": row.said("file_name"), "originator": row.said("originator"),
        "text_fully_indexed": True,
    }  # fmt: skip
    headers = [[name, value] for name, value in row.headers]
    metadata = {"topic": row.topic, "timestamp": row.timestamp, "key": row.key, "headers": headers}
    return {"message": row.payload, "metadata": metadata, "annotations": {**notes, **_doi(row)}}


def as_meta(row: Stored) -> dict[str, Any]:
    """A record without its body: the uuid as BSON has them, a boolean where the checksum should be."""
    notes = {
        "con_text_uuid": row.uuid, "size": len(row.payload) + 200, "crc32": zlib.crc32(row.payload), "public": row.public,
        "con_message_crc32": True, "title": row.said("title"), "sender": row.said("_sender"),
        "media_type": "application/json", "file_name": row.said("file_name"), "originator": row.said("originator"),
        "retracted": row.retracted,
    }  # fmt: skip
    return {"metadata": {"topic": row.topic, "timestamp": row.timestamp}, "annotations": {**notes, **_doi(row)}}


def _doi(row: Stored) -> dict[str, str]:
    return {"doi": row.doi} if row.doi else {}


def fits(row: Stored, search: str) -> bool:
    """The web search of PostgreSQL, as far as words, "phrases", or and -word go."""
    said = f"{row.payload.decode('utf-8', 'replace')[:16384]} {row.said('title')} {row.said('_sender')}".lower()
    for part in re.split(r"\s+or\s+", search.lower()):
        words = re.findall(r'(-?)(?:"([^"]*)"|(\S+))', part)
        if all(((phrase or word) in said) != bool(no) for no, phrase, word in words):
            return True
    return False


def months(world: World, topic: str, payloads: Iterable[bytes], first: datetime, step: float) -> list[Stored]:
    """Archives messages of a topic one after another, `step` seconds apart, each with an `_id` of its own."""
    begin = round(first.timestamp() * 1000)
    rows = []
    for number, payload in enumerate(payloads):
        own = uuid.uuid5(uuid.NAMESPACE_OID, f"{topic} of {first.isoformat()}: {number}")
        headers = [("_id", own.bytes), ("_sender", b"igwn-1234abcd"), ("_format", b"json")]
        rows.append(put(world, topic, payload, begin + round(number * step * 1000), headers=headers))
    return rows
