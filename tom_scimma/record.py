"""A message as a topic or a file gave it, before anything is understood."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property


def printable(text: str) -> str:
    """Text that any database and any page takes: what cannot be printed (NUL, control characters, surrogates) is "?"."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)


_IDENTITY = uuid.uuid5(uuid.NAMESPACE_DNS, "message.tom-multimessenger")


@dataclass(frozen=True)
class Record:
    """One message: its bytes and what the transport said about them. Nothing here is decoded or trusted."""

    topic: str
    payload: bytes
    #: name of the source in TOM_SCIMMA["SOURCES"], or "file"
    source: str = "hopskotch"
    partition: int | None = None
    offset: int | None = None
    #: Kafka headers in the order sent; a name may repeat
    headers: tuple[tuple[str, bytes], ...] = ()
    #: when the broker (or the producer) stamped it; None when neither did
    published: datetime | None = None
    #: when our poll returned it
    received: datetime | None = None
    #: the broker it came from, host:port, or the path of the file
    broker: str = ""
    #: whoever kept it says that not all may read it: for the groups of its topic, and where it has none for superusers
    private: bool = False
    #: of a file that is read in parts: the first and the last row of this one, counted from 1
    rows: tuple[int, int] | None = None

    def header(self, name: str) -> bytes | None:
        """The first header of that name (compared without case), or None."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return None

    @property
    def sender(self) -> str:
        """The credential that hop says published this (`_sender`), or ""."""
        return printable((self.header("_sender") or b"").decode("utf-8", "replace")[:200])

    @property
    def is_test(self) -> bool:
        """True when the message carries hop's `_test` header, whatever its value."""
        return self.header("_test") is not None

    @property
    def format(self) -> str:
        """hop's `_format` header in lower case, or "" when the sender gave none."""
        return printable((self.header("_format") or b"").decode("ascii", "replace").lower()[:40])

    @property
    def sent_id(self) -> uuid.UUID | None:
        """hop's `_id` header, or None when absent or not 16 bytes."""
        value = self.header("_id")
        return uuid.UUID(bytes=value) if value is not None and len(value) == 16 else None

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the payload, hex."""
        return hashlib.sha256(self.payload).hexdigest()

    @cached_property
    def uid(self) -> uuid.UUID:
        """The message's identity: (source, topic, `_id`) where the sender gave one, else (topic, SHA-256).

        Redelivery, replay and a second listener therefore end in the same row.
        """
        if self.sent_id is not None:
            return uuid.uuid5(_IDENTITY, f"{self.source}\n{self.topic}\n{self.sent_id}")
        return self.content_uid

    @cached_property
    def content_uid(self) -> uuid.UUID:
        """The identity by content, (topic, SHA-256), also for a message that reuses another's `_id`."""
        return uuid.uuid5(_IDENTITY, f"{self.topic}\n{self.sha256}")

    @property
    def place(self) -> str:
        """Where it came from, for people: `topic:partition:offset`, or the file."""
        if self.offset is None:
            return self.broker or self.topic
        return f"{self.topic}:{self.partition}:{self.offset}"
