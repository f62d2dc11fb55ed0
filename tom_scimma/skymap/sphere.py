"""Angles and directions on the sphere. Degrees in and out; unit vectors are float64[..., 3]."""

from __future__ import annotations

from typing import Any

import numpy as np


def separation(ra: Any, dec: Any, ra0: Any, dec0: Any) -> np.ndarray:
    """Angle in degrees between positions in degrees; haversine formula, good at small angles."""
    ra, dec, ra0, dec0 = (np.radians(value) for value in (ra, dec, ra0, dec0))
    half = np.square(np.sin((dec - dec0) / 2)) + np.cos(dec) * np.cos(dec0) * np.square(np.sin((ra - ra0) / 2))
    return np.degrees(2 * np.arcsin(np.sqrt(np.minimum(half, 1))))


def bearing(ra: Any, dec: Any, ra0: Any, dec0: Any) -> np.ndarray:
    """Position angle in degrees, east of north, at which each position is seen from (ra0, dec0)."""
    ra, dec, ra0, dec0 = (np.radians(value) for value in (ra, dec, ra0, dec0))
    east = np.cos(dec) * np.sin(ra - ra0)
    north = np.cos(dec0) * np.sin(dec) - np.sin(dec0) * np.cos(dec) * np.cos(ra - ra0)
    return np.degrees(np.arctan2(east, north))


def vectors(ra: Any, dec: Any) -> np.ndarray:
    """Unit vectors, float64[..., 3], of positions in degrees."""
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


def degrees(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(ra, dec) in degrees, ra in 0..360, of vectors of any length."""
    x, y, z = np.moveaxis(np.asarray(vectors), -1, 0)
    return np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arctan2(z, np.hypot(x, y)))
