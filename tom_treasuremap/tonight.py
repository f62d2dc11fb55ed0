"""Tonight at one telescope: is something up, from when to when, best when, and if not, what stops it. Pure.

    found = tonight(telescope, ra, dec, now)             one position
    several(telescope, ra[], dec[], now)                 as many as there are, over one sky

"Tonight" is the night that it is, and by day the one to come (`nights.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tom_treasuremap import constraints
from tom_treasuremap.nights import Night, night
from tom_treasuremap.sky_position import Sky
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.windows import apart, between, grid

STEP = 60.0  #: s; edges lie between two times, so they are good to 30 s
#: shown beside the dark, in days
MARGIN = 1 / 24
ORBIT = "It is in space: this page cannot tell when it sees what."
REPORTED = "It is not asked for anything here."
WHITE = "It does not get dark there tonight."


@dataclass(frozen=True)
class Course:
    """How a position moves over a telescope's night; arrays over `times`, MJD UTC."""

    times: np.ndarray
    altitude: np.ndarray  #: deg
    good: np.ndarray  #: bool: every rule of the telescope allows it
    moon: np.ndarray  #: deg, the Moon's altitude
    sun: np.ndarray  #: deg, the Sun's


@dataclass(frozen=True)
class Tonight:
    """What one telescope can do for one position tonight."""

    telescope: Telescope
    night: Night | None
    windows: tuple[tuple[float, float], ...] = ()  #: MJD UTC, edges good to 30 s
    best: float | None = None  #: MJD of the highest moment in the windows
    altitude: float | None = None  #: deg, then
    airmass: float | None = None  #: then
    moon_separation: float | None = None  #: deg, then; in the middle of the night where there are no windows
    moon_illumination: float | None = None  #: 0..1
    moon_up: bool = False  #: then
    why: str = ""  #: what stops it, where nothing is open
    course: Course | None = None

    @property
    def up(self) -> bool:
        return bool(self.windows)

    @cached_property
    def hours(self) -> float:
        """Hours that it is up."""
        return sum(end - start for start, end in self.windows) * 24

    def up_at(self, mjd: float) -> bool:
        return any(start <= mjd <= end for start, end in self.windows)


def tonight(telescope: Telescope, ra: float, dec: float, now: Any) -> Tonight:
    """One position (ICRS, degrees) at one telescope tonight."""
    return several(telescope, [ra], [dec], now)[0]


def several(telescope: Telescope, ra: Sequence[float], dec: Sequence[float], now: Any) -> list[Tonight]:
    """The same for many positions, in their order."""
    found = night(telescope, now)
    if telescope.site is None or found is None or telescope.reports_only:
        return [Tonight(telescope, found, why=ORBIT if telescope.site is None else REPORTED)] * len(ra)
    sky = Sky(telescope.site, np.asarray(ra, float), np.asarray(dec, float), shown(found))
    rules = constraints.rules(telescope)
    each = {name: rule.on(sky) for name, rule in rules.items()}
    good = np.logical_and.reduce(list(each.values()))
    return [
        _one(telescope, found, sky, i, good[i], {name: row[i] for name, row in each.items()}) for i in range(len(ra))
    ]


def shown(found: Night) -> np.ndarray:
    """The times that a night's picture shows: from sunset to sunrise and a little more."""
    first = found.noon if found.sunset is None else found.sunset - MARGIN
    last = found.next_noon if found.sunrise is None else found.sunrise + MARGIN
    return grid(first, last, STEP)


def _one(
    telescope: Telescope, found: Night, sky: Sky, i: int, good: np.ndarray, each: Mapping[str, np.ndarray]
) -> Tonight:
    course = Course(sky.times, sky.altitude[i], good, sky.moon_altitude, sky.sun_altitude)
    windows = between(good, sky.times)
    at = int(np.argmax(np.where(good, sky.altitude[i], -91.0))) if windows else len(sky.times) // 2
    about = {
        "moon_separation": float(sky.moon_separation[i, at]),
        "moon_illumination": float(sky.moon_illumination[at]),
        "moon_up": bool(sky.moon_altitude[at] > 0),
        "course": course,
    }
    if not windows:
        return Tonight(telescope, found, why=_why(telescope, found, sky, i, each), **about)
    high = float(sky.altitude[i, at])
    return Tonight(telescope, found, tuple(windows), float(sky.times[at]), high, float(sky.airmass[i, at]), **about)


def _why(telescope: Telescope, found: Night, sky: Sky, i: int, each: Mapping[str, np.ndarray]) -> str:
    """What stops it, in words: the rule that alone forbids the whole dark, with its figures, or those that share it."""
    if not found.dark:
        return WHITE
    dark = each["daylight"]
    if not dark.any():
        return WHITE
    forbids = {name: float(np.mean(~good[dark])) for name, good in each.items() if name != "daylight"}
    name = max(forbids, key=lambda one: forbids[one])
    if forbids[name] == 1:
        return _figures(name, telescope, sky, i, dark)
    blocking = sorted((one for one, part in forbids.items() if part), key=lambda one: -forbids[one])
    return f"In turn through the dark: {', '.join(blocking)}."


def _figures(name: str, telescope: Telescope, sky: Sky, i: int, dark: np.ndarray) -> str:
    limits = telescope.limits
    if name == "too low":
        highest, least = apart(float(sky.altitude[i][dark].max()), limits.min_altitude)
        return f"Too low: at most {highest}° in the dark, {least}° are needed."
    if name == "Moon":
        nearest = float(sky.moon_separation[i][dark].min())
        lit = float(sky.moon_illumination[dark].mean())
        return f"Too near the Moon: {nearest:.0f}°, and {100 * lit:.0f} % of it is lit."
    if name == "hour angle":
        return f"Never within {limits.max_hour_angle:g} h of the meridian while it is dark."
    if name == "declination":
        return f"At declination {sky.dec[i]:.0f}° this telescope does not point."
    if name == "too near the zenith":
        return "Too near the zenith while it is dark."
    return f"{name[0].upper()}{name[1:]} while it is dark."
