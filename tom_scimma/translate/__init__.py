"""A notice in the forms that others read: JSON, VOEvent 2.0, text like a GCN circular; and what each can carry. Pure.

    said = translate(notice, "voevent", authority="ivo://tom.example.org/alerts")
    said.data, said.ending, said.content_type, said.format

All three read back as the same notice (`carried(notice)`), through decode and parsers as any message does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from ..notice import Notice
from ..parsers.saying import MARK
from .carried import carried
from .ivorn import AUTHORITY, ivorn
from .text import to_text
from .voevent import to_voevent

#: form -> what people call it
FORMS = {"json": "JSON", "voevent": "VOEvent", "text": "text"}


@dataclass(frozen=True)
class Translation:
    """A notice in one form."""

    data: bytes
    ending: str  #: of a file: json, xml, txt
    content_type: str
    format: str  #: hop's `_format` header


def translate(notice: Notice, form: str, *, authority: str) -> Translation:
    """The notice in one of FORMS; `authority` begins the IVORN of a VOEvent. Raises ValueError for another form."""
    if form == "json":
        return Translation(to_json(notice), "json", "application/json", "json")
    if form == "voevent":
        return Translation(to_voevent(notice, authority), "xml", "application/xml", "voevent")
    if form == "text":
        return Translation(to_text(notice).encode(), "txt", "text/plain; charset=utf-8", "circular")
    raise ValueError(f"{form!r} is none of {', '.join(FORMS)}")


def to_json(notice: Notice) -> bytes:
    """The normal form as one line of JSON, marked so that it is known again."""
    document = {"format": MARK, **carried(notice).to_json()}
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


__all__ = ["AUTHORITY", "FORMS", "Translation", "carried", "ivorn", "to_json", "to_text", "to_voevent", "translate"]
