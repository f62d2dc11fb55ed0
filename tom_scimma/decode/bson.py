"""The little of BSON that a stub for an offloaded message may be written in -> dict.

Pure. Specification: bsonspec.org 1.1.
"""

from __future__ import annotations

import struct
from typing import Any

from ..errors import Undecodable

_DEPTH = 8
_LONGEST = 1 << 16
_SIZES = {0x01: "<d", 0x10: "<i", 0x12: "<q"}


def loads(payload: bytes) -> dict[str, Any]:
    """A document of strings, numbers, booleans, nulls, bytes and documents. Raises Undecodable for anything else."""
    if len(payload) > _LONGEST:
        raise Undecodable(f"the stub of an offloaded message has {len(payload):,} bytes; refused")
    try:
        value, end = _document(payload, 0, _DEPTH)
    except (struct.error, IndexError, ValueError) as error:
        if isinstance(error, Undecodable):
            raise
        raise Undecodable(f"the stub of an offloaded message is neither JSON nor BSON ({error})") from error
    if end != len(payload):
        raise Undecodable("BSON: bytes are left over after the document")
    return value


def _document(data: bytes, place: int, depth: int) -> tuple[dict[str, Any], int]:
    if depth == 0:
        raise Undecodable(f"BSON: nested more than {_DEPTH} deep; refused")
    size = struct.unpack_from("<i", data, place)[0]
    end = place + size
    if size < 5 or end > len(data) or data[end - 1] != 0:
        raise Undecodable(f"BSON: a document of {size} bytes where {len(data) - place} are left")
    found: dict[str, Any] = {}
    place += 4
    while place < end - 1:
        kind = data[place]
        stop = data.index(b"\0", place + 1, end)
        name = data[place + 1 : stop].decode()
        found[name], place = _value(data, kind, stop + 1, depth)
    return found, end


def _value(data: bytes, kind: int, place: int, depth: int) -> tuple[Any, int]:
    if kind in _SIZES:
        return struct.unpack_from(_SIZES[kind], data, place)[0], place + struct.calcsize(_SIZES[kind])
    if kind == 0x02:
        size = struct.unpack_from("<i", data, place)[0]
        if size < 1 or place + 4 + size > len(data):
            raise Undecodable(f"BSON: a string of {size} bytes")
        return data[place + 4 : place + 3 + size].decode("utf-8", "replace"), place + 4 + size
    if kind in (0x03, 0x04):
        return _document(data, place, depth - 1)
    if kind == 0x05:
        size = struct.unpack_from("<i", data, place)[0]
        if size < 0 or place + 5 + size > len(data):
            raise Undecodable(f"BSON: {size} bytes of binary data")
        return data[place + 5 : place + 5 + size], place + 5 + size
    if kind == 0x08:
        return data[place] != 0, place + 1
    if kind == 0x0A:
        return None, place
    raise Undecodable(f"BSON: a value of type {kind:#x}, which no stub needs")
