"""Reading times the way the server's schemas do, with the same words for what is wrong."""

from __future__ import annotations

import calendar
import math
import re
from datetime import datetime, timedelta, tzinfo
from typing import Any

from dateutil import parser

from tom_treasuremap.fake.schema import Faults

DATE = "Input should be a valid datetime or date, {}"


class Zone(tzinfo):
    """An offset from UTC, which shows itself as the server's does."""

    def __init__(self, seconds: int = 0):
        self.seconds = seconds

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(seconds=self.seconds)

    def dst(self, moment: datetime | None) -> None:
        return None

    def __repr__(self) -> str:
        return f"TzInfo({self.seconds})"


EPOCH = datetime(1970, 1, 1, tzinfo=Zone())


def moment(value: Any, where: str, faults: Faults) -> datetime | None:
    """ISO with T or a space, with or without an offset, a date, or seconds (or milliseconds) since 1970, which are UTC."""
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", value, re.ASCII):
            return _iso(value, where, faults)
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        faults.add("Input should be a valid datetime", where, "datetime_type")
        return None
    try:
        return EPOCH + timedelta(seconds=value / 1000 if abs(value) > 2e10 else value)
    except (OverflowError, ValueError):
        faults.add(f"Input should be a valid datetime, {_beyond(value)}", where, "datetime_parsing")
        return None


def _beyond(value: float) -> str:
    if math.isnan(value):
        return "NaN values not permitted"
    return f"dates {'after 9999' if value > 0 else 'before 0000'} are not supported as unix timestamps"


_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_CLOCK = re.compile(r"[Tt _](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?([Zz]|([+-])(\d\d):?(\d\d))?", re.ASCII)


def _iso(value: str, where: str, faults: Faults) -> datetime | None:
    problem = _date_problem(value)
    if problem is None and value.startswith("0000"):
        faults.add("Input should be a valid datetime, year 0 is out of range", where, "datetime_parsing")
        return None
    clock = _CLOCK.fullmatch(value, 10) if problem is None and len(value) > 10 else None
    if problem is None and len(value) > 10 and not _is_clock(clock):
        problem = "unexpected extra characters at the end of the input"
    if problem is not None:
        faults.add(DATE.format(problem), where, "datetime_from_date_parsing")
        return None
    day = datetime(*(int(part) for part in _DATE.match(value).groups()))  # type: ignore[arg-type, union-attr]
    if clock is None:
        return day
    hour, minute, second, fraction, zone, sign, *offset = clock.groups()
    micros = int(f"{fraction or '':0<6.6}")
    found = day + timedelta(hours=int(hour), minutes=int(minute), seconds=int(second or 0), microseconds=micros)
    if zone is None:
        return found
    east = int(offset[0] or 0) * 3600 + int(offset[1] or 0) * 60
    return found.replace(tzinfo=Zone(-east if sign == "-" else east))


def naive(moment: datetime | None) -> datetime | None:
    """In UTC, without a zone, as the database keeps and compares it."""
    if moment is None or moment.tzinfo is None:
        return moment
    return (moment - (moment.utcoffset() or timedelta())).replace(tzinfo=None)


def _is_clock(found: re.Match | None) -> bool:
    if found is None:
        return False
    hour, minute, second, _, _, _, *offset = found.groups()
    hours, minutes = (int(part or 0) for part in offset)
    return int(hour) < 24 and int(minute) < 60 and int(second or 0) < 60 and hours < 24 and minutes < 60


def _date_problem(value: str) -> str | None:
    """What the server finds wrong with the ten characters of a date, in its order and words; None when nothing is."""
    if len(value) < 10:
        return "input is too short"
    steps = [
        (value[:4].isdigit(), "invalid character in year"),
        (value[4] == "-", "invalid date separator, expected `-`"),
        (value[5:7].isdigit(), "invalid character in month"),
        (value[7] == "-", "invalid date separator, expected `-`"),
        (value[8:10].isdigit(), "invalid character in day"),
    ]
    problem = next((words for good, words in steps if not good), None)
    if problem is not None:
        return problem
    year, month, day = int(value[:4]), int(value[5:7]), int(value[8:10])
    if not 1 <= month <= 12:
        return "month value is outside expected range of 1-12"
    last = calendar.monthrange(year or 4, month)[1]
    return None if 1 <= day <= last else "day value is outside expected range"


def iso(said: str) -> datetime:
    """A date and time as `datetime.fromisoformat` of Python 3.11 and later reads it, on any Python. Raises ValueError."""
    cut = re.sub(r"([.,]\d{6})\d+", r"\1", said)
    if len(cut) < 8 or cut[11:13] == "24":
        raise ValueError(said)
    return parser.isoparse(cut[:10] + cut[10:11].replace(" ", "T") + cut[11:])
