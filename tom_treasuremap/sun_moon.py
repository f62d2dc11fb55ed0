"""Where the Sun and the Moon stand from the Earth's centre, at many times: SOFA's `epv00` and `moon98`, between half hours by cubics.

Each takes tens of microseconds a time, and a page asks for thousands of times in the same few nights: half days are kept.
Between nodes half an hour apart a cubic is right to a thousandth of an arcsecond.
"""

from __future__ import annotations

from functools import lru_cache

import erfa
import numpy as np

MJD0 = 2400000.5
DAY = 86400.0
TT_UTC = 69.184  #: s, since 2017; a second of the Moon is half an arcsecond, of all else nothing
NODES = 48  #: a day


def sun_moon(mjd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vectors to the Sun and to the Moon, au on the ICRS axes, float64[n, 3] each, at MJDs UTC."""
    found = np.empty((len(mjd), 2, 3))
    half = np.floor(mjd * 2).astype(int)
    for one in np.unique(half):
        which = half == one
        place = (mjd[which] - one / 2) * NODES
        first = np.floor(place).astype(int)
        found[which] = _cubic(_nodes(int(one)), first, place - first)
    return found[:, 0], found[:, 1]


@lru_cache(maxsize=128)
def _nodes(half: int) -> np.ndarray:
    """Sun and Moon at each half hour of a half day, with one before and two after: float64[NODES / 2 + 3, 2, 3]."""
    tt = MJD0, half / 2 + (np.arange(NODES // 2 + 3) - 1) / NODES + TT_UTC / DAY
    heliocentric, _ = erfa.epv00(*tt)
    found = np.stack([-heliocentric["p"], erfa.moon98(*tt)["p"]], axis=1)
    found.setflags(write=False)
    return found


def _cubic(nodes: np.ndarray, first: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Lagrange's cubic through the four nodes around each place; `nodes` begins one before place 0."""
    t = part[:, None, None]
    weights = (
        -t * (t - 1) * (t - 2) / 6, (t + 1) * (t - 1) * (t - 2) / 2, -(t + 1) * t * (t - 2) / 2, (t + 1) * t * (t - 1) / 6,
    )  # fmt: skip
    return sum((weight * nodes[first + i] for i, weight in enumerate(weights)), np.zeros(()))
