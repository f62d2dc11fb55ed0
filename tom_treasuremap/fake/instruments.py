"""`/instruments` and `/footprints`."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from tom_treasuremap.fake import schema
from tom_treasuremap.fake.answers import broken, forbidden, missing, refused
from tom_treasuremap.fake.schema import Faults, Kind, boolean, integer, one_of, text
from tom_treasuremap.fake.world import Row, World, corners, now, polygon
from tom_treasuremap.vocabulary import FOOTPRINT_TYPES, FOOTPRINT_UNITS, INSTRUMENT_TYPES

CORNERS = 20  #: a circle is made of


def _numbered(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.strip().isdigit() else value


instrument_type = one_of(INSTRUMENT_TYPES.values(), "1 or 2", _numbered)


def instruments(world: World, call: Any) -> list[Row]:
    """`GET /instruments`."""
    kinds = {
        "id": integer,
        "ids": text,
        "name": text,
        "names": text,
        "type": instrument_type,
        "reporting_only": boolean,
    }
    asked = schema.query(call.query, kinds)
    if asked["reporting_only"]:
        return _reporting(world)
    rows = list(world.instruments.values())
    if asked["id"]:
        rows = [row for row in rows if row["id"] == asked["id"]]
    if asked["ids"]:
        ids = _array(asked["ids"], "ids")
        rows = [row for row in rows if row["id"] in ids]
    if asked["name"]:
        rows = [row for row in rows if _called(row, asked["name"], ("instrument_name", "nickname"))]
    if asked["names"]:
        names = [str(name) for name in _array(asked["names"], "names")]
        used = {row["instrumentid"] for row in world.pointings.values()}
        rows = [row for row in rows if row["id"] in used and any(_called(row, n, ("instrument_name",)) for n in names)]
    if asked["type"]:
        rows = [row for row in rows if INSTRUMENT_TYPES[row["instrument_type"]] == asked["type"]]
    return [_shown(row) for row in rows]


def _reporting(world: World) -> list[Row]:
    counts: dict[int, int] = {}
    for linked in world.links.values():
        for identity in linked:
            row = world.pointings[identity]
            if row["status"] == "completed":
                counts[row["instrumentid"]] = counts.get(row["instrumentid"], 0) + 1
    return [_shown(world.instruments[identity], count) for identity, count in sorted(counts.items())]


def _called(row: Row, part: str, keys: tuple[str, ...]) -> bool:
    return any(part.lower() in (row[key] or "").lower() for key in keys)


def _array(said: str, name: str) -> list:
    try:
        found = json.loads(said)
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise refused(f"Invalid {name} format. Must be a JSON array.")
    return found


def _shown(row: Row, count: int | None = None) -> Row:
    return {
        "id": row["id"],
        "instrument_name": row["instrument_name"],
        "nickname": row.get("nickname"),
        "instrument_type": INSTRUMENT_TYPES[row["instrument_type"]],
        "datecreated": row.get("datecreated"),
        "submitterid": row.get("submitterid"),
        "num_pointings": count,
    }


def _size(message: str, shape: str, found: Row) -> Kind:
    """A length: of its own shape it must be a positive number, of another's it is read as one."""

    def read(value: Any, where: str, faults: Faults) -> float | None:
        if found.get("footprint_type") != shape:
            return schema.number(value, where, faults)
        if isinstance(value, (int, float)) and value > 0:
            return float(value)
        faults.rule(message, where)
        return None

    return read


def create(world: World, call: Any) -> Row:
    """`POST /instruments`: 200 also for what is refused after the schema."""
    shape = {"footprint_type": call.body.get("footprint_type") if isinstance(call.body, dict) else None}
    sides = _size("Height and width must be positive numbers", "Rectangular", shape)
    kinds = {
        "instrument_name": text,
        "nickname": text,
        "instrument_type": instrument_type,
        "footprint_type": one_of(FOOTPRINT_TYPES, "'Rectangular', 'Circular' or 'Polygon'"),
        "unit": one_of(FOOTPRINT_UNITS, "'deg', 'arcmin' or 'arcsec'"),
        "height": sides,
        "width": sides,
        "radius": _size("Radius must be a positive number", "Circular", shape),
        "polygon": text,
    }
    asked = schema.body(call.body, kinds, ("instrument_name", "instrument_type", "footprint_type", "unit"))
    problems = _lacking(asked)
    if problems:
        return _failed("Validation failed", problems)
    rings, problems = _rings(asked)
    if problems:
        return _failed("Footprint processing failed", problems)
    return _made(world, call.user, asked, rings)


def _failed(message: str, problems: list[str]) -> Row:
    return {"success": False, "message": message, "instrument": None, "errors": problems}


def _lacking(asked: Row) -> list[str]:
    shape = asked["footprint_type"]
    problems = []
    if len(asked["instrument_name"]) > 64:
        problems.append("Instrument name must be at most 64 characters")
    if len(asked["nickname"] or "") > 25:
        problems.append("Nickname must be at most 25 characters")
    if shape == "Rectangular" and (asked["height"] is None or asked["width"] is None):
        problems.append("Height and Width are required for Rectangular shape")
    if shape == "Circular" and asked["radius"] is None:
        problems.append("Radius is required for Circular shape")
    if shape == "Polygon" and not asked["polygon"]:
        problems.append("Polygon coordinates are required for Polygon shape")
    return problems


def _rings(asked: Row) -> tuple[list[list[tuple[float, float]]], list[str]]:
    scale = 1 / FOOTPRINT_UNITS[asked["unit"]]
    if asked["footprint_type"] == "Rectangular":
        x, y = asked["width"] * scale / 2, asked["height"] * scale / 2
        return [[(-x, y), (x, y), (x, -y), (-x, -y), (-x, y)]], []
    if asked["footprint_type"] == "Circular":
        radius, step = asked["radius"] * scale, 2 * math.pi / CORNERS
        ring = [(radius * math.sin(i * step), radius * math.cos(i * step)) for i in range(CORNERS)]
        return [[*ring, ring[0]]], []
    return _parts(asked["polygon"], scale)


def _parts(said: str, scale: float) -> tuple[list[list[tuple[float, float]]], list[str]]:
    rings, problems = [], []
    for part in said.split("#"):
        ring = []
        for line in filter(None, (line.strip() for line in part.strip().strip("[]").splitlines())):
            found = re.fullmatch(r"\(?\s*(-?\d*\.?\d+)\s*[,\s]\s*(-?\d*\.?\d+)\s*\)?", line)
            if found is None:
                problems.append(f"Invalid coordinate format: {line}")
            else:
                ring.append((float(found[1]) * scale, float(found[2]) * scale))
        if len(ring) < 3:
            problems.append("Polygon must have at least 3 vertices")
        else:
            rings.append(ring if ring[0] == ring[-1] else [*ring, ring[0]])
    return rings, problems


def _made(world: World, user: Row, asked: Row, rings: list) -> Row:
    names = {number: name for name, number in INSTRUMENT_TYPES.items()}
    row = {
        "id": world.number("instruments"),
        "instrument_name": asked["instrument_name"],
        "nickname": asked["nickname"],
        "instrument_type": names[asked["instrument_type"]],
        "datecreated": now(),
        "submitterid": user["id"],
    }
    world.instruments[row["id"]] = row
    for ring in rings:
        said = ", ".join(f"{round(x, 4) + 0.0:.15g} {round(y, 4) + 0.0:.15g}" for x, y in ring)
        _add(world, row["id"], f"POLYGON(({said}))")
    message = f"Successfully created instrument with ID {row['id']}"
    return {"success": True, "message": message, "instrument": _shown(row), "errors": []}


def _add(world: World, instrument: int, said: str) -> Row:
    row = {"id": world.number("footprints"), "instrumentid": instrument, "footprint": polygon(said)}
    world.footprints.append(row)
    return row


def footprints(world: World, call: Any) -> list[Row]:
    """`GET /footprints`."""
    asked = schema.query(call.query, {"id": integer, "name": text})
    rows = world.footprints
    if asked["id"]:
        rows = [row for row in rows if row["instrumentid"] == asked["id"]]
    if asked["name"]:
        keys = ("instrument_name", "nickname")
        called = {row["id"] for row in world.instruments.values() if _called(row, asked["name"], keys)}
        rows = [row for row in rows if row["instrumentid"] in called]
    return list(rows)


def _wkt(value: Any, where: str, faults: Faults) -> str | None:
    said = text(value, where, faults)
    if said and said.count("(") != said.count(")"):
        faults.rule("Invalid WKT format: ParseException: Expected word but encountered end of stream", where)
    elif said and re.match(r"\s*[A-Z]+\s*\(", said, re.IGNORECASE) is None:
        word = said.split()[0] if said.split() else ""
        faults.rule(f"Invalid WKT format: ParseException: Unknown type: '{word.upper()}'", where)
    return said


def add_footprint(world: World, call: Any) -> Row:
    """`POST /footprints`: one CCD more."""
    asked = schema.body(call.body, {"instrumentid": integer, "footprint": _wkt}, ("instrumentid", "footprint"))
    instrument = world.instruments.get(asked["instrumentid"])
    if instrument is None:
        raise missing(f"Instrument with ID {asked['instrumentid']} not found")
    if instrument["submitterid"] != call.user["id"]:
        raise forbidden("You don't have permission to add footprints to this instrument")
    try:
        corners(asked["footprint"])
    except ValueError:
        raise broken() from None
    return _add(world, instrument["id"], asked["footprint"])
