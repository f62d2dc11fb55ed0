"""Distance along one line of sight and over the whole map.

In each pixel p(r) = norm * N(r; mu, sigma) * r**2 for r >= 0, Mpc (Singer et al. 2016,
doi:10.3847/2041-8205/829/1/L15; Supplement, doi:10.3847/0067-0049/226/1/10, section 2). With I_n the integral of r**n
N(r; mu, sigma) over r >= 0, integration by parts gives I_n = mu I_(n-1) + (n - 1) sigma**2 I_(n-2) for n >= 2, I_1 =
mu I_0 + sigma**2 N(0; mu, sigma).
"""

from __future__ import annotations

import numpy as np


def moments(mu: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(mean, standard deviation, norm) of the distance in each pixel, from mu and sigma; Mpc, Mpc, Mpc^-2.

    As ligo.skymap.distance.parameters_to_moments: (inf, 1, 0) where mu is not finite. For mu < 0 all integrals are
    divided by the Gaussian at 0, so that they do not underflow; below mu / sigma = -30, where the recursion cancels,
    their expansion in sigma / mu is used: mean 3 sigma**2 / |mu| (1 - 4 / x**2), standard deviation sqrt(3) sigma**2
    / |mu| (1 - 6 / x**2).
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
    known = np.isfinite(mu) & (probability > 0)
    weight = probability[known]
    if not weight.size:
        return None
    mean, spread, _ = moments(mu[known], sigma[known])
    first = float(np.sum(weight * mean))
    second = float(np.sum(weight * (np.square(mean) + np.square(spread))))
    return first, float(np.sqrt(max(second - first * first, 0.0)))
