"""Astrometry of moving targets -> a file for the Minor Planet Center: ADES (PSV), version 2017. Pure.

    write(content, {"stn": "F65", ...}) -> text         raises Unsaid with the reasons

Format: "IAU Astrometry Data Exchange Standard", 2017 (iau-ades/ADES-Master): records of a header, `# keyword` and `! keyword`,
then the names of the columns and rows with `|` between them. A magnitude of the same target within a second of a position
goes into its row. Errors of positions are taken as they are measured on the sky (right ascension times cos dec).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone

from tom_scimma.compose.content import Body, Content, Photometry, Position
from tom_scimma.compose.designations import best
from tom_scimma.errors import Unsaid

VERSION = 2017
COLUMNS = (
    *("permID", "provID", "trkSub", "mode", "stn", "obsTime", "ra", "dec", "rmsRA", "rmsDec", "astCat"),
    *("mag", "rmsMag", "band"),
)
MODES = ("CCD", "CMO", "VID", "PHO", "ENC", "PMT", "MIC", "MER", "TDI")
DESIGNS = (
    "Reflector",
    "Refractor",
    "Schmidt",
    "Ritchey-Chretien",
    "Schmidt-Cassegrain",
    "Maksutov",
    "Corrected Dall-Kirkham",
)
DETECTORS = MODES
#: arcsec in a unit of a position's error
ARCSEC = {"arcsec": 1.0, "mas": 1e-3, "degrees": 3600.0, "deg": 3600.0, "degree": 3600.0, "arcmin": 60.0}
#: fields of the form that a file cannot do without, and what they are
NEEDED = {
    "stn": "the observatory's MPC code",
    "submitter": "who submits",
    "observers": "who observed",
    "measurers": "who measured",
    "design": "the telescope's design",
    "aperture": "the telescope's aperture in m",
    "detector": "the telescope's detector",
    "astcat": "the catalogue that positions were measured against",
}
_STATION = re.compile(r"[0-9A-Z][0-9]{2}|[A-Z0-9]{4}")
_PERSON = re.compile(r"[A-Z]\. ?(?:[A-Z]\. ?)*\S.*")
#: a magnitude belongs to a position that is no further away in time, s
TOGETHER = 1.0


def write(content: Content, said: Mapping[str, str]) -> str:
    """The file. `said` has NEEDED's fields and `mode`. Raises Unsaid: fields are "ades.<field>", or "" for the data."""
    faults = _faults(content, said)
    if faults:
        raise Unsaid("ADES cannot say this: " + "; ".join(text for texts in faults.values() for text in texts), faults)
    moving = {body.name: body for body in content.targets}
    seen = _together(content)
    rows = [_row(row, moving[row.target], with_it, said) for row, with_it in zip(content.astrometry, seen, strict=True)]
    used = [name for name in COLUMNS if any(row.get(name) for row in rows)]
    alone = len(content.photometry) - len({id(one) for one in seen if one is not None})
    left = (
        [f"! line {alone} measurements of brightness belong to no position and are not in this file"] if alone else []
    )
    return "\n".join([*_header(said), *(["# comment", *left] if left else []), *_table(used, rows)]) + "\n"


def _faults(content: Content, said: Mapping[str, str]) -> dict[str, list[str]]:
    """What is missing or cannot be said, by field."""
    found: dict[str, list[str]] = {}
    for name, words in NEEDED.items():
        if not str(said.get(name) or "").strip():
            found[f"ades.{name}"] = [f"ADES needs {words}."]
    station, aperture = str(said.get("stn") or ""), str(said.get("aperture") or "")
    if station and not _STATION.fullmatch(station):
        found["ades.stn"] = [f"{station!r} is no MPC code, such as F65."]
    if aperture and not _is_positive(aperture):
        found["ades.aperture"] = [f"{aperture!r} is no aperture in m."]
    for name in ("submitter", "observers", "measurers"):
        wrong = [one for one in _names(said, name) if not _PERSON.fullmatch(one)]
        if wrong:
            found[f"ades.{name}"] = [f"{wrong[0]!r}: ADES takes initials and surname, as in A. B. Observer."]
    if data := [*_of_data(content, station)]:
        found[""] = data
    return found


def _of_data(content: Content, station: str) -> Iterable[str]:
    """What is wrong with what was chosen."""
    if not content.astrometry:
        yield "no astrometry is chosen; the MPC takes positions"
    measured = {row.target for row in content.astrometry}
    for body in content.targets:
        if body.name not in measured:
            continue
        if body.sidereal:
            yield f"{body.name} does not move (it is sidereal); the MPC takes minor planets, comets and satellites"
        elif best((body.name, *body.aliases)) is None:
            yield f"neither {body.name!r} nor an alias of it is a designation, or a name of at most 8 letters and digits"
    sites = {str(row.extra.get("mpc_sitecode") or station) for row in content.astrometry}
    for site in sorted(sites - {station}) if station else ():
        yield f"some positions are from {site}: one file is of one observatory; share them apart"
    for row in content.astrometry:
        numbers = (row.ra, row.dec)
        if not all(number is not None and math.isfinite(number) for number in numbers):
            yield f"the position of {row.target} at {_time(row.time)} has no right ascension or declination"
        if (row.ra_error or row.dec_error) and row.error_unit not in ARCSEC:
            yield f"errors of {row.target} at {_time(row.time)} are in {row.error_unit or 'no unit'!r}; known: {', '.join(ARCSEC)}"
    for one in filter(None, _together(content)):
        if not one.bandpass.strip():
            yield f"the magnitude of {one.target} at {_time(one.time)} has no band"
        if len(one.bandpass) > 3:
            yield f"band {one.bandpass!r} of {one.target} is longer than ADES's three letters"


def _row(row: Position, body: Body, seen: Photometry | None, said: Mapping[str, str]) -> dict[str, str]:
    named = best((body.name, *body.aliases))
    found = {named[0]: named[1]} if named else {}
    scale = ARCSEC.get(row.error_unit, 1.0)
    found |= {
        "mode": str(said.get("mode") or "CCD"),
        "stn": said["stn"],
        "obsTime": _time(row.time),
        "ra": f"{round((row.ra or 0.0) % 360, 7) % 360:.7f}",
        "dec": f"{row.dec:.7f}",
        "rmsRA": _error(row.ra_error, scale),
        "rmsDec": _error(row.dec_error, scale),
        "astCat": str(row.extra.get("catalog") or said["astcat"]),
    }
    if seen is not None:
        found |= {"mag": f"{seen.brightness:.2f}", "rmsMag": _error(seen.error, 1.0), "band": seen.bandpass}
    return found


def _is_magnitude(row: Photometry) -> bool:
    return row.brightness is not None and (not row.unit or "mag" in row.unit.lower())


def _together(content: Content) -> list[Photometry | None]:
    """For each position the magnitude that was measured with it: of the same target, the nearest in time; None for none."""
    by_target: dict[str, list[Photometry]] = defaultdict(list)
    for one in sorted(filter(_is_magnitude, content.photometry), key=lambda one: one.time):
        by_target[one.target].append(one)
    return [_nearest(row.time, by_target[row.target]) for row in content.astrometry]


def _nearest(time: datetime, sorted_rows: list[Photometry]) -> Photometry | None:
    def apart(one: Photometry) -> float:
        return abs((one.time - time).total_seconds())

    place = bisect_left(sorted_rows, time, key=lambda one: one.time)
    near = min(sorted_rows[max(0, place - 1) : place + 1], key=apart, default=None)
    return near if near is not None and apart(near) <= TOGETHER else None


def _error(value: float | None, scale: float) -> str:
    """A decimal without an exponent, which ADES does not take; "" for none, and for 0, which says nothing."""
    return f"{value * scale:.6f}".rstrip("0").rstrip(".") if value and round(value * scale, 6) else ""


def _time(time: datetime) -> str:
    """ISO, UTC, to the millisecond, with Z."""
    return time.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _names(said: Mapping[str, str], field: str) -> list[str]:
    return [one.strip() for one in str(said.get(field) or "").split(",") if one.strip()]


def _is_positive(text: str) -> bool:
    try:
        return 0 < float(text) < math.inf
    except ValueError:
        return False


def _header(said: Mapping[str, str]) -> list[str]:
    people = [(group, _names(said, group)) for group in ("submitter", "observers", "measurers")]
    lines = [f"# version={VERSION}", "# observatory", f"! mpcCode {said['stn']}"]
    for group, names in people:
        lines += [f"# {group}", *(f"! name {one}" for one in (names[:1] if group == "submitter" else names))]
    design = [f"! design {said['design']}", f"! aperture {said['aperture']}", f"! detector {said['detector']}"]
    return [*lines, "# telescope", *design]


def _table(used: list[str], rows: list[dict[str, str]]) -> list[str]:
    """Columns of equal width, as people read them."""
    widths = {name: max(len(name), *(len(row.get(name, "")) for row in rows)) for name in used}
    lines = ["|".join(name.ljust(widths[name]) for name in used)]
    return lines + ["|".join(row.get(name, "").ljust(widths[name]) for name in used) for row in rows]
