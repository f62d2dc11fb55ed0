"""A site's night: sunset, the dark that a telescope observes in, sunrise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np

from tom_treasuremap.constraints import Twilight
from tom_treasuremap.sky_position import mjd_of, mjds
from tom_treasuremap.telescopes.telescope import Site, Telescope
from tom_treasuremap.windows import edges, grid

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
    noon = np.floor(moment + east - 0.5) + 0.5 - east  # of mean solar time, so that a night is never cut
    found = _night(telescope.site, noon, telescope.twilight)
    if found.sunrise is not None and moment > found.sunrise:
        return _night(telescope.site, noon + 1, telescope.twilight)
    return found


def _night(site: Site, noon: float, twilight: float) -> Night:
    times = grid(noon, noon + 1, 600.0)
    sets = _longest(site, times, SET)
    dark = _longest(site, times, twilight)
    sunset = None if sets is None or sets[0] <= noon else sets[0]
    sunrise = None if sets is None or sets[1] >= noon + 1 else sets[1]
    start, end = dark or (None, None)
    return Night(float(noon), float(noon + 1), sunset, start, end, sunrise)


def _longest(site: Site, times: np.ndarray, below: float) -> tuple[float, float] | None:
    rule = Twilight(below)
    good = rule(site, (0.0, 0.0), times)[0]
    found = edges(rule, site, 0.0, 0.0, times, good, within=1.0)
    return max(found, key=lambda one: one[1] - one[0]) if found else None


def utc(mjd: float) -> datetime:
    """An MJD (UTC) as an aware datetime, to the millisecond."""
    return datetime(1858, 11, 17, tzinfo=timezone.utc) + timedelta(milliseconds=round(mjd * 86400000.0))


__all__ = ["SET", "Night", "mjd_of", "night", "utc"]
