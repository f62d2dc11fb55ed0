"""What can be reached when: constraints as values that combine, evaluated on whole arrays.

    can = Altitude(30) & Twilight(-18) & ~GalacticLatitude(10)
    can(site, (ra, dec), times)                    bool[positions, times]; ICRS degrees, MJD UTC or Time
    standard(telescope)(site, (ra, dec), times)    all that is known of a telescope
    stops(telescope, (ra, dec), times)             {rule: bool[positions, times]}: where that rule alone forbids

Angles are degrees. Altitudes are without refraction, airmass is the secant of the zenith distance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tom_treasuremap.sky_position import Sky, mjds
from tom_treasuremap.telescopes.telescope import MoonRule, Site, Telescope

#: altitude of the Sun's centre below which it is that dark
TWILIGHTS = {"civil": -6.0, "nautical": -12.0, "astronomical": -18.0}


class Constraint:
    """Where and when something may be looked at. A subclass says `holds(sky)`: bool that broadcasts to [m, n]."""

    def holds(self, sky: Sky) -> np.ndarray:
        raise NotImplementedError

    def __call__(self, site: Site | None, coords: tuple[Any, Any], times: Any) -> np.ndarray:
        if site is None:
            raise ValueError("what a telescope in space sees is not known here: ask for telescopes with a site")
        return self.on(Sky(site, *coords, times))

    def on(self, sky: Sky) -> np.ndarray:
        """The same, over a sky that others look at too: what one worked out is there for the next. bool[m, n]."""
        return np.broadcast_to(self.holds(sky), (len(sky.ra), len(sky.times)))

    def __and__(self, other: Constraint) -> Constraint:
        return And(self, other)

    def __or__(self, other: Constraint) -> Constraint:
        return Or(self, other)

    def __invert__(self) -> Constraint:
        return Not(self)


@dataclass(frozen=True)
class And(Constraint):
    one: Constraint
    other: Constraint

    def holds(self, sky: Sky) -> np.ndarray:
        return np.logical_and(self.one.holds(sky), self.other.holds(sky))


@dataclass(frozen=True)
class Or(Constraint):
    one: Constraint
    other: Constraint

    def holds(self, sky: Sky) -> np.ndarray:
        return np.logical_or(self.one.holds(sky), self.other.holds(sky))


@dataclass(frozen=True)
class Not(Constraint):
    one: Constraint

    def holds(self, sky: Sky) -> np.ndarray:
        return np.logical_not(self.one.holds(sky))


@dataclass(frozen=True)
class Always(Constraint):
    """Everything, or with `False` nothing."""

    value: bool = True

    def holds(self, sky: Sky) -> np.ndarray:
        return np.full((1, 1), self.value)


@dataclass(frozen=True)
class Altitude(Constraint):
    least: float = 0.0
    most: float | None = None

    def holds(self, sky: Sky) -> np.ndarray:
        # of sines, so that the altitudes themselves need not be worked out
        above = sky.up >= np.sin(np.radians(self.least))
        return above if self.most is None else above & (sky.up <= np.sin(np.radians(self.most)))


@dataclass(frozen=True)
class Airmass(Constraint):
    most: float

    def holds(self, sky: Sky) -> np.ndarray:
        return sky.up >= 1.0 / self.most


@dataclass(frozen=True)
class Twilight(Constraint):
    """The Sun's centre is below this altitude: degrees, or a name of TWILIGHTS."""

    below: float | str = -18.0

    def holds(self, sky: Sky) -> np.ndarray:
        limit = TWILIGHTS[self.below] if isinstance(self.below, str) else self.below
        return (sky.sun_altitude <= limit)[None, :]


@dataclass(frozen=True)
class Moon(Constraint):
    """Far enough from the Moon while it is up, by how much of it is lit: see MoonRule."""

    rule: MoonRule

    def holds(self, sky: Sky) -> np.ndarray:
        lit = sky.moon_illumination
        needed = np.maximum(self.rule.least, self.rule.separation * lit)
        most = np.where(lit <= self.rule.max_illumination, np.cos(np.radians(needed)), -2.0)  # of the cosine
        return sky.moon_cosine <= np.where(sky.moon_altitude <= 0, 2.0, most)


@dataclass(frozen=True)
class HourAngle(Constraint):
    """Hours, west positive."""

    least: float
    most: float

    def holds(self, sky: Sky) -> np.ndarray:
        middle, half = (self.least + self.most) / 2, (self.most - self.least) / 2
        return np.abs(sky.hour_angle - middle) <= half


@dataclass(frozen=True)
class Declination(Constraint):
    least: float = -90.0
    most: float = 90.0

    def holds(self, sky: Sky) -> np.ndarray:
        return ((sky.dec >= self.least) & (sky.dec <= self.most))[:, None]


@dataclass(frozen=True)
class Horizon(Constraint):
    """Above what stands around: (azimuth, altitude), azimuth ascending from north through east; straight lines between."""

    points: tuple[tuple[float, float], ...]

    def holds(self, sky: Sky) -> np.ndarray:
        around, height = np.array(self.points, dtype=float).T
        return sky.altitude >= np.interp(sky.azimuth, around, height, period=360.0)


@dataclass(frozen=True)
class Between(Constraint):
    """From `start` to `end`: MJD UTC, Time or aware datetime; None is open."""

    start: Any = None
    end: Any = None

    def holds(self, sky: Sky) -> np.ndarray:
        first, last = (None if one is None else float(mjds(one)[0]) for one in (self.start, self.end))
        good = np.ones(len(sky.times), dtype=bool)
        if first is not None:
            good &= sky.times >= first
        if last is not None:
            good &= sky.times <= last
        return good[None, :]


@dataclass(frozen=True)
class GalacticLatitude(Constraint):
    """At least so far from the Galaxy's plane."""

    least: float

    def holds(self, sky: Sky) -> np.ndarray:
        import erfa

        _, latitude = erfa.icrs2g(np.radians(sky.ra), np.radians(sky.dec))
        return (np.abs(np.degrees(latitude)) >= self.least)[:, None]


@dataclass(frozen=True)
class EclipticLatitude(Constraint):
    """At least so far from the mean ecliptic of J2000."""

    least: float

    def holds(self, sky: Sky) -> np.ndarray:
        import erfa

        _, latitude = erfa.eqec06(2451545.0, 0.0, np.radians(sky.ra), np.radians(sky.dec))
        return (np.abs(np.degrees(latitude)) >= self.least)[:, None]


def rules(telescope: Telescope) -> Mapping[str, Constraint]:
    """Each rule of a telescope by what people call it. One in space, and one that is only reported on, can be asked for nothing."""
    if telescope.site is None or telescope.reports_only:
        return {"cannot be asked": Always(False)}
    limits = telescope.limits
    found: dict[str, Constraint] = {
        "daylight": Twilight(telescope.twilight),
        "too low": Altitude(limits.min_altitude),
    }
    if limits.max_altitude is not None:
        found["too near the zenith"] = Altitude(-90.0, limits.max_altitude)
    if limits.max_hour_angle is not None:
        found["hour angle"] = HourAngle(-limits.max_hour_angle, limits.max_hour_angle)
    if limits.min_dec is not None or limits.max_dec is not None:
        least, most = (-90.0 if limits.min_dec is None else limits.min_dec), limits.max_dec
        found["declination"] = Declination(least, 90.0 if most is None else most)
    if limits.horizon:
        found["behind the horizon"] = Horizon(limits.horizon)
    if telescope.moon != MoonRule():
        found["Moon"] = Moon(telescope.moon)
    return found


def standard(telescope: Telescope) -> Constraint:
    """All rules of a telescope at once."""
    found: Constraint | None = None
    for rule in rules(telescope).values():
        found = rule if found is None else found & rule
    return found or Always()


def stops(telescope: Telescope, coords: tuple[Any, Any], times: Any) -> dict[str, np.ndarray]:
    """Where each single rule forbids: {what people call it: bool[m, n]}."""
    if telescope.site is None:
        shape = (np.size(coords[0]), len(mjds(times)))
        return {name: np.ones(shape, dtype=bool) for name in rules(telescope)}
    sky = Sky(telescope.site, *coords, times)
    return {name: ~rule.on(sky) for name, rule in rules(telescope).items()}
