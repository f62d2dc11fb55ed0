"""Where pointings come from, one file a source; each gives `Found`: the normal form, and what the source had. Pure but for own.py."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tom_scimma import times
from tom_treasuremap.pointings import Pointing


@dataclass(frozen=True)
class Found:
    """One pointing of a source."""

    pointing: Pointing
    document: dict[str, Any] = field(default_factory=dict)
    observation: int | None = None  #: primary key of our ObservationRecord


def place(ra: Any, dec: Any) -> tuple[float, float]:
    """RA brought to 0..360, and dec. Raises ValueError that says what was seen."""
    try:
        ra, dec = float(ra), float(dec)
    except (TypeError, ValueError):
        raise ValueError(f"RA {ra!r}, dec {dec!r} is no place") from None
    if not (math.isfinite(ra) and math.isfinite(dec)) or not -90 <= dec <= 90:
        raise ValueError(f"RA {ra!r}, dec {dec!r} is no place: dec is from -90 to 90 degrees")
    return ra % 360.0, dec


def number(value: Any, name: str) -> float | None:
    """A finite number, or None where nothing was said. Raises ValueError that names what it is of."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} {value!r} is no number") from None
    return found if math.isfinite(found) else None


def moment(said: Any) -> datetime | None:
    """A time in UTC, which it is when it does not say its zone; any number of decimals. Raises ValueError."""
    if not said:
        return None
    text = str(said).strip()
    found = times.parse(text).time if text[:4].isdigit() else None  # a year of two digits may be a day
    if found is None:
        raise ValueError(f"{said!r} is no time")
    return found
