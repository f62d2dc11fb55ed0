"""What the stand-in knows: accounts, alerts, instruments, pointings and the rest, in memory."""

from __future__ import annotations

import itertools
import math
import re
from collections import defaultdict
from datetime import datetime, timezone
from typing import Any

from tom_treasuremap.fake.moments import iso, naive
from tom_treasuremap.fake.seed import seed as default_seed

#: ids that the server gives begin here, so that an id is easy to tell from other numbers
FIRST = {
    "pointings": 700001,
    "candidates": 800001,
    "lists": 900001,
    "entries": 950001,
    "instruments": 600001,
    "footprints": 650001,
    "groups": 500001,
    "authors": 550001,
    "users": 400001,
}
Row = dict[str, Any]


class World:
    """The tables, by name; `links` says which pointings belong to an event, one as often as it was linked."""

    def __init__(self, seed: dict[str, Any] | None = None, *, zenodo: bool = False):
        seed = seed if seed is not None else default_seed()
        self.zenodo = zenodo
        self._next = {table: itertools.count(first) for table, first in FIRST.items()}
        self.users: list[Row] = [dict(row) for row in seed.get("users", [])]
        self.admins: set[int] = set(seed.get("admins", ()))
        self.alerts: list[Row] = [dict(row) for row in seed.get("gw_alerts", [])]
        self.instruments: dict[int, Row] = {row["id"]: dict(row) for row in seed.get("instruments", [])}
        self.footprints: list[Row] = [
            {**row, "footprint": polygon(row["footprint"])} for row in seed.get("footprints", [])
        ]
        self.groups: dict[int, Row] = {row["id"]: dict(row) for row in seed.get("doi_author_groups", [])}
        self.authors: list[Row] = [dict(row) for row in seed.get("doi_authors", [])]
        self.glade: list[Row] = [dict(row) for row in seed.get("glade", [])]
        self.pointings: dict[int, Row] = {}
        self.links: dict[str, list[int]] = defaultdict(list)
        self.candidates: dict[int, Row] = {}
        self.lists: dict[int, Row] = {}
        self.entries: list[Row] = []
        self.sessions: dict[str, int] = {}  #: JWT -> user id
        for row in seed.get("pointings", []):
            self.keep(row)

    def number(self, table: str) -> int:
        """The next id of a table."""
        return next(self._next[table])

    def user(self, identity: int | None) -> Row | None:
        return next((row for row in self.users if row["id"] == identity), None)

    def known(self, graceid: str) -> bool:
        """True when an alert has this name; an alternate one does not count."""
        return any(row["graceid"] == graceid for row in self.alerts)

    def canonical(self, graceid: str) -> str:
        """The name that an alternate one stands for."""
        return next((row["graceid"] for row in self.alerts if row.get("alternateid") == graceid), graceid)

    def events_of(self, pointing: int) -> set[str]:
        return {graceid for graceid, linked in self.links.items() if pointing in linked}

    def keep(self, row: Row) -> Row:
        """Stores a pointing under its `graceid`, as other teams' are stored; what is not given is null."""
        place = row.get("position") or f"POINT({row['ra']} {row['dec']})"
        kept = {
            "id": row.get("id") or self.number("pointings"),
            "position": point(place),
            **{key: row.get(key) for key in FIELDS},
            "submitterid": row.get("submitterid", self.users[0]["id"] if self.users else None),
            "datecreated": row.get("datecreated") or now(),
            "dateupdated": row.get("dateupdated"),
            "doi_url": row.get("doi_url"),
            "doi_id": row.get("doi_id"),
            "graceid": row["graceid"],  # the event that it was first linked to
        }
        self.pointings[kept["id"]] = kept
        self.links[row["graceid"]].append(kept["id"])
        return kept


FIELDS = (
    "instrumentid", "depth", "depth_err", "depth_unit", "band", "pos_angle", "time", "status", "central_wave", "bandwidth",
)  # fmt: skip


def now() -> str:
    return stamp(datetime.now(timezone.utc).replace(tzinfo=None))


def stamp(moment: datetime | None) -> str | None:
    """A time as replies have it: UTC, no zone."""
    found = naive(moment)
    return None if found is None else found.isoformat()


def moment(said: str | None) -> datetime | None:
    return None if said is None else iso(said)


def like(part: str, said: str | None) -> bool:
    """Whether a text holds a part, as SQL's LIKE has it: case counts, `%` is anything and `_` any one character."""
    words = (".*" if sign == "%" else "." if sign == "_" else re.escape(sign) for sign in part)
    return said is not None and re.search("".join(words), said, re.DOTALL) is not None


# --- geometry as PostGIS has it


def longitude(ra: float) -> float:
    """RA as the database's geography turns it: -180..180."""
    ra = math.fmod(ra, 360.0)
    if ra > 180:
        return ra - 360
    return ra + 360 if ra < -180 else (180.0 if ra == -180 else ra)


def latitude(dec: float) -> float:
    """Dec as the database's geography folds it: 95 becomes 85."""
    dec = math.fmod(dec, 360.0)
    if dec > 180:
        dec = 180 - dec
    elif dec < -180:
        dec = -180 - dec
    return 180 - dec if dec > 90 else (-180 - dec if dec < -90 else dec)


def place(said: str) -> tuple[float, float]:
    """RA and dec of a WKT point, as the database keeps them. Raises ValueError when it is no point."""
    found = re.fullmatch(r"\s*(?:SRID=4326;)?\s*POINT\s*\(\s*(\S+)\s+([^\s)]+)\s*\)\s*", said, re.IGNORECASE)
    if found is None:
        raise ValueError(said)
    ra, dec = float(found[1]), float(found[2])
    if math.isinf(ra) or math.isinf(dec):
        raise ValueError(said)
    return (ra if math.isnan(ra) else longitude(ra)), (dec if math.isnan(dec) else latitude(dec))


def plain(value: float) -> str:
    """A number as the database writes it in WKT."""
    return "NaN" if math.isnan(value) else f"{value + 0.0:.15g}"


def point(said: str, gap: str = "") -> str:
    """A point as replies have it: `POINT(-10 -30)`."""
    return f"POINT{gap}({' '.join(plain(value) for value in place(said))})"


def corners(said: str) -> list[tuple[float, float]]:
    """The corners of a WKT polygon's outer ring. Raises ValueError when it is none."""
    found = re.match(r"\s*POLYGON\s*\(\s*\(([^()]*)\)", said, re.IGNORECASE)
    if found is None:
        raise ValueError(said)
    return [(float(x), float(y)) for x, y in (pair.split() for pair in found[1].split(","))]


def polygon(said: str) -> str:
    """A polygon as replies have it: `POLYGON ((0 0, 0 1, 1 1, 0 0))`."""
    return f"POLYGON (({', '.join(f'{plain(x)} {plain(y)}' for x, y in corners(said))}))"
