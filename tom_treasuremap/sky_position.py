"""Where things stand over a site: altitude, azimuth, hour angle, Sun and Moon, for all positions at all times at once.

    alt, az = altaz(site, ra, dec, times)         degrees, float64[positions, times]
    sky = Sky(site, ra, dec, times)               the same and more, each worked out when first asked for

Precession, nutation and aberration (SOFA's `apco`) hardly change in half a day, so they are worked out once for each
half day; what is left for each time is a rotation. Good to 1 arcsec against astropy's AltAz; no refraction, as astropy and
astroplan have it by default. The Moon is where this site sees it, the Sun where SOFA's `epv00` has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import erfa
import numpy as np

from tom_treasuremap.earth_turning import turning
from tom_treasuremap.sun_moon import DAY, MJD0, TT_UTC, sun_moon
from tom_treasuremap.telescopes.telescope import Site

AU = 149597870700.0  #: m, IAU 2012
DEGREES = 180.0 / np.pi  #: of a radian
PIECE = 1 << 16  #: values that are worked out in one go
BINS = 2  #: a day: how often precession, nutation and aberration are worked out


def mjds(times: Any) -> np.ndarray:
    """MJD (UTC), float64[n], of astropy Times, aware datetimes, or what is MJD already."""
    if hasattr(times, "utc"):
        return np.atleast_1d(np.asarray(times.utc.mjd, dtype=float)).ravel()
    found = np.atleast_1d(np.asarray(times))
    if found.dtype == object:
        return np.array([mjd_of(one) for one in found.ravel()])
    return found.astype(float).ravel()


def mjd_of(when: Any) -> float:
    """MJD (UTC) of one aware datetime."""
    return when.timestamp() / DAY + 40587.0


def altaz(site: Site, ra: Any, dec: Any, times: Any) -> tuple[np.ndarray, np.ndarray]:
    """Altitude and azimuth (from north through east), degrees, float64[m, n] each, of ICRS degrees at MJD UTC or Time."""
    sky = Sky(site, ra, dec, times)
    return sky.altitude, sky.azimuth


@dataclass(frozen=True, eq=False)
class Sky:
    """The sky over one site: m positions (ICRS, degrees) at n times (MJD UTC, Time or datetimes)."""

    site: Site
    ra: Any  #: float64[m] once made
    dec: Any
    times: Any  #: float64[n] once made
    bins: list[tuple[np.ndarray, Any]] = field(init=False, repr=False)  #: (which times, SOFA's astrom) of each half day

    def __post_init__(self):
        as_degrees = (np.atleast_1d(np.asarray(value, dtype=float)).ravel() for value in (self.ra, self.dec))
        for name, value in zip(("ra", "dec"), np.broadcast_arrays(*as_degrees), strict=True):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "times", mjds(self.times))
        object.__setattr__(self, "bins", self._bins())

    def _bins(self) -> list[tuple[np.ndarray, Any]]:
        half = np.floor(self.times * BINS).astype(int)
        return [(_which(half == one), _astrom(self.site, int(one))) for one in np.unique(half)]

    @cached_property
    def spin(self) -> np.ndarray:
        """The Earth's rotation angle, radians, float64[n]."""
        dut1, _, _ = turning(self.times)
        return erfa.era00(MJD0, self.times + dut1 / DAY)

    @cached_property
    def local(self) -> np.ndarray:
        """Rotations from the CIRS axes to (south, east, up), float64[n, 3, 3]: SOFA's `atioq`, without refraction."""
        found = np.empty((len(self.times), 3, 3))
        for which, astrom in self.bins:
            turn = self.spin[which] + astrom["along"]
            c, s = np.cos(turn)[:, None], np.sin(turn)[:, None]
            x, y, z = (_level(astrom) @ _wobble(astrom)).T  # each of the axes that turn with the Earth, at this site
            found[which, :, 0], found[which, :, 1], found[which, :, 2] = c * x - s * y, s * x + c * y, z
        return found

    def _apparent(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Unit vectors of the positions in CIRS, float64[m, 3], for each half day."""
        there = erfa.s2c(np.radians(self.ra), np.radians(self.dec))
        return [(which, _atciq(there, astrom)) for which, astrom in self.bins]

    @cached_property
    def stars(self) -> list[tuple[np.ndarray, np.ndarray]]:
        return self._apparent()

    def _component(self, axis: np.ndarray) -> np.ndarray:
        """Of each position along one axis of its own a time, float64[n, 3]: float64[m, n]."""
        found = np.empty((len(self.ra), len(self.times)))
        for which, vectors in self.stars:
            if isinstance(which, slice):
                _products(vectors, axis[which], found[:, which])
            else:
                found[:, which] = vectors @ axis[which].T
        return found

    def _sine(self) -> np.ndarray:
        """Of the altitude, float64[m, n], for the caller to write over: new memory costs more than the sums."""
        found = self._component(self.local[:, 2])
        return np.clip(found, -1.0, 1.0, out=found)

    @cached_property
    def up(self) -> np.ndarray:
        """Sine of the altitude, float64[m, n]."""
        return self._sine()

    @cached_property
    def altitude(self) -> np.ndarray:
        """Degrees, float64[m, n]."""
        found = self._sine()
        np.arcsin(found, out=found)
        found *= DEGREES  # np.degrees takes six times as long
        return found

    @cached_property
    def azimuth(self) -> np.ndarray:
        """Degrees from north through east, 0..360, float64[m, n]."""
        south, east = self._component(self.local[:, 0]), self._component(self.local[:, 1])
        return np.degrees(np.arctan2(east, -south)) % 360.0

    @cached_property
    def airmass(self) -> np.ndarray:
        """Secant of the zenith distance, as astropy's `secz`; infinite at and below the horizon. float64[m, n]."""
        with np.errstate(divide="ignore"):
            return np.where(self.up > 0, 1.0 / np.maximum(self.up, 1e-12), np.inf)

    @cached_property
    def hour_angle(self) -> np.ndarray:
        """Hours, -12..12, west positive, float64[m, n]: what astropy's HADec gives."""
        found = np.empty((len(self.ra), len(self.times)))
        for (which, astrom), (_, vectors) in zip(self.bins, self.stars, strict=True):
            ra = np.arctan2(vectors[:, 1], vectors[:, 0])
            angle = self.spin[which][None, :] + astrom["along"] - ra[:, None]
            found[:, which] = (angle + np.pi) % (2 * np.pi) - np.pi
        return np.degrees(found) / 15.0

    @cached_property
    def _earth(self) -> tuple[np.ndarray, np.ndarray]:
        """Sun and Moon from the Earth's centre, au, float64[n, 3] each, on the ICRS axes."""
        return sun_moon(self.times)

    def _body(self, vectors: np.ndarray, aberrated: bool) -> np.ndarray:
        """Unit vectors on (south, east, up), float64[n, 3], of what stands at `vectors` au from the Earth's centre."""
        found = np.empty_like(vectors)
        here = erfa.gd2gc(1, 0.0, np.radians(self.site.latitude), self.site.height) / AU
        for which, astrom in self.bins:
            seen = vectors[which]
            if aberrated:
                size = np.linalg.norm(seen, axis=-1, keepdims=True)
                seen = erfa.ab(seen / size, astrom["v"], 1.0, astrom["bm1"]) * size
            there = np.einsum("nij,nj->ni", self.local[which], seen @ astrom["bpn"].T)
            found[which] = there - _level(astrom) @ here
        return found / np.linalg.norm(found, axis=-1, keepdims=True)

    @cached_property
    def sun(self) -> np.ndarray:
        """The Sun on (south, east, up), float64[n, 3]."""
        return self._body(self._earth[0], aberrated=True)

    @cached_property
    def moon(self) -> np.ndarray:
        """The Moon on (south, east, up), float64[n, 3]; it moves with the Earth, so nothing is aberrated."""
        return self._body(self._earth[1], aberrated=False)

    @cached_property
    def sun_altitude(self) -> np.ndarray:
        """Degrees, of its centre, float64[n]."""
        return np.degrees(np.arcsin(np.clip(self.sun[:, 2], -1, 1)))

    @cached_property
    def moon_altitude(self) -> np.ndarray:
        """Degrees, of its centre, float64[n]."""
        return np.degrees(np.arcsin(np.clip(self.moon[:, 2], -1, 1)))

    @cached_property
    def moon_illumination(self) -> np.ndarray:
        """Lit fraction of its disc, 0..1, float64[n]: Meeus, Astronomical Algorithms, 48.1 to 48.3."""
        sun, moon = self._earth
        to_sun, to_moon = np.linalg.norm(sun, axis=-1), np.linalg.norm(moon, axis=-1)
        apart = np.arccos(np.clip(np.sum(sun * moon, axis=-1) / to_sun / to_moon, -1, 1))
        phase = np.arctan2(to_sun * np.sin(apart), to_moon - to_sun * np.cos(apart))
        return (1 + np.cos(phase)) / 2

    @cached_property
    def moon_separation(self) -> np.ndarray:
        """Degrees between each position and the Moon as this site sees both, float64[m, n]."""
        return np.degrees(np.arccos(np.clip(self.moon_cosine, -1, 1)))

    @cached_property
    def moon_cosine(self) -> np.ndarray:
        """Its cosine, which is enough to compare, float64[m, n]."""
        return self._component(np.einsum("nij,ni->nj", self.local, self.moon))


@lru_cache(maxsize=512)
def _astrom(site: Site, half: int) -> Any:
    """SOFA's `apco13` in the middle of a half day, without its look at leap seconds, which warns of dates some years ahead."""
    mjd = (half + 0.5) / BINS
    tt = MJD0, mjd + TT_UTC / DAY
    dut1, xp, yp = (value[0] for value in turning(np.array([mjd])))
    heliocentric, barycentric = erfa.epv00(*tt)
    x, y = erfa.bpn2xy(erfa.pnm00b(*tt))
    s, spin = erfa.s06(*tt, x, y), erfa.era00(MJD0, mjd + dut1 / DAY)
    place = np.radians(site.longitude), np.radians(site.latitude), site.height
    return erfa.apco(*tt, barycentric, heliocentric["p"], x, y, s, spin, *place, xp, yp, erfa.sp00(*tt), 0.0, 0.0)


def _which(these: np.ndarray) -> Any:
    """Places of those that are true, as a slice where they stand side by side: nothing is copied to take them, or to put them."""
    found = np.flatnonzero(these)
    side_by_side = found[-1] - found[0] + 1 == len(found)
    return slice(int(found[0]), int(found[-1]) + 1) if side_by_side else found


def _atciq(there: np.ndarray, astrom: Any) -> np.ndarray:
    """SOFA's `atciqz` of unit vectors, float64[m, 3], without its way over angles: bent by the Sun, aberrated, in CIRS."""
    bent = erfa.ldsun(there, astrom["eh"], astrom["em"])
    return erfa.ab(bent, astrom["v"], astrom["em"], astrom["bm1"]) @ astrom["bpn"].T


def _products(vectors: np.ndarray, axes: np.ndarray, out: np.ndarray) -> None:
    """Each of `vectors`, float64[m, 3], with each of `axes`, float64[n, 3], into `out`, float64[m, n], which may be a part.

    A piece at a time: of larger ones the library shares the sums out to threads, which on a busy machine wait for each other.
    """
    rows = max(1, PIECE // len(axes))
    for first in range(0, len(vectors), rows):
        np.matmul(vectors[first : first + rows], axes.T, out=out[first : first + rows])


def _wobble(astrom: Any) -> np.ndarray:
    """Polar motion, small angles."""
    x, y = astrom["xpl"], astrom["ypl"]
    return np.array([[1.0, 0.0, x], [0.0, 1.0, -y], [-x, y, 1.0]])


def _level(astrom: Any) -> np.ndarray:
    """From (meridian, east, pole) to (south, east, up)."""
    s, c = astrom["sphi"], astrom["cphi"]
    return np.array([[s, 0.0, -c], [0.0, 1.0, 0.0], [c, 0.0, s]])
