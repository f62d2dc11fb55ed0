"""A message's content as text that a person can read, bounded however large the message is. Pure.

Long texts inside (a sky map in base64) are cut; the download has every byte.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from tom_scimma.decode import Document, decode
from tom_scimma.errors import Undecodable
from tom_scimma.record import Record

#: larger messages are not decoded for a page
LARGEST = 4 * 2**20
#: characters shown in all, of one text inside, and entries of one list
SHOWN, TEXT, ENTRIES = 100_000, 1_000, 200
DEPTH = 40


def legible(record: Record) -> tuple[str, str]:
    """(format, text) of a record: pretty JSON or XML, plain text, or a hex dump and why there is no more."""
    if len(record.payload) > LARGEST:
        return (
            "",
            f"{len(record.payload):,} bytes: too large to show here; download it instead.\n\n{dump(record.payload)}",
        )
    try:
        document = decode(record, max_bytes=LARGEST)
    except Undecodable as error:
        return "", f"Could not be decoded: {error}\n\n{dump(record.payload)}"
    return document.format, _cut(_text(document))


def dump(data: bytes, count: int = 512) -> str:
    """The first bytes in hexadecimal with their ASCII characters, 16 a line."""
    lines = []
    for start in range(0, min(len(data), count), 16):
        row = data[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start:06x}  {row.hex(' '):<47}  {text}")
    return "\n".join(lines + (["…"] if len(data) > count else []))


def _text(document: Document) -> str:
    content = document.content
    if isinstance(content, bytes):
        return dump(content)
    if isinstance(content, str):
        return content
    if isinstance(content, ElementTree.Element):
        ElementTree.indent(content)
        return ElementTree.tostring(content, encoding="unicode")
    return json.dumps(_trimmed(content), indent=2, ensure_ascii=False, default=_said)


def _trimmed(value: Any, depth: int = 0) -> Any:
    if depth > DEPTH:
        return "… (nested too deeply to show)"
    if isinstance(value, dict):
        kept = {str(key): _trimmed(entry, depth + 1) for key, entry in list(value.items())[:ENTRIES]}
        return {**kept, "…": f"{len(value) - ENTRIES} more"} if len(value) > ENTRIES else kept
    if isinstance(value, (list, tuple)):
        kept = [_trimmed(entry, depth + 1) for entry in value[:ENTRIES]]
        return [*kept, f"… {len(value) - ENTRIES} more"] if len(value) > ENTRIES else kept
    if isinstance(value, str) and len(value) > TEXT and "\n" not in value[:TEXT]:
        return f"{value[:80]}… ({len(value):,} characters)"
    return value


def _said(value: Any) -> str:
    if isinstance(value, bytes):
        return f"base64:{base64.b64encode(value[:60]).decode()}… ({len(value):,} bytes)"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _cut(text: str) -> str:
    return (
        text
        if len(text) <= SHOWN
        else f"{text[:SHOWN]}\n… cut here; {len(text) - SHOWN:,} characters more in the download"
    )
