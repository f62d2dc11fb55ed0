"""A site's night: sunset, the dark that a telescope observes in, sunrise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

import numpy as np

from tom_treasuremap.sky_position import Sky, mjd_of, mjds
from tom_treasuremap.telescopes.telescope import Site, Telescope
from tom_treasuremap.windows import grid, runs

SET = -0.8333  #: deg, the Sun's centre when its upper limb is at the horizon: 34' of refraction, 16' of radius


@dataclass(frozen=True)
class Night:
    """From noon to noon, MJD UTC. None: does not happen. Where it never gets dark enough, `start` and `end` are None."""

    noon: float  #: mean solar noon before it
    next_noon: float
    sunset: float | None
    start: float | None  #: dark enough for this telescope; noon where the Sun is below that all day
    end: float | None
    sunrise: float | None

    @property
    def dark(self) -> bool:
        """Whether it gets dark enough to observe."""
        return self.start is not None

    @property
    def hours(self) -> float:
        """Hours of dark."""
        return (self.end - self.start) * 24 if self.start is not None and self.end is not None else 0.0


def night(telescope: Telescope, when: Any) -> Night | None:
    """The night that `when` (MJD UTC, Time, aware datetime) is in, by day the one to come; None for a telescope in space."""
    if telescope.site is None:
        return None
    moment = float(mjds(when)[0])
    east = telescope.site.longitude / 360.0
    noon = float(np.floor(moment + east - 0.5)) + 0.5 - east  # of mean solar time, so that a night is never cut
    found = _night(telescope.site, noon, telescope.twilight)
    if found.sunrise is not None and moment > found.sunrise:
        return _night(telescope.site, noon + 1, telescope.twilight)
    return found


@lru_cache(maxsize=512)
def _night(site: Site, noon: float, twilight: float) -> Night:
    times = grid(noon, noon + 1, 600.0)
    altitude = Sky(site, 0.0, 0.0, times).sun_altitude
    sunset, sunrise = _below(site, times, altitude, SET) or (None, None)
    start, end = _below(site, times, altitude, twilight) or (None, None)
    sunset = None if sunset == times[0] else sunset
    sunrise = None if sunrise == times[-1] else sunrise
    return Night(float(noon), float(noon + 1), sunset, start, end, sunrise)


def _below(site: Site, times: np.ndarray, altitude: np.ndarray, limit: float) -> tuple[float, float] | None:
    """When the Sun is below a limit, the longest time of it: the ends of `times` where it is so there already."""
    found = runs(altitude <= limit, np.arange(len(times)))
    if not found:
        return None
    first, last = max(found, key=lambda one: one[1] - one[0])
    start = float(times[0]) if first == 0 else _crossing(site, times[first - 1 : first + 1], limit)
    end = float(times[-1]) if last == len(times) - 1 else _crossing(site, times[last : last + 2], limit)
    return start, end


def _crossing(site: Site, between: np.ndarray, limit: float) -> float:
    """When the Sun passes a limit that lies between its altitudes at two times: one step of secants a look, to a second."""
    low, high = float(between[0]), float(between[1])
    for _ in range(2):  # its path is bent by arcseconds in ten minutes: after the second look nothing is left
        close = np.linspace(low, high, 9)
        above = Sky(site, 0.0, 0.0, close).sun_altitude - limit
        at = int(np.argmax(above[1:] * above[:-1] <= 0))
        low, high = float(close[at]), float(close[at + 1])
    part = above[at] / (above[at] - above[at + 1]) if above[at] != above[at + 1] else 0.0
    return low + float(part) * (high - low)


def utc(mjd: float) -> datetime:
    """An MJD (UTC) as an aware datetime, to the millisecond."""
    return datetime(1858, 11, 17, tzinfo=timezone.utc) + timedelta(milliseconds=round(mjd * 86400000.0))


__all__ = ["SET", "Night", "mjd_of", "night", "utc"]
