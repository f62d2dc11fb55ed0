"""Ranked galaxies of an event, and the galaxy catalogue."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from dateutil import parser

from tom_treasuremap.fake import doi, schema
from tom_treasuremap.fake.answers import forbidden, missing, refused
from tom_treasuremap.fake.moments import naive
from tom_treasuremap.fake.schema import Faults, anything, boolean, integer, listing, mapping, number, text
from tom_treasuremap.fake.world import Row, World, like, place, point
from tom_treasuremap.fake.world import moment as time_of

NEAR = timedelta(seconds=15)  #: between a stamp and the alert that it names
FARTHEST = 100.0  #: Mpc, of the galaxies that are given
GALAXY = {
    "name": text,
    "score": number,
    "position": text,
    "ra": number,
    "dec": number,
    "rank": integer,
    "info": mapping(anything),
}
GLADE = (
    "id pgc_number distance distance_error redshift bmag bmag_err position _2mass_name gwgc_name hyperleda_name sdssdr12_name"
).split()


def one(value: Any, where: str, faults: Faults) -> Row:
    """One galaxy of a list."""
    before = len(faults)
    found = schema.read(value, where, faults, GALAXY, ("name", "score", "rank"))
    if len(faults) > before:
        return found
    said = found["position"]
    if said is not None:
        if not all(part in said for part in ("POINT", "(", ")", " ")) or "," in said:
            faults.rule("Position must be in WKT format: 'POINT(lon lat)'", where)
    elif found["ra"] is None or found["dec"] is None:
        faults.rule("Either position string or both ra and dec must be provided", where)
    else:
        found["position"] = f"POINT({found['ra']} {found['dec']})"
    return found


def _stamp(value: Any, where: str, faults: Faults) -> str | None:
    said = text(value, where, faults)
    try:
        parser.parse(said or "")
    except (OverflowError, ValueError):
        if said is not None:
            faults.rule("Time format must be %Y-%m-%dT%H:%M:%S.%f, e.g. 2019-05-01T12:00:00.00", where)
    return said


def _alert(world: World, graceid: str, stamp: str) -> Row:
    try:
        moment = naive(parser.parse(stamp))
    except (OverflowError, ValueError):
        form = "Timestamp should be in %Y-%m-%dT%H:%M:%S.%f format. e.g. 2019-05-01T12:00:00.00"
        raise refused("Error parsing date", form) from None
    for row in world.alerts:
        if row["graceid"] == graceid and abs(time_of(row["timesent"]) - moment) < NEAR:
            return row
    address = f"http://treasuremap.space/alerts?graceids={graceid}"
    message = f"Please visit {address} for valid timesent stamps for this event"
    raise refused(f"Invalid 'timesent_stamp' for event {graceid}", message)


CREATOR = {"name": text, "affiliation": text, "orcid": text, "gnd": text}


def _creator(value: Any, where: str, faults: Faults) -> Row:
    return schema.read(value, where, faults, CREATOR, ("name", "affiliation"))


def _group(value: Any, where: str, faults: Faults) -> int | str | None:
    if isinstance(value, str):
        return value
    tried = Faults()
    found = integer(value, f"{where}.int", tried)
    if found is None:
        faults.extend(tried)
        faults.add("Input should be a valid string", f"{where}.str", "string_type")
    return found


def create(world: World, call: Any) -> Row:
    """`POST /event_galaxies`: the list's id is in the message alone."""
    kinds = {
        "graceid": text,
        "timesent_stamp": _stamp,
        "groupname": text,
        "reference": text,
        "request_doi": boolean,
        "creators": listing(_creator),
        "doi_group_id": _group,
        "galaxies": listing(one),
    }
    asked = schema.body(call.body, kinds, ("graceid", "timesent_stamp", "galaxies"))
    graceid = world.canonical(asked["graceid"])
    alert = _alert(world, graceid, asked["timesent_stamp"])
    if asked["request_doi"]:
        _authors(world, call.user, asked)
    identity = world.number("lists")
    world.lists[identity] = {
        "id": identity,
        "graceid": graceid,
        "submitterid": call.user["id"],
        "alertid": alert["id"],
        "groupname": asked["groupname"] or call.user["username"],
        "reference": asked["reference"],
    }
    for row in asked["galaxies"]:
        kept = {key: row[key] for key in ("name", "score", "rank", "info")}
        world.entries.append(
            {"id": world.number("entries"), "listid": identity, "position": point(row["position"], " "), **kept}
        )
    address = f" DOI url: https://doi.org/10.5072/zenodo.{identity}." if asked["request_doi"] else " "
    message = (
        f"Successful adding of {len(asked['galaxies'])} galaxies for event {graceid}.{address} List ID: {identity}"
    )
    return {"message": message, "errors": [], "warnings": []}


def _authors(world: World, user: Row, asked: Row) -> None:
    if any(not row["name"] or not row["affiliation"] for row in asked["creators"] or ()):
        message = "name and affiliation are required for each creator in the list"
        raise refused("Invalid DOI creator information", message)
    doi.authors(world, user, asked["creators"], asked["doi_group_id"])


def read(world: World, call: Any) -> list[Row]:
    """`GET /event_galaxies`."""
    kinds = {
        **dict.fromkeys(("graceid", "groupname", "timesent_stamp"), text),
        "listid": integer,
        **dict.fromkeys(("score_gt", "score_lt"), number),
    }
    asked = schema.query(call.query, kinds, ("graceid",))
    graceid = world.canonical(asked["graceid"])
    lists = [row for row in world.lists.values() if row["graceid"] == graceid]
    if asked["timesent_stamp"]:
        alert = _alert(world, graceid, asked["timesent_stamp"])
        lists = [row for row in lists if row["alertid"] == alert["id"]]
    for key, name in (("listid", "id"), ("groupname", "groupname")):
        if asked[key]:
            lists = [row for row in lists if row[name] == asked[key]]
    known = {row["id"] for row in lists}
    rows = [row for row in world.entries if row["listid"] in known]
    if asked["score_gt"] is not None:
        rows = [row for row in rows if row["score"] >= asked["score_gt"]]
    if asked["score_lt"] is not None:
        rows = [row for row in rows if row["score"] <= asked["score_lt"]]
    keys = ("id", "listid", "name", "score", "position", "rank", "info")
    return [{key: row[key] for key in keys} for row in rows]


def remove(world: World, call: Any) -> Row:
    """`DELETE /remove_event_galaxies`."""
    identity = schema.query(call.query, {"listid": integer}, ("listid",))["listid"]
    found = world.lists.get(identity)
    if found is None:
        raise missing("No galaxies found with that list ID")
    if found["submitterid"] != call.user["id"]:
        raise forbidden("You can only delete information related to your API token")
    del world.lists[identity]
    world.entries = [row for row in world.entries if row["listid"] != identity]
    return {"message": "Successfully deleted your galaxy list"}


def glade(world: World, call: Any) -> list[Row]:
    """`GET /glade`: the fifteen nearest on the sky, of those nearer than 100 Mpc."""
    asked = schema.query(call.query, {"ra": number, "dec": number, "name": text})
    rows = [row for row in world.glade if 0 < row["distance"] < FARTHEST and row.get("pgc_number") not in (None, -1)]
    if asked["name"]:
        names = ("_2mass_name", "gwgc_name", "hyperleda_name", "sdssdr12_name")
        rows = [row for row in rows if any(like(asked["name"].strip(), row.get(key)) for key in names)]
    if asked["ra"] is not None and asked["dec"] is not None:
        rows = sorted(rows, key=lambda row: _apart(place(row["position"]), (asked["ra"], asked["dec"])))
    return [{**{key: row.get(key) for key in GLADE}, "position": point(row["position"], " ")} for row in rows[:15]]


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    (a, b), (c, d) = (tuple(map(math.radians, pair)) for pair in (one, other))
    return math.acos(max(-1.0, min(1.0, math.sin(b) * math.sin(d) + math.cos(b) * math.cos(d) * math.cos(a - c))))
