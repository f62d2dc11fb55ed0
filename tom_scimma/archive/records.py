"""The archive's records -> what we call them. Pure.

Two shapes: a meta record lacks the body and alone says whether a message is retracted; a full one has the headers.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from tom_scimma.errors import Refused
from tom_scimma.record import Record, printable

_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?(10\.\d{4,9}/[!-~]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Meta:
    """What the archive says of a message without opening it."""

    uuid: uuid.UUID
    topic: str
    timestamp: int  #: Kafka's, milliseconds
    size: int = 0  #: of the stored record, not of the payload
    public: bool = False
    retracted: bool | None = None  #: None: not said, as full records do not
    title: str = ""
    sender: str = ""  #: whatever the publisher wrote
    file_name: str = ""
    doi: str = ""

    @property
    def time(self) -> datetime:
        return moment(self.timestamp)


@dataclass(frozen=True)
class Opened:
    """A message out of the archive."""

    meta: Meta
    record: Record
    client_uuid: bool  #: its uuid there is the sender's `_id`


def moment(milliseconds: int) -> datetime:
    """A time of Kafka's. Raises Refused for one that is none."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    except (ValueError, OverflowError, OSError) as error:
        raise Refused(f"the archive gave {milliseconds!r} as a time in milliseconds") from error


def milliseconds(when: datetime) -> int:
    """A time as the archive takes it: whole milliseconds, rounded down."""
    return (when - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)


def meta(said: Any) -> Meta:
    """A record without its body, or what a full one says besides it. Raises Refused for what is none."""
    place = said.get("metadata") if isinstance(said, Mapping) else None
    notes = said.get("annotations") if isinstance(said, Mapping) else None
    if not isinstance(place, Mapping) or not isinstance(notes, Mapping):
        raise Refused("the archive gave a record without metadata and annotations")
    topic, stamp = place.get("topic"), place.get("timestamp")
    if not isinstance(topic, str) or not isinstance(stamp, int) or isinstance(stamp, bool):
        raise Refused(f"the archive gave a record without topic and time: {str(place)[:200]}")
    moment(stamp)
    retracted = notes.get("retracted")
    return Meta(
        uuid=_uuid(notes.get("con_text_uuid")),
        topic=topic,
        timestamp=stamp,
        size=notes["size"] if isinstance(notes.get("size"), int) else 0,
        public=notes.get("public") is True,  # what is not said to be public is not
        retracted=retracted if isinstance(retracted, bool) else None,
        title=_text(notes.get("title")),
        sender=_text(notes.get("sender")),
        file_name=_text(notes.get("file_name")),
        doi=doi(notes.get("doi")) or doi(place.get("doi")),
    )


def opened(said: Any, source: str, *, broker: str, max_bytes: int) -> Opened:
    """A full record as our source would have heard it, but protected where the archive says that it is not public.

    Its `_id` stays what the sender made it: so it is the row that Kafka's copy is. Raises Refused.
    """
    found = meta(said)
    payload, place = said.get("message"), said["metadata"]
    headers = place.get("headers")
    if not isinstance(payload, bytes) or not isinstance(headers, list) or not all(map(_is_header, headers)):
        raise Refused(f"{found.uuid}: the archive gave a message without bytes and headers")
    if len(payload) > max_bytes:
        raise Refused(
            f"{found.uuid}: {len(payload):,} bytes, more than the {max_bytes:,} that MAX_MESSAGE_BYTES allows"
        )
    record = Record(
        topic=found.topic,
        payload=payload,
        source=source,
        headers=tuple((name, value) for name, value in headers if not name.lower().startswith("_offload")),
        published=found.time,
        broker=broker[:255],
        private=not found.public,
    )
    ours = said["annotations"].get("con_is_client_uuid") is True
    return Opened(found, record, ours)


def doi(said: Any) -> str:
    """A DOI without its address; "" for what is none."""
    match = _DOI.fullmatch(said.strip()) if isinstance(said, str) else None
    return match[1] if match and len(match[1]) <= 255 else ""


def _uuid(said: Any) -> uuid.UUID:
    try:
        return uuid.UUID(str(said))
    except ValueError as error:
        raise Refused(f"the archive gave {str(said)[:80]!r} as the id of a message") from error


def _text(said: Any) -> str:
    return printable(said[:500]) if isinstance(said, str) else ""


def _is_header(item: Any) -> bool:
    return isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], bytes)
