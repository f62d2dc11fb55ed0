"""Astrometry of moving targets -> a file for the Minor Planet Center: ADES (PSV), version 2022. Pure.

    write(content, {"stn": "F65", ...}) -> text         raises Unsaid with the reasons

Format: "IAU Astrometry Data Exchange Standard", 2022 (IAU-ADES/ADES-Master): records of a header, `# keyword` and `! keyword`,
then the names of the columns and rows with `|` between them. A magnitude of the same target within a second of a position
goes into its row. Errors of positions are taken as they are measured on the sky (right ascension times cos dec).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from tom_scimma.compose import ades_fields as fields
from tom_scimma.compose.content import Body, Content, Photometry, Position
from tom_scimma.compose.designations import best
from tom_scimma.errors import Unsaid

VERSION = 2022
COLUMNS = (
    *("permID", "provID", "trkSub", "mode", "stn", "obsTime", "ra", "dec", "rmsRA", "rmsDec", "astCat"),
    *("mag", "rmsMag", "band"),
)
#: a magnitude belongs to a position that is no further away in time, s
TOGETHER = 1.0


def write(content: Content, said: Mapping[str, str]) -> str:
    """The file. `said` has `ades_fields.NEEDED`'s fields and `mode`. Raises Unsaid: fields are "ades.<field>", or "" for the data."""
    said = {name: str(text or "").strip() for name, text in said.items()}
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
    found = {f"ades.{name}": texts for name, texts in fields.wrong(said).items()}
    if data := [*_of_data(content, said.get("stn", ""))]:
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
        yield from fields.of_position(row)
    for one in filter(None, _together(content)):
        yield from fields.of_magnitude(one)


def _row(row: Position, body: Body, seen: Photometry | None, said: Mapping[str, str]) -> dict[str, str]:
    named = best((body.name, *body.aliases))
    found = {named[0]: named[1]} if named else {}
    scale = fields.ARCSEC.get(row.error_unit, 1.0)
    found |= {
        "mode": said.get("mode") or "CCD",
        "stn": said["stn"],
        "obsTime": fields.iso(row.time),
        "ra": f"{round((row.ra or 0.0) % 360, 7) % 360:.7f}",
        "dec": f"{row.dec:.7f}",
        "rmsRA": fields.error(row.ra_error, scale, fields.WIDE_PLACE),
        "rmsDec": fields.error(row.dec_error, scale, fields.WIDE_PLACE),
        "astCat": str(row.extra.get("catalog") or said["astcat"]),
    }
    if seen is not None:
        found |= {
            "mag": f"{seen.brightness:.2f}",
            "rmsMag": fields.error(seen.error, 1.0, fields.WIDE_MAGNITUDE),
            "band": seen.bandpass,
        }
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


def _header(said: Mapping[str, str]) -> list[str]:
    people = [(group, fields.names(said[group])) for group in ("submitter", "observers", "measurers")]
    lines = [f"# version={VERSION}", "# observatory", f"! mpcCode {said['stn']}"]
    for group, names in people:
        lines += [f"# {group}", *(f"! name {one}" for one in names)]
    design = [f"! design {said['design']}", f"! aperture {said['aperture']}", f"! detector {said['detector']}"]
    return [*lines, "# telescope", *design]


def _table(used: list[str], rows: list[dict[str, str]]) -> list[str]:
    """Columns of equal width, as people read them."""
    widths = {name: max(len(name), *(len(row.get(name, "")) for row in rows)) for name in used}
    lines = ["|".join(name.ljust(widths[name]) for name in used)]
    return lines + ["|".join(row.get(name, "").ljust(widths[name]) for name in used) for row in rows]
