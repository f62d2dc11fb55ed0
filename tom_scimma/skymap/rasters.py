"""A map on pixels of one order, as a flat FITS file that healpy, ligo.skymap and older tools read.

Where pixels of the map are smaller, their probability is summed, and their distances are put together by moments
(mean and standard deviation over the sum), as ligo.skymap's `moments_to_parameters` has it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skymap import distance, grid, write

if TYPE_CHECKING:
    from tom_scimma.skymap.sky import SkyMap

COLUMNS = {"PROB": ("D", "pix-1"), "DISTMU": ("D", "Mpc"), "DISTSIGMA": ("D", "Mpc"), "DISTNORM": ("D", "Mpc-2")}
#: pixels made at once
BLOCK = 1 << 18
MAX_NSIDE = 4096


def flat_fits(sky: SkyMap, nside: int) -> bytes:
    """A flat FITS file, nested and implicit, of PROB and the distance columns. Raises ValueError for a wrong nside."""
    if nside < 1 or nside & (nside - 1) or nside > MAX_NSIDE:
        raise ValueError(f"nside is a power of two up to {MAX_NSIDE}, not {nside}")
    pixels = 12 * nside * nside
    names = list(COLUMNS) if sky.mu is not None else ["PROB"]
    kind = np.dtype([(name, ">f8") for name in names])
    cards: dict[str, Any] = {
        "PIXTYPE": "HEALPIX",
        "ORDERING": "NESTED",
        "COORDSYS": "C",
        "NSIDE": nside,
        "FIRSTPIX": 0,
        "LASTPIX": pixels - 1,
        "INDXSCHM": "IMPLICIT",
        "OBJECT": sky.meta.get("OBJECT", "FULLSKY"),
        **{key: value for key, value in sky.meta.items() if key != "OBJECT"},
    }
    if sky.distance:
        cards["DISTMEAN"], cards["DISTSTD"] = sky.distance
    out = io.BytesIO()
    out.write(write.head(kind.itemsize, pixels, {name: COLUMNS[name] for name in names}, cards))
    for columns in blocks(sky, nside.bit_length() - 1):
        rows = np.empty(columns.shape[1], kind)
        for name, column in zip(names, columns, strict=True):
            rows[name] = column
        out.write(rows.tobytes())
    out.write(bytes(-pixels * kind.itemsize % write.BLOCK))
    return out.getvalue()


def blocks(sky: SkyMap, order: int) -> Iterator[np.ndarray]:
    """Columns float64[c, k] of nested pixels of one order, one block after the other: probability, mu, sigma, norm."""
    for first in range(0, 12 << (2 * order), BLOCK):
        ipix = np.arange(first, min(first + BLOCK, 12 << (2 * order)))
        prob = sky.mean_density(order, ipix) * grid.pixel_area(order)
        yield prob[None] if sky.mu is None else np.stack([prob, *_distance(sky, order, ipix)])


def _distance(sky: SkyMap, order: int, ipix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(mu, sigma, norm) of pixels of one order; (inf, 1, 0) where nothing is known."""
    assert sky.mu is not None
    assert sky.sigma is not None
    assert sky.norm is not None
    _, start, size = sky.spans
    shift = 2 * (grid.MAX_ORDER - order)
    place = ipix << shift
    row = np.searchsorted(start, place, side="right") - 1
    at = np.maximum(row, 0)
    inside = (row >= 0) & (place + (np.int64(1) << shift) <= start[at] + size[at])
    mu, sigma, norm = (
        np.where(inside, column[at], blank) for column, blank in ((sky.mu, np.inf), (sky.sigma, 1.0), (sky.norm, 0.0))
    )
    rows = np.arange(np.searchsorted(start, place[0]), np.searchsorted(start, place[-1] + (np.int64(1) << shift)))
    rows = rows[(size[rows] < np.int64(1) << shift) & np.isfinite(sky.mu[rows])]
    if rows.size:
        there, found = _together(sky, rows, (start[rows] >> shift) - ipix[0])
        for column, values in zip((mu, sigma, norm), found, strict=True):
            column[there] = values
    return mu, sigma, norm


def _together(sky: SkyMap, rows: np.ndarray, pixel: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """(pixels, their mu, sigma, norm) where several rows lie in one pixel."""
    assert sky.mu is not None
    assert sky.sigma is not None
    weight = (sky.density * sky.pixel_area)[rows]
    mean, spread, _ = distance.moments(sky.mu[rows], sky.sigma[rows])
    total = np.bincount(pixel, weight)
    there = np.flatnonzero(total > 0)
    first = np.bincount(pixel, weight * mean)[there] / total[there]
    second = np.bincount(pixel, weight * (np.square(mean) + np.square(spread)))[there] / total[there]
    return there, distance.parameters(first, np.sqrt(np.maximum(second - np.square(first), 0)))
