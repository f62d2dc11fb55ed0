"""Which galaxy a well-placed event may belong to: offsets, and how often a galaxy that good lies that near by chance.

The probability of chance coincidence is that of Bloom, Kulkarni & Djorgovski 2002 (doi:10.1086/338893), section 6.1:

    P = 1 - exp(-pi r**2 sigma(<= m))

with sigma(<= m) the mean number of galaxies at least as bright as m on each square arcsecond, and r the effective
radius: the largest of 2 R_half, 3 s and sqrt(R0**2 + 4 R_half**2), where R0 is the offset of the event from the galaxy's
centre, R_half its half-light radius (0 where not known) and s the standard deviation of the offset along one axis.

Density of galaxies. Bloom et al. take the R counts of Hogg et al. 1997 (doi:10.1093/mnras/288.2.404):

    sigma = 10**(0.334 (R - 22.963) + 4.320) / (0.334 ln 10) per square degree       (R from 20 to 26)

Catalogues of the local universe are far brighter, and there that line gives ten times and more too many galaxies. Bright
galaxies are as many as uniform space holds, a slope of 0.6, which follows from the luminosity function in r of Blanton et
al. 2003 (doi:10.1086/375776: phi* = 1.49e-2 h3 / Mpc3, M* - 5 log h = -20.44, alpha = -1.05):

    sigma = phi* d**3 Gamma(alpha + 2.5) / 3 per steradian,   d = 10**(0.2 (r - M* - 25)) Mpc / h

Each law is too high where it does not hold, so the smaller of the two is taken; they cross at r = 20.2. R and r are
taken as one, and where a catalogue has neither, r is worked out from B, K or W1 by the colours of an ordinary spiral
(B - r = 1.1, r - K = 2.6, K - W1 = 0.2; a few tenths of a magnitude, 20 to 40 % in sigma).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tom_scimma.galaxies.sheet import Sheet

#: r minus that band, for galaxies without r
COLOURS = {"b": -1.1, "k": 2.6, "w1": 2.8}
PHI, M_STAR, ALPHA = 1.49e-2, -20.44, -1.05
ARCSEC2_PER_DEG2 = 3600.0**2
ARCSEC2_PER_SR = (math.degrees(1) * 3600) ** 2
#: galaxies further out than so many standard deviations are not looked at
REACH = 3.0


@dataclass(frozen=True)
class Hosts:
    """Possible hosts, the least likely to be there by chance first; arrays of one entry a galaxy."""

    rows: np.ndarray  #: int64, of the column file
    offset: np.ndarray  #: arcsec
    sigmas: np.ndarray  #: offset in standard deviations of the position
    kpc: np.ndarray  #: projected, at the galaxy's distance; NaN without one
    radii: np.ndarray  #: offset in half-light radii; NaN without one
    magnitude: np.ndarray  #: r, given or worked out; NaN without any
    chance: np.ndarray  #: Pcc; NaN without a magnitude
    found: int  #: galaxies in the circle, of which these are the best


def density(magnitude: Any) -> np.ndarray:
    """Mean number of galaxies a square arcsecond that are at least as bright as an r magnitude."""
    given = np.asarray(magnitude, np.float64)
    faint = 10 ** (0.334 * (given - 22.963) + 4.320) / (0.334 * math.log(10)) / ARCSEC2_PER_DEG2
    depth = 10 ** (0.2 * (given - M_STAR - 25))
    bright = PHI * depth**3 * math.gamma(ALPHA + 2.5) / 3 / ARCSEC2_PER_SR
    return np.minimum(faint, bright)


def effective_radius(offset: Any, half_light: Any, sigma: float) -> np.ndarray:
    """Bloom's radius in the unit of its arguments: max(2 R_half, 3 sigma, sqrt(R0**2 + 4 R_half**2))."""
    half = np.nan_to_num(np.asarray(half_light, np.float64))
    return np.maximum(np.hypot(offset, 2 * half), 3 * sigma)  # the last is never below the first


def chance(offset: Any, half_light: Any, sigma: float, magnitude: Any) -> np.ndarray:
    """Probability of chance coincidence, 0..1, float64; angles in arcsec, magnitude in r. NaN without a magnitude."""
    area = np.pi * np.square(effective_radius(offset, half_light, sigma))
    return -np.expm1(-area * density(magnitude))


def r_magnitude(r: Any, b: Any, k: Any, w1: Any) -> np.ndarray:
    """Apparent r, or the best that stands for it: from B, else K, else W1; NaN without any."""
    found = np.asarray(r, np.float64)
    for band, values in (("b", b), ("k", k), ("w1", w1)):
        found = np.where(np.isfinite(found), found, np.asarray(values, np.float64) + COLOURS[band])
    return found


def sigma_of(radius: float, containment: float | None) -> float:
    """Standard deviation along one axis of a circular Gaussian with that error radius; its unit is the radius's.

    radius = sigma sqrt(-2 ln(1 - containment)); 0.9 where the containment is not known.
    """
    held = containment if containment and 0 < containment < 1 else 0.9
    return radius / math.sqrt(-2 * math.log1p(-held))


def near(sheet: Sheet, ra: float, dec: float, sigma_deg: float, *, most: int = 1000) -> Hosts:
    """Galaxies within REACH standard deviations of a position (degrees), by chance probability, then offset."""
    from tom_scimma.skymap.makers import separation

    reach = min(max(REACH * sigma_deg, 1 / 60), 180.0)  # at least an arcminute: nearby galaxies are large
    rows = sheet.near(ra, dec, reach)
    offset = separation(sheet.column("ra")[rows], sheet.column("dec")[rows], ra, dec) * 3600
    magnitude = np.asarray(sheet.column("r")[rows], np.float64)
    radius = np.asarray(sheet.column("radius")[rows], np.float64)
    probability = chance(offset, radius, sigma_deg * 3600, magnitude)
    order = np.lexsort((offset, np.where(np.isfinite(probability), probability, 2)))[:most]
    distance = np.asarray(sheet.column("distance")[rows], np.float64)
    kpc = np.radians(offset / 3600) * distance * 1000 / (1 + _redshift(distance)) ** 2
    return Hosts(
        rows[order],
        offset[order],
        offset[order] / (sigma_deg * 3600),
        kpc[order],
        (offset / radius)[order],
        magnitude[order],
        probability[order],
        rows.size,
    )


def _redshift(distance: np.ndarray) -> np.ndarray:
    """Redshift of a luminosity distance: d_L / d_C - 1."""
    from tom_scimma.galaxies import light

    known = np.nan_to_num(distance)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known > 0, known / light.comoving_distance(known) - 1, 0.0)
