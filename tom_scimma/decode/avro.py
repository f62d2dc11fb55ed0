"""Avro object container files -> records, safe for whatever a stranger may send. Pure.

Why not fastavro: its compiled readers recurse without a limit (a schema that contains itself ends the process),
believe the counts that the data declare (2^60 nulls take no bytes), and decompress without a bound.
Specification: Apache Avro 1.11, "Object Container Files".
"""

from __future__ import annotations

from typing import Any

from ..errors import Undecodable
from .avro_schema import MAX_VALUES, Data, Schema, read_header
from .json_text import check_depth
from .json_text import loads as load_json
from .unpack import inflate

MAGIC = b"Obj\x01"
_CODECS = {b"null": "", b"deflate": "deflate", b"bzip2": "bzip2", b"xz": "xz", b"zstandard": "zstd"}


def records(payload: bytes, *, max_bytes: int) -> tuple[list[Any], bool]:
    """All records of a container file, and whether some floats were not finite (they are None then).

    Raises Undecodable for anything malformed, cut short, or larger than `max_bytes` once decompressed.
    """
    try:
        found, not_finite = _records(payload, max_bytes)
    except RecursionError:  # of Python functions, so harmless: types chained by name go deeper than the schema's text
        raise Undecodable("Avro: types nested too deep; refused") from None
    check_depth(found, "Avro")
    return found, not_finite


def _records(payload: bytes, max_bytes: int) -> tuple[list[Any], bool]:
    head = Data(payload, MAX_VALUES)
    if head.take(4) != MAGIC:
        raise Undecodable("Avro: the bytes do not begin with 'Obj' and 1; not an object container file")
    meta = read_header(head)
    codec = _CODECS.get(meta.get("avro.codec", b"null"))
    if codec is None:
        known = ", ".join(name.decode() for name in _CODECS)
        raise Undecodable(f"Avro: codec {meta['avro.codec'][:20]!r} is not one of {known}")
    schema = Schema()
    read = schema.compile(load_json(meta.get("avro.schema", b""))[0])
    sync = head.take(16)
    found: list[Any] = []
    left, room = head.left, max_bytes
    while head.place < len(payload):
        count = head.long()
        block = head.take(head.long())
        if codec:
            block = inflate(codec, block, max_bytes=room)
        room -= len(block)
        data = Data(block, left)
        if count < 0:
            raise Undecodable(f"Avro: a block of {count} records")
        data.spend(count + 1)
        found += [read(data) for _ in range(count)]
        left = data.left
        if head.take(16) != sync:
            raise Undecodable("Avro: a block does not end with the file's sync marker")
    return found, schema.not_finite
