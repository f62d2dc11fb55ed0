"""Avro as Confluent frames it: a zero byte, the number of the writer's schema in four, one record; no schema in it.

The number stands for a schema in a registry of the sender's, which we never ask. Rubin's are 100 x major + minor of its alert's
schema (https://github.com/lsst/alert_packet); those we know are in `schemas`, any other is read from a folder of the TOM's.
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import Undecodable
from .avro_schema import MAX_VALUES, Data, Read, Schema
from .json_text import check_depth
from .json_text import loads as load_json

_BUNDLED = Path(__file__).with_name("schemas")
_HEAD = 5
#: numbers beyond are text or chance; Rubin's stay below 10,000
_MOST = 1_000_000
_LARGEST = 4 << 20


def schema_number(payload: bytes) -> int | None:
    """The number of the writer's schema in a framed message; None for bytes that do not begin as one."""
    if len(payload) <= _HEAD or payload[:1] != b"\0":
        return None
    number = struct.unpack(">I", payload[1:_HEAD])[0]
    return number if 0 < number < _MOST else None


def is_known(number: int, folder: str) -> bool:
    """Whether the schema of that number ships with us or is in the folder."""
    return bool(_file(number, folder))


def record(payload: bytes, number: int, folder: str) -> tuple[Any, bool]:
    """The record, and whether some floats were not finite (they are None then).

    Raises Undecodable for a schema that is not there, and for data that do not fit it.
    """
    file = _file(number, folder)
    if not file:
        known = ", ".join(sorted((path.stem for path in _BUNDLED.glob("*.txt")), key=int))
        where = (
            f"{folder}/{number}.avsc" if folder else f"a folder as {number}.avsc, and name the folder in AVRO_SCHEMAS"
        )
        raise Undecodable(
            f"Avro framed by Confluent, written by schema {number}, which is not here (here are {known}). "
            f"Put that schema, in one file, into {where}; then try again"
        )
    read, schema = _compiled(file, Path(file).stat().st_mtime_ns)
    schema.not_finite = False
    data = Data(payload, MAX_VALUES)
    data.place = _HEAD
    try:
        found = read(data)
    except RecursionError:
        raise Undecodable("Avro: types nested too deep; refused") from None
    if data.place != len(payload):
        raise Undecodable(
            f"Avro: {len(payload) - data.place} bytes are left behind the record of schema {number}; it is another's"
        )
    check_depth(found, "Avro")
    return found, schema.not_finite


def _file(number: int, folder: str) -> str:
    for path in ([Path(folder) / f"{number}.avsc"] if folder else []) + [_BUNDLED / f"{number}.txt"]:
        if path.is_file():
            return str(path)
    return ""


@lru_cache(maxsize=32)
def _compiled(file: str, changed: int) -> tuple[Read, Schema]:
    """The reader of a schema's file, made once as long as the file does not change."""
    raw = Path(file).read_bytes()
    if len(raw) > _LARGEST:
        raise Undecodable(f"Avro: the schema in {file} has {len(raw):,} bytes; no schema is that large")
    schema = Schema()
    said = unfolded(raw.decode("utf-8")) if file.endswith(".txt") else load_json(raw)[0]
    return schema.compile(said), schema


def unfolded(text: str) -> dict[str, Any]:
    """The Avro schema of our own short notation: a record's name at the margin, its `field:type`s below, the message first."""
    records: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith(" "):
            current = records.setdefault(line.strip(), [])
        else:
            current += line.split()
    first = next(iter(records))
    return _record(first, records, set())


def _record(name: str, records: dict[str, list[str]], done: set[str]) -> dict[str, Any]:
    done.add(name)
    pairs = (field.split(":", 1) for field in records[name])
    return {
        "type": "record",
        "name": name,
        "fields": [{"name": key, "type": _type(kind, records, done)} for key, kind in pairs],
    }


def _type(kind: str, records: dict[str, list[str]], done: set[str]) -> Any:
    if kind.startswith("?"):
        return ["null", _type(kind[1:], records, done)]
    if kind.endswith("?"):
        return [_type(kind[:-1], records, done), "null"]
    inner = re.fullmatch(r"\[(.+)\]", kind)
    if inner:
        return {"type": "array", "items": _type(inner[1], records, done)}
    return _record(kind, records, done) if kind in records and kind not in done else kind
