"""How the Earth turns: UT1-UTC and polar motion from the table that comes with astropy, and nothing from the network.

Astropy's own look-up would download a newer table once the installed one is a month old; a page must not wait for that.
Beyond the table's end (about a year of predictions) its last values hold: UT1-UTC moves by less than a second a year,
which is 15 arcsec of rotation, and `note` says so.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

ARCSEC = np.pi / 180 / 3600


@lru_cache(maxsize=1)
def table() -> np.ndarray:
    """Rows of (MJD, UT1-UTC in s, polar motion x, y in radians), float64[days, 4]: IERS Bulletin A, finals2000A.

    Read here because astropy's reader takes 0.3 s for columns that nobody asks for.
    """
    from astropy_iers_data import IERS_A_FILE

    rows = []
    with open(IERS_A_FILE) as lines:
        for line in lines:
            if line[58:68].strip():  # as of its ReadMe.finals2000A
                rows.append((float(line[7:15]), float(line[58:68]), float(line[18:27]), float(line[37:46])))
    found = np.array(rows, order="F")  # each column side by side, or every search in one would copy it
    found[:, 2:] *= ARCSEC
    found.setflags(write=False)
    return found


def turning(mjd: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """UT1-UTC in s and polar motion x, y in radians at each MJD (UTC), arrays as `mjd`; the ends hold beyond the table."""
    known = table()
    day = np.clip(np.searchsorted(known[:, 0], mjd, side="right") - 1, 0, len(known) - 2)
    part = np.clip(mjd - known[day, 0], 0.0, 1.0)
    step = known[day + 1, 1] - known[day, 1]
    step -= np.round(step)  # a leap second lies between two days, never inside one
    held = np.where(np.abs(mjd - known[day, 0]) > 1.0, np.where(mjd > known[-1, 0], 1.0, 0.0), part)
    dut1 = known[day, 1] + held * step
    return dut1, *(known[day, i] + held * (known[day + 1, i] - known[day, i]) for i in (2, 3))


def note(mjd: float) -> str:
    """What to know of times at this date; empty where the table covers it."""
    first, last = table()[[0, -1], 0]
    if mjd > last:
        return "The Earth's turning is predicted only to an earlier date: times may be off by a second or so."
    return "Before 1973 the Earth's turning is not in the table: times may be off." if mjd < first else ""
