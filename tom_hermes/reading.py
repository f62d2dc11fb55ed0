"""A HERMES message as received -> what it says, as plain rows. Pure; never raises.

Messages on a topic need not have passed HERMES' own validation: `data` may be null, sections may be anything, numbers may
be texts, units and dates may lack. Each row is read by itself, so that a bad one costs only itself and is kept with its
reason. Format: https://hermes.lco.global/about; what is absent has the value that HERMES gives it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tom_hermes import dates, rows
from tom_hermes.said import ASTROMETRY, DATA, PHOTOMETRY, SPECTROSCOPY, TARGETS, Said, SaidDatum, SaidTarget, Unread
from tom_scimma.parsers import angles, fields

#: the host's columns of a name end here
LONGEST_NAME = 100
#: by how much a unit of distance is multiplied to be parsecs
PARSECS = {
    "cm": 3.2407792894443648e-19, "m": 3.240779289444365e-17, "km": 3.240779289444365e-14, "au": 4.84813681109536e-06,
    "ly": 0.30660139378555057, "pc": 1.0, "kpc": 1e3, "mpc": 1e6, "gpc": 1e9,
}  # fmt: skip
#: HERMES' orbital elements and the host's columns
ELEMENTS = {
    "orbital_inclination": "inclination", "longitude_of_the_ascending_node": "lng_asc_node",
    "argument_of_the_perihelion": "arg_of_perihelion", "eccentricity": "eccentricity",
    "semimajor_axis": "semimajor_axis", "mean_anomaly": "mean_anomaly", "perihelion_distance": "perihdist",
}  # fmt: skip
#: what of a target becomes an extra of the host's
EXTRAS = (
    "redshift",
    "host_name",
    "host_redshift",
    "comments",
    "ra_error",
    "dec_error",
    "ra_error_units",
    "dec_error_units",
)
_READ = {PHOTOMETRY: rows.photometry, ASTROMETRY: rows.astrometry, SPECTROSCOPY: rows.spectrum}


def recognises(document: Any) -> bool:
    """True for what has the shape of a HERMES message: an object with a title or with one of HERMES' sections of data."""
    if not isinstance(document, dict):
        return False
    data = document.get("data")
    sections = isinstance(data, dict) and any(data.get(name) for name in (TARGETS, *DATA, "event_id", "references"))
    return sections or ("title" in document and "message_text" in document)


def read(document: Any) -> Said:
    """All that a message says; what cannot be used is among `unread`."""
    document = document if isinstance(document, dict) else {}
    raw = document.get("data")
    data: dict[str, Any] = raw if isinstance(raw, dict) else {}
    unread: list[Unread] = []
    if raw is not None and not isinstance(raw, dict):
        unread.append(Unread(TARGETS, 0, "row", f"`data` is {_kind(raw)}, not an object", row=rows.plain(raw)))
    targets = tuple(_targets(data, unread))
    only = targets[0].name if len(targets) == 1 else ""
    return Said(
        title=rows.text(document.get("title"), 500),
        submitter=rows.text(document.get("submitter"), 200),
        authors=rows.text(document.get("authors"), 1000),
        text=rows.plain(document["message_text"]) if isinstance(document.get("message_text"), str) else "",
        event=rows.text(data.get("event_id"), fields.LONGEST_NAME),
        targets=targets,
        data=tuple(datum for section in DATA for datum in _data(data, section, only, unread)),
        unread=tuple(unread),
        others={key: value for key, value in data.items() if key not in (TARGETS, *DATA)},
    )


def datum(section: str, index: int, row: Any, only: str = "") -> SaidDatum | Unread:
    """One row of data, read; else why not. `only` is the target of a row that names none."""
    if not isinstance(row, dict):
        return Unread(section, index, "row", f"the row is {_kind(row)}, not an object", row=rows.plain(row))
    name = rows.text(row.get("target_name"), LONGEST_NAME + 1) or only
    try:
        return _READ[section](index, name, row)
    except rows.Unusable as error:
        return Unread(section, index, error.reason, str(error)[:500], name, rows.plain(row))


def _data(data: dict[str, Any], section: str, only: str, unread: list[Unread]) -> Iterator[SaidDatum]:
    for index, row in _listed(data, section, unread):
        found = datum(section, index, row, only)
        if isinstance(found, Unread):
            unread.append(found)
        else:
            yield found


def _listed(data: dict[str, Any], section: str, unread: list[Unread]) -> Iterator[tuple[int, Any]]:
    said = data.get(section)
    if isinstance(said, list):
        yield from enumerate(said)
    elif said not in (None, "", {}):
        unread.append(Unread(section, 0, "row", f"`{section}` is {_kind(said)}, not a list", row=rows.plain(said)))


def _targets(data: dict[str, Any], unread: list[Unread]) -> Iterator[SaidTarget]:
    seen = set()
    for index, row in _listed(data, TARGETS, unread):
        found = target(index, row)
        if isinstance(found, SaidTarget) and found.name in seen:
            words = f"{found.name} is in the message twice; the first is used"
            found = Unread(TARGETS, index, "row", words, found.name, rows.plain(row))
        if isinstance(found, Unread):
            unread.append(found)
        else:
            seen.add(found.name)
            yield found


def target(index: int, row: Any) -> SaidTarget | Unread:
    """One target, read; else why not. A position that cannot be used leaves a target that its name may still find."""
    if not isinstance(row, dict):
        return Unread(TARGETS, index, "row", f"the row is {_kind(row)}, not an object", row=rows.plain(row))
    name = rows.text(row.get("name"), LONGEST_NAME + 1)
    if not name or len(name) > LONGEST_NAME:
        words = f"the target's name is longer than {LONGEST_NAME} characters" if name else "the target has no name"
        return Unread(TARGETS, index, "row", words, name, rows.plain(row))
    ra, dec = rows.right_ascension(row.get("ra")), angles.dec(row.get("dec"))
    elements = _elements(row.get("orbital_elements"))
    columns = {**_columns(row), **(elements or {})}
    return SaidTarget(
        index,
        name,
        ra if dec is not None else None,
        dec if ra is not None else None,
        tuple(alias for alias in fields.names(row.get("aliases")) if len(alias) <= LONGEST_NAME and alias != name),
        columns,
        _extras(row),
        moving=elements is not None,
    )


def _columns(row: dict[str, Any]) -> dict[str, Any]:
    # HERMES says arcsec a year, the host keeps mas
    motions = {key: fields.number(row.get(key)) for key in ("pm_ra", "pm_dec")}
    found: dict[str, Any] = {key: None if value is None else value * 1e3 for key, value in motions.items()}
    found["epoch"] = _year(row.get("epoch"))
    factor = PARSECS.get(fields.clean(row.get("distance_units")).lower())
    if factor:
        for key, column in (("distance", "distance"), ("distance_error", "distance_err")):
            value = fields.number(row.get(key))
            found[column] = None if value is None else value * factor
    return {key: value for key, value in found.items() if value is not None}


def _year(raw: Any) -> float | None:
    """An epoch in Julian years: `2015.5` is one, anything else a date."""
    value = fields.number(raw)
    if value is None and isinstance(raw, str):
        value = fields.number(raw.strip().lstrip("J"))
    if value is not None and 1800 <= value <= 2100:
        return value
    try:
        return None if raw is None else 2000 + (dates.modified(raw) - 51544.5) / 365.25
    except dates.BadDate:
        return None


def _elements(raw: Any) -> dict[str, Any] | None:
    """The host's columns of an orbit; None where there is none that can be used."""
    if not isinstance(raw, dict):
        return None
    found = {column: fields.number(raw.get(key)) for key, column in ELEMENTS.items()}
    for key in ("epoch_of_elements", "epoch_of_perihelion"):
        try:
            found[key] = dates.modified(raw.get(key))
        except dates.BadDate:
            continue
    found = {key: value for key, value in found.items() if value is not None}
    if not {"epoch_of_elements", "eccentricity", "inclination"} <= found.keys():
        return None
    return {**found, "scheme": "MPC_COMET" if "perihdist" in found else "MPC_MINOR_PLANET"}


def _extras(row: dict[str, Any]) -> dict[str, str]:
    said = {key: rows.text(row.get(key), 200) for key in EXTRAS}
    discovery = row.get("discovery_info")
    if isinstance(discovery, dict):
        said["discovery_date"] = rows.text(discovery.get("date"), 60)
        said["discovery_group"] = rows.text(discovery.get("reporting_group"), 200)
        said["transient_type"] = rows.text(discovery.get("transient_type"), 200)
    for axis in ("ra", "dec"):  # a unit alone says nothing
        if not said[f"{axis}_error"]:
            said.pop(f"{axis}_error_units")
    return {key: value for key, value in said.items() if value}


def _kind(value: Any) -> str:
    return {list: "a list", dict: "an object", str: "a text", bool: "true or false"}.get(type(value), "a number")
