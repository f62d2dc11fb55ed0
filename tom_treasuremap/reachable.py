"""How much of a sky map's probability a telescope can reach in a night. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tom_treasuremap.constraints import And, Constraint, rules
from tom_treasuremap.nights import night
from tom_treasuremap.sky_position import Sky
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.windows import grid

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

#: pixels of this HEALPix order are asked for, 1.8 degrees wide; of a small map finer ones
COARSE, FINE, FEW = 5, 8, 1500
#: the least probable pixels that hold the rest are not asked for, and count as not reached
HELD = 0.998
STEP = 600.0  #: s

Places = tuple[np.ndarray, np.ndarray, np.ndarray]


def places(map: SkyMap) -> Places:
    """Positions (deg) that stand for a map, and the probability that each stands for, float64[n] each."""
    for order in range(FINE, COARSE - 1, -1):
        found = _at(map, order)
        if len(found[0]) <= FEW or order == COARSE:
            return found
    raise AssertionError  # the loop always returns


def _at(map: SkyMap, finest: int) -> Places:
    from tom_scimma.skymap import grid as healpix

    order = healpix.order_of(map.uniq)
    ipix = map.uniq - (np.int64(4) << (2 * order))
    up = np.maximum(order - finest, 0)
    parent, place = np.unique(healpix.uniq_of(order - up, ipix >> (2 * up)), return_inverse=True)
    held = np.bincount(place, weights=map.density * map.pixel_area, minlength=len(parent))
    best = np.argsort(held)[::-1]
    most = int(np.searchsorted(np.cumsum(held[best]), HELD * held.sum())) + 1
    best = best[:most]
    ra, dec = healpix.centres(parent[best])
    return ra, dec, held[best]


def reachable(telescope: Telescope, where: Places, when: Any) -> float:
    """Probability at places that the telescope can point at, at some time of the night that `when` is in or that is to come."""
    found = night(telescope, when)
    if telescope.site is None or telescope.reports_only or found is None or found.start is None or found.end is None:
        return 0.0
    sky = Sky(telescope.site, where[0], where[1], grid(found.start, found.end, STEP))
    rule = _by_dark(telescope)
    seen = rule.on(sky).any(axis=1) if rule is not None else np.ones(len(where[0]), dtype=bool)
    return float(where[2][seen].sum())


def _by_dark(telescope: Telescope) -> Constraint | None:
    """All rules but that it be dark, which the times see to."""
    found: Constraint | None = None
    for name, rule in rules(telescope).items():
        if name != "daylight":
            found = rule if found is None else And(found, rule)
    return found
