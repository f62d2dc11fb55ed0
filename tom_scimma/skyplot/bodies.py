"""What else is in the sky at a time: Sun, Moon, and the plane of the Milky Way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

#: of the north galactic pole, and galactic longitude of the north celestial pole; J2000, as astropy's Galactic frame
POLE_RA, POLE_DEC, LON_NCP = 192.8594812065348, 27.12825118085622, 122.9319185680026
TT_UTC = 69.184  #: s, since 2017; before, the Moon comes out up to 20 arcsec away


@dataclass(frozen=True)
class Body:
    """Where the Sun or the Moon is, seen from the Earth's centre (the Moon is up to 1 degree elsewhere from its surface)."""

    name: str
    ra: float  #: degrees
    dec: float
    lit: float | None = None  #: part of the disc that is lit, 0..1; of the Moon


def sun_and_moon(time: datetime) -> tuple[Body, Body]:
    """The Sun and the Moon at an aware time: SOFA's `epv00` and `moon98`, to 0.02 degrees of ICRS.

    Not by astropy's `Time`, which downloads leap seconds as soon as those installed are a few months old.
    """
    import erfa

    tt = 2400000.5, 40587 + (time.timestamp() + TT_UTC) / 86400
    sun, moon = -erfa.epv00(*tt)[0]["p"], erfa.moon98(*tt)["p"]
    far, near = np.linalg.norm(sun), np.linalg.norm(moon)
    apart = np.arccos(np.clip(sun @ moon / far / near, -1, 1))
    phase = np.arctan2(far * np.sin(apart), near - far * np.cos(apart))
    return _body("Sun", sun), _body("Moon", moon, lit=float((1 + np.cos(phase)) / 2))


def _body(name: str, vector: np.ndarray, lit: float | None = None) -> Body:
    """What stands at a vector from the Earth's centre."""
    x, y, z = vector
    return Body(name, float(np.degrees(np.arctan2(y, x)) % 360), float(np.degrees(np.arctan2(z, np.hypot(x, y)))), lit)


def from_galactic(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(ra, dec) in degrees of galactic positions in degrees."""
    pole, b, turn = np.radians(POLE_DEC), np.radians(lat), np.radians(LON_NCP - np.asarray(lon, np.float64))
    sine = np.sin(b) * np.sin(pole) + np.cos(b) * np.cos(pole) * np.cos(turn)
    east = np.arctan2(np.cos(b) * np.sin(turn), np.sin(b) * np.cos(pole) - np.cos(b) * np.sin(pole) * np.cos(turn))
    return (POLE_RA + np.degrees(east)) % 360, np.degrees(np.arcsin(np.clip(sine, -1, 1)))


def galactic_latitude(ra: float, dec: float) -> float:
    """Galactic latitude in degrees of a position in degrees."""
    pole, d = np.radians(POLE_DEC), np.radians(dec)
    sine = np.sin(d) * np.sin(pole) + np.cos(d) * np.cos(pole) * np.cos(np.radians(ra - POLE_RA))
    return float(np.degrees(np.arcsin(np.clip(sine, -1, 1))))
