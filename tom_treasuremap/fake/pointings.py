"""`POST /pointings`, `/update_pointings`, `/cancel_all`: what is taken, what is refused, and how oddly."""

from __future__ import annotations

import re
from typing import Any

from tom_treasuremap.fake import doi, schema
from tom_treasuremap.fake.answers import UNEXPECTED, broken, missing, refused, words
from tom_treasuremap.fake.moments import moment
from tom_treasuremap.fake.schema import Faults, anything, boolean, integer, listing, mapping, named, number, text
from tom_treasuremap.fake.world import Row, World, now, place, stamp
from tom_treasuremap.vocabulary import BANDS, DEPTH_UNITS, STATUSES

POINTING = {
    "position": anything,
    "ra": number,
    "dec": number,
    "instrumentid": integer,
    "depth": number,
    "depth_err": number,
    "depth_unit": named(DEPTH_UNITS, "DepthUnit"),
    "band": named(BANDS, "Bandpass"),
    "pos_angle": number,
    "time": moment,
    "status": named(STATUSES, "PointingStatus"),
    "central_wave": number,
    "bandwidth": number,
    "id": integer,
}
POSITION = 'Invalid position argument. Must be decimal format ra/RA, dec/DEC, or geometry type "POINT(RA DEC)"'
NO_POSITION = "Position information required (either position string or ra/dec coordinates)"


def one(value: Any, where: str, faults: Faults) -> Row:
    """One pointing as the schema leaves it: checked for its status, its position made of ra and dec."""
    before = len(faults)
    found = schema.read(value, where, faults, POINTING)
    given = isinstance(value, dict) and "status" in value
    found["status"] = found["status"] if given else "completed"
    if len(faults) == before:
        problems = _problems(found, given)
        if problems:
            faults.rule("; ".join(problems), where)
        elif found["ra"] is not None and found["dec"] is not None:
            found["position"] = f"POINT({found['ra']} {found['dec']})"
    return found


def _problems(found: Row, given: bool) -> list[str]:
    problems: list[str] = []
    if found["id"] is None:
        if found["status"] == "completed" and given:
            needed = [name for name in ("depth", "depth_unit", "band", "time") if not found[name]]
            problems += [f"{name} is required for completed observations" for name in needed]
        elif found["status"] == "planned" and not found["time"]:
            problems.append("time is required for planned observations")
        if not found["position"] and (found["ra"] is None or found["dec"] is None):
            problems.append(NO_POSITION)
    said = found["position"]
    if isinstance(said, (bool, int, float)) and said:
        raise broken(UNEXPECTED)  # it looks for POINT in a number
    if said and not (all(part in said for part in ("POINT", "(", ")", " ")) and "," not in said):
        problems.append(POSITION)
    return problems


def create(world: World, call: Any) -> Row:
    """`POST /pointings`."""
    faults = Faults()
    kinds = {
        "graceid": text,
        "pointing": one,
        "pointings": listing(one),
        "request_doi": boolean,
        "creators": listing(mapping(text)),
        "doi_group_id": integer,
        "doi_url": text,
    }
    asked = schema.read(call.body, "body", faults, kinds, ("graceid",))
    if not faults:
        _together(asked, faults)
    faults.stop()
    if not world.known(asked["graceid"]):
        raise refused("Invalid graceid", f"The graceid '{asked['graceid']}' does not exist in the database")
    if asked["request_doi"]:
        doi.authors(world, call.user, asked["creators"], asked["doi_group_id"])
    taken, errors = _sort(world, call.user, asked)
    kept = [_store(world, call.user, asked["graceid"], row) for row in taken]
    address = doi.give(world, kept, asked["doi_url"]) if asked["request_doi"] and kept else None
    return {"pointing_ids": [row["id"] for row in kept], "ERRORS": errors, "WARNINGS": [], "DOI": address}


def _together(asked: Row, faults: Faults) -> None:
    if asked["pointing"] is None and not asked["pointings"]:
        faults.rule("Either pointing or pointings must be provided", "body")
    elif asked["pointing"] is not None and asked["pointings"]:
        faults.rule("Cannot provide both pointing and pointings", "body")
    elif asked["request_doi"]:
        doi.named(asked["creators"], faults)


def _sort(world: World, user: Row, asked: Row) -> tuple[list[Row], list]:
    """Those that are taken, and the errors of the others. A value that the database does not know loses all: Answer 500."""
    rows = [asked["pointing"]] if asked["pointing"] is not None else asked["pointings"]
    earlier = [world.pointings[identity] for identity in dict.fromkeys(world.links[asked["graceid"]])]
    taken, errors = [], []
    for row in rows:
        problem = _not_mine(world, user, row, taken) if row["id"] else _unusable(world, row, earlier)
        if problem:
            errors.append([f"Object: {row}", [problem]])
        else:
            taken.append(row)
    for row in taken:
        if not row["id"]:
            _storable(row)
    return taken, errors


def _not_mine(world: World, user: Row, row: Row, taken: list[Row]) -> str | None:
    """Why a planned pointing cannot be completed; one that is named twice is completed by the first (`taken`)."""
    planned = world.pointings.get(row["id"])
    if planned is None or planned["submitterid"] != user["id"]:
        return words("Pointing validation error", f"Pointing with ID {row['id']} not found or not owned by you")
    status = "completed" if any(other["id"] == row["id"] for other in taken) else planned["status"]
    if status != "planned":
        return words("Pointing validation error", f"This pointing has already been {status}")
    return None


def _unusable(world: World, row: Row, earlier: list[Row]) -> str | None:
    """Why a new pointing is refused by itself, with 200."""
    if row["instrumentid"] is None:
        return words("Field instrumentid is required", "instrumentid must be provided")
    if row["instrumentid"] not in world.instruments:
        return words("Invalid instrumentid", f"Instrument with ID {row['instrumentid']} not found")
    if _nowhere(row["position"]) and any(_alike(row, other) for other in earlier):
        return "Pointing already submitted"
    return None


def _nowhere(said: Any) -> bool:
    """Whether the check for duplicates reads (0, 0), as it reads every stored one: it knows `POINT(` without a space alone."""
    found = re.search(r"POINT\(([^\s()]+) ([^\s()]+)[ )]", said) if isinstance(said, str) else None
    try:
        return found is None or (float(found[1]), float(found[2])) == (0.0, 0.0)
    except ValueError:
        return True


def _alike(row: Row, other: Row) -> bool:
    """The same in all that is compared; a time that was sent with its zone is never the same as a stored one."""
    keys = ("instrumentid", "band", "pos_angle")
    zoned = row["time"] is not None and row["time"].tzinfo is not None
    same = all(row[key] == other[key] for key in keys) and not zoned and stamp(row["time"]) == other["time"]
    return same and (row["status"] or "completed") == other["status"]


def _storable(row: Row) -> None:
    """Raises Answer 500 for what the database refuses: unknown values of enumerations, a position that is none."""
    known = [(row["status"] or "completed", STATUSES), (row["band"], BANDS), (row["depth_unit"], DEPTH_UNITS)]
    if any(value is not None and value not in table for value, table in known):
        raise broken()
    try:
        place(row["position"])
    except (TypeError, ValueError):
        raise broken() from None


def _store(world: World, user: Row, graceid: str, row: Row) -> Row:
    if not row["id"]:
        new = {**row, "id": None, "time": stamp(row["time"]), "status": row["status"] or "completed"}
        return world.keep({**new, "graceid": graceid, "submitterid": user["id"]})
    planned = world.pointings[row["id"]]
    if row["time"] is not None:
        planned["time"] = stamp(row["time"])
    if row["pos_angle"] is not None:
        planned["pos_angle"] = row["pos_angle"]
    planned.update(status="completed", dateupdated=now())
    world.links[graceid].append(planned["id"])  # a second link: by event it is there twice from now on
    return planned


def update(world: World, call: Any) -> Row:
    """`POST /update_pointings`: cancels planned ones of one's own; the others are left out without a word."""
    faults = Faults()
    asked = schema.read(call.body, "body", faults, {"status": _status, "ids": listing(integer)}, ("status", "ids"))
    if not faults and not asked["ids"]:
        faults.rule("At least one pointing ID must be provided", "body")
    elif not faults and asked["status"] != "cancelled":
        faults.rule("Only 'cancelled' status updates are currently supported", "body")
    faults.stop()
    rows = [world.pointings[identity] for identity in dict.fromkeys(asked["ids"]) if identity in world.pointings]
    count = sum(_cancel(row, call.user) for row in rows)
    return {"message": f"Updated {count} pointings successfully."}


_known = named(STATUSES, "PointingStatus", numbers=False)


def _status(value: Any, where: str, faults: Faults) -> Any:
    if isinstance(value, str) and value not in STATUSES:
        faults.rule(f"Invalid status: {value}. Valid values are: {list(STATUSES)}", where)
    return _known(value, where, faults)


def _cancel(row: Row, user: Row) -> bool:
    mine = row["status"] == "planned" and row["submitterid"] == user["id"]
    if mine:
        row.update(status="cancelled", dateupdated=now())
    return mine


def cancel_all(world: World, call: Any) -> Row:
    """`POST /cancel_all`: one's own planned pointings of an instrument and event; the count is that of their links."""
    asked = schema.body(call.body, {"graceid": text, "instrumentid": integer}, ("graceid", "instrumentid"))
    if asked["instrumentid"] not in world.instruments:
        raise missing(f"Instrument with ID {asked['instrumentid']} not found")
    linked = [world.pointings[identity] for identity in world.links.get(world.canonical(asked["graceid"]), [])]
    mine = [row for row in linked if row["instrumentid"] == asked["instrumentid"]]
    mine = [row for row in mine if row["status"] == "planned" and row["submitterid"] == call.user["id"]]
    for row in mine:
        _cancel(row, call.user)
    return {"message": f"Updated {len(mine)} Pointings successfully"}
