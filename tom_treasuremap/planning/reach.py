"""When a telescope can look at each field, worked out from its place and rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from tom_treasuremap.planning import slews
from tom_treasuremap.planning.problem import Reach, Wanted, fixed
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.visits import Field

#: MJD of the Unix epoch
UNIX_MJD = 40587.0


def mjd(begin: datetime, step: int, steps: int) -> np.ndarray:
    """Times of a grid as MJD UTC, float64[steps]."""
    return UNIX_MJD + (begin.timestamp() + step * np.arange(steps)) / 86400


def of(
    fields: Sequence[Field],
    telescope: Telescope,
    begin: datetime,
    step: int,
    steps: int,
    visits: Wanted,
    rule: Any = None,
    budget: float | None = None,
) -> Reach:
    """What a telescope may do; only its own fields are looked into. `rule` takes the place of its standard constraint."""
    from tom_treasuremap import constraints  # type: ignore[attr-defined, unused-ignore]

    times = mjd(begin, step, steps)
    mine = np.array([one.telescope in ("", telescope.name) for one in fields], bool)
    ra, dec = (np.array([getattr(one, name) for one in fields], float)[mine] for name in ("ra", "dec"))
    open_ = np.zeros((len(fields), steps), bool)
    open_[mine] = (rule or constraints.standard(telescope))(telescope.site, (ra, dec), times)
    stops = {}
    if rule is None:
        for name, forbids in constraints.stops(telescope, (ra, dec), times).items():
            stops[name] = np.zeros((len(fields), steps), bool)
            stops[name][mine] = forbids
    return fixed(fields, telescope, open_, visits, budget, stops, axes(telescope, fields, times))


def axes(telescope: Telescope, fields: Sequence[Field], times: np.ndarray) -> slews.Axes:
    """Where the mount's axes stand, deg: float64[f, 1] each, or [f, n] for one that turns in azimuth and altitude."""
    if telescope.slew is None or not telescope.slew.altaz or telescope.site is None:
        return slews.equatorial(fields)
    from tom_treasuremap import sky_position  # type: ignore[attr-defined, unused-ignore]

    ra, dec = (np.array([getattr(one, name) for one in fields], float) for name in ("ra", "dec"))
    alt, az = sky_position.altaz(telescope.site, ra, dec, times)
    return az, alt
