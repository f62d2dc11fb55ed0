"""What several footprints cover of pixels that they cut.

With one of them: its exact share. With few: 64 samples say what overlaps, the exact shares what there is. Let s be the
sum of the shares, m their samples' sum, n the samples' union: the union is taken as n + k (s - m), where k = 2 - m / n
is 1 where nothing overlaps (so that it is exact) and 0 where all do; and it lies between the largest share and s. With
many: the samples alone, and only until all 64 are seen.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tom_scimma.skymap import share
from tom_scimma.skymap.descent import Level, first

#: more footprints than this in a pixel are many; and it may be larger, for they leave little of it uncovered
CROWD = 5
#: so many of them are looked at before it is asked what is left to see
ROUNDS = (6, 16, 40, 100, 1 << 62)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


class Covered(NamedTuple):
    """Of each pixel, float64[n] each, in parts of it."""

    share: np.ndarray  #: what is covered
    off: np.ndarray  #: standard deviation of that
    open: np.ndarray  #: how far wrong at most


def overlap(level: Level, pairs: np.ndarray) -> Covered:
    """What the footprints of these pairs cover together of each pixel that they name, in its order."""
    begin, count = runs(level.at[pairs])
    found = Covered(*(np.zeros(len(begin)) for _ in range(3)))
    for those, measured in ((count == 1, _one), ((count > 1) & (count <= CROWD), _few), (count > CROWD, _many)):
        which = np.flatnonzero(np.repeat(those, count))
        if len(which):
            for values, new in zip(found, measured(level, pairs[which]), strict=True):
                values[those] = new
    return found


def _one(level: Level, pairs: np.ndarray) -> Covered:
    share_, _ = level.measure(pairs, area=True, samples=False)
    return Covered(share_, np.zeros(len(pairs)), np.zeros(len(pairs)))


def _few(level: Level, pairs: np.ndarray) -> Covered:
    part, mask = level.measure(pairs, area=True, samples=True)
    begin, _ = runs(level.at[pairs])
    counts = (part, share.counted(mask), share.counted(mask & share.HALF))
    shares, samples, half = (np.add.reduceat(values, begin) for values in counts)
    seen = np.bitwise_or.reduceat(mask, begin)
    union, union_half = share.counted(seen), share.counted(seen & share.HALF)
    known = np.clip(2 - samples / np.maximum(union, 1), 0, 1)
    least, most = np.maximum.reduceat(part, begin), np.minimum(shares, 1)
    covered = np.clip(union / 64 + known * (shares - samples / 64), least, most)
    off = np.abs((2 * union_half - union) - known * (2 * half - samples)) / 64
    return Covered(covered, off, np.maximum(covered - least, most - covered))


def _many(level: Level, pairs: np.ndarray) -> Covered:
    begin, count = runs(level.at[pairs])
    seen = np.zeros(len(begin), np.uint64)
    run = np.repeat(np.arange(len(begin)), count)
    rank = np.arange(len(pairs)) - begin[run]
    left = np.arange(len(pairs))
    for until in ROUNDS:
        now = left[rank[left] < until]
        if len(now):
            _, mask = level.measure(pairs[now], area=False, samples=True)
            start, _ = runs(run[now])
            seen[run[now[start]]] |= np.bitwise_or.reduceat(mask, start)
        left = left[rank[left] >= until]
        left = left[seen[run[left]] != ALL]
    union = share.counted(seen)
    off = np.abs(2 * share.counted(seen & share.HALF) - union) / 64
    return Covered(union / 64, off, np.ones(len(begin)))


def runs(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(where each run of equal values begins, its length)."""
    begin = np.flatnonzero(first(values))
    count = np.empty_like(begin)
    np.subtract(begin[1:], begin[:-1], out=count[:-1])
    count[-1:] = len(values) - begin[-1:]
    return begin, count
