"""Times as alerts write them -> aware UTC datetimes. Pure; never raises.

Seen on the wire: `Z`, no zone at all (always UTC in this trade), `+00:00`, a space for the `T`, a trailing " UTC",
ISO's basic form without separators, none to nine or more decimals, a bare decimal point, month and day of one digit,
a year of two, second 60 and hour 24.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

#: A year outside of this is a sentinel or a mistake, not the time of an alert.
YEARS = range(1900, 2201)

_PATTERN = re.compile(
    r"(\d{4}|\d{2})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:T|t| +)(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d*))?)?)?"
    r" ?(Z|z|UTC|UT|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.ASCII,
)
#: ISO 8601's basic form, without its separators: `20261127T170552Z`
_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)[Tt](\d\d)(\d\d)(\d\d)?((?:[.,]\d*)?)(.*)", re.ASCII)
#: the extended form in UTC, as nearly all machines write it: to the second, and decimals
_USUAL = re.compile(r"(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00:00)?", re.ASCII)
#: a day with decimals, as the TNS's reports have it: `2026-08-23.512`
_DECIMAL = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})\.(\d{1,15})", re.ASCII)
_DAY = 86_400_000_000  #: microseconds
_LONGEST = 80


class Moment(NamedTuple):
    """A time as understood, and whether `raw` says more or other than it."""

    time: datetime | None  #: aware UTC, to the microsecond; None when nothing sensible could be made of it
    exact: bool  #: False where digits were dropped, something was repaired, or `time` is None


NEVER = Moment(None, False)


def parse(raw: Any) -> Moment:
    """What a sender's time says.

    `Moment(None, False)` for what cannot be recovered, which includes anything but text.
    """
    if not isinstance(raw, str) or len(raw) > _LONGEST:
        return NEVER
    usual = _usual(raw)
    if usual is not None:
        return usual
    text = raw.strip()
    match = _PATTERN.fullmatch(text) or _PATTERN.fullmatch(_BASIC.sub(_extended, text, count=1))
    if match is None:
        return _in_days(text)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    exact = hour is not None and len(year) == 4
    full_year = int(year) if len(year) == 4 else 2000 + int(year)
    seconds = int(hour or 0) * 3600 + int(minute or 0) * 60 + int(second or 0)
    if int(hour or 0) > 24 or int(minute or 0) > 59 or int(second or 0) > 60 or seconds > 86401:
        return NEVER
    if int(hour or 0) == 24 or int(second or 0) == 60:
        exact = False  # kept as an instant, but no longer what it looked like
    fraction = fraction or ""
    micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
    if fraction[6:].strip("0"):
        exact = False
    try:
        time = datetime(full_year, int(month), int(day), tzinfo=timezone.utc)
        time += timedelta(seconds=seconds - _offset(zone), microseconds=micro)
    except (ValueError, OverflowError):
        return NEVER
    return Moment(time, exact) if time.year in YEARS else NEVER


def _in_days(text: str) -> Moment:
    """The time of a day with decimals; it does not say to which microsecond."""
    match = _DECIMAL.fullmatch(text)
    midnight = parse(match[1]).time if match else None
    if match is None or midnight is None:
        return NEVER
    return Moment(midnight + timedelta(microseconds=_DAY * int(match[2]) // 10 ** len(match[2])), False)


def _extended(match: re.Match[str]) -> str:
    """The extended form of a time in the basic one; what cannot have a fraction, minutes, keeps it and so is no time."""
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}{f':{second}' if second else ''}{fraction}{zone}"


def _usual(raw: str) -> Moment | None:
    """A time as nearly all machines write it, which need not be taken apart; None for any other, and for leap seconds."""
    match = _USUAL.fullmatch(raw)
    if match is None:
        return None
    second, decimals = match.groups("0")
    try:
        time = datetime.fromisoformat(f"{second}.{decimals:0<6}+00:00")  # Python 3.10 wants all six
    except ValueError:
        return None
    return Moment(time, True) if time.year in YEARS else NEVER


def _offset(zone: str | None) -> int:
    """Seconds east of UTC. No zone means UTC."""
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60
    return -seconds if zone[0] == "-" else seconds
