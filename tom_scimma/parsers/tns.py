"""The Transient Name Server: rows of its public objects, replies of its API, and reports on their way to it. Pure.

Formats: https://www.wis-tns.org/content/tns-getting-started (the CSV's columns, `api/get/object`, `api/get/search`) and the JSON of an
AT report. Times are UTC without a zone; `radeg` is degrees, `ra` degrees in the CSV and hours with colons in the API.
"""

from __future__ import annotations

import re
from typing import Any

from ..errors import Unparsable
from ..notice import Notice, Sky
from . import angles, fields

SOURCE = "TNS"
#: a name without its prefix: `2025abc`, `20230814A` of a fast radio burst
_NAME = re.compile(r"(?:19|20)\d{2}(?:[A-Za-z]{1,7}|\d{4}[A-Z]*)", re.ASCII)
_PREFIXES = ("name_prefix", "prefix")
#: what reports on their way to it stand under: of fast radio bursts, and of other transients
_REPORTS = ("frb_report", "at_report")
_TAKEN = {
    *(
        "objname",
        "name",
        "objid",
        "ra",
        "dec",
        "declination",
        "radeg",
        "decdeg",
        "internal_names",
        "internal_name",
        "redshift",
    ),
    *("host_redshift", "discoverymag", "type", "object_type", *_PREFIXES),
}
_NUMBERS = ("redshift", "host_redshift", "discoverymag")


def recognises(said: Any) -> bool:
    """True for a row, for an object of the API, for its envelope, and for AT reports by their number."""
    if not isinstance(said, dict):
        return False
    theirs = (
        bool(said.keys() & {"objname", "name_prefix"}) or _NAME.fullmatch(fields.clean(said.get("name"))) is not None
    )
    row = theirs and bool(said.keys() & {"objname", "name"}) and bool(said.keys() & set(_PREFIXES)) and "objid" in said
    return row or _is_envelope(said) or _is_report(said)


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """One report an object; none of an empty reply. Raises Unparsable for an object without a name."""
    if _is_report(said):
        burst = isinstance(said.get("frb_report"), dict)
        return tuple(_report(item, burst) for item in _reports(said).values() if isinstance(item, dict))
    objects = _objects(said) if _is_envelope(said) else [said]
    return tuple(_notice(item) for item in objects)


def _is_envelope(said: dict[str, Any]) -> bool:
    return {"id_code", "data"} <= said.keys()


def _is_report(said: dict[str, Any]) -> bool:
    first = _reports(said).get("0")
    return (
        isinstance(first, dict)
        and {"ra", "dec"} <= first.keys()
        and bool(first.keys() & {"reporting_group_id", "reporting_groupid", "at_type"})
    )


def _reports(said: dict[str, Any]) -> dict[str, Any]:
    """Reports by their number, with or without what they stand under."""
    return next((said[key] for key in _REPORTS if isinstance(said.get(key), dict)), said)


def _objects(said: dict[str, Any]) -> list[dict[str, Any]]:
    """What an API's reply is about: `data.reply`, or in newer replies `data` itself, one object or a list."""
    data = said["data"]
    reply = data.get("reply", data) if isinstance(data, dict) else data
    items = reply if isinstance(reply, list) else [reply]
    return [item for item in items if isinstance(item, dict) and (item.get("objname") or item.get("name"))]


def _notice(said: dict[str, Any]) -> Notice:
    bare = fields.clean(said.get("objname") or said.get("name"))
    prefix = next((word for key in _PREFIXES if (word := fields.clean(said.get(key)))), "")
    name = fields.event(f"{prefix} {bare}".strip() if bare else "")
    extra = {
        str(key): fields.jsonable(value) for key, value in said.items() if key not in _TAKEN and value not in (None, "")
    }
    ra = fields.number(said.get("radeg"))
    ra, dec = (
        angles.ra(said.get("ra")) if ra is None else ra,
        _first(angles.dec, said, ("decdeg", "declination", "dec")),
    )
    internal = [item.strip() for item in str(said.get("internal_names") or said.get("internal_name") or "").split(",")]
    return Notice(
        event=name,
        aliases=tuple(
            alias for alias in fields.names([*([f"AT {bare}"] if prefix == "SN" else []), *internal]) if alias != name
        ),
        kind="FRB" if prefix == "FRB" else "OT",
        alert_type="report",
        source=SOURCE,
        id=fields.clean(said.get("objid")) or None,
        time=fields.time(said, "discoverydate", extra),
        sent=next(
            (seen for key in ("lastmodified", "time_received", "creationdate") if (seen := fields.time(said, key, {}))),
            None,
        ),
        properties=_properties(said),
        sky=None if ra is None or dec is None else Sky("point", ra % 360.0, dec),
        links={"TNS": f"https://www.wis-tns.org/object/{bare}"} if bare.isalnum() else {},
        extra=extra,
    )


def _first(read: Any, said: dict[str, Any], keys: tuple[str, ...]) -> float | None:
    return next((value for key in keys if (value := read(said.get(key))) is not None), None)


def _properties(said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {key: number for key in _NUMBERS if (number := fields.number(said.get(key))) is not None}
    kind = said.get("object_type")
    word = fields.clean(kind.get("name") if isinstance(kind, dict) else said.get("type"))
    return {**found, **({"type": word[: fields.LONGEST_NAME]} if word else {})}


def _report(said: dict[str, Any], burst: bool) -> Notice:
    """A report of a transient or of a fast radio burst: a discovery that has no name of the TNS's yet."""
    name = fields.clean(said.get("internal_name"))
    if not name:
        raise Unparsable("an AT report without an internal_name names nothing")
    extra = {
        str(key): fields.jsonable(value)
        for key, value in said.items()
        if key not in ("internal_name", "ra", "dec", "remarks")
    }
    ra, dec = (said.get(axis) for axis in ("ra", "dec"))
    ra, dec = (item.get("value") if isinstance(item, dict) else item for item in (ra, dec))
    place = angles.ra(ra), angles.dec(dec)
    found = {
        "redshift": fields.number(said.get("transient_redshift")),
        "host_redshift": fields.number(said.get("host_redshift")),
        "dm": fields.number(said.get("dm")),
    }
    return Notice(
        event=fields.event(name),
        kind="FRB" if burst else "OT",
        alert_type="report",
        source=SOURCE,
        time=fields.time(said, "discovery_datetime", extra),
        properties={key: value for key, value in found.items() if value is not None},
        sky=Sky("point", place[0], place[1]) if None not in place else None,
        text=fields.texts([said.get("remarks")]),
        extra=extra,
    )
