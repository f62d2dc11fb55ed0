"""Credible volumes: how much probability lies where the volume is denser than a place is.

Inside the contour of a density t, a pixel of density t_0 at its mu takes part over |r - mu| < w sigma, where
w**2 = 2 ln(t_0 / t). With s = mu / sigma and x = (r - mu) / sigma, what it holds there is W C(s, w): W its
probability, C the part of (s + x)**2 exp(-x**2 / 2) over -min(s, w) < x < w, which is closed, because

    H(x) = integral of (s + u)**2 phi(u) from x on = (s**2 + 1) Phi(-x) + (2 s + x) phi(x).

The level of t is the sum over all pixels. Pixels that are alike in ln t_0 and in s are taken together, by at most
1 / PARTS of the probability, and the sum is interpolated between densities that are at most STEP apart in level; so
that it costs the same for a map of any size. Against the sum pixel by pixel the level is right to 0.001.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tom_scimma.skymap import distance, volume

if TYPE_CHECKING:
    from tom_scimma.skymap.sky import SkyMap

#: pixels taken together hold at most this part, are this close in ln density, and in asinh(s)
PARTS, CLOSE, ALIKE = 400, 0.1, 0.15
#: nodes of the table, to begin with, and how far apart in level two of them may be
NODES, STEP = 128, 0.01
#: a pixel is wholly inside the contour of exp(-DEEP) of its own density; what is left of it is below 1e-8
DEEP = 20.0
#: densities are followed down to where all but this is inside
REST = 1e-9


class Table(NamedTuple):
    """Level of a density: `level` at `root`, the square root of how far ln density is below the densest."""

    top: float  #: ln of the greatest density, per Mpc^3
    root: np.ndarray
    level: np.ndarray


class _Cells(NamedTuple):
    """Pixels taken together, the densest first."""

    weight: np.ndarray
    peak: np.ndarray  #: ln of the greatest density at r >= 0
    s: np.ndarray


def level_at(sky: SkyMap, ra: Any, dec: Any, dist_mpc: Any) -> Any:
    """Credible volume level of positions in degrees and distances in Mpc; NaN where there is no density."""
    return level_of(sky, volume.density_at(sky, ra, dec, dist_mpc))


def level_of(sky: SkyMap, density: Any) -> Any:
    """Credible volume level, 0..1, of densities per Mpc^3 (from volume.density_at); NaN for NaN."""
    density = np.asarray(density, np.float64)
    table = sky.volume_table
    if table is None:
        found = np.where(density >= 0, 1.0, np.nan)
    else:
        with np.errstate(divide="ignore"):
            below = table.top - np.log(density)
        found = np.interp(np.sqrt(np.maximum(below, 0)), table.root, table.level, right=1.0)
        found = np.where(np.isnan(density), np.nan, found)
    return float(found) if found.ndim == 0 else found


def table(sky: SkyMap) -> Table | None:
    """The levels of all densities of a map, None where it knows no distance."""
    cells = _cells(sky)
    if cells is None:
        return None
    held = np.cumsum(cells.weight)
    last = cells.peak[min(int(np.searchsorted(held, held[-1] * (1 - REST))), held.size - 1)]
    root = np.linspace(0, np.sqrt(cells.peak[0] - last + DEEP), NODES)
    level = _levels(cells, cells.peak[0] - np.square(root))
    for _ in range(4):
        wide = np.flatnonzero(np.diff(level) > STEP)
        if not wide.size:
            break
        between = (root[wide] + root[wide + 1]) / 2
        level = np.insert(level, wide + 1, _levels(cells, cells.peak[0] - np.square(between)))
        root = np.insert(root, wide + 1, between)
    return Table(float(cells.peak[0]), root, np.minimum(np.maximum.accumulate(level), 1))


def _cells(sky: SkyMap) -> _Cells | None:
    if sky.mu is None or sky.sigma is None or sky.norm is None:
        return None
    area = sky.pixel_area
    columns = (sky.mu, sky.sigma, sky.norm, sky.density, area)
    blocks = (slice(begin, begin + distance.BLOCK) for begin in range(0, len(sky), distance.BLOCK))
    found = [_of(*(column[block] for column in columns)) for block in blocks]
    found = [cells for cells in found if cells.weight.size]
    if len(found) < 2:  # most maps are one block
        return found[0] if found else None
    return _together(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _of(mu: np.ndarray, sigma: np.ndarray, norm: np.ndarray, density: np.ndarray, area: np.ndarray) -> _Cells:
    known = np.flatnonzero(np.isfinite(mu) & (density > 0))
    mu, sigma, norm, density, area = (column[known] for column in (mu, sigma, norm, density, area))
    s = mu / sigma
    with np.errstate(all="ignore"):  # densities may be too small for a logarithm
        weight = density * area * norm * np.square(sigma) * _whole(s)
        peak = np.log(density * norm / sigma * volume.ROOT) - 0.5 * np.square(np.minimum(s, 0))
    good = np.flatnonzero((weight > 0) & np.isfinite(weight) & np.isfinite(peak))
    return _together(weight[good], peak[good], s[good])


def _together(weight: np.ndarray, peak: np.ndarray, s: np.ndarray) -> _Cells:
    if not weight.size:
        return _Cells(weight, peak, s)
    rows = np.argsort(-peak)
    weight, peak, s = weight[rows], peak[rows], s[rows]
    part = np.floor(np.cumsum(weight) / weight.sum() * PARTS).astype(np.int64)
    step = np.floor((peak[0] - peak) / CLOSE).astype(np.int64)
    group = np.cumsum(np.concatenate(([False], (np.diff(part) > 0) | (np.diff(step) > 0))))
    kind = np.floor(np.arcsinh(s) / ALIKE).astype(np.int64)
    kind -= kind.min()
    name = group * (kind.max() + 1) + kind
    total = np.bincount(name, weight)
    used = np.flatnonzero(total > 0)
    peak, s = (np.bincount(name, weight * value)[used] / total[used] for value in (peak, s))
    order = np.argsort(-peak)
    return _Cells(total[used][order], peak[order], s[order])


def _levels(cells: _Cells, threshold: np.ndarray) -> np.ndarray:
    """What lies inside the contour of each ln density."""
    held = np.concatenate(([0.0], np.cumsum(cells.weight)))
    begin = np.searchsorted(-cells.peak, -threshold - DEEP)  # the cells before are wholly inside
    end = np.searchsorted(-cells.peak, -threshold)  # those from here on have no part
    scale = cells.weight / _whole(cells.s)
    found = np.empty(threshold.size)
    for at, (first, last) in enumerate(zip(begin.tolist(), end.tolist(), strict=True)):
        here = slice(first, last)
        part = _part(cells.s[here], 2 * (cells.peak[here] - threshold[at]))
        found[at] = held[first] + np.dot(scale[here], part)
    return found


def _part(s: np.ndarray, square: np.ndarray) -> np.ndarray:
    """Integral of (s + x)**2 phi(x) over -min(s, w) < x < w, where w**2 = `square`, or more by s**2 where s < 0."""
    w = np.sqrt(square + np.square(np.minimum(s, 0)))
    return distance.beyond(s, -np.minimum(s, w)) - distance.beyond(s, w)


def _whole(s: np.ndarray) -> np.ndarray:
    return distance.beyond(s, -s)
