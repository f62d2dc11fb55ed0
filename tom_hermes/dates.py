"""Dates as HERMES messages write them -> aware UTC datetimes. Pure.

HERMES takes a number, or a text that is one, as a Julian Date (2400000 to 2600000) or a Modified Julian Date (1000 to
150000), and anything else that dateutil understands; it adds no time zone. What is said without one is UTC here. A text
that leaves part of the day open, or that may be read as two days, is no date: nothing is made up.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from dateutil import parser

from tom_scimma import times

JULIAN = (2400000, 2600000)
MODIFIED = (1000, 150000)
#: the Modified Julian Date is the Julian Date less this
OFFSET = Decimal("2400000.5")
_START = datetime(1858, 11, 17, tzinfo=timezone.utc)  # MJD 0
_LONGEST = 80
#: what dateutil fills in for what a text leaves open: the same day from all of these, or it was open
_FILLERS = (datetime(2001, 1, 1), datetime(2004, 12, 31))


class BadDate(ValueError):
    """A date that cannot be read; the text says what was seen and what would do."""


def read(raw: Any) -> datetime:
    """The moment a date means, aware UTC, to the microsecond. Raises BadDate."""
    return moment(raw)[0]


def moment(raw: Any) -> tuple[datetime, bool]:
    """The same, and whether that is all that the date says: False where it was repaired, or was no plain text. Raises BadDate."""
    plain = times.parse(raw)  # what it reads is never a number as well
    if plain.time is not None:
        return plain
    return _other(raw), False


def _other(raw: Any) -> datetime:
    if raw is None or raw == "":
        raise BadDate("there is no date")
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        raise BadDate(f"the date is {type(raw).__name__}, neither text nor number")
    text = str(raw).strip()
    if len(text) > _LONGEST:
        raise BadDate(f"{text[:40]!r}... is too long for a date")
    day = _number(text)
    return _julian(day, text) if day is not None else _text(text)


def modified(raw: Any) -> float:
    """The same as a Modified Julian Date. Raises BadDate."""
    since = read(raw) - _START
    return since / timedelta(days=1)


def _number(text: str) -> Decimal | None:
    if not text.isascii() or "_" in text:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _julian(day: Decimal, text: str) -> datetime:
    if day.is_finite() and JULIAN[0] < day < JULIAN[1]:
        day -= OFFSET
    elif not (day.is_finite() and MODIFIED[0] < day < MODIFIED[1]):
        raise BadDate(
            f"{text} is neither a Julian Date ({JULIAN[0]}-{JULIAN[1]}) nor a modified one ({MODIFIED[0]}-{MODIFIED[1]})"
        )
    time = _START + timedelta(microseconds=int((day * 86_400_000_000).to_integral_value()))
    if time.year not in times.YEARS:
        raise BadDate(f"{text}, as a Modified Julian Date, is in {time.year}; write the date as 2026-01-02T03:04:05Z")
    return time


def _text(text: str) -> datetime:
    first, second = (_parsed(text, default=filler) for filler in _FILLERS)
    if first.date() != second.date():
        raise BadDate(f"{text!r} does not say which day; write the date as 2026-01-02T03:04:05Z")
    if not text[:4].isdigit() and _parsed(text, default=_FILLERS[0], dayfirst=True) != first:
        raise BadDate(f"{text!r} may be two days; write the date as 2026-01-02T03:04:05Z")
    time = first.replace(tzinfo=timezone.utc) if first.tzinfo is None else first.astimezone(timezone.utc)
    if time.year not in times.YEARS:
        raise BadDate(f"{text!r} is in {time.year}")
    return time


def _parsed(text: str, **options: Any) -> datetime:
    try:
        return parser.parse(text, tzinfos=_zone, **options)
    except (
        ValueError,
        OverflowError,
        TypeError,
        AttributeError,
    ) as error:  # dateutil raises all of these for odd texts
        raise BadDate(f"{text!r} is no date: {error}; write it as 2026-01-02T03:04:05Z") from None


def _zone(name: str | None, offset: int | None) -> timezone | None:
    """The zone that a text names; dateutil itself would take one that it does not know for none, and so for UTC."""
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    if name is None:
        return None
    raise ValueError(f"the time zone {name} is not known")
