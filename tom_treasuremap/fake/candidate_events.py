"""`/candidate/event`: the same candidates, as the server's own pages write them."""

from __future__ import annotations

from typing import Any

from tom_treasuremap.fake import schema
from tom_treasuremap.fake.answers import broken, forbidden, missing
from tom_treasuremap.fake.moments import moment
from tom_treasuremap.fake.schema import Faults, Kind, integer, number, text
from tom_treasuremap.fake.world import Row, World, now, place, point

FIELDS: dict[str, Kind] = {
    **dict.fromkeys(("graceid", "candidate_name"), text),
    "submitterid": integer,
    "datecreated": moment,
    **dict.fromkeys(("tns_name", "tns_url"), text),
    "discovery_date": moment,
    **dict.fromkeys(("discovery_magnitude", "magnitude_central_wave", "magnitude_bandwidth"), number),
    **dict.fromkeys(("magnitude_unit", "magnitude_bandpass", "associated_galaxy"), text),
    **dict.fromkeys(("associated_galaxy_redshift", "associated_galaxy_distance"), number),
}
NEEDED = ("graceid", "candidate_name")


def _within(low: int, high: int) -> Kind:
    def read(value: Any, where: str, faults: Faults) -> float | None:
        found = number(value, where, faults)
        if found is not None and not found >= low:
            faults.add(f"Input should be greater than or equal to {low}", where, "greater_than_equal")
        elif found is not None and not found <= high:
            faults.add(f"Input should be less than or equal to {high}", where, "less_than_equal")
        return found

    return read


def read(world: World, call: Any) -> list[Row]:
    """`GET /candidate/event`."""
    asked = schema.query(call.query, {"id": integer, "user_id": integer})
    rows = list(world.candidates.values())
    if asked["id"]:
        rows = [row for row in rows if row["id"] == asked["id"]]
    if asked["user_id"]:
        rows = [row for row in rows if row["submitterid"] == asked["user_id"]]
    return [_shown(row) for row in rows]


def _shown(row: Row) -> Row:
    ra, dec = place(row["position"])
    return {**{key: row[key] for key in FIELDS}, "id": row["id"], "ra": ra, "dec": dec}


def create(world: World, call: Any) -> Row:
    """`POST /candidate/event`: the name and the place alone are kept."""
    asked = schema.body(call.body, {**FIELDS, "ra": _within(0, 360), "dec": _within(-90, 90)}, NEEDED)
    try:
        where = point(f"POINT({asked['ra']} {asked['dec']})", " ")
    except ValueError:
        raise broken() from None
    identity = world.number("candidates")
    kept = {
        "id": identity,
        "submitterid": call.user["id"],
        "datecreated": now(),
        "position": where,
        "magnitude_unit": "1",
    }
    world.candidates[identity] = {**dict.fromkeys(FIELDS), **{key: asked[key] for key in NEEDED}, **kept}
    return {"message": "Candidate created successfully", "id": identity}


def change(world: World, call: Any) -> Row:
    """`PUT /candidate/event/N`: a name, and a place when both of its numbers are given."""
    asked = schema.body(call.body, {**FIELDS, "id": integer, "ra": number, "dec": number}, NEEDED)
    row = _own(world, call, "update")
    row["candidate_name"] = asked["candidate_name"]
    if asked["ra"] is not None and asked["dec"] is not None:
        row["position"] = point(f"POINT({asked['ra']} {asked['dec']})", " ")
    return {"message": "Candidate updated successfully"}


def delete(world: World, call: Any) -> Row:
    """`DELETE /candidate/event/N`."""
    row = _own(world, call, "delete")
    del world.candidates[row["id"]]
    return {"message": "Candidate deleted successfully"}


def _own(world: World, call: Any, what: str) -> Row:
    row = world.candidates.get(call.parts["candidate_id"])
    if row is None:
        raise missing("Candidate not found")
    if row["submitterid"] != call.user["id"] and call.user["id"] not in world.admins:
        raise forbidden(f"Not authorized to {what} this candidate")
    return row
