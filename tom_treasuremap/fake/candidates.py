"""`/candidate`: what may be the counterpart."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tom_treasuremap.fake import schema
from tom_treasuremap.fake.answers import UNEXPECTED, broken, conflict, forbidden, missing, refused
from tom_treasuremap.fake.moments import iso, moment, naive
from tom_treasuremap.fake.schema import Faults, anything, integer, listing, number, text
from tom_treasuremap.fake.world import Row, World, like, now, point, stamp
from tom_treasuremap.fake.world import moment as time_of
from tom_treasuremap.vocabulary import DEPTH_UNITS

NUMBERS = ("magnitude_central_wave", "magnitude_bandwidth", "associated_galaxy_redshift", "associated_galaxy_distance")
REGIMES = tuple(f"{kind}_{part}" for kind in ("wavelength", "frequency", "energy") for part in ("regime", "unit"))
FIELDS = {
    "candidate_name": text,
    "position": text,
    "ra": number,
    "dec": number,
    "tns_name": text,
    "tns_url": text,
    "discovery_date": text,
    "discovery_magnitude": number,
    "magnitude_unit": anything,
    "magnitude_bandpass": text,
    "magnitude_central_wave": number,
    "magnitude_bandwidth": number,
    **{name: listing(number) if name.endswith("regime") else text for name in REGIMES},
    "associated_galaxy": text,
    "associated_galaxy_redshift": number,
    "associated_galaxy_distance": number,
}
NEEDED = ("candidate_name", "discovery_date", "discovery_magnitude", "magnitude_unit")
ROW = (
    "id graceid submitterid candidate_name datecreated tns_name tns_url position discovery_date discovery_magnitude "
    "magnitude_central_wave magnitude_bandwidth magnitude_unit magnitude_bandpass associated_galaxy "
    "associated_galaxy_redshift associated_galaxy_distance"
).split()
CHANGED = (
    "graceid candidate_name tns_name tns_url position ra dec discovery_date discovery_magnitude magnitude_central_wave "
    "magnitude_bandwidth magnitude_unit magnitude_bandpass associated_galaxy associated_galaxy_redshift "
    "associated_galaxy_distance wavelength_regime wavelength_unit frequency_regime frequency_unit energy_regime energy_unit"
).split()


def _dated(message: str):
    def read(value: Any, where: str, faults: Faults) -> datetime | None:
        said = text(value, where, faults)
        try:
            # it goes to the database as it was written, which does not look at the zone
            return None if said is None else iso(said).replace(tzinfo=None)
        except ValueError:
            faults.rule(message, where)
            return None

    return read


def _unit(value: Any, where: str, faults: Faults) -> str | None:
    names = {number: name for name, number in DEPTH_UNITS.items()}
    if isinstance(value, str):
        found = value if value in DEPTH_UNITS else names.get(_number(value))
        if found is None:
            faults.rule(f"Invalid magnitude unit: {value}. Must be one of {list(DEPTH_UNITS)}", where)
        return found
    if isinstance(value, int):
        if value not in names:
            faults.rule(f"Invalid magnitude unit value: {value}", where)
        return names.get(value)
    faults.rule(f"Invalid magnitude unit type: {type(value)}", where)
    return None


def _number(said: str) -> int | None:
    """A text as `int` reads it, by which 1.0 is none."""
    try:
        return int(said)
    except ValueError:
        return None


def one(value: Any, where: str, faults: Faults) -> Row:
    """One candidate as the schema leaves it."""
    before = len(faults)
    date = _dated("Invalid discovery_date format. Must be a valid ISO 8601 datetime string.")
    found = schema.read(value, where, faults, {**FIELDS, "discovery_date": date, "magnitude_unit": _unit}, NEEDED)
    if len(faults) == before and all(found[key] is None for key in ("ra", "dec", "position")):
        faults.rule("Either position or both ra and dec must be provided", where)
    return found


def create(world: World, call: Any) -> Row:
    """`POST /candidate`: all or none."""
    faults = Faults()
    kinds = {"graceid": text, "candidate": one, "candidates": listing(one)}
    asked = schema.read(call.body, "body", faults, kinds, ("graceid",))
    if not faults and asked["candidate"] is None and not asked["candidates"]:
        faults.rule("Must provide either 'candidate' or 'candidates'", "body")
    elif not faults and asked["candidate"] is not None and asked["candidates"]:
        faults.rule("Cannot provide both 'candidate' and 'candidates'", "body")
    faults.stop()
    if not world.known(asked["graceid"]):
        raise refused("Invalid 'graceid'. Visit https://treasuremap.space/alert_select for valid alerts")
    rows = [asked["candidate"]] if asked["candidate"] is not None else asked["candidates"]
    places = [_place(row) for row in rows]
    kept = [_keep(world, call.user, asked["graceid"], row, where) for row, where in zip(rows, places, strict=True)]
    return {"candidate_ids": kept, "ERRORS": [], "WARNINGS": []}


def _place(row: Row) -> str:
    if row["ra"] is not None and row["dec"] is not None:
        return point(f"POINT({row['ra']} {row['dec']})", " ")
    if row["position"] is None:
        raise conflict()
    try:
        return point(row["position"], " ")
    except ValueError:
        raise broken() from None


def _keep(world: World, user: Row, graceid: str, row: Row, where: str) -> int:
    identity = world.number("candidates")
    world.candidates[identity] = {
        **{key: row.get(key) for key in ROW},
        "id": identity,
        "graceid": graceid,
        "submitterid": user["id"],
        "datecreated": now(),
        "position": where,
        "discovery_date": stamp(row["discovery_date"]),
        "magnitude_unit": str(DEPTH_UNITS[row["magnitude_unit"]]),
    }
    return identity


def read(world: World, call: Any) -> list[Row]:
    """`GET /candidate`; `ids` counts only as a JSON array in the body."""
    values = ("discovery_magnitude", "associated_galaxy_redshift", "associated_galaxy_distance")
    dates = ("submitted_date", "discovery_date")
    kinds = {
        **dict.fromkeys(("id", "userid"), integer),
        **dict.fromkeys(("graceid", "associated_galaxy_name"), text),
        **{f"{name}_{side}": moment for name in dates for side in ("after", "before")},
        **{f"{name}_{side}": number for name in values for side in ("gt", "lt")},
    }
    faults = Faults()
    asked = schema.read(call.query, "query", faults, kinds)
    ids = listing(integer)(call.body, "body", faults) if call.body not in (schema.ABSENT, None) else None
    faults.stop()
    rows = list(world.candidates.values())
    if ids:
        rows = [row for row in rows if row["id"] in ids]
    graceid = asked["graceid"] and world.canonical(asked["graceid"])
    for key, wanted in (("id", asked["id"]), ("submitterid", asked["userid"]), ("graceid", graceid)):
        if wanted:
            rows = [row for row in rows if row[key] == wanted]
    if asked["associated_galaxy_name"]:
        rows = [row for row in rows if like(asked["associated_galaxy_name"], row["associated_galaxy"])]
    for name in dates:
        key = "datecreated" if name == "submitted_date" else name
        after, before = naive(asked[f"{name}_after"]), naive(asked[f"{name}_before"])
        rows = _between(rows, lambda row, key=key: time_of(row[key]), after, before)
    for name in values:
        rows = _between(rows, lambda row, name=name: row[name], asked[f"{name}_gt"], asked[f"{name}_lt"])
    return rows


def _between(rows: list[Row], value: Any, low: Any, high: Any) -> list[Row]:
    if low is not None:
        rows = [row for row in rows if value(row) is not None and value(row) >= low]
    if high is not None:
        rows = [row for row in rows if value(row) is not None and value(row) <= high]
    return rows


def _update(value: Any, where: str, faults: Faults) -> Row:
    date = _dated("discovery_date must be a valid ISO 8601 datetime string")
    kinds = {**FIELDS, "graceid": text, "discovery_date": date, "magnitude_unit": text}
    found = schema.read(value, where, faults, kinds)
    return {key: item for key, item in found.items() if isinstance(value, dict) and key in value}


def change(world: World, call: Any) -> Row:
    """`PUT /candidate`: ra and dec break it, a position moves it."""
    asked = schema.body(call.body, {"id": integer, "candidate": _update}, ("id", "candidate"))
    row = world.candidates.get(asked["id"])
    if row is None:
        raise missing(f"No candidate found with id: {asked['id']}")
    if row["submitterid"] != call.user["id"]:
        raise forbidden("Unable to alter other user's candidate records")
    new = asked["candidate"]
    if "ra" in new or "dec" in new:
        raise broken(UNEXPECTED)
    if any(key in new and new[key] is None for key in ("graceid", "candidate_name", "position")):
        raise conflict()
    if new.get("magnitude_unit") is not None:
        if new["magnitude_unit"] not in DEPTH_UNITS:
            raise broken()
        new["magnitude_unit"] = str(DEPTH_UNITS[new["magnitude_unit"]])
    if "position" in new:
        new["position"] = _place({"ra": None, "dec": None, **new})
    if "discovery_date" in new:
        new["discovery_date"] = stamp(new["discovery_date"])
    row.update({key: item for key, item in new.items() if key in ROW})
    return {"id": row["id"], "candidate": {key: row.get(key) for key in CHANGED}}


def delete(world: World, call: Any) -> Row:
    """`DELETE /candidate`."""
    asked = schema.body(call.body, {"id": integer, "ids": listing(integer)})
    warnings = []
    if asked["id"] is not None:
        row = world.candidates.get(asked["id"])
        if row is None:
            raise missing(f"No candidate found with 'id': {asked['id']}")
        if row["submitterid"] != call.user["id"]:
            raise forbidden("Error: Unauthorized. Unable to alter other user's records")
        rows = [row]
    elif asked["ids"] is not None:
        found = [world.candidates[identity] for identity in asked["ids"] if identity in world.candidates]
        if not found:
            raise missing("No candidates found with provided 'ids'")
        rows = [row for row in found if row["submitterid"] == call.user["id"]]
        if len(rows) < len(found):
            warnings = ["Some entries were not deleted. You cannot delete candidates you didn't submit"]
    else:
        raise refused("Missing required parameter", "Either 'id' or 'ids' parameter is required")
    if not rows:
        raise broken(UNEXPECTED)
    for row in rows:
        del world.candidates[row["id"]]
    message = f"Successfully deleted {len(rows)} candidate(s)"
    return {"message": message, "deleted_ids": [row["id"] for row in rows], "warnings": warnings}
