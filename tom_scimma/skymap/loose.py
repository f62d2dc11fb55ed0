"""A map with more pixels than may be held, made smaller where it shows least: pixels that hardly differ are merged.

First those that hold next to nothing, then siblings whose densities differ by a part that grows, as far as needed. With
each generation the part is a third of the last one's: what differs from pixel to pixel averages out, and without
that a noisy map would merge all the way up at once. The probability of every region larger than a pixel stays what it was.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tom_scimma.skymap import grid


class Tolerance(NamedTuple):
    """What is merged: siblings of at most `least` of the mean density, or the finest that differ by at most `part` of it."""

    least: float
    part: float


#: how many times less siblings may differ whose own children were merged
STRICTER = 3.0
STEPS = (Tolerance(1e-9, 0.0), *(Tolerance(1e-9, 1e-4 * 3**step) for step in range(9)))

Piece = tuple[np.ndarray, np.ndarray]  #: uniq int64[k] in nested order, columns float64[c, k]; column 0 is probability


def loosened(uniq: np.ndarray, columns: np.ndarray, floor: float, part: float, order: int) -> Piece:
    """The piece of a map of `order` after siblings that are alike became their parent; up to `floor` all are, distance and all."""
    while uniq.size > 3:
        first = np.flatnonzero((uniq[:-3] & 3 == 0) & (uniq[3:] - uniq[:-3] == 3) & (uniq[:-3] >= 16))
        four = columns[:, first[:, None] + np.arange(4)]
        parts = part * STRICTER ** (grid.order_of(uniq[first]) - float(order))
        alike = _near(four[0], parts)
        for column in four[1:]:
            alike &= _near(column, parts)
        alike |= four[0].max(axis=1) <= floor
        first, four = first[alike], four[:, alike]
        if not first.size:
            break
        mean = _mean(four)
        kept = np.ones(uniq.size, bool)
        kept[first[:, None] + np.arange(1, 4)] = False
        uniq, columns = uniq.copy(), columns.copy()
        uniq[first] >>= 2
        columns[:, first] = mean
        uniq, columns = uniq[kept], columns[:, kept]
    return uniq, columns


def _near(four: np.ndarray, part: np.ndarray) -> np.ndarray:
    low, high = four.min(axis=1), four.max(axis=1)
    with np.errstate(invalid="ignore"):
        return (low == high) | (high - low <= part * np.maximum(np.abs(low), np.abs(high)))


def _mean(four: np.ndarray) -> np.ndarray:
    """Mean probability, and the other columns weighted by it."""
    total = four[0].sum(axis=1)
    weight = np.where(total[:, None] > 0, four[0], 1.0)
    with np.errstate(invalid="ignore"):
        rest = (four[1:] * weight).sum(axis=2) / weight.sum(axis=1)
    return np.concatenate(((total / 4)[None], rest))
