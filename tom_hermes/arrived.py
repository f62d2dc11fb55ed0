"""One HERMES message on its way into the database: what it says, who may know of it, and what becomes of it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson

from tom_hermes.conf import page
from tom_hermes.intake import Intake
from tom_hermes.models import Received
from tom_hermes.said import Said, Unread


@dataclass
class Arrived:
    """A message and what becomes of it."""

    said: Said
    topic: str
    intake: Intake
    key: str = ""
    uuid: uuid.UUID | None = None
    sent: datetime | None = None
    message: Any = None  #: the stored Message, of one that came by the stream
    document: Any = None  #: of one that did not
    protected: bool = False
    groups: frozenset[int] = frozenset()  #: who may see it, when it is protected
    by: Any = None  #: and the person whose token found it
    row: Received | None = None
    own: bool = False
    homes: dict[str, int] = field(default_factory=dict)  #: name in the message -> target
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)  #: name -> (reason, words)
    made: int = 0
    data: int = 0
    repeated: int = 0
    unplaced: list[Unread] = field(default_factory=list)

    @cached_property
    def location(self) -> str:
        """Where it can be read."""
        return location(self)

    @cached_property
    def uuid_text(self) -> str:
        """HERMES' id of it, "" where there is none."""
        return str(self.uuid) if self.uuid is not None else ""

    def home(self, name: str, pk: int, *, made: bool = False) -> None:
        """Says which target a name is."""
        self.homes[name] = pk
        self.made += made

    def refuse(self, name: str, reason: str, words: str) -> None:
        """Says why a name has no target."""
        self.refused[name] = (reason, words)

    def loose_names(self) -> Iterator[str]:
        """Names that rows of data use and that the message describes no target of."""
        described = {target.name for target in self.said.targets}
        return iter({datum.target for datum in self.said.data} - described - {""})


def location(message: Arrived | Received) -> str:
    """Where a message can be read: at HERMES, else its place on the stream."""
    if message.uuid is not None:
        return page(f"message/{message.uuid}")[:200]
    return (message.message.place if message.message is not None else message.topic)[:200]


def identity(sent_id: uuid.UUID | None, document: Any) -> str:
    """SHA-256 of a message's `_id`, if it has one, and of its content, however it was written; hex.

    The `_id` alone would let whoever reuses one suppress another's message.
    """
    said = {key: value for key, value in document.items() if key != "uuid"} if isinstance(document, dict) else document
    try:
        content = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    except (TypeError, orjson.JSONEncodeError):  # numbers beyond 64 bits, half surrogate pairs
        content = json.dumps(said, sort_keys=True, default=str).encode()
    return hashlib.sha256((sent_id.bytes if sent_id else b"") + content).hexdigest()


def given_id(document: Any) -> uuid.UUID | None:
    """The uuid that stands in a message itself, as in HERMES' reply to a submission; None on the stream."""
    try:
        return uuid.UUID(str(document["uuid"])) if isinstance(document, dict) and document.get("uuid") else None
    except ValueError:
        return None
