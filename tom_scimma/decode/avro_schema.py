"""Avro schemas -> functions that read their values, each value paid for from a budget. Pure.

Specification: Apache Avro 1.11, "Schema Declaration" and "Binary Encoding". Logical types are given as the plain values
that were sent.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import Undecodable

#: values in one message, far above any alert (a ZTF packet has about 5,000) and far below what hurts
MAX_VALUES = 1_000_000
#: parts of a schema; Rubin's has about 500
MAX_PARTS = 5_000


class Data:
    """The bytes of one block, where we are in them, and how many more values may be made."""

    __slots__ = ("buffer", "left", "place")

    def __init__(self, buffer: bytes, left: int):
        self.buffer, self.place, self.left = buffer, 0, left

    def take(self, size: int) -> bytes:
        end = self.place + size
        if size < 0 or end > len(self.buffer):
            raise Undecodable(f"Avro: {size} bytes are declared where {len(self.buffer) - self.place} are left")
        piece = self.buffer[self.place : end]
        self.place = end
        return piece

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise Undecodable(f"Avro: more than {MAX_VALUES:,} values in one message")

    def long(self) -> int:
        """A zig-zag variable-length integer of at most 64 bits."""
        buffer, place, shift, value = self.buffer, self.place, 0, 0
        try:
            while True:
                byte = buffer[place]
                place += 1
                value |= (byte & 0x7F) << shift
                if byte < 0x80:
                    break
                shift += 7
                if shift > 63:
                    raise Undecodable("Avro: an integer of more than 64 bits")
        except IndexError:
            raise Undecodable("Avro: the data end inside an integer; the message was cut short") from None
        self.place = place
        return (value >> 1) ^ -(value & 1)


Read = Callable[[Data], Any]


def _null(data: Data) -> None:
    return None


def _bytes(data: Data) -> bytes:
    return data.take(data.long())


def _text(data: Data) -> str:
    return data.take(data.long()).decode("utf-8", "replace").replace("\0", "")


def _boolean(data: Data) -> bool:
    return data.take(1) != b"\0"


def _long(data: Data) -> int:
    return data.long()


def _counts(data: Data) -> Iterator[int]:
    """Sizes of an array's or map's blocks, until the empty one; each value is paid for before it is read."""
    while count := data.long():
        if count < 0:
            data.long()  # size of the block in bytes, of use only to skip it
            count = -count
        data.spend(count)
        yield count


def _array_of(item: Read) -> Read:
    return lambda data: [item(data) for count in _counts(data) for _ in range(count)]


def _map_of(value: Read) -> Read:
    return lambda data: {_text(data): value(data) for count in _counts(data) for _ in range(count)}


def read_header(data: Data) -> dict[str, bytes]:
    """The metadata of a container file."""
    return _map_of(_bytes)(data)


def _is_field(said: Any) -> bool:
    return isinstance(said, dict) and isinstance(said.get("name"), str)


class Schema:
    """Turns a schema into closures; refuses what contains itself."""

    def __init__(self) -> None:
        self.named: dict[str, Read | None] = {}  # None while its own fields are being compiled
        self.parts = 0
        self.not_finite = False
        self.simple: dict[str, Read] = {
            "null": _null, "boolean": _boolean, "int": _long, "long": _long, "bytes": _bytes, "string": _text,
            "float": self._float("<f", 4), "double": self._float("<d", 8),
        }  # fmt: skip

    def compile(self, schema: Any, space: str = "") -> Read:
        """The function that reads one value of `schema`, where `space` is the enclosing namespace."""
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise Undecodable(f"Avro: a schema of more than {MAX_PARTS:,} parts")
        if isinstance(schema, str):
            return self._reference(schema, space)
        if isinstance(schema, list):
            return self._union([self.compile(branch, space) for branch in schema])
        if not isinstance(schema, dict):
            raise Undecodable(f"Avro: {str(schema)[:40]!r} is not a schema")
        kind = schema.get("type")
        if kind in ("record", "error", "enum", "fixed"):
            return self._name(schema, kind, space)
        if kind == "array":
            return _array_of(self.compile(schema.get("items"), space))
        if kind == "map":
            return _map_of(self.compile(schema.get("values"), space))
        return self.compile(kind, space)  # {"type": "long", "logicalType": ...}: we give the number as sent

    def _reference(self, name: str, space: str) -> Read:
        if name in self.simple:
            return self.simple[name]
        full = name if "." in name or f"{space}.{name}" not in self.named else f"{space}.{name}"
        if full not in self.named:
            raise Undecodable(f"Avro: the schema names the type {name[:80]!r}, which it does not define")
        read = self.named[full]
        if read is None:
            raise Undecodable(f"Avro: the type {name[:80]!r} contains itself; refused")
        return read

    def _name(self, schema: dict, kind: str, space: str) -> Read:
        name = schema.get("name")
        if not isinstance(name, str):
            raise Undecodable(f"Avro: a type of kind {kind} without a name")
        if "." not in name:
            own = schema.get("namespace", space)
            name = f"{own}.{name}" if own else name
        self.named[name] = None
        read = {"enum": self._enum, "fixed": self._fixed}.get(kind, self._record)(schema, name.rpartition(".")[0])
        self.named[name] = read
        return read

    def _record(self, schema: dict, space: str) -> Read:
        fields = schema.get("fields")
        if not isinstance(fields, list) or not all(_is_field(field) for field in fields):
            raise Undecodable("Avro: a record without a list of named fields")
        readers = [(field["name"], self.compile(field.get("type"), space)) for field in fields]
        cost = len(readers)

        def read(data: Data) -> dict[str, Any]:
            data.spend(cost)  # fields of no bytes at all cost too
            return {name: reader(data) for name, reader in readers}

        return read

    def _enum(self, schema: dict, space: str) -> Read:
        symbols = schema.get("symbols")
        if not isinstance(symbols, list) or not all(isinstance(x, str) for x in symbols):
            raise Undecodable("Avro: an enum without a list of symbols")
        return self._pick(symbols, "symbols of an enum")

    def _union(self, branches: list[Read]) -> Read:
        pick = self._pick(branches, "branches of a union")
        return lambda data: pick(data)(data)

    def _pick(self, choices: list[Any], what: str) -> Read:
        def read(data: Data) -> Any:
            index = data.long()
            if not 0 <= index < len(choices):
                raise Undecodable(f"Avro: number {index} of the {len(choices)} {what}")
            return choices[index]

        return read

    def _fixed(self, schema: dict, space: str) -> Read:
        size = schema.get("size")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise Undecodable(f"Avro: a fixed type of size {str(size)[:20]!r}")
        return lambda data: data.take(size)

    def _float(self, form: str, size: int) -> Read:
        unpack = struct.Struct(form).unpack

        def read(data: Data) -> float | None:
            value = unpack(data.take(size))[0]
            if value - value == 0:
                return value
            self.not_finite = True  # NaN and the infinities: no JSON column can hold them, and they say nothing
            return None

        return read
