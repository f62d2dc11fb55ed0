"""Angles as people write them: decimal degrees, `23:20:01.1`, `07h 07m 2.52s`, `+11d22'33"`. Pure; never raises."""

from __future__ import annotations

import re
from typing import Any

from . import fields

_SEXAGESIMAL = re.compile(
    r"\s*([+−-]?)\s*(\d{1,3})\s*[:hHdD° ]\s*(\d{1,2})\s*[:mM'′ ]\s*(\d{1,2}(?:\.\d*)?)\s*[sS\"″]?\s*"
)
_UNITS = {
    "deg": 1.0, "degree": 1.0, "degrees": 1.0, "arcmin": 1 / 60, "arcminute": 1 / 60, "arcminutes": 1 / 60,
    "arcsec": 1 / 3600, "arcsecond": 1 / 3600, "arcseconds": 1 / 3600, "mas": 1 / 3.6e6,
}  # fmt: skip


def ra(raw: Any) -> float | None:
    """A right ascension in degrees, 0 to 360; what is written with colons or `h` is hours, with `d` degrees."""
    value = fields.number(raw)
    if value is None:
        value = _sexagesimal(raw)
        if value is not None and not any(sign in raw for sign in "dD°"):
            value *= 15
    return value % 360.0 if value is not None and -360 <= value <= 360 else None


def dec(raw: Any) -> float | None:
    """A declination in degrees, -90 to 90."""
    value = fields.number(raw)
    if value is None:
        value = _sexagesimal(raw)
    return value if value is not None and -90 <= value <= 90 else None


def size(raw: Any, unit: Any) -> float | None:
    """A size in degrees; None without a unit that is known, or where it is not positive."""
    value, factor = fields.number(raw), _UNITS.get(fields.clean(unit).lower())
    return value * factor if value is not None and factor and value > 0 else None


def _sexagesimal(raw: Any) -> float | None:
    match = _SEXAGESIMAL.fullmatch(raw) if isinstance(raw, str) and len(raw) < 60 else None
    if match is None or float(match[3]) >= 60 or float(match[4]) > 60:
        return None
    value = int(match[2]) + float(match[3]) / 60 + float(match[4]) / 3600
    return -value if match[1] in ("-", "−") else value
