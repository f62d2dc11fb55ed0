"""What the fields of an ADES file may hold: the header's, the rows' numbers, times, catalogues and bands. Pure.

Source: IAU-ADES/ADES-Master, version 2022, adesmaster.xml: its elements, their types, and what is submitted to the MPC.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone

from tom_scimma.compose.content import Photometry, Position

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
_CHOICES = {"design": DESIGNS, "detector": DETECTORS, "mode": MODES}
_STATION = re.compile(r"[0-9A-Z][0-9]{2}|[A-Z0-9]{4}")
_PERSON = re.compile(r"([^\W\d_]\. ?)+[^\W\d_].*")
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]*)?")
_CATALOG = re.compile(r"[.A-Za-z0-9_]{1,8}")
_BAND = re.compile(r"[A-Za-z0-9_]{1,3}")
#: characters of an aperture, and of the errors of a place and of a magnitude
WIDE, WIDE_PLACE, WIDE_MAGNITUDE = 6, 7, 6
#: characters of a person's name
LONGEST = 100
#: an error is below this, in arcsec or mag, and a magnitude within these
LARGEST, BRIGHTEST, FAINTEST = 1e5, -5.0, 35.0


def wrong(said: Mapping[str, str]) -> dict[str, list[str]]:
    """What is missing in the form, or cannot be said, by field."""
    found = {name: [f"ADES needs {words}."] for name, words in NEEDED.items() if not said.get(name)}
    for name in {*NEEDED, *_CHOICES} - set(found):
        if (text := said.get(name, "")) and (fault := _fault(name, text)):
            found[name] = [fault]
    return found


def _fault(name: str, text: str) -> str:
    """What is wrong with the text of one field of the form; "" for nothing."""
    if name in _CHOICES:
        return "" if text in _CHOICES[name] else f"{text!r} is none of {', '.join(_CHOICES[name])}."
    if name == "stn":
        return "" if _STATION.fullmatch(text) else f"{text!r} is no MPC code, such as F65."
    if name == "aperture":
        good = _DECIMAL.fullmatch(text) and len(text) <= WIDE and 0 < float(text) < LARGEST
        return "" if good else f"{text!r} is no aperture in m: a decimal of at most {WIDE} characters, such as 2.0."
    if name == "astcat":
        return "" if _CATALOG.fullmatch(text) else f"{text!r} is no name of a catalogue to ADES: {CATALOG}"
    people = names(text)
    if name == "submitter" and len(people) > 1:
        return f"{text!r}: one person submits a file."
    return next(filter(None, map(_of_person, people)), "" if people else f"{text!r} names nobody.")


#: what a catalogue is called
CATALOG = "at most 8 letters, digits, . and _, such as Gaia3 or UCAC4."


def _of_person(name: str) -> str:
    if not (_PERSON.fullmatch(name) and name[0].isupper()):
        return f"{name!r}: ADES takes initials and surname, as in A. B. Observer."
    if not name.isprintable() or "|" in name or len(name) > LONGEST:
        return f"{name!r}: ADES takes a name in one line, without |, of at most {LONGEST} characters."
    return ""


def names(text: str) -> list[str]:
    """The people of a field, which commas part."""
    return [one.strip() for one in text.split(",") if one.strip()]


def of_position(row: Position) -> Iterable[str]:
    """What of a measured position cannot be said."""
    it = f"the position of {row.target} at {iso(row.time)}"
    if not all(number is not None and math.isfinite(number) for number in (row.ra, row.dec)):
        yield f"{it} has no right ascension or declination"
    elif abs(row.dec or 0.0) > 90:
        yield f"{it} has a declination of {row.dec}"
    errors = [error for error in (row.ra_error, row.dec_error) if error]
    if errors and row.error_unit not in ARCSEC:
        yield f"errors of {row.target} at {iso(row.time)} are in {row.error_unit or 'no unit'!r}; known: {', '.join(ARCSEC)}"
    elif wild := [error for error in errors if not 0 < error * ARCSEC[row.error_unit] < LARGEST]:
        yield f"{it} has an error of {wild[0]:g} {row.error_unit}"
    catalog = str(row.extra.get("catalog") or "")
    if catalog and not _CATALOG.fullmatch(catalog):
        yield f"{it} was measured against {catalog!r}, which is no name of a catalogue to ADES: {CATALOG.rstrip('.')}"


def of_magnitude(one: Photometry) -> Iterable[str]:
    """What of a magnitude cannot be said."""
    it = f"the magnitude of {one.target} at {iso(one.time)}"
    if not BRIGHTEST <= round(one.brightness or 0.0, 2) <= FAINTEST:
        yield f"{it} is {one.brightness}; ADES takes {BRIGHTEST:g} to {FAINTEST:g}"
    if one.error and not 0 < one.error < LARGEST:
        yield f"{it} has an error of {one.error:g}"
    if not one.bandpass.strip():
        yield f"{it} has no band"
    elif len(one.bandpass) > 3:
        yield f"band {one.bandpass!r} of {one.target} is longer than ADES's three letters"
    elif not _BAND.fullmatch(one.bandpass):
        yield f"band {one.bandpass!r} of {one.target} is not of letters and digits, as ADES has them"


def error(value: float | None, scale: float, width: int) -> str:
    """A decimal of at most `width` characters without an exponent; "" for none, and for 0, which says nothing.

    What is smaller than can be written is the least that can.
    """
    if not value:
        return ""
    whole = len(str(int(value * scale)))
    places = max(0, width - whole - 1)
    text = f"{max(value * scale, 10.0**-places):.{places}f}"[:width]
    return text.rstrip("0").rstrip(".") if "." in text else text


def iso(time: datetime) -> str:
    """ISO, UTC, to the millisecond, or to the microsecond where it is known so well; with Z."""
    exact = "milliseconds" if time.microsecond % 1000 == 0 else "microseconds"
    return time.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec=exact) + "Z"
