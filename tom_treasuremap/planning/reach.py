"""When a telescope can look at each field, worked out from its place and rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from tom_treasuremap.planning import slews
from tom_treasuremap.planning.problem import Reach, Wanted, fixed
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.visits import Field

#: what the rule is called that a telescope does something else
TAKEN = "taken by other plans or requests"
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
    rules: Any = None,
    budget: float | None = None,
    taken: Sequence[tuple[datetime, datetime]] = (),
) -> Reach:
    """What a telescope may do; only its own fields are looked into.

    `rules` take the place of its standard ones: a Constraint, or {what people call it: Constraint}. In the times `taken` it does
    something else.
    """
    times = mjd(begin, step, steps)
    mine = np.flatnonzero([one.telescope in ("", telescope.name) for one in fields])
    ra, dec = (np.array([getattr(one, name) for one in fields], float)[mine] for name in ("ra", "dec"))
    found = {}
    for name, forbids in stops(telescope, ra, dec, times, rules).items():
        found[name] = np.zeros((len(fields), steps), bool)
        found[name][mine] = forbids
    if taken:
        seconds = begin.timestamp() + step * np.arange(steps)
        busy = np.any([(seconds > b.timestamp()) & (seconds < e.timestamp()) for b, e in taken], axis=0)
        found[TAKEN] = np.broadcast_to(busy, (len(fields), steps))
    open_ = ~np.any(list(found.values()), axis=0) if found else np.ones((len(fields), steps), bool)
    return fixed(fields, telescope, open_, visits, budget, found, axes(telescope, fields, times))


def stops(telescope: Telescope, ra: np.ndarray, dec: np.ndarray, times: np.ndarray, rules: Any) -> dict[str, Any]:
    """{rule: bool[m, n], when it forbids}: all of them over one sky."""
    from tom_treasuremap import constraints
    from tom_treasuremap.sky_position import Sky

    if telescope.site is None:
        return {"nobody knows when it can look": np.ones((len(ra), len(times)), bool)}
    named = constraints.rules(telescope) if rules is None else rules
    sky = Sky(telescope.site, ra, dec, times)
    if not isinstance(named, Mapping):
        named = {"": named}
    return {name: ~rule.on(sky) for name, rule in named.items()}


def axes(telescope: Telescope, fields: Sequence[Field], times: np.ndarray) -> slews.Axes:
    """Where the mount's axes stand, deg: float64[f, 1] each, or [f, n] for one that turns in azimuth and altitude."""
    if telescope.slew is None or not telescope.slew.altaz or telescope.site is None:
        return slews.equatorial(fields)
    from tom_treasuremap import sky_position

    ra, dec = (np.array([getattr(one, name) for one in fields], float) for name in ("ra", "dec"))
    alt, az = sky_position.altaz(telescope.site, ra, dec, times)
    return az, alt
