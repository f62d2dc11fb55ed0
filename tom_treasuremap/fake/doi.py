"""DOIs and groups of authors. Zenodo cannot be reached unless the stand-in is told that it can."""

from __future__ import annotations

import re
from typing import Any

from tom_treasuremap.fake import schema
from tom_treasuremap.fake.answers import UNEXPECTED, Answer, broken, forbidden, missing, refused
from tom_treasuremap.fake.schema import Faults, integer, listing, mapping, text
from tom_treasuremap.fake.world import Row, World
from tom_treasuremap.vocabulary import STATUSES

LONGEST = 100  #: characters of a doi_url


def named(creators: list[dict] | None, faults: Faults) -> None:
    """Each creator has a name and an affiliation."""
    if any("name" not in creator or "affiliation" not in creator for creator in creators or ()):
        faults.rule("name and affiliation are required for each creator in the list", "body")


def authors(world: World, user: Row, creators: list[dict] | None, group: int | str | None) -> None:
    """Raises Answer 400 when the group named is not one's own or has nobody in it."""
    if creators or not group:
        return
    mine = {
        row["id"]
        for row in world.groups.values()
        if row["userid"] == user["id"] and (row["id"] == int(group) if _is_number(group) else row["name"] == group)
    }
    if not any(row["author_groupid"] in mine for row in world.authors):
        raise refused("Invalid DOI group ID", "Make sure you are the User associated with the DOI group")


def _is_number(group: int | str) -> bool:
    return isinstance(group, int) or re.fullmatch(r"\s*[+-]?\d+\s*", group) is not None


def give(world: World, rows: list[Row], address: str | None) -> str:
    """Gives pointings a DOI; they are stored by then, and stay so when this fails."""
    if address and len(address) > LONGEST:
        raise broken()
    if not address and not world.zenodo:
        raise broken(UNEXPECTED)
    identity = 0 if address else 10_000_000 + rows[0]["id"]
    found = address or f"https://doi.org/10.5072/zenodo.{identity}"
    for row in rows:
        row.update(doi_url=found, doi_id=identity)
    return found


def request(world: World, call: Any) -> Row:
    """`POST /request_doi`."""
    kinds = {
        "graceid": text,
        "id": integer,
        "ids": listing(integer),
        "doi_group_id": text,
        "creators": listing(mapping(text)),
        "doi_url": text,
    }
    faults = Faults()
    asked = schema.read(call.body, "body", faults, kinds)
    if not faults and not (asked["graceid"] or asked["id"] or asked["ids"]):
        faults.rule("Please provide either graceid, id, or ids parameter", "body")
    elif not faults:
        named(asked["creators"], faults)
    faults.stop()
    good, warnings = _choose(_asked_for(world, call.user, asked))
    if not good:
        message = "All pointings must be completed and not already have a DOI"
        raise refused("No valid pointings found for DOI request", message)
    if len({graceid for row in good for graceid in world.events_of(row["id"])}) > 1:
        message = "Pointings must be only for a single GW event for a DOI request"
        raise refused("Multiple events detected", message)
    authors(world, call.user, asked["creators"], asked["doi_group_id"])
    return {"DOI_URL": give(world, good, asked["doi_url"]), "WARNINGS": warnings}


def _asked_for(world: World, user: Row, asked: Row) -> list[Row]:
    rows = [row for row in world.pointings.values() if row["submitterid"] == user["id"]]
    if asked["id"]:
        rows = [row for row in rows if row["id"] == asked["id"]]
    elif asked["ids"]:
        rows = [row for row in rows if row["id"] in asked["ids"]]
    if asked["graceid"]:
        linked = set(world.links.get(world.canonical(asked["graceid"]), ()))
        rows = [row for row in rows if row["id"] in linked]
    # rows that were changed come first, as in the table of the real server
    return sorted(rows, key=lambda row: (row["status"] == "completed", row["doi_id"] is None, row["id"]))


def _choose(rows: list[Row]) -> tuple[list[Row], list[str]]:
    good, warnings = [], []
    for row in rows:
        if row["status"] == "completed" and row["doi_id"] is None:
            good.append(row)
            continue
        said = f"Invalid doi request for pointing: {row['id']}"
        if row["status"] != "completed":
            said += f" (status: {STATUSES[row['status']]})"
        warnings.append(said + (" (already has DOI)" if row["doi_id"] is not None else ""))
    return good, warnings


def pointings(world: World, call: Any) -> Row:
    """`GET /doi_pointings`: one's own that have a DOI."""
    rows = [
        row for row in world.pointings.values() if row["submitterid"] == call.user["id"] and row["doi_id"] is not None
    ]
    keys = ("id", "status", "doi_url", "doi_id")
    return {
        "pointings": [
            {
                **{key: row[key] for key in keys},
                "graceid": row["graceid"],
                "instrument_name": world.instruments[row["instrumentid"]]["instrument_name"],
            }
            for row in rows
        ]
    }


def groups(world: World, call: Any) -> list[Row]:
    """`GET /doi_author_groups`."""
    return [row for row in world.groups.values() if row["userid"] == call.user["id"]]


def members(world: World, call: Any) -> list[Row]:
    """`GET /doi_authors/N`."""
    group = world.groups.get(call.parts["group_id"])
    if group is None or group["userid"] != call.user["id"]:
        raise forbidden("You don't have permission to access this DOI author group")
    keys = ("name", "affiliation", "orcid", "gnd", "pos_order", "id", "author_groupid")
    return [{key: row.get(key) for key in keys} for row in world.authors if row["author_groupid"] == group["id"]]


AUTHOR = {"id": integer, "name": text, "affiliation": text, "orcid": text, "gnd": text}


def _author(value: Any, where: str, faults: Faults) -> Row:
    return schema.read(value, where, faults, AUTHOR, ("name", "affiliation"))


def create_group(world: World, call: Any) -> Answer:
    """`POST /doi_author_groups`."""
    asked = schema.body(call.body, {"name": text, "authors": listing(_author)}, ("name", "authors"))
    group = {"name": asked["name"], "userid": call.user["id"], "id": world.number("groups")}
    world.groups[group["id"]] = group
    for row in asked["authors"]:
        world.authors.append({**row, "id": world.number("authors"), "author_groupid": group["id"]})
    return Answer(201, group)


def _own(world: World, call: Any) -> Row:
    group = world.groups.get(call.parts["group_id"])
    if group is None or group["userid"] != call.user["id"]:
        raise missing("Author group not found")
    return group


def change_group(world: World, call: Any) -> Row:
    """`PUT /doi_author_groups/N`: the authors that are not named go."""
    asked = schema.body(call.body, {"name": text, "authors": listing(_author)}, ("name", "authors"))
    group = _own(world, call)
    group["name"] = asked["name"]
    named_ids = {row["id"] for row in asked["authors"] if row["id"] is not None}
    world.authors = [row for row in world.authors if row["author_groupid"] != group["id"] or row["id"] in named_ids]
    for row in asked["authors"]:
        old = next((author for author in world.authors if author["id"] == row["id"]), None)
        if old is not None:
            old.update({key: row[key] for key in ("name", "affiliation", "orcid", "gnd")})
        elif row["id"] is None:
            world.authors.append({**row, "id": world.number("authors"), "author_groupid": group["id"]})
    return {"name": group["name"], "userid": group["userid"], "id": group["id"]}


def delete_group(world: World, call: Any) -> Answer:
    """`DELETE /doi_author_groups/N`."""
    group = _own(world, call)
    del world.groups[group["id"]]
    world.authors = [row for row in world.authors if row["author_groupid"] != group["id"]]
    return Answer(204, None)
