"""Where positions lie in a sky map. Pure.

The 2D level says whether a target is a candidate. The volume level only goes with it: a wrong redshift must not hide one.
"""

from __future__ import annotations

import numpy as np

from tom_scimma.skymap import SkyMap


def levels(sky: SkyMap, ra: np.ndarray, dec: np.ndarray, distance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(2D credible level, volume level) of positions in degrees and Mpc, float64[n] each.

    The volume level is NaN where the target's distance is not known, or the map's there.
    """
    volume = np.full(len(ra), np.nan)
    known = np.isfinite(distance)
    if sky.mu is not None and known.any():
        row = sky.rows_at(ra, dec)
        known &= (row < 0) | np.isfinite(sky.mu[row])
        volume[known] = sky.volume_level_at(ra[known], dec[known], distance[known])
    return sky.level_at(ra, dec), volume
