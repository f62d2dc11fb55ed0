"""What HERMES checks beyond the kind of a value: dates, angles, and keys that depend on others. Its words. Pure.

A check of one value returns what is published of it and raises Bad; a check across keys returns what is wrong, {} for nothing.
"""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from dateutil import parser

from tom_hermes.dates import JULIAN, MODIFIED
from tom_hermes.schema.fields import Bad, Crash

_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?[+-]\d\d:\d\d")
ASTROPY = "Must be in a format astropy understands"
ORBIT = "Must set mean_anomaly/semimajor_axis or epoch_of_perihelion/perihelion_distance"
PLACE = "ra/dec or orbital elements are required"
BRIGHTNESS = "brightness or limiting_brightness are required"
SPECTRUM = "Must specify a spectroscopy file to upload or specify one or more flux values"
WHERE = "Must have at least one of telescope or instrument set"
REFERENCE = "Must set source/citation or url"
UNIQUE = "The target name must be unique within the submission"
NAMED = "The target_name must reference a name in your target table"


def date(value: Any) -> Any:
    """HERMES' check of a date: a number in one of two ranges, or whatever dateutil reads."""
    if is_iso(value):
        return value
    try:
        day = float(value)
    except ValueError:
        try:
            parser.parse(value)
        except OverflowError as error:
            raise Crash(str(error)) from error
        except ValueError:
            raise Bad(
                f"{value} does not parse with dateutil.parser.parse. "
                "Please specify the date in a standard format or as a JD."
            ) from None
        return value
    except TypeError as error:
        raise Crash("a date that is null") from error
    if not (JULIAN[0] < day < JULIAN[1] or MODIFIED[0] < day < MODIFIED[1]):
        raise Bad(
            f"Date {day} in JD format must be within bounds of 2400000 to 2600000, "
            "and in MJD format within bounds of 15000 to 150000."
        )
    return value


def is_iso(value: Any) -> bool:
    """Whether it is a date, time and offset in ISO 8601, as ours are: what dateutil reads too, much faster."""
    if not isinstance(value, str) or not _ISO.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def angle(longitude: bool) -> Callable[[Any], float]:
    """Right ascension or declination in degrees, as HERMES reads it: a number is degrees; a text hours, else as it says."""

    def read(value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            return _sexagesimal(value, longitude)
        if not math.isfinite(number):
            raise Bad("Value must be finite" if longitude else "Dec value must be finite")
        if not longitude and abs(number) > 90:
            raise Bad(ASTROPY)
        return number if not longitude or 0 <= number < 360 else number % 360

    return read


def _sexagesimal(value: Any, longitude: bool) -> float:
    if not isinstance(value, str):
        raise Bad(ASTROPY)
    from astropy import units
    from astropy.coordinates import Latitude, Longitude

    kind = Longitude if longitude else Latitude
    for unit in (units.hourangle, None):
        try:
            return float(kind(value, unit=unit).deg)
        except (ValueError, TypeError, units.UnitsError):
            continue
    raise Bad(ASTROPY)


def place(target: dict) -> dict:
    if "ra" in target and "dec" in target:
        return {}
    if "ra" in target:
        return {"dec": ["Must set dec if ra is set"]}
    if "dec" in target:
        return {"ra": ["Must set ra if dec is set"]}
    if target.get("orbital_elements"):
        return {}
    return {"ra": [PLACE], "dec": [PLACE], "orbital_elements": {"non_field_errors": [PLACE]}}


def orbit(elements: dict) -> dict:
    """One whole pair; a zero counts as missing."""
    pairs = (("semimajor_axis", "mean_anomaly"), ("perihelion_distance", "epoch_of_perihelion"))
    if any(elements.get(one) and elements.get(other) for one, other in pairs):
        return {}
    for one, other in pairs:
        for given, missing in ((one, other), (other, one)):
            if elements.get(given):
                return {missing: [f"Must set {missing} when {given} is set"]}
    return {name: [ORBIT] for pair in pairs for name in pair}


def row(more: Callable[[dict], dict] | None = None) -> Callable[[dict], dict]:
    def check(row: dict) -> dict:
        if not (row.get("instrument") or row.get("telescope")):
            return {"telescope": [WHERE], "instrument": [WHERE]}
        return more(row) if more else {}

    return check


def bright(row: dict) -> dict:
    if row.get("brightness") or row.get("limiting_brightness"):
        return {}
    return {"brightness": [BRIGHTNESS], "limiting_brightness": [BRIGHTNESS]}


def spectrum(row: dict) -> dict:
    flux, counts = row.get("flux", []), "Must have same number of datapoints for flux and "
    if not flux and not row.get("file_info"):
        return {"file_info": [SPECTRUM], "flux": [SPECTRUM]}
    for name in ("flux_error", "wavelength"):
        if (name == "wavelength" or name in row) and len(row.get(name, [])) != len(flux):
            return {"non_field_errors": [counts + name]}
    return {}


def reference(known: Callable[[str], bool]) -> Callable[[dict], dict]:
    def check(row: dict) -> dict:
        source, citation = row.get("source"), row.get("citation")
        if source and citation:
            return cited(citation) if source.lower() == "hop_uuid" else {}
        if source:
            return {"citation": ["Must set citation with source"]}
        if citation:
            return {"source": ["Must set source with citation"]}
        return {} if row.get("url") else {name: [REFERENCE] for name in ("source", "citation", "url")}

    def cited(citation: str) -> dict:
        try:
            uuid.UUID(citation)
        except ValueError:
            return {"non_field_errors": [f"\u201c{citation}\u201d is not a valid UUID."]}
        return {} if known(citation) else {"citation": [f"hop_uuid {citation} does not exist"]}

    return check


def names(data: dict) -> dict:
    """Names of targets are unique, and rows name one of them. Seen only when every row is well by itself."""
    names = [target["name"] for target in data.get("targets", [])]
    wrong = {"targets": [{"name": [UNIQUE]} if names.count(name) > 1 else {} for name in names]} if names else {}
    known = set(names)
    for section in ("photometry", "spectroscopy", "astrometry"):
        rows = data.get(section, [])
        wrong[section] = [{} if row["target_name"] in known else {"target_name": [NAMED]} for row in rows]
    return {section: rows for section, rows in wrong.items() if any(rows)}


def topic(dev: bool) -> Callable[[str], str]:
    def check(topic: str) -> str:
        if dev and "test" not in topic:
            raise Bad("Hermes Dev can only submit to a test topic.")
        return topic

    return check
