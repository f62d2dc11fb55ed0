"""Distance along one line of sight and over the whole map.

In each pixel p(r) = norm * N(r; mu, sigma) * r**2 for r >= 0, Mpc (Singer et al. 2016,
doi:10.3847/2041-8205/829/1/L15; Supplement, doi:10.3847/0067-0049/226/1/10, section 2). With I_n the integral of r**n
N(r; mu, sigma) over r >= 0, integration by parts gives I_n = mu I_(n-1) + (n - 1) sigma**2 I_(n-2) for n >= 2, I_1 =
mu I_0 + sigma**2 N(0; mu, sigma).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tom_scimma.skymap.sky import SkyMap

#: rows worked on at once, so that a large map takes no more memory than a small one
BLOCK = 1 << 17
#: pixels that hold less than this part of what the fullest holds are left out of a sum over the map
FAINT = 1e-11
#: of a greater norm (mu / sigma below about -34, a mean below 0.1 sigma) no float64 can say the products
MOST_NORM = 1e250
#: how a pixel says that its distance is not known, as ligo.skymap writes it: mu, sigma, norm
UNKNOWN = (np.inf, 1.0, 0.0)


def usable(mu: np.ndarray, sigma: np.ndarray, norm: np.ndarray) -> np.ndarray:
    """Whether a distance is known: bool, of that shape."""
    return np.isfinite(mu) & (sigma > 0) & np.isfinite(sigma) & (norm > 0) & (norm <= MOST_NORM)


def settled(mu: np.ndarray, sigma: np.ndarray, norm: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The columns with UNKNOWN wherever the distance is not usable, for whatever reason; themselves where they say so.

    Every SkyMap has its columns so: whoever asks of a pixel whether it knows its distance looks at mu alone.
    """
    columns, known = (mu, sigma, norm), usable(mu, sigma, norm)
    blank = np.logical_and.reduce([column == value for column, value in zip(columns, UNKNOWN, strict=True)])
    if not (known | blank).all():
        mu, sigma, norm = (np.where(known, *pair) for pair in zip(columns, UNKNOWN, strict=True))
    return mu, sigma, norm


def moments(mu: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(mean, standard deviation, norm) of the distance in each pixel, from mu and sigma; Mpc, Mpc, Mpc^-2.

    As ligo.skymap.distance.parameters_to_moments: (inf, 1, 0) where mu is not finite. For mu < 0 all integrals are
    divided by the Gaussian at 0, so that they do not underflow; below mu / sigma = -30, where the recursion cancels,
    their expansion in sigma / mu is used: mean 3 sigma**2 / |mu| (1 - 4 / x**2), standard deviation sqrt(3) sigma**2
    / |mu| (1 - 6 / x**2). The norm may be more than is `usable`, or infinite.
    """
    from scipy.special import erfcx, ndtr

    known = np.isfinite(mu)
    m = np.where(known, mu, 0.0)
    variance = np.square(sigma)
    with np.errstate(all="ignore"):
        x = m / sigma
        at_zero = np.exp(-0.5 * np.square(x)) / np.sqrt(2 * np.pi)
        scale = np.where(x < 0, at_zero, 1.0)
        i0 = np.where(x < 0, np.sqrt(np.pi / 2) * erfcx(-x / np.sqrt(2)), ndtr(x))
        i1 = m * i0 + sigma * np.where(x < 0, 1.0, at_zero)
        i2 = m * i1 + variance * i0
        i3 = m * i2 + 2 * variance * i1
        i4 = m * i3 + 3 * variance * i2
        mean = np.where(x < -30, 3 * variance / -m * (1 - 4 / np.square(x)), i3 / i2)
        spread = np.where(
            x < -30, np.sqrt(3) * variance / -m * (1 - 6 / np.square(x)), np.sqrt(i4 / i2 - np.square(i3 / i2))
        )
        norm = 1 / (i2 * scale)
    return np.where(known, mean, np.inf), np.where(known, spread, 1.0), np.where(known, norm, 0.0)


def marginal(probability: np.ndarray, mu: np.ndarray, sigma: np.ndarray) -> tuple[float, float] | None:
    """(mean, standard deviation) of the distance over the whole map, Mpc; None where no pixel knows one.

    As ligo.skymap.distance.parameters_to_marginal_moments, which does not divide by the probability whose distance is
    known: what is not known counts as 0 Mpc. In the maps that are sent it is some 1e-4 of the whole.
    """
    known = np.flatnonzero(np.isfinite(mu) & (probability > 0))
    if not known.size:
        return None
    first = second = 0.0
    for begin in range(0, known.size, BLOCK):
        rows = known[begin : begin + BLOCK]
        mean, spread, _ = moments(mu[rows], sigma[rows])
        first += float(np.dot(probability[rows], mean))
        second += float(np.dot(probability[rows], np.square(mean) + np.square(spread)))
    return first, float(np.sqrt(max(second - first * first, 0.0)))


def parameters(mean: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(mu, sigma, norm) of which `moments` gives this mean and standard deviation; Mpc, Mpc, Mpc^-2.

    As ligo.skymap.distance.moments_to_parameters. The mean of r**2 N is at least sqrt(3) standard deviations: of a
    smaller one the mean is kept and the standard deviation is made smaller. (inf, 1, 0) where either is not positive
    and finite.
    """
    mean, spread = (np.asarray(values, np.float64) for values in (mean, spread))
    known = (mean > 0) & np.isfinite(mean) & (spread > 0) & np.isfinite(spread)
    x, ratio = _ratios()
    with np.errstate(all="ignore"):
        wanted = np.clip(np.where(known, mean / spread, 10.0), ratio[0], None)
        found = np.where(wanted > ratio[-1], wanted - 3 / wanted, np.interp(wanted, ratio, x))
        for _ in range(3):  # Newton's steps, by differences
            here, step = _ratio(found), 1e-4 * np.maximum(np.abs(found), 1)
            slope = (_ratio(found + step) - here) / step
            moved = found + (wanted - here) / slope
            found = np.where(np.isfinite(moved) & (wanted <= ratio[-1]) & (found > -25), moved, found)
        first, _, _ = moments(found, np.ones_like(found))
        sigma = mean / first
        mu = found * sigma
        norm = moments(mu, sigma)[2]
    return np.where(known, mu, np.inf), np.where(known, sigma, 1.0), np.where(known, norm, 0.0)


def _ratio(x: np.ndarray) -> np.ndarray:
    mean, spread, _ = moments(x, np.ones_like(x))
    return mean / spread


@cache
def _ratios() -> tuple[np.ndarray, np.ndarray]:
    """mu / sigma, growing, and the mean over the standard deviation that it gives."""
    x = np.concatenate((np.linspace(-29, 10, 4000), np.geomspace(10.05, 1000, 1000)))
    return x, np.maximum.accumulate(_ratio(x))


def conditional(sky: SkyMap, ra: Any, dec: Any) -> tuple[Any, Any]:
    """(mean, standard deviation) along lines of sight in degrees, Mpc; NaN where not known."""
    row = sky.rows_at(ra, dec)
    mean, spread = np.full(row.shape, np.nan), np.full(row.shape, np.nan)
    if sky.mu is not None and sky.sigma is not None:
        known = (row >= 0) & np.isfinite(sky.mu[row])
        mean[known], spread[known], _ = moments(sky.mu[row[known]], sky.sigma[row[known]])
    return (float(mean), float(spread)) if row.ndim == 0 else (mean, spread)


def conditional_pdf(sky: SkyMap, ra: float, dec: float, r: Any) -> Any:
    """Density per Mpc of the distance along one line of sight; as ligo.skymap.distance.conditional_pdf."""
    row = int(sky.rows_at(ra, dec))
    r = np.asarray(r, np.float64)
    if sky.mu is None or sky.sigma is None or sky.norm is None or row < 0 or not np.isfinite(sky.mu[row]):
        found = np.full(r.shape, np.nan)
    else:
        found = _pdf(r, sky.mu[row], sky.sigma[row], sky.norm[row])
    return float(found) if found.ndim == 0 else found


def marginal_pdf(sky: SkyMap, r: Any) -> Any:
    """Density per Mpc of the distance over the whole map; as ligo.skymap.distance.marginal_pdf.

    Integrates to the probability of the pixels whose distance is known.
    """
    r = np.asarray(r, np.float64)
    if sky.mu is None or sky.sigma is None or sky.norm is None:
        found = np.full(r.shape, np.nan)
    else:
        weight = sky.density * sky.pixel_area
        known = np.isfinite(sky.mu) & (weight > FAINT * weight.max())
        weight = weight[known]
        mu, sigma, norm = (column[known] for column in (sky.mu, sky.sigma, sky.norm))
        found = np.array([np.dot(weight, _pdf(at, mu, sigma, norm)) for at in r.ravel()]).reshape(r.shape)
    return float(found) if found.ndim == 0 else found


def within(mu: np.ndarray, sigma: np.ndarray, r: Any) -> np.ndarray:
    """Probability that the distance in each pixel is below `r` in Mpc; NaN where it is not known.

    With s = mu / sigma and y = (r - mu) / sigma that is 1 - beyond(s, y) / beyond(s, -s).
    """
    s = np.where(np.isfinite(mu), mu, np.nan) / sigma
    whole, rest = (beyond(s, y) for y in (-s, (np.maximum(r, 0) - mu) / sigma))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip(1 - rest / whole, 0.0, 1.0)


def beyond(s: Any, y: Any) -> Any:
    """Integral of (s + t)**2 phi(t) over t > y: (s**2 + 1) Phi(-y) + (2 s + y) phi(y), by parts."""
    from scipy.special import ndtr

    return (np.square(s) + 1) * ndtr(-y) + (2 * s + y) * np.exp(-0.5 * np.square(y)) / np.sqrt(2 * np.pi)


def _pdf(r: Any, mu: Any, sigma: Any, norm: Any) -> Any:
    inside = np.maximum(r, 0)  # the norm meets the Gaussian first: alone it may be close to what a float64 can say
    return norm * np.exp(-0.5 * np.square((inside - mu) / sigma)) * np.square(inside) / (sigma * np.sqrt(2 * np.pi))
