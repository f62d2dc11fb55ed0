"""How long a telescope takes from one field to another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tom_treasuremap.telescopes.telescope import Axis, Telescope
from tom_treasuremap.visits import Field

Axes = tuple[np.ndarray, np.ndarray]


def equatorial(fields: Sequence[Field]) -> Axes:
    """Where the axes of an equatorial mount stand: right ascension and declination, deg, float64[f, 1] each.

    The sky turns with them, so that what matters is their difference only.
    """
    places = np.array([(one.ra, one.dec) for one in fields], float).reshape(-1, 2)
    return places[:, :1], places[:, 1:]


def moved(axis: Axis, degrees: np.ndarray) -> np.ndarray:
    """Seconds to turn an axis from rest to rest: it speeds up and slows down evenly, and cruises at `speed` between."""
    if axis.acceleration <= 0:
        return degrees / axis.speed
    ramp = axis.speed**2 / axis.acceleration
    return np.where(
        degrees < ramp, 2 * np.sqrt(degrees / axis.acceleration), degrees / axis.speed + axis.speed / axis.acceleration
    )


def slew(telescope: Telescope, first: Axes, second: Axes) -> np.ndarray:
    """Whole seconds, int64, from one place to another: the slower axis, then it settles. 0 where nothing moves.

    The first axis is taken the short way round.
    """
    across = np.abs((first[0] - second[0] + 180) % 360 - 180)
    up = np.abs(first[1] - second[1])
    if telescope.slew is None:
        return np.zeros(np.broadcast(across, up).shape, np.int64)
    taken = np.maximum(moved(telescope.slew.axes[0], across), moved(telescope.slew.axes[1], up))
    still = (across < 1e-9) & (up < 1e-9)
    return np.where(still, 0, np.ceil(taken + telescope.slew.settle - 1e-9)).astype(np.int64)


def between(telescope: Telescope, way: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """Seconds from the end of one visit to the start of the next: readout while it slews, then the filter."""
    least = int(np.ceil(telescope.readout))
    return np.maximum(way, least) + np.where(changes, int(np.ceil(telescope.filter_change)), 0)
