"""Probability inside a circle on the sky, over pixels of any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skymap import grid, regions

if TYPE_CHECKING:
    from tom_scimma.skymap.sky import SkyMap


def probability(sky: SkyMap, ra: Any, dec: Any, radius_deg: Any) -> Any:
    """Probability within `radius_deg` of positions in degrees; shaped as they are together, NaN for no position."""
    given = np.broadcast_arrays(*(np.asarray(values, np.float64) for values in (ra, dec, radius_deg)))
    found = np.array([_one(sky, *place) for place in zip(*(values.ravel().tolist() for values in given), strict=True)])
    return float(found[0]) if given[0].ndim == 0 else found.reshape(given[0].shape)


def _one(sky: SkyMap, ra: float, dec: float, radius: float) -> float:
    if not (np.isfinite([ra, dec, radius]).all() and abs(dec) <= 90):
        return float("nan")
    if radius <= 0:
        return 0.0
    if radius >= 180:
        return 1.0
    uniq, share = regions.shares(regions.cone(ra, dec, radius), radius)
    return held(sky, uniq, share)


def held(sky: SkyMap, uniq: np.ndarray, share: np.ndarray) -> float:
    """Probability of a map in such a share of each of these pixels."""
    order = grid.order_of(uniq)
    total = 0.0
    for level in np.unique(order).tolist():
        here = order == level
        mean = sky.mean_density(level, uniq[here] - (4 << (2 * level)))
        total += float(np.dot(mean, share[here])) * float(grid.pixel_area(level))
    return min(total, 1.0)
