"""How far targets are, in Mpc, from what the TOM has of them or of their hosts.

Read, the first that says something: the target's own distance, its redshift, its host's distance, its host's redshift.
The host app's `Target.distance` is in parsecs; everything else is an extra (or a field of a TOM's own target model) of
one of the names below, in any capitals, with spaces or underscores. Redshifts become luminosity distances, which is what
the distances in sky maps are, by astropy's Planck18.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from tom_scimma.candidates.extras import read_extras, read_fields

#: names by what they hold, in the order in which they are believed; distances are luminosity distances in Mpc
OWN_DISTANCE = ("distance_mpc", "luminosity_distance_mpc")
OWN_REDSHIFT = ("redshift", "z")
HOST_DISTANCE = ("host_distance_mpc", "host_luminosity_distance_mpc")
HOST_REDSHIFT = ("host_redshift", "host_z")
NAMES = (*OWN_DISTANCE, *OWN_REDSHIFT, *HOST_DISTANCE, *HOST_REDSHIFT)
REDSHIFTS = frozenset((*OWN_REDSHIFT, *HOST_REDSHIFT))
#: what a redshift may be; outside, somebody mistyped
LOWEST, HIGHEST = 1e-5, 20.0


def distances(ids: np.ndarray) -> np.ndarray:
    """Luminosity distance in Mpc of each target (int64[n], sorted), float64[n]; NaN where nothing is known."""
    best = np.full((1 + len(NAMES), len(ids)), np.nan)
    best[0] = _numbers(ids, read_fields(ids, ["distance"])["distance"], 1e-6)
    for name, found in (*read_extras(ids, NAMES).items(), *read_fields(ids, NAMES).items()):
        row = 1 + NAMES.index(name)
        values = _numbers(ids, found)
        values = luminosity_distance(values) if name in REDSHIFTS else values
        best[row] = np.where(np.isnan(best[row]), values, best[row])
    best[~(np.isfinite(best) & (best > 0))] = np.nan
    first = np.argmax(np.isfinite(best), axis=0)
    return best[first, np.arange(len(ids))]


def _numbers(ids: np.ndarray, found: Iterable[tuple[int, Any]], factor: float = 1.0) -> np.ndarray:
    values = np.full(len(ids), np.nan)
    said = [(target, number) for target, value in found if (number := number_of(value)) is not None]
    if said:
        targets, numbers = zip(*said, strict=True)
        values[np.searchsorted(ids, targets)] = np.array(numbers) * factor
    return values


def number_of(said: Any) -> float | None:
    """A finite number, from a number or a text; None for anything else."""
    try:
        number = float(said)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def luminosity_distance(redshift: Any) -> np.ndarray:
    """Luminosity distance in Mpc by Planck18 (Planck 2018 results VI, doi:10.1051/0004-6361/201833910); NaN out of range.

    Interpolated in log z between points that astropy gives; the difference is below 1e-6.
    """
    redshift = np.asarray(redshift, np.float64)
    known = (redshift >= LOWEST) & (redshift <= HIGHEST)
    found = np.full(redshift.shape, np.nan)
    if known.any():
        found[known] = redshift[known] * np.exp(_curve()(np.log(redshift[known])))
    return found


@cache
def _curve():
    """log(distance / z) as a cubic spline of log z: astropy takes 50 microseconds a redshift, a hundred times as long."""
    from astropy.cosmology import Planck18
    from scipy.interpolate import CubicSpline

    grid = np.geomspace(LOWEST / 1.01, HIGHEST * 1.01, 400)
    return CubicSpline(np.log(grid), np.log(Planck18.luminosity_distance(grid).value / grid))
