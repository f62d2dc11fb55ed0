"""Messages in files -> Records, so that they go the very way of those from a topic."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from django.utils import timezone

from tom_scimma import parsers, reading
from tom_scimma.decode import rows
from tom_scimma.record import Record

#: the source of a Record that no broker sent
SOURCE = "file"


@dataclass(frozen=True)
class Missing:
    """A file that was asked for and cannot be read."""

    path: str
    topic: str
    error: str

    def to_json(self) -> dict:
        """The line `ingest --json` prints for it, in the place where its message would stand."""
        return {
            "source": self.path, "uid": None, "topic": self.topic, "format": None,
            "state": "quarantined", "parser": None, "error": self.error, "notices": [],
        }  # fmt: skip


def records(paths: Iterable[str], topic: str = "", form: str = "") -> Iterator[Record | Missing]:
    """One Record a file, several of a long table of the TNS; folders are walked in order of name, "-" is standard input."""
    for path in paths:
        if path == "-":
            yield from _parts(_record("standard input", sys.stdin.buffer.read(), topic, _headers({}, form)))
            continue
        for file in (
            sorted(item for item in Path(path).rglob("*") if item.is_file()) if Path(path).is_dir() else [Path(path)]
        ):
            yield from _parts(_read(file, topic, _headers({}, form)))


def manifest(path: str) -> Iterator[Record | Missing]:
    """Records as a manifest lists them, a JSON object a line: file (relative to it), topic, format or null, headers.

    Raises ValueError for a line that is not such an object, naming the line, and for a manifest that cannot be read.
    """
    base = Path(path).parent
    try:
        opened = open(path, encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    with opened as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
                file, topic = base / entry["file"], entry.get("topic") or ""
                headers = _headers(entry.get("headers") or {}, entry.get("format") or "")
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ValueError(
                    f"{path}, line {number}: expected {{'file', 'topic', 'format', 'headers'}}, got {line[:80]!r}"
                ) from error
            yield _read(file, topic, headers)


def at_home(record: Record, **limits) -> reading.Reading:
    """What a record says. One without a topic gets the usual one of the parser that knows it: whoever stores a file vouches
    for it. `limits` are those of reading.read."""
    said = reading.read(record, **limits)
    if record.topic:
        return said
    topic = parsers.home_topic(parsers.Parsed(said.parser or None, said.notices)) or SOURCE
    return replace(said, record=replace(record, topic=topic))


def _parts(record: Record | Missing) -> Iterator[Record | Missing]:
    """The file's message; of a table with more rows than one message may have, a message for each part of it."""
    if isinstance(record, Missing) or record.format:
        yield record
        return
    for part, which in rows.parts(record.payload, parsers.MOST):
        yield replace(record, payload=part, rows=which)


def _read(path: Path, topic: str, headers: tuple[tuple[str, bytes], ...]) -> Record | Missing:
    try:
        return _record(str(path), path.read_bytes(), topic, headers)
    except OSError as error:
        return Missing(str(path), topic, f"{path} cannot be read: {error.strerror}")


def _record(path: str, payload: bytes, topic: str, headers: tuple[tuple[str, bytes], ...]) -> Record:
    return Record(topic=topic, payload=payload, source=SOURCE, headers=headers, received=timezone.now(), broker=path)


def _headers(given: Mapping[str, object], form: str) -> tuple[tuple[str, bytes], ...]:
    headers = [(str(name), _value(str(name), value)) for name, value in given.items()]
    if form and not any(name.lower() == "_format" for name, _ in headers):
        headers.append(("_format", form.encode()))
    return tuple(headers)


def _value(name: str, value: object) -> bytes:
    """A header's bytes; hop's `_id` is 16 bytes, written as a UUID in text."""
    text = str(value)
    if name.lower() == "_id":
        try:
            return uuid.UUID(text).bytes
        except ValueError:
            pass
    return text.encode("utf-8", "surrogateescape")
