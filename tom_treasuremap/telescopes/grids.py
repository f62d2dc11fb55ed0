"""Fixed fields of the telescopes that have them, by the rules that made them: no file of positions is needed.

    ids, ra, dec = grid("ztf")

Each is a band of equal declinations after another from south to north, equal steps of right ascension in each.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

Grid = tuple[tuple[str, ...], np.ndarray, np.ndarray]


def grid(name: str) -> Grid:
    """Ids, right ascensions and declinations (deg) of a grid's fields; KeyError says which grids are known."""
    try:
        return _grid(name)
    except KeyError:
        raise KeyError(f"no grid is called {name!r}; known are {', '.join(GRIDS)}") from None


@lru_cache
def _grid(name: str) -> Grid:
    ids, ra, dec = GRIDS[name]()
    for values in (ra, dec):
        values.setflags(write=False)
    return ids, ra, dec


#: fields in each band of ZTF's primary grid, from south to north
ZTF_BANDS = (
    7, 13, 19, 24, 29, 34, 39, 42, 46, 48, 50, 51, 51, 51, 51, 50, 48, 46, 42, 39, 34, 29, 24, 19, 13, 7,
)  # fmt: skip


def ztf() -> Grid:
    """The 906 fields of ZTF's primary grid, by their numbers: what ztf_sim's data/ZTF_Fields.txt lists."""
    ra, dec = [], []
    for band, count in enumerate(ZTF_BANDS):
        step = 360.0 / count
        ra.append((179.0 + (np.arange(count) - (count - 1) / 2) * step) % 360.0)
        dec.append(np.full(count, -44.4 + (band - 6) * 90.0 / 13.0))
    found = np.concatenate(ra)
    return tuple(str(i + 1) for i in range(len(found))), found, np.concatenate(dec)


def goto(width: float = 8.0, height: float = 5.5, overlap: float = 0.2) -> Grid:
    """GOTO's fields: bands whose outer edges meet the poles, and so many fields in each that their lower corners meet.

    The rule is goto-tile's for its grid GOTO8 (`create_grid_enhanced` with integer_fit, polar_edge and corner_align).
    """
    pole = 90.0 - (height - overlap) / 2
    steps = math.ceil(2 * pole / (height - overlap))
    ra, dec = [], []
    for band in np.linspace(-pole, pole, steps + 1):
        across = min((width - overlap) / math.cos(math.radians(band)), 2 * _corner(abs(band), width / 2, -height / 2))
        count = math.ceil(360.0 / across)
        ra.append(np.arange(count) * 360.0 / count)
        dec.append(np.full(count, band))
    found = np.concatenate(ra)
    return tuple(f"T{i + 1:04d}" for i in range(len(found))), found, np.concatenate(dec)


def _corner(dec: float, east: float, north: float) -> float:
    """How far in right ascension (deg) a corner at (east, north) deg of a field at `dec` is from its centre."""
    x, y, d = math.radians(east), math.radians(north), math.radians(dec)
    # the offset frame's (longitude, latitude) as a vector, turned up to the field's declination
    forward, side, up = math.cos(y) * math.cos(x), math.cos(y) * math.sin(x), math.sin(y)
    return math.degrees(math.atan2(side, forward * math.cos(d) - up * math.sin(d)))


GRIDS = {"ztf": ztf, "goto": goto}
