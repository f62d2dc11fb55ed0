"""Notice -> text in the shape of a GCN circular: a header of KEY: value lines, an empty line, what is meant for people. Pure.

parsers/normal.py reads it back as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..notice import Notice
from ..parsers.normal import ENTRIES, ITEMS, LINES
from ..parsers.saying import MARK, words
from .carried import carried

_WIDTH = 10  #: of a key with its colon, so that values stand in one column


def to_text(notice: Notice) -> str:
    """The notice as text, with line feeds."""
    notice = carried(notice)
    return "\n".join(
        [*(f"{key.upper() + ':':<{_WIDTH}} {said}" for key, said in _lines(notice)), "", notice.text or ""]
    )


def _lines(notice: Notice) -> Iterator[tuple[str, str]]:
    said = notice.to_json()
    yield "title", "NOTICE"
    yield "number", "-"
    yield "subject", f"{notice.event}: {notice.source} {notice.alert_type.replace('_', ' ')}"
    if notice.sent is not None:
        yield "date", f"{notice.sent:%y/%m/%d %H:%M:%S} GMT"
    yield "notice", MARK
    for line, key in LINES.items():
        if said[key] is not None:
            yield line, words(said[key])
    for line, key in ITEMS.items():
        yield from ((line, words(item)) for item in said[key])
    for line, key in ENTRIES.items():
        yield from ((line, f"{_name(name)} = {words(value)}") for name, value in (said[key] or {}).items())
    yield from (("cites", f"{cite['relation']} {words(cite['id'])}") for cite in said["cites"])


def _name(name: str) -> str:
    plain = name and name == name.strip() and name.isprintable() and name[0] != '"' and "=" not in name
    return name if plain else json.dumps(name, ensure_ascii=not name.isprintable())
