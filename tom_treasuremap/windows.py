"""When something is up: runs of True along times, and their edges found to a few seconds."""

from __future__ import annotations

from typing import Any

import numpy as np

from tom_treasuremap.constraints import Constraint
from tom_treasuremap.telescopes.telescope import Site

SECOND = 1.0 / 86400.0


def runs(good: Any, times: Any) -> list[tuple[Any, Any]]:
    """(start, end) of each run of True in bool[n]: the first and the last time that is good, as `times` has them."""
    padded = np.concatenate([[False], np.asarray(good, dtype=bool), [False]])
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    return [(times[first], times[last - 1]) for first, last in zip(edges[::2], edges[1::2], strict=True)]


def between(good: np.ndarray, times: np.ndarray) -> list[tuple[float, float]]:
    """The runs of `good`, each edge in the middle between the last time that is not and the first that is."""
    middles = np.concatenate([times[:1], (times[1:] + times[:-1]) / 2, times[-1:]])
    return [(float(middles[first]), float(middles[last + 1])) for first, last in runs(good, np.arange(len(times)))]


def grid(start: float, end: float, step: float = 300.0) -> np.ndarray:
    """MJDs from `start` to `end`, both included, at most `step` seconds apart."""
    return np.linspace(start, end, max(2, int(np.ceil((end - start) / (step * SECOND))) + 1))


def apart(one: float, other: float) -> tuple[str, str]:
    """Two figures with as many digits as tell them apart: "22" and "30", or "29.81" and "30.00"."""
    digits = 0 if f"{one:.0f}" != f"{other:.0f}" else 2
    return f"{one:.{digits}f}", f"{other:.{digits}f}"


def open_between(
    rule: Constraint, site: Site, ra: float, dec: float, start: float, end: float, *, step: float = 300.0
) -> list[tuple[float, float]]:
    """MJDs (start, end) of when one position is allowed, edges good to 5 s; what is shorter than `step` s may be missed."""
    times = grid(start, end, step)
    good = rule(site, (ra, dec), times)[0]
    return edges(rule, site, ra, dec, times, good)


def edges(
    rule: Constraint, site: Site, ra: float, dec: float, times: np.ndarray, good: np.ndarray, *, within: float = 5.0
) -> list[tuple[float, float]]:
    """The runs of `good` along `times` (MJD), their edges moved to where the rule changes, good to `within` seconds."""
    change = np.flatnonzero(good[1:] != good[:-1])
    low, high, was = times[change], times[change + 1], good[change]
    while len(low) and np.max(high - low) > within * SECOND:
        middle = (low + high) / 2
        same = rule(site, (ra, dec), middle)[0] == was
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    at = dict(zip(change, (low + high) / 2, strict=True))
    found = []
    for first, last in runs(good, np.arange(len(times))):
        found.append((float(at.get(first - 1, times[first])), float(at.get(last, times[last]))))
    return found
