"""`/ajax_alertinstruments_footprints`: what each pointing of an event saw, by instrument."""

from __future__ import annotations

import math
from typing import Any

from tom_treasuremap.fake import schema
from tom_treasuremap.fake.answers import UNEXPECTED, broken, missing
from tom_treasuremap.fake.schema import text
from tom_treasuremap.fake.world import Row, World, corners, place
from tom_treasuremap.fake.world import moment as time_of

COLORS = (
    "#ffe119 #4363d8 #f58231 #42d4f4 #f032e6 #fabebe #469990 #e6beff #9A6324 #fffac8 #800000 #aaffc3 #000075 #a9a9a9"
).split()
HIDDEN = 49  #: the instrument that is never shown
STATUSES = {"pandc": ("planned", "completed"), **{name: (name,) for name in ("planned", "completed", "cancelled")}}


def footprints(world: World, call: Any) -> list[Row]:
    """Completed ones when no status is named, all when it is none that is known. One without a time breaks it."""
    asked = schema.query(call.query, {"graceid": text, "pointing_status": text, "tos_mjd": schema.number})
    graceid = asked["graceid"]
    alert = next((row for key in ("graceid", "alternateid") for row in world.alerts if row.get(key) == graceid), None)
    if alert is None:
        raise missing("Alert not found")
    said = "completed" if asked["pointing_status"] is None else asked["pointing_status"]
    linked = [world.pointings[identity] for identity in world.links.get(alert["graceid"], ())]
    found: dict[int, list[Row]] = {}
    for row in linked:
        if said not in STATUSES or row["status"] in STATUSES[said]:
            found.setdefault(row["instrumentid"], []).append(row)
    start = asked["tos_mjd"] or _days(alert["time_of_signal"])
    shown = [identity for identity in sorted(found) if identity != HIDDEN]
    return [_drawn(world, identity, place, found[identity], start) for place, identity in enumerate(shown)]


def _days(said: str | None) -> float:
    """A time as MJD."""
    if said is None:
        raise broken(UNEXPECTED)
    return (time_of(said) - time_of("1858-11-17T00:00:00")).total_seconds() / 86400


def _drawn(world: World, identity: int, order: int, rows: list[Row], start: float) -> Row:
    instrument = world.instruments[identity]
    contours = [
        {"polygon": polygon, "time": round(_days(row["time"]) - start, 3)}
        for row in rows
        for polygon in _on_sky(world, row)
    ]
    color = COLORS[order] if order < len(COLORS) else f"#{identity % 0xFFFFFF:06x}"
    name = instrument.get("nickname") or instrument["instrument_name"]
    return {"display": True, "id": identity, "name": name, "color": color, "contours": contours}


def _on_sky(world: World, row: Row) -> list[list[list[float]]]:
    ra, dec = place(row["position"])
    angle = row["pos_angle"] or 0.0
    mine = [corners(found["footprint"]) for found in world.footprints if found["instrumentid"] == row["instrumentid"]]
    return [[list(turned(x, y, ra, dec, angle)) for x, y in ring] for ring in mine]


def turned(x: float, y: float, ra: float, dec: float, angle: float) -> tuple[float, float]:
    """Where a corner of a footprint lies: `vec @ Rx(-angle) @ Ry(dec) @ Rz(-ra)`, degrees; RA is 0..360."""
    lon, lat = math.radians(x), math.radians(y)
    a, b, c = math.cos(lon) * math.cos(lat), math.sin(lon) * math.cos(lat), math.sin(lat)
    s, t = math.sin(math.radians(-angle)), math.cos(math.radians(-angle))
    b, c = b * t + c * s, -b * s + c * t
    s, t = math.sin(math.radians(dec)), math.cos(math.radians(dec))
    a, c = a * t - c * s, a * s + c * t
    s, t = math.sin(math.radians(-ra)), math.cos(math.radians(-ra))
    a, b = a * t + b * s, -a * s + b * t
    return math.degrees(math.atan2(b, a)) % 360, math.degrees(math.asin(max(-1.0, min(1.0, c))))
