"""Two maps of what may be one thing: their product, how much more they agree than chance would, and how often.

The spatial overlap of independent maps p1, p2 is the odds for one common position over two independent ones, with the
whole sky as prior: I = 4 pi integral p1 p2 dOmega (Ashton et al. 2018, ApJ 860, 6, doi:10.3847/1538-4357/aabfd2, eq.
for I_Omega; as in RAVEN's "joint FAR calculation"). It is 1 for a map that says nothing, 0 for maps that exclude
each other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.errors import BadSkyMap
from tom_scimma.skymap import grid

if TYPE_CHECKING:
    from tom_scimma.skymap.sky import SkyMap


def common(one: SkyMap, other: SkyMap) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(uniq, row of one, row of other), int64[k] each: the pixels of both, the finer where they overlap.

    What only one of them covers is left out.
    """
    within = _rows_of(other, one)  # pixels of one that lie in a pixel of other, equal ones included
    finer = _rows_of(one, other)  # pixels of other that lie in a pixel of one
    mine = np.flatnonzero(within >= 0)
    theirs = np.flatnonzero((finer >= 0) & ~_equal(other, one, finer))
    uniq = np.concatenate((one.uniq[mine], other.uniq[theirs]))
    start = np.concatenate((one.spans[1][mine], other.spans[1][theirs]))
    sort = np.argsort(start)
    return (
        uniq[sort],
        np.concatenate((mine, finer[theirs]))[sort],
        np.concatenate((within[mine], theirs))[sort],
    )


def _rows_of(sky: SkyMap, finer: SkyMap) -> np.ndarray:
    """Row of the pixel of `sky` that holds all of each pixel of `finer`; -1 where there is none."""
    _, start, size = sky.spans
    _, first, count = finer.spans
    row = np.searchsorted(start, first, side="right") - 1
    at = np.maximum(row, 0)
    return np.where((row >= 0) & (first + count <= start[at] + size[at]), row, -1)


def _equal(one: SkyMap, other: SkyMap, row: np.ndarray) -> np.ndarray:
    return one.uniq == other.uniq[np.maximum(row, 0)]


def overlap(one: SkyMap, other: SkyMap) -> float:
    """The spatial Bayes factor of two independent maps."""
    uniq, mine, theirs = common(one, other)
    product = one.density[mine] * other.density[theirs]
    return float(grid.SPHERE_SR * np.sum(product * grid.pixel_area(grid.order_of(uniq))))


def times(one: SkyMap, other: SkyMap) -> dict[str, Any]:
    """The fields of the normalised product. Raises BadSkyMap where the maps exclude each other.

    The distance is that of the map that has one. Where both have, r**2 N1 N2 is again r**2 times a Gaussian (both were
    inferred with a prior of r**2), and the density is weighted with its integral.
    """
    uniq, mine, theirs = common(one, other)
    density = one.density[mine] * other.density[theirs]
    columns: dict[str, np.ndarray] = {}
    if one.mu is not None and other.mu is not None:
        agree, columns = _distances(one, mine, other, theirs)
        density = density * agree
    else:
        for sky, row in ((one, mine), (other, theirs)):
            if sky.mu is not None:
                columns = {name: getattr(sky, name)[row] for name in ("mu", "sigma", "norm")}
    total = float(np.sum(density * grid.pixel_area(grid.order_of(uniq))))
    if not 0 < total < math.inf:
        raise BadSkyMap("the maps exclude each other: nowhere do both have probability")
    names = [str(sky.meta["OBJECT"]) for sky in (one, other) if sky.meta.get("OBJECT")]
    meta = {"OBJECT": " x ".join(names)} if names else {}
    return {"uniq": uniq, "density": density / total, **columns, "meta": meta, "notes": (*one.notes, *other.notes)}


def _distances(one: SkyMap, mine: np.ndarray, other: SkyMap, theirs: np.ndarray) -> tuple[np.ndarray, dict]:
    """(integral of the product of the distances, per Mpc^3; the product's own parameters) in each pixel.

    Where one of them does not know the distance, or the product is none that can be used, it is that of the other, and
    the integral is its mean elsewhere, so that not to know is no evidence.
    """
    from tom_scimma.skymap import distance

    mu1, sigma1, norm1 = (getattr(one, name)[mine] for name in ("mu", "sigma", "norm"))
    mu2, sigma2, norm2 = (getattr(other, name)[theirs] for name in ("mu", "sigma", "norm"))
    first, second = np.isfinite(mu1), np.isfinite(mu2)
    with np.errstate(all="ignore"):
        sigma = 1 / np.sqrt(1 / np.square(sigma1) + 1 / np.square(sigma2))
        mu = np.square(sigma) * (mu1 / np.square(sigma1) + mu2 / np.square(sigma2))
        norm = distance.moments(mu, sigma)[2]
        spread = np.hypot(sigma1, sigma2)
        meet = np.exp(-0.5 * np.square((mu1 - mu2) / spread)) / (spread * np.sqrt(2 * np.pi))
        agree = norm1 * norm2 * meet / norm
    both = first & second & np.isfinite(agree) & distance.usable(mu, sigma, norm)
    agree = np.where(both, agree, agree[both].mean() if both.any() else 1.0)
    choose = [both, first]
    columns = {
        "mu": np.select(choose, [mu, mu1], mu2),
        "sigma": np.select(choose, [sigma, sigma1], sigma2),
        "norm": np.select(choose, [norm, norm1], norm2),
    }
    return agree, columns


def chance_rate(
    overlap: float, far_hz: float, rate_hz: float, window_s: float, *, thresholds_hz: tuple[float, float] | None = None
) -> float:
    """How often, per second, chance alone makes a pair that is as close in time and place.

    FAR_c = FAR_1 R_2 dt / I, with the false-alarm rate of one event, the rate of all events of the other kind, and the
    whole width of the time window (RAVEN's untargeted search, ligo-raven.readthedocs.io "Joint FAR calculation"; Urban
    2016, PhD thesis, University of Wisconsin-Milwaukee). Where both sides were searched below their thresholds
    (`rate_hz` is then the second event's false-alarm rate, `thresholds_hz` the largest rates that either search takes),
    RAVEN's targeted form: Z / I (1 + ln(Z_max / Z)), Z = FAR_1 FAR_2 dt. Infinite for an overlap of 0.
    """
    if min(far_hz, rate_hz, window_s) < 0 or overlap < 0 or not np.isfinite([far_hz, rate_hz, window_s]).all():
        raise ValueError(f"rates and window must not be negative: {far_hz} Hz, {rate_hz} Hz, {window_s} s, {overlap}")
    joint = far_hz * rate_hz * window_s
    if thresholds_hz is not None and joint > 0:
        greatest = thresholds_hz[0] * thresholds_hz[1] * window_s
        if greatest < joint:
            raise ValueError(f"the rates {far_hz} and {rate_hz} Hz lie above the thresholds {thresholds_hz}")
        joint *= 1 + math.log(greatest / joint)
    return joint / overlap if overlap else math.inf
