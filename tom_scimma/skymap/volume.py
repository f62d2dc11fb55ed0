"""Probability in the volume: how dense it is at (ra, dec, distance).

In a pixel of density p per steradian, p(r) = norm N(r; mu, sigma) r**2 per Mpc; the volume element is r**2 dr, so
that the density in volume is p norm N(r; mu, sigma) per Mpc^3 (Singer et al. 2016, doi:10.3847/2041-8205/829/1/L15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tom_scimma.skymap.sky import SkyMap

ROOT = 1 / np.sqrt(2 * np.pi)


def density_at(sky: SkyMap, ra: Any, dec: Any, dist_mpc: Any) -> Any:
    """Probability per Mpc^3 at positions in degrees and distances in Mpc."""
    if sky.mu is None:
        found = np.full(np.broadcast(ra, dec, dist_mpc).shape, np.nan)
        return float(found) if found.ndim == 0 else found
    row = sky.rows_at(ra, dec)
    distance = np.asarray(dist_mpc, np.float64)
    found = np.where(row < 0, 0.0, density_of(sky, row, distance))
    place = np.isfinite(ra) & (np.abs(dec) <= 90) & (distance >= 0)
    found = np.where(place, found, np.nan)
    return float(found) if found.ndim == 0 else found


def density_of(sky: SkyMap, row: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Probability per Mpc^3 in known rows of a map with distance."""
    mu, inverse, peak = _columns(sky)
    away = (distance - mu[row]) * inverse[row]
    return peak[row] * np.exp(-0.5 * np.square(away))


def _columns(sky: SkyMap) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(mu, 1 / sigma, density at mu) of each row; a density of 0 where the distance is not known."""
    assert sky.mu is not None
    assert sky.sigma is not None
    assert sky.norm is not None
    inverse = 1 / sky.sigma
    return np.where(np.isfinite(sky.mu), sky.mu, 0), inverse, sky.density * sky.norm * inverse * ROOT
