"""Targets of this TOM -> HERMES' `targets`. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tom_hermes.message.problems import Problems
from tom_hermes.vocabulary import ERROR_UNITS
from tom_scimma.compose.content import Body

#: the host's columns of an orbit -> HERMES' names
ELEMENTS = {
    "epoch_of_elements": "epoch_of_elements",
    "inclination": "orbital_inclination",
    "lng_asc_node": "longitude_of_the_ascending_node",
    "arg_of_perihelion": "argument_of_the_perihelion",
    "eccentricity": "eccentricity",
    "semimajor_axis": "semimajor_axis",
    "mean_anomaly": "mean_anomaly",
    "perihdist": "perihelion_distance",
    "epoch_of_perihelion": "epoch_of_perihelion",
}
PAIRS = (("semimajor_axis", "mean_anomaly"), ("perihelion_distance", "epoch_of_perihelion"))
NEEDED = (
    "epoch_of_elements",
    "orbital_inclination",
    "longitude_of_the_ascending_node",
    "argument_of_the_perihelion",
    "eccentricity",
)
TURNS = {"longitude_of_the_ascending_node", "argument_of_the_perihelion", "mean_anomaly"}
#: extras of a target that HERMES has a key for
TEXTS = ("host_name", "comments")
NUMBERS = ("redshift", "host_redshift", "ra_error", "dec_error")
#: the host keeps proper motion in mas/yr, HERMES wants arcsec/yr
MAS = 1e-3


def target(body: Body, index: int, problems: Problems) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the row, what HERMES has no key for)."""
    row: dict[str, Any] = {"name": body.name}
    rest = dict(body.extras)
    if finite(body.ra) and finite(body.dec):
        row.update(ra=body.ra, dec=body.dec)
    if body.epoch is not None and body.sidereal:
        row["epoch"] = str(float(body.epoch))
    for key in ("pm_ra", "pm_dec"):
        if finite(getattr(body, key)):
            row[key] = getattr(body, key) * MAS
    if finite(body.distance):
        row.update(distance=body.distance, distance_units="pc")
        if finite(body.distance_error):
            row["distance_error"] = body.distance_error
    aliases = [name.strip() for name in body.aliases if name.strip()]
    if aliases:
        row["aliases"] = aliases
    if not body.sidereal:
        rest.update(_orbit(body.elements, row, index, problems))
    _extras(row, rest)
    if finite(body.parallax):
        rest["parallax_mas"] = body.parallax
    if "ra" not in row and "orbital_elements" not in row:
        problems.add(f"targets.{index}.ra", f"{body.name} has neither a position nor an orbit that HERMES can say.")
    return row, rest


def _extras(row: dict[str, Any], rest: dict[str, Any]) -> None:
    """Moves what HERMES has a key for from the rest into the row."""
    for key in TEXTS:
        if isinstance(rest.get(key), str) and rest[key].strip():
            row[key] = rest.pop(key).strip()
    for key in NUMBERS:
        number = _number(rest.get(key))
        if number is not None and not (key.endswith("_error") and rest.get(f"{key}_units") not in ERROR_UNITS):
            row[key] = number
            rest.pop(key)
            if key.endswith("_error"):
                row[f"{key}_units"] = rest.pop(f"{key}_units")


def _orbit(elements: Mapping[str, Any], row: dict[str, Any], index: int, problems: Problems) -> dict[str, Any]:
    """Puts the orbit into the row; what is left of the elements."""
    rest = {name: value for name, value in elements.items() if name not in ELEMENTS}
    said = {ELEMENTS[name]: _number(value) for name, value in elements.items() if name in ELEMENTS}
    said = {name: value for name, value in said.items() if value is not None}
    if not said:
        return rest
    for name in TURNS & said.keys():
        said[name] %= 360.0
    if said.get("mean_anomaly") == 0:
        said["mean_anomaly"] = 360.0  # the same place; HERMES takes 0 for "none"
    for pair in PAIRS:  # half a pair says nothing
        if not all(said.get(name) for name in pair):
            rest.update({name: said.pop(name) for name in pair if name in said})
    missing = [name for name in NEEDED if name not in said]
    if not any(name in said for pair in PAIRS for name in pair):
        missing.append(" or ".join(" and ".join(pair) for pair in PAIRS))
    if missing:
        if "ra" not in row:
            problems.add(f"targets.{index}.orbital_elements", f"{row['name']}: its orbit lacks {', '.join(missing)}.")
        return {**rest, **said}
    row["orbital_elements"] = {name: str(value) if name.startswith("epoch") else value for name, value in said.items()}
    return rest


def finite(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and not isinstance(value, bool) else None
