"""Invented sky maps, as FITS bytes: arcs as two detectors see them, ovals as three do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tom_scimma import skymap

Place = tuple[float, float]


@dataclass(frozen=True)
class Arc:
    """Probability along part of a circle on the sky, which is what a delay between two detectors leaves. Degrees, Mpc.

    The circle has its pole `radius` away from `centre` in the direction `towards` (east of north); the probability
    falls off as a Gaussian of `width` across it and of `length` along it. A short arc is an oval.
    """

    centre: Place
    width: float
    length: float
    radius: float = 60.0
    towards: float = 30.0
    distance: tuple[float, float] | None = None  #: mean and standard deviation
    rounds: int = 4  #: of refinement: 4 makes 12,288 rows, 7 BAYESTAR's 19,200

    def density(self, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
        """Relative probability density at positions in degrees."""
        pole = _towards(self.centre, self.towards, self.radius)
        across = _separation(ra, dec, pole) - self.radius
        along = _bearing(pole, ra, dec) - float(_bearing(pole, *map(np.asarray, self.centre)))
        along = ((along + 180) % 360 - 180) * np.sin(np.radians(self.radius))
        return np.exp(-np.minimum(0.5 * (np.square(across / self.width) + np.square(along / self.length)), 600))

    def fits(self, name: str, **meta: str) -> bytes:
        """The map as multi-order FITS; `name` becomes its OBJECT."""
        return fits(self.density, name, self.distance, self.rounds, **meta)


def fits(density, name: str, distance: tuple[float, float] | None, rounds: int = 4, **meta: str) -> bytes:
    """Multi-order FITS of a density function of (ra, dec) in degrees; without `distance` it has a burst's columns."""
    sky = skymap.make(density, distance=distance, rounds=rounds, meta={"OBJECT": name, **meta})
    return sky.to_fits()


def together(one: Arc, other: Arc, name: str) -> bytes:
    """The map of two independent looks at one thing: the product of their densities, with the distance of the first."""
    return fits(lambda ra, dec: one.density(ra, dec) * other.density(ra, dec), name, one.distance)


def _separation(ra: np.ndarray, dec: np.ndarray, place: Place) -> np.ndarray:
    lon, lat, lon0, lat0 = np.radians(ra), np.radians(dec), *np.radians(place)
    half = np.square(np.sin((lat - lat0) / 2)) + np.cos(lat) * np.cos(lat0) * np.square(np.sin((lon - lon0) / 2))
    return np.degrees(2 * np.arcsin(np.sqrt(np.minimum(half, 1))))


def _bearing(place: Place, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Direction from a place to positions, degrees east of north."""
    lon, lat, lon0, lat0 = np.radians(ra), np.radians(dec), *np.radians(place)
    east = np.sin(lon - lon0) * np.cos(lat)
    north = np.cos(lat0) * np.sin(lat) - np.sin(lat0) * np.cos(lat) * np.cos(lon - lon0)
    return np.degrees(np.arctan2(east, north))


def _towards(place: Place, bearing: float, angle: float) -> Place:
    """The place `angle` degrees away in the direction `bearing`."""
    lon, lat, east, far = np.radians(place[0]), np.radians(place[1]), np.radians(bearing), np.radians(angle)
    there = np.arcsin(np.sin(lat) * np.cos(far) + np.cos(lat) * np.sin(far) * np.cos(east))
    turn = np.arctan2(np.sin(east) * np.sin(far) * np.cos(lat), np.cos(far) - np.sin(lat) * np.sin(there))
    return float(np.degrees(lon + turn) % 360), float(np.degrees(there))
