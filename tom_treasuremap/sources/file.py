"""Pointings of a CSV or JSON file."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from tom_treasuremap.bands import band_of
from tom_treasuremap.pointings import STATUSES, Pointing
from tom_treasuremap.sources import Found, moment, number, place
from tom_treasuremap.vocabulary import DEPTH_UNITS

MOST = 100_000  #: rows of one file
TOLD = 50  #: errors that are told
#: what a column may be called
COLUMNS = {
    "id": ("id", "source_id", "obs_id", "name", "field"),
    "ra": ("ra", "ra_deg", "s_ra", "right_ascension"),
    "dec": ("dec", "dec_deg", "s_dec", "decl", "declination"),
    "time": ("time", "obs_time", "date", "date_obs", "date-obs", "utc", "mjd", "t_min"),
    "status": ("status",),
    "band": ("band", "filter", "bandpass"),
    "depth": ("depth", "limiting_magnitude", "limmag", "maglim", "limit"),
    "depth_err": ("depth_err", "depth_error"),
    "depth_unit": ("depth_unit", "unit"),
    "pos_angle": ("pos_angle", "position_angle", "rotation"),
    "central_wave": ("central_wave",),
    "bandwidth": ("bandwidth",),
    "instrument_id": ("instrumentid", "instrument_id"),
    "telescope": ("telescope", "instrument", "instrument_name", "facility"),
    "team": ("team", "username", "group", "collaboration"),
    "doi": ("doi", "doi_url"),
}
MJD = datetime(1858, 11, 17, tzinfo=timezone.utc)


class BadFile(ValueError):
    """What is wrong with a file, a line each; nothing of it was taken."""

    def __init__(self, errors: list[str]):
        more = [f"... and {len(errors) - TOLD} more"] if len(errors) > TOLD else []
        self.errors = [*errors[:TOLD], *more]
        super().__init__("\n".join(self.errors))


def read(data: bytes, event: str, *, team: str = "", status: str | None = None) -> list[Found]:
    """The pointings of a file; `team` and `status` are those of rows that name none. Raises BadFile, which names every line."""
    found, errors = [], []
    for where, row in _rows(data):
        if len(found) + len(errors) >= MOST:
            raise BadFile([f"there are more than {MOST} rows: send the file in pieces"])
        try:
            found.append(_found(row, event, team, status))
        except ValueError as error:
            errors.append(f"{where}: {error}")
    if errors:
        raise BadFile(errors)
    if not found:
        raise BadFile(["the file has no rows"])
    return found


def _rows(data: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile([f"the file is no text in UTF-8 (byte {error.start})"]) from None
    if text.lstrip()[:1] in ("[", "{"):
        yield from _json(text)
        return
    lines = csv.reader(io.StringIO(text), delimiter=_delimiter(text))
    head = [name.strip() for name in next(lines, [])]
    missing = [name for name in ("ra", "dec") if not set(COLUMNS[name]) & {column.lower() for column in head}]
    if missing:
        example = "the first line names the columns, as in: ra,dec,time,status,band,depth,depth_unit"
        raise BadFile([f"line 1: there is no column {' nor '.join(missing)}; {example}"])
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        where = f"line {lines.line_num}"
        if len(cells) > len(head):
            raise BadFile([f"{where}: {len(cells)} cells, but the first line names {len(head)} columns"])
        yield where, dict(zip(head, cells, strict=False))


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _json(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        said = json.loads(text)
    except ValueError as error:
        raise BadFile([f"the file begins like JSON, but is none: {error}"]) from None
    rows = said.get("pointings", [said]) if isinstance(said, dict) else said
    if not isinstance(rows, list):
        raise BadFile(["`pointings` is no list"])
    for i, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise BadFile([f"entry {i}: {row!r} is no object"])
        yield f"entry {i}", row


def _found(row: dict[str, Any], event: str, team: str, status: str | None) -> Found:
    lower = {str(key).strip().lower(): value for key, value in row.items()}
    said = {name: next((lower[key] for key in keys if _given(lower.get(key))), None) for name, keys in COLUMNS.items()}
    if said["ra"] is None and "position" in lower:
        said["ra"], said["dec"] = _point(lower["position"])
    ra, dec = place(said["ra"], said["dec"])
    state = str(said["status"] or status or "").strip().lower()
    if state not in STATUSES:
        raise ValueError(
            f"status {said['status']!r} is none of {', '.join(STATUSES)}"
            if said["status"]
            else f"no status; one of {', '.join(STATUSES)}"
        )
    band, wave, width = band_of(None if said["band"] is None else str(said["band"]))
    depth = number(said["depth"], "depth")
    wave = number(said["central_wave"], "central_wave") or wave
    return Found(
        Pointing(
            key="",
            event=event,
            team=str(said["team"] or team),
            telescope=str(said["telescope"] or ""),
            instrument_id=_whole(said["instrument_id"]),
            ra=ra,
            dec=dec,
            pos_angle=number(said["pos_angle"], "pos_angle"),
            time=_time(said["time"], state),
            status=state,
            band=band,
            central_wave=wave,
            bandwidth=number(said["bandwidth"], "bandwidth") or width,
            depth=depth,
            depth_unit=_unit(said["depth_unit"], depth),
            source="file",
            source_id=_identity(said),
            depth_err=number(said["depth_err"], "depth_err"),
            doi=said["doi"],
        ),
        {str(key): value for key, value in row.items() if _given(value)},
    )


def _given(value: Any) -> bool:
    return value is not None and str(value).strip() != ""


def _point(said: Any) -> tuple[str, str]:
    parts = str(said).replace("POINT", "").strip(" ()").split()
    if len(parts) != 2:
        raise ValueError(f"position {said!r} is no POINT(ra dec)")
    return parts[0], parts[1]


def _whole(said: Any) -> int | None:
    value = number(said, "instrument_id")
    if value is not None and value != int(value):
        raise ValueError(f"instrument_id {said!r} is no whole number")
    return None if value is None else int(value)


def _unit(said: Any, depth: float | None) -> str | None:
    if depth is None:
        return None
    unit = {"ab": "ab_mag", "mag": "", "vega": "vega_mag"}.get(str(said).strip().lower(), said)
    if unit not in DEPTH_UNITS:
        raise ValueError(
            f"a depth needs its unit, one of {', '.join(DEPTH_UNITS)}" + (f", not {said!r}" if said else "")
        )
    return unit


def _time(said: Any, status: str) -> datetime | None:
    if said is None:
        if status == "cancelled":
            return None
        raise ValueError(f"no time; one that is {status} has one, ISO or MJD, in UTC")
    try:
        days = float(said)
    except (TypeError, ValueError):
        days = None
    if days is not None:
        if not 40000 < days < 100000:
            raise ValueError(f"time {said!r} is neither ISO nor an MJD")
        return MJD + timedelta(days=days)
    try:
        return moment(said)
    except ValueError:
        raise ValueError(f"time {said!r} is neither ISO nor an MJD") from None


def _identity(said: dict[str, Any]) -> str:
    """The row's own id, else one that follows from what it says."""
    if said["id"] is not None:
        return str(said["id"]).strip()[:200]
    words = {key: str(value) for key, value in said.items() if value is not None and key != "status"}
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:32]
