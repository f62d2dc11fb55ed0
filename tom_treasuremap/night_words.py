"""A night at a telescope in words for people: times in UTC. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tom_treasuremap.night_plot import Stroke
from tom_treasuremap.nights import utc
from tom_treasuremap.telescopes.states import Status
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.tonight import Tonight

Window = tuple[float, float]
MINUTE = 1 / 1440  #: days


@dataclass(frozen=True)
class Row:
    """A telescope's line in the table of tonight."""

    telescope: Telescope
    status: Status
    tonight: Tonight
    now: float
    stroke: Stroke | None = None  #: of its line in the picture
    reach: float | None = None  #: probability of the event's map that it can reach tonight

    @property
    def when(self) -> str:
        return windows(self.tonight.windows)

    @property
    def state(self) -> str:
        """Whether that is now, later or over: "now", "in 3 h 20 min", "over since 2 h"."""
        return relative(self.tonight.windows, self.now)

    @property
    def best(self) -> str:
        return clock(self.tonight.best) if self.tonight.best is not None else ""

    @property
    def moon(self) -> str:
        return moon(self.tonight)

    @property
    def dark(self) -> str:
        night = self.tonight.night
        if night is None or night.start is None or night.end is None:
            return ""
        return windows([(night.start, night.end)])


def clock(mjd: float) -> str:
    """ "04:10", UTC."""
    return f"{utc(mjd + 30 / 86400):%H:%M}"


def day(mjd: float) -> str:
    """ "Nov 27"."""
    return f"{utc(mjd + 30 / 86400):%b} {utc(mjd + 30 / 86400).day}"


def windows(found: Sequence[Window]) -> str:
    """ "Nov 27 22:10 to 01:30, 03:00 to 04:10"; the day is that of the first, and said again where a day is over."""
    if not found:
        return ""
    first = found[0][0]
    ends = (f"{day(end)} {clock(end)}" if end - first > 1 - MINUTE else clock(end) for _, end in found)
    return f"{day(first)} " + ", ".join(f"{clock(start)} to {end}" for (start, _), end in zip(found, ends, strict=True))


def relative(found: Sequence[Window], now: float) -> str:
    """Where now stands to the windows; empty without any."""
    if not found:
        return ""
    for start, end in found:
        if start <= now <= end:
            return f"now, for {hours(end - now)}"
        if now < start:
            return f"in {hours(start - now)}"
    return f"over since {hours(now - found[-1][1])}"


def hours(days: float) -> str:
    """ "3 h 20 min", "20 min"."""
    minutes = max(1, round(days * 1440))
    whole, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{whole} h" if whole else "", f"{rest} min" if rest else "") if part)


def moon(found: Tonight) -> str:
    """ "67° away, 94 % lit", "set, 94 % lit"."""
    if found.moon_illumination is None or found.moon_separation is None:
        return ""
    where = f"{found.moon_separation:.0f}° away" if found.moon_up else "below the horizon"
    return f"{where}, {100 * found.moon_illumination:.0f} % lit"
