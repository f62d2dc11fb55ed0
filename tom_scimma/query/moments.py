"""Times as a query writes them: "2026-11-20", "2026-11-20T03:00", "-30d", "now". Pure; all UTC.

A time names everything from its start to its stop: "2026-11" is the whole month for `=` and `~`, its start for `<` and `>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

_ISO = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?)?)?\s?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_AGO = re.compile(r"([+-])(\d{1,6}(?:\.\d{1,6})?)\s?(min|h|d|w|y)", re.ASCII)
_UNITS = {
    "min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1),
    "w": timedelta(weeks=1), "y": timedelta(days=365.25),
}  # fmt: skip
FORMS = 'Write "2026-11-20", "2026-11-20T03:00" (UTC), or from now: "-30d", "-6h", "-10min", "-2w", "-1y", "now"'
#: no moment of ours is further from now
MOST = timedelta(days=365.25 * 1000)


@dataclass(frozen=True)
class Moment:
    """A span of time; or, with `start` and `stop` None, an instant so long from now."""

    start: datetime | None
    stop: datetime | None
    shift: timedelta = timedelta(0)

    @property
    def relative(self) -> bool:
        """Whether it depends on when one asks."""
        return self.start is None

    def at(self, now: datetime) -> datetime:
        """Its start, for one who asks now."""
        return now + self.shift if self.start is None else self.start


def moment(text: str) -> Moment:
    """The moment a text names. Raises ValueError."""
    words = text.strip()
    if words == "now":
        return Moment(None, None)
    if ago := _AGO.fullmatch(words):
        shift = float(ago[2]) * _UNITS[ago[3]]
        if shift > MOST:
            raise ValueError("that is too long ago")
        return Moment(None, None, -shift if ago[1] == "-" else shift)
    if (iso := _ISO.fullmatch(words)) is None:
        raise ValueError("that is no time")
    return _span(iso)


def _span(iso: re.Match[str]) -> Moment:
    year, month, day, hour, minute, second, fraction, zone = iso.groups()
    micro = int((fraction or "0").ljust(6, "0"))
    numbers = (int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), micro)
    try:
        start = datetime(*numbers, tzinfo=_zone(zone))
        return Moment(start.astimezone(timezone.utc), _stop(start, iso).astimezone(timezone.utc))
    except (ValueError, OverflowError):
        raise ValueError("there is no such time") from None


def _stop(start: datetime, iso: re.Match[str]) -> datetime:
    _, month, day, hour, _, second, fraction, _ = iso.groups()
    if fraction is not None:
        return start + timedelta(microseconds=10 ** (6 - len(fraction)))
    for given, span in ((second, timedelta(seconds=1)), (hour, timedelta(minutes=1)), (day, timedelta(days=1))):
        if given is not None:
            return start + span
    if month is not None:
        return (start + timedelta(days=31)).replace(day=1)
    return start.replace(year=start.year + 1)


def _zone(text: str | None) -> timezone:
    if text in (None, "Z"):
        return timezone.utc
    minutes = int(text[1:3]) * 60 + int(text[-2:])  # type: ignore[index]
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))  # type: ignore[index]
