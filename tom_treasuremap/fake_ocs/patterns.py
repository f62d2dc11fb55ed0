"""What the portal makes of one request: dithers, mosaics and cadences, and what it says of a pattern that is none. Pure.

As the observation portal expands them: offsets in arcsec along right ascension and declination, angles from north.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from math import cos, radians, sin, sqrt
from typing import Any

from tom_scimma import times
from tom_scimma.notice import iso
from tom_treasuremap.fake_ocs.instruments import FIELDS

Row = dict[str, Any]
Offset = tuple[float, float]
REQUIRED = "This field is required."


def dithered(said: Mapping[str, Any]) -> Row:
    """The configuration with its instrument_configs once for each point of the pattern."""
    found = copy.deepcopy(dict(said["configuration"]))
    rows = found["instrument_configs"]
    found["instrument_configs"] = [_moved(row, offset) for offset in offsets(said) for row in rows]
    return found


def _moved(row: Row, offset: Offset) -> Row:
    moved = {"offset_ra": round(offset[0], 3), "offset_dec": round(offset[1], 3)}
    return {**copy.deepcopy(row), "extra_params": {**row.get("extra_params", {}), **moved}}


def mosaic(said: Mapping[str, Any]) -> Row:
    """The request with its one configuration once for each point of the pattern, each with its own target."""
    found = copy.deepcopy(dict(said["request"]))
    (one,) = found["configurations"]
    size = FIELDS[one["instrument_type"]]
    spacing = {}
    if "point_overlap_percent" in said:
        lines = said.get("line_overlap_percent", said["point_overlap_percent"])
        spacing = {"point_spacing": _left(size, said["point_overlap_percent"]), "line_spacing": _left(size, lines)}
    found["configurations"] = [_aimed(one, offset) for offset in offsets({**said, **spacing})]
    return found


def _left(size: float, overlap: float) -> float:
    return size * 3600 * (100 - overlap) / 100


def _aimed(one: Row, offset: Offset) -> Row:
    found = copy.deepcopy(one)
    found["target"]["dec"] += offset[1] / 3600
    found["target"]["ra"] += offset[0] / 3600 / max(cos(radians(found["target"]["dec"])), 1e-3)
    found["extra_params"] = {**found.get("extra_params", {}), "obs_recipe": "Mosaic"}
    return found


def cadence(request: Mapping[str, Any], now: datetime, duration: float) -> list[Row]:
    """A request for each window of its cadence that is to come and long enough; whether it is up then nobody asks here."""
    said = request["cadence"]
    start, end = (_moment(said[name]) for name in ("start", "end"))
    half, at, found = timedelta(hours=said["jitter"] / 2), start, []
    while at < end:
        opens, shuts = max(at - half, start), min(at + half, end)
        if shuts > now and (shuts - opens).total_seconds() >= duration:
            plain = {name: copy.deepcopy(value) for name, value in request.items() if name != "cadence"}
            found.append({**plain, "windows": [{"start": iso(opens), "end": iso(shuts)}]})
        at += timedelta(hours=said["period"])
    return found


def wrong(said: Any, what: str) -> Row:
    """What is wrong with a pattern for `what`: configuration (a dither) or request (a mosaic); {}: nothing."""
    if not isinstance(said, Mapping) or not isinstance(said.get(what), Mapping):
        return {what: [REQUIRED]}
    known = ("line", "grid", "spiral") if what == "configuration" else ("line", "grid")
    if said.get("pattern") not in known:
        return {"pattern": [f'"{said.get("pattern")}" is not a valid choice.']}
    if "point_spacing" not in said and (what == "configuration" or "point_overlap_percent" not in said):
        return {"point_spacing": [REQUIRED]}
    grid = said["pattern"] == "grid"
    if grid and ("num_rows" not in said or "num_columns" not in said):
        return {"non_field_errors": ["Must specify num_rows and num_columns when selecting a grid pattern"]}
    if not grid and "num_points" not in said:
        return {"non_field_errors": ["Must specify num_points when selecting a line or spiral pattern"]}
    if what == "request" and len(said["request"].get("configurations") or ()) != 1:
        return {
            "request": ["Cannot expand a request for mosaicing with more than one configuration set"],
        }
    return {}


def wrong_cadence(said: Any, now: datetime) -> Row:
    """What is wrong with the cadence of a request; {}: nothing."""
    found: Row = {}
    for name in ("start", "end"):
        if name not in said or _moment(said[name]) is None:
            found[name] = [REQUIRED if name not in said else "Datetime has wrong format."]
    for name in ("period", "jitter"):
        value = said.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            found[name] = [REQUIRED if value is None else "A valid number is required."]
        elif value < 0.02:
            found[name] = ["Ensure this value is greater than or equal to 0.02."]
    if not found and _moment(said["end"]) < now:
        found["end"] = ["End time must be in the future"]
    if not found and _moment(said["start"]) >= _moment(said["end"]):
        words = f"Cadence end '{said['end']}' cannot be earlier than cadence start '{said['start']}'."
        found["non_field_errors"] = [words]
    return found


def offsets(said: Mapping[str, Any]) -> list[Offset]:
    """The points of a pattern."""
    return list(PATTERNS[said["pattern"]](said))


def _line(said: Mapping[str, Any]) -> Iterator[Offset]:
    count, step, angle = said["num_points"], said["point_spacing"], radians(said.get("orientation", 0.0))
    begin = -(count - 1) * step / 2 if _true(said.get("center")) else 0.0
    for i in range(count):
        yield -(begin + i * step) * sin(angle), (begin + i * step) * cos(angle)


def _spiral(said: Mapping[str, Any]) -> Iterator[Offset]:
    for i in range(said["num_points"]):
        turn = sqrt(2 * said["point_spacing"] * i)
        yield turn * cos(turn), turn * sin(turn)


def _grid(said: Mapping[str, Any]) -> Iterator[Offset]:
    """Column by column, up one and down the next."""
    rows, columns, up = said["num_rows"], said["num_columns"], said["point_spacing"]
    across, angle = said.get("line_spacing", up), radians(said.get("orientation", 0.0))
    centred = _true(said.get("center"))
    left, low = (-(columns - 1) * across / 2, -(rows - 1) * up / 2) if centred else (0.0, 0.0)
    for column in range(columns):
        for row in range(rows) if column % 2 == 0 else reversed(range(rows)):
            x, y = left + column * across, low + row * up
            yield x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle)


PATTERNS: dict[str, Callable[[Mapping[str, Any]], Iterator[Offset]]] = {"line": _line, "spiral": _spiral, "grid": _grid}


def _true(value: Any) -> bool:
    """As a form says it."""
    return value in (True, "True", "true", "1", 1)


def _moment(value: Any) -> Any:
    return times.parse(value).time
