"""`/instruments` and `/footprints`."""

from __future__ import annotations

import json
from typing import Any

from tom_treasuremap.fake import outlines, schema
from tom_treasuremap.fake.answers import broken, forbidden, missing, refused
from tom_treasuremap.fake.schema import Faults, Kind, boolean, integer, one_of, text
from tom_treasuremap.fake.world import Row, World, corners, like, now, polygon
from tom_treasuremap.vocabulary import FOOTPRINT_TYPES, FOOTPRINT_UNITS, INSTRUMENT_TYPES

CALLED = ("instrument_name", "nickname")
LONGEST = {"instrument_name": 64, "nickname": 25}  #: characters that the database takes


instrument_type = one_of(INSTRUMENT_TYPES.values(), "1 or 2")


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
        ids = _ids(asked["ids"])
        rows = [row for row in rows if row["id"] in ids]
    if asked["name"]:
        part = asked["name"].lower()
        rows = [row for row in rows if any(like(part, (row[key] or "").lower()) for key in CALLED)]
    if asked["names"]:
        names = _names(asked["names"])
        used = {row["instrumentid"] for row in world.pointings.values()}
        rows = [row for row in rows if row["id"] in used]
        rows = [row for row in rows if not names or any(like(name, row["instrument_name"]) for name in names)]
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
    most = sorted(counts.items(), key=lambda pair: -pair[1])
    return [_shown(world.instruments[identity], count) for identity, count in most]


def _ids(said: str) -> set[int]:
    """A list of JSON. In it the database refuses what is no number."""
    try:
        found = json.loads(said)
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise refused("Invalid ids format. Must be a JSON array.")
    try:
        return {int(value) for value in found if value is not None}
    except (TypeError, ValueError):
        raise broken() from None


def _names(said: str) -> list[str]:
    """A list of JSON; of a text it takes the letters, of an object the keys."""
    try:
        return [name.strip() for name in json.loads(said)]
    except (AttributeError, TypeError, ValueError):
        raise refused("Invalid names format. Must be a JSON array.") from None


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


def _size(missing: str, message: str, shape: str, found: Row) -> Kind:
    """A length: of its own shape it must be a positive number, of another's it is read as one."""

    def read(value: Any, where: str, faults: Faults) -> float | None:
        if found.get("footprint_type") != shape:
            return None if value is None else schema.number(value, where, faults)
        if isinstance(value, (int, float)) and not value <= 0:
            return float(value)
        faults.rule(missing if value is None else message, where)
        return None

    return read


def _outline(shape: Row) -> Kind:
    def read(value: Any, where: str, faults: Faults) -> str | None:
        if shape.get("footprint_type") == "Polygon" and not value:
            faults.rule("Polygon coordinates are required for polygon footprint", where)
            return None
        return None if value is None else text(value, where, faults)

    return read


def create(world: World, call: Any) -> Row:
    """`POST /instruments`: 200 also for what is refused after the schema."""
    shape = {"footprint_type": call.body.get("footprint_type") if isinstance(call.body, dict) else None}
    sides = _size(
        "Height and width are required for rectangular footprint",
        "Height and width must be positive numbers",
        "Rectangular",
        shape,
    )
    radius = _size("Radius is required for circular footprint", "Radius must be a positive number", "Circular", shape)
    kinds = {
        "instrument_name": text,
        "nickname": text,
        "instrument_type": instrument_type,
        "footprint_type": one_of(FOOTPRINT_TYPES, "'Rectangular', 'Circular' or 'Polygon'"),
        "unit": one_of(FOOTPRINT_UNITS, "'deg', 'arcmin' or 'arcsec'"),
        "height": sides,
        "width": sides,
        "radius": radius,
        "polygon": _outline(shape),
    }
    needed = ("instrument_name", "instrument_type", "footprint_type", "unit")
    asked = schema.body(call.body, kinds, needed, ("height", "width", "radius", "polygon"))
    problems = _lacking(asked)
    if problems:
        return _failed("Validation failed", problems)
    rings, problems = outlines.rings(asked)
    if problems:
        return _failed("Footprint processing failed", problems)
    if not rings:
        return _failed("No valid footprint polygons created", ["Failed to generate footprint geometry"])
    for name, longest in LONGEST.items():
        if len(asked[name] or "") > longest:
            said = f"value too long for type character varying({longest})"
            return _failed(
                "Internal server error", [f"Unexpected error: (psycopg2.errors.StringDataRightTruncation) {said}"]
            )
    return _made(world, call.user, asked, rings)


def _failed(message: str, problems: list[str]) -> Row:
    return {"success": False, "message": message, "instrument": None, "errors": problems}


def _lacking(asked: Row) -> list[str]:
    shape = asked["footprint_type"]
    problems = []
    if shape == "Rectangular" and (asked["height"] is None or asked["width"] is None):
        problems.append("Height and Width are required for Rectangular shape")
    if shape == "Circular" and asked["radius"] is None:
        problems.append("Radius is required for Circular shape")
    if shape == "Polygon" and not asked["polygon"]:
        problems.append("Polygon coordinates are required for Polygon shape")
    return problems


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
        part = asked["name"].strip()
        called = {row["id"] for row in world.instruments.values() if any(like(part, row[key]) for key in CALLED)}
        rows = [row for row in rows if row["instrumentid"] in called]
    return list(rows)


def _wkt(value: Any, where: str, faults: Faults) -> str | None:
    said = text(value, where, faults)
    problem = outlines.unreadable(said) if said else None
    if problem:
        faults.rule(f"Invalid WKT format: {problem}", where)
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
