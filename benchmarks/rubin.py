"""Packets in the shape of Rubin's schema 10.0, as Confluent frames them; the same again for the same numbers. Values are ours."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from typing import Any

SCHEMA = 1000
_EMPTY = {"long": 0, "int": 0, "double": 0.0, "float": 0.0, "boolean": False, "string": "", "bytes": b""}


def packets(start: int, places: Sequence[tuple[float, float]]) -> Iterator[bytes]:
    """One detection of an object of its own at each place (RA, Dec in degrees), numbered from `start`."""
    import fastavro

    from tom_scimma.decode import confluent

    schema = confluent.unfolded((confluent._BUNDLED / f"{SCHEMA}.txt").read_text())
    parsed = fastavro.parse_schema(schema)
    for number, (ra, dec) in enumerate(places, start):
        detection = {
            "diaSourceId": 10**17 + number,
            "diaObjectId": 2 * 10**17 + number,
            "ra": ra,
            "dec": dec,
            "midpointMjdTai": 61365.1,
            "band": "r",
            "psfFlux": 1500.0,
        }
        buffer = io.BytesIO()
        fastavro.schemaless_writer(
            buffer, parsed, _whole(schema, {"diaSourceId": 10**17 + number, "diaSource": detection})
        )
        yield b"\0" + struct.pack(">I", SCHEMA) + buffer.getvalue()


def _whole(schema: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """The record with something in every field that may not be null."""
    found = {}
    for field in schema["fields"]:
        kind, value = field["type"], said.get(field["name"])
        if isinstance(kind, dict) and kind["type"] == "record":
            found[field["name"]] = _whole(kind, value or {})
        elif isinstance(kind, list) or value is not None:
            found[field["name"]] = value
        else:
            found[field["name"]] = [] if isinstance(kind, dict) else _EMPTY[kind]
    return found
