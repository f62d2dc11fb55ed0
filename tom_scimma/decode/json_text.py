"""JSON bytes -> values that a database can hold: finite, shallow, no NUL, no half characters. Pure.

orjson reads what is well formed. What it refuses but people send all the same (NaN, bad UTF-8, raw line feeds in
strings, numbers beyond a double) goes through Python's reader once more, and the notes say what was changed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import orjson

from ..errors import Undecodable

MAX_DEPTH = 64
#: values in one message, counted by their punctuation before anything is built
MAX_VALUES = 1_000_000
#: documents in one message, one after the other
MAX_DOCUMENTS = 1_000
#: a message this long is read by the slow reader only up to here
MAX_REPAIR = 8 << 20
_SPACE = re.compile(r"[ \t\r\n]*")
_HALF = re.compile("[\ud800-\udfff]")


def loads(payload: bytes) -> tuple[Any, tuple[str, ...]]:
    """The value and the notes about what had to be changed.

    Raises Undecodable for anything that is not one JSON value.
    """
    values, notes = stream(payload)
    if len(values) != 1:
        raise Undecodable(f"JSON: {len(values)} values one after the other where one is expected")
    return values[0], notes


def stream(payload: bytes) -> tuple[list[Any], tuple[str, ...]]:
    """All values of a text that holds one, or several one after the other (NDJSON, or merely concatenated); the notes.

    Raises Undecodable for what is broken or unsafe.
    """
    _bounded(payload)
    notes: tuple[str, ...] = ()
    try:
        values = [orjson.loads(payload)]
    except orjson.JSONDecodeError as error:
        values, notes = _repaired(payload, error)
    if payload.count(b"{") + payload.count(b"[") > MAX_DEPTH:  # a small message need not be walked through
        for value in values:
            check_depth(value, "JSON")
    if b"\\" in payload and b"\\u0000" in payload:  # the first search is ten times as fast, and mostly enough
        values = [_scrub(value) for value in values]
        notes += ("JSON: NUL characters removed",)
    return values, notes


def check_depth(value: Any, what: str) -> None:
    """Nothing, or Undecodable where containers are nested more than MAX_DEPTH deep. Does not recurse."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise Undecodable(f"{what}: nested more than {MAX_DEPTH} deep; refused")


def _children(item: Any) -> Iterator[Any]:
    inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return (child for child in inner if isinstance(child, (dict, list)))


def _bounded(payload: bytes) -> None:
    """The number of values is bounded by their punctuation, a byte each, before a parser allocates anything."""
    if len(payload) > 2 * MAX_VALUES and sum(payload.count(mark) for mark in (b"[", b"{", b",")) > MAX_VALUES:
        raise Undecodable(f"JSON: more than {MAX_VALUES:,} values in one message; refused")


def _repaired(payload: bytes, first: orjson.JSONDecodeError) -> tuple[list[Any], tuple[str, ...]]:
    """What Python's reader makes of it, several documents allowed.

    Raises Undecodable with orjson's words if nothing.
    """
    if len(payload) > MAX_REPAIR:
        raise Undecodable(f"JSON: {first}") from first
    repair = _Repair()
    text = repair.text(payload)
    values: list[Any] = []
    place = _past_space(text, 0)
    try:
        while place < len(text):
            value, place = repair.decoder.raw_decode(text, place)
            values.append(value)
            if len(values) > MAX_DOCUMENTS:
                raise Undecodable(f"JSON: more than {MAX_DOCUMENTS:,} documents in one message; refused")
            place = _past_space(text, place)
    except json.JSONDecodeError:
        raise Undecodable(f"JSON: {first}") from first
    except RecursionError:
        raise Undecodable(f"JSON: nested more than {MAX_DEPTH} deep; refused") from None
    if not values:
        raise Undecodable("JSON: nothing but white space")
    for value in values:
        check_depth(value, "JSON")  # before _scrub, which recurses
    return [_scrub(value) for value in values], tuple(f"JSON: {note}" for note in repair.notes)


def _past_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


class _Repair:
    """Python's reader with every surprise turned into None or a note."""

    def __init__(self) -> None:
        self.notes: dict[str, None] = {}
        self.decoder = json.JSONDecoder(
            strict=False, parse_constant=self._constant, parse_float=self._float, parse_int=self._int
        )

    def text(self, payload: bytes) -> str:
        encoding = "utf-16" if payload[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        try:
            return payload.decode(encoding)
        except UnicodeDecodeError:
            self.notes["bytes that are not valid UTF-8 were replaced"] = None
            return payload.decode(encoding, "replace")

    def _constant(self, text: str) -> None:
        self.notes[f"{text} read as null"] = None

    def _float(self, text: str) -> float | None:
        value = float(text)
        if math.isfinite(value):
            return value
        self._constant("a number too large for a double")
        return None

    def _int(self, text: str) -> int | float | None:
        return int(text) if len(text) < 19 else self._long(text)

    def _long(self, text: str) -> int | float | None:
        value = int(text) if len(text) < 21 else 0
        return value if value and -(2**63) <= value < 2**64 else self._float(text)


def _scrub(value: Any) -> Any:
    """The same without NUL characters and half surrogate pairs, which no database column takes.

    Depth is bounded already.
    """
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value.replace("\0", ""))
    if isinstance(value, dict):
        return {_scrub(key): _scrub(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_scrub(item) for item in value]
    return value
