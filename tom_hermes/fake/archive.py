"""What was published: the broker and the SCiMMA archive behind the stand-in."""

from __future__ import annotations

import json
import secrets
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Published:
    """One message on a topic."""

    uuid: str
    topic: str
    headers: list[tuple[str, str]]  #: in order; `_id` as text, which on Kafka is 16 bytes
    message: Any
    sent: int  #: ms
    number: int
    retracted: bool = False
    public: bool = True
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The payload as it is on Kafka."""
        return json.dumps(self.message)

    def row(self) -> dict[str, Any]:
        """As `query/` gives it."""
        headers = dict(self.headers)
        metadata = {"topic": self.topic, "timestamp": self.sent, "headers": headers, "key": None}
        notes = {"con_text_uuid": self.uuid, "retracted": self.retracted, "public": self.public}
        return {"metadata": metadata, "annotations": notes, "message": self.message}


def identity() -> str:
    """A new message's `_id`: random, as HERMES makes it."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))


class Archive:
    """Messages in the order in which they were published, and uploaded files."""

    def __init__(self) -> None:
        self.messages: list[Published] = []
        self.files: dict[tuple[str, str], bytes] = {}
        self._lock = threading.Lock()
        self._numbers = 0

    def publish(
        self,
        topic: str,
        message: Any,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        *,
        sent: float | None = None,
        ident: str = "",
        public: bool = True,
    ) -> Published:
        """Puts a message on a topic: without `headers` as by another program, which sets `_id` and nothing else."""
        ident = ident or identity()
        pairs = [("_id", ident)] if headers is None else list(dict(headers).items())
        with self._lock:
            self._numbers += 1
            when = int((time.time() if sent is None else sent) * 1000)
            made = Published(ident, topic, pairs, message, when, self._numbers, public=public)
            self.messages.append(made)
        return made

    def store(self, name: str, content: bytes) -> str:
        """Keeps an uploaded file; its identity."""
        ident = identity()
        self.files[ident, name] = content
        return ident

    def find(self, ident: str) -> Published | None:
        return next((item for item in self.messages if item.uuid == ident.lower()), None)

    def search(
        self, *, topics: list[str], start: float | None, end: float | None, words: str, retracted: bool, secret: bool
    ) -> list[Published]:
        """Messages that fit, the newest first; times in ms, end excluded; `secret`: not only public ones."""
        found = [
            item
            for item in self.messages
            if (not topics or item.topic in topics)
            and (start is None or item.sent >= start)
            and (end is None or item.sent < end)
            and (retracted or not item.retracted)
            and (secret or item.public)
            and words.lower() in json.dumps(item.message, ensure_ascii=False).lower()
        ]
        return sorted(found, key=lambda item: (item.sent, item.number), reverse=True)
