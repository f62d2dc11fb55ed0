"""Magnitudes, luminosities, distances, and how much of the light of the local universe a catalogue holds.

Cosmology: flat, H0 = 70 km/s/Mpc, Omega_m = 0.3. No K-correction and no extinction: good to a few tenths of a
magnitude at the distances of these catalogues.

Completeness of a catalogue at a distance is the luminosity (or stellar mass) that its galaxies there have, divided by
what the volume there holds on average; as GLADE+ and NED-LVS state theirs (Dalya et al. 2022,
doi:10.1093/mnras/stac1443, section 3; Cook et al. 2023, doi:10.3847/1538-4365/acdd06, section 4). The averages:

* B: (1.98 +- 0.16)e8 L_B,sun / Mpc3 (Kopparapu et al. 2008, doi:10.1086/527348)
* K: (7.14 +- 0.75)e8 h L_K,sun / Mpc3 (Kochanek et al. 2001, doi:10.1086/322488), h = 0.7
* stellar mass: 2.24e8 M_sun / Mpc3, the integral of the double Schechter function of Wright et al. 2017
  (doi:10.1093/mnras/stx1149): log M* = 10.78, phi1 = 2.93e-3, alpha1 = -0.62, phi2 = 0.63e-3, alpha2 = -1.50

W1 and plain numbers have no such average here, so no completeness is said for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

C_KM_S = 299792.458
H0 = 70.0
OMEGA_M = 0.3
#: absolute magnitude of the Sun, Vega (Willmer 2018, doi:10.3847/1538-4365/aabfdf)
SUN = {"b": 5.44, "k": 3.27, "w1": 3.26}
#: mean density, per Mpc3: solar luminosities, solar masses
MEAN_DENSITY = {"b": 1.98e8, "k": 7.14e8 * H0 / 100, "mass": 2.24e8}
#: shells of luminosity distance in which a catalogue's light is summed, Mpc
EDGES = (
    0.0,
    10,
    20,
    30,
    40,
    50,
    60,
    80,
    100,
    125,
    150,
    200,
    250,
    300,
    400,
    500,
    600,
    800,
    1000,
    1500,
    2000,
    3000,
    4000,
)
#: a tenth of the galaxies with a known weight have less than this share; what no survey measured is faint
FAINT_QUANTILE = 0.1


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """(redshift, comoving distance in Mpc) on a fine grid up to redshift 8."""
    z = np.expm1(np.linspace(0, np.log(9), 20_001))
    rate = 1 / np.sqrt(OMEGA_M * (1 + z) ** 3 + 1 - OMEGA_M)
    steps = 0.5 * (rate[1:] + rate[:-1]) * np.diff(z)
    return z, C_KM_S / H0 * np.concatenate(([0.0], np.cumsum(steps)))


def luminosity_distance(redshift: Any) -> np.ndarray:
    """Luminosity distance in Mpc of a redshift; NaN for one that is not above 0."""
    z, comoving = _table()
    given = np.asarray(redshift, np.float64)
    with np.errstate(invalid="ignore"):
        return np.where(given > 0, np.interp(given, z, comoving) * (1 + given), np.nan)


def comoving_distance(luminosity: Any) -> np.ndarray:
    """Comoving distance in Mpc of a luminosity distance in Mpc."""
    z, comoving = _table()
    return np.interp(np.asarray(luminosity, np.float64), comoving * (1 + z), comoving)


def volume(distance: Any) -> np.ndarray:
    """Comoving volume in Mpc3 of the sphere up to a luminosity distance in Mpc."""
    return 4 / 3 * np.pi * comoving_distance(distance) ** 3


def absolute(apparent: Any, distance: Any) -> np.ndarray:
    """Absolute magnitude of an apparent one at a luminosity distance in Mpc: m - 5 log10(d) - 25."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(apparent) - 5 * np.log10(np.asarray(distance)) - 25


def luminosity(magnitude: Any, band: str) -> np.ndarray:
    """Luminosity of an absolute magnitude, in units of the Sun's in that band (b, k or w1)."""
    return 10 ** (0.4 * (SUN[band] - np.asarray(magnitude, np.float64)))


def shells(distance: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Sum of a weight in each shell of EDGES, float64; galaxies without a distance or a weight count as nothing."""
    known = np.isfinite(distance) & np.isfinite(weight) & (distance >= 0)
    return np.histogram(distance[known], bins=EDGES, weights=weight[known].astype(np.float64))[0]


def complete(sums: Mapping[str, Sequence[float]], weight: str) -> np.ndarray | None:
    """Completeness 0..1 in each shell of EDGES by a weight (b, k, mass), or None where no average is known.

    Where the local universe is denser than the average the quotient is over 1; it is cut at 1.
    """
    if weight not in MEAN_DENSITY or weight not in sums:
        return None
    expected = MEAN_DENSITY[weight] * np.diff(volume(EDGES))
    return np.minimum(np.asarray(sums[weight], np.float64) / expected, 1.0)


def complete_at(
    sums: Mapping[str, Sequence[float]], weight: str, distance: np.ndarray, probability: np.ndarray
) -> float | None:
    """Completeness averaged over distances (Mpc) with these probabilities, of any scale; None where none is known.

    What lies beyond the last shell counts as not in the catalogue at all.
    """
    found, total = complete(sums, weight), float(np.sum(probability))
    if found is None or not total > 0:
        return None
    shell = np.searchsorted(EDGES, distance, side="right") - 1
    held = np.where(shell < len(EDGES) - 1, found[np.clip(shell, 0, len(EDGES) - 2)], 0.0)
    return float(min(np.sum(probability * held) / total, 1.0))


def share(light: float, weight: str, near: float, far: float, part_of_sky: float) -> float | None:
    """Light or mass found between two distances (Mpc) in a part of the sky (0..1), over the average there; not cut at 1."""
    if weight not in MEAN_DENSITY or not (far > near >= 0 and part_of_sky > 0):
        return None
    return light / (MEAN_DENSITY[weight] * float(volume(far) - volume(near)) * part_of_sky)
