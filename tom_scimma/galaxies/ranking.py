"""Galaxies in an event's volume, by probability times weight.

The score of a galaxy is the probability density of the map at its place, in a unit of volume, times its weight, divided by
the sum of that over all galaxies of the catalogue in the map's region. With distance the density is that of Singer et
al. 2016 (doi:10.3847/2041-8205/829/1/L15), rho norm N(r; mu, sigma) per Mpc3, as SkyMap.volume_density_at has it and as
ligo.skymap.postprocess.crossmatch's `probdensity_vol`. A galaxy's distance is known to some error s: the density is
averaged over N(r; d, s), r >= 0, which is, by completing the square and with w = sqrt(sigma**2 + s**2),

    rho norm N(d; mu, w) Phi((mu s**2 + d sigma**2) / (sigma s w)) / Phi(d / s).

A map without distance gives the density per steradian, and the galaxies of the whole catalogue at that place compete.
A galaxy of unknown weight counts as the faintest tenth of those known: what no survey measured is faint.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tom_scimma.galaxies import light
from tom_scimma.galaxies.sheet import WEIGHTS, Sheet
from tom_scimma.skymap import SkyMap

#: galaxies outside the region that holds so much of the probability are not looked at
LEVEL = 0.999
UNIFORM = "uniform"


@dataclass(frozen=True)
class Ranked:
    """The best galaxies, best first; arrays of one entry a galaxy."""

    rows: np.ndarray  #: int64, of the column file
    score: np.ndarray  #: share of the whole, 0..1; all galaxies looked at add up to 1
    level: np.ndarray  #: 2D credible level of the position
    sd: np.ndarray  #: how far the galaxy is from the map's distance there, in standard deviations; NaN without
    looked_at: int  #: galaxies in the region, with a distance where the map has one
    in_volume: int  #: of these, galaxies whose score is not 0
    no_distance: int  #: galaxies in the region that a map with distance cannot place
    three_d: bool

    def __len__(self) -> int:
        return self.rows.size


def rank(
    sky: SkyMap, sheet: Sheet, weight: str = UNIFORM, *, most: int = 1000, max_distance: float | None = None
) -> Ranked:
    """The `most` best galaxies of a catalogue for a map; weight is b, k, w1, mass or uniform.

    `max_distance` (Mpc) leaves out what lies beyond: of use for maps without distance.
    """
    if weight != UNIFORM and weight not in WEIGHTS:
        raise ValueError(f"weight is one of {', '.join((*WEIGHTS, UNIFORM))}, not {weight!r}")
    rows = sheet.inside(sky, LEVEL)
    distance = np.asarray(sheet.column("distance")[rows], np.float64)
    if max_distance is not None:
        near = ~(distance > max_distance)
        rows, distance = rows[near], distance[near]
    three_d, no_distance = sky.mu is not None, 0
    if three_d:
        known = np.isfinite(distance)
        no_distance = int(known.size - np.count_nonzero(known))
        rows, distance = rows[known], distance[known]
    ra, dec = sheet.column("ra")[rows], sheet.column("dec")[rows]
    at = sky.rows_at(ra, dec)
    sd = sheet.column("distance_sd")[rows] if three_d else np.empty(0)
    density, off = _density(sky, at, distance, sd)
    if weight != UNIFORM:
        value = np.asarray(sheet.column(weight)[rows], np.float64)
        density = density * np.where(np.isfinite(value), value, sheet.faint[weight])
    total = float(density.sum())
    score = density / total if total > 0 else density
    best = _best(score, most)
    level = np.where(at[best] < 0, 1.0, sky.levels[at[best]])
    return Ranked(
        rows[best], score[best], level, off[best], rows.size, int(np.count_nonzero(score)), no_distance, three_d
    )


def completeness(sky: SkyMap, sheet: Sheet, weight: str) -> tuple[float | None, float | None]:
    """How complete a catalogue is for a map with distance: (whole sky, in the map's 90 % region), 0..1 and more.

    The first averages the completeness of the catalogue's shells over the map's distance. The second sums what the
    catalogue has in the region within a standard deviation of the mean distance, over the average of such a volume: it
    shows the Milky Way's shadow, but also clusters and voids. See light.py. None where no average is known.
    """
    if sky.distance is None or sky.mu is None:
        return None, None
    mean, sd = sky.distance
    near, far = max(mean - sd, 0.0), mean + sd
    r = np.linspace(max(mean - 5 * sd, 0.0), mean + 5 * sd, 101)[1:]
    whole = light.complete_at(sheet.sums, weight, r, np.nan_to_num(sky.distance_pdf(r)))
    if whole is None:
        return None, None
    rows = sheet.inside(sky, 0.9)
    distance = sheet.column("distance")[rows]
    there = rows[(distance >= near) & (distance < far)]
    held = float(np.nansum(sheet.column(weight)[there], dtype=np.float64))
    part = float(sky.pixel_area[sky.region(0.9)].sum()) / (4 * np.pi)
    return whole, light.share(held, weight, near, far, part)


def _density(sky: SkyMap, at: np.ndarray, distance: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(density, offset of the distance in standard deviations) for galaxies in the pixels `at`; -1 is no pixel."""
    inside = at >= 0
    density = np.where(inside, sky.density[at], 0.0)
    if sky.mu is None or sky.sigma is None or sky.norm is None:
        return density, np.full(at.size, np.nan)
    mu, sigma, norm = sky.mu[at], sky.sigma[at], sky.norm[at]
    error = np.nan_to_num(np.asarray(sd, np.float64))
    wide = np.hypot(sigma, error)
    known = inside & np.isfinite(mu)
    with np.errstate(all="ignore"):
        off = (distance - mu) / wide
        found = density * norm * np.exp(-0.5 * np.square(off)) / (wide * np.sqrt(2 * np.pi))
        found *= np.where(error > 0, _not_below_zero(distance, error, mu, sigma, wide), 1.0)
    return np.where(known, found, 0.0), np.where(known, off, np.nan)


def _not_below_zero(
    distance: np.ndarray, error: np.ndarray, mu: np.ndarray, sigma: np.ndarray, wide: np.ndarray
) -> np.ndarray:
    """Part of the average over a galaxy's distance that lies at r >= 0, over the part of its own distance that does."""
    from scipy.special import ndtr

    return ndtr((mu * np.square(error) + distance * np.square(sigma)) / (sigma * error * wide)) / ndtr(distance / error)


def _best(score: np.ndarray, most: int) -> np.ndarray:
    """Indices of the highest scores above 0, descending; equal ones in nested order."""
    count = min(most, int(np.count_nonzero(score)))
    if not count:
        return np.empty(0, np.int64)
    best = np.argpartition(score, score.size - count)[score.size - count :]
    return best[np.lexsort((best, -score[best]))]
