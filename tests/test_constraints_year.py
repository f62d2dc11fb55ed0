"""Every rule of every shipped telescope, and of one at either pole, over a year, against astropy and astroplan alone.

Nothing here asks what is being tested for a position: altitudes, hour angles, the Sun, the Moon and the horizon are worked out
anew from astropy's frames. Where the answers differ the rule's own quantity must lie within 0.1 degree of its limit; windows end
within 30 s of where astropy has them end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.frames import frame, places
from tom_treasuremap import constraints, earth_turning
from tom_treasuremap.telescopes import shipped
from tom_treasuremap.telescopes.telescope import Limits, MoonRule, Site, Telescope
from tom_treasuremap.windows import open_between

pytestmark = pytest.mark.long

LAST = float(np.floor(earth_turning.table()[-1, 0]))
POLES = {
    "south pole": Site(-90.0, 0.0, 2835.0),
    "north pole": Site(90.0, 0.0, 0.0),
}
LIMITS = Limits(25.0, 80.0, 7.0, -85.0, 85.0, ((0.0, 30.0), (90.0, 20.0), (200.0, 45.0), (300.0, 10.0)))
ALL = {
    **{name: one for name, one in shipped().items() if one.site},
    **{name: replace(shipped()["css"], name="x", site=site, limits=LIMITS, moon=MoonRule(50.0, 15.0, 0.9)) for name, site in POLES.items()},
}  # fmt: skip


def margins(telescope: Telescope, ra: np.ndarray, dec: np.ndarray, times: np.ndarray) -> Mapping[str, np.ndarray]:
    """By how many degrees each rule is met (below 0: it is not), [positions, times], of astropy and astroplan."""
    import astropy.units as u
    from astroplan import moon_illumination
    from astropy.coordinates import HADec, SkyCoord, get_body
    from astropy.time import Time

    site, limits, rule = telescope.site, telescope.limits, telescope.moon
    when = Time(times, format="mjd")
    here, where = frame(site, times)
    stars = SkyCoord(ra[:, None] * u.deg, dec[:, None] * u.deg)
    seen = stars.transform_to(frame(site, times[None, :])[0])
    turned = stars.transform_to(HADec(obstime=Time(times[None, :], format="mjd"), location=where)).ha
    turned = turned.wrap_at(180 * u.deg).deg
    sun = get_body("sun", when, where).transform_to(here).alt.deg
    moon = get_body("moon", when, where).transform_to(here)
    lit = moon_illumination(when)
    apart = seen.separation(SkyCoord(moon.az[None, :], moon.alt[None, :], frame=seen.frame)).deg
    near = apart - np.maximum(rule.least, rule.separation * lit)[None, :]
    near = np.where(lit[None, :] > rule.max_illumination, -180.0, near)
    found = {
        "daylight": np.broadcast_to(telescope.twilight - sun, seen.shape),
        "too low": seen.alt.deg - limits.min_altitude,
        "too near the zenith": (limits.max_altitude or 90.0) - seen.alt.deg,
        "hour angle": (limits.max_hour_angle or 12.0) * 15 - np.abs(turned),
        "declination": np.minimum(dec - (limits.min_dec or -90.0), (limits.max_dec or 90.0) - dec)[:, None] + 0 * apart,
        "behind the horizon": seen.alt.deg - _horizon(limits, seen.az.deg),
        "Moon": np.where(moon.alt.deg[None, :] <= 0, 180.0, near),
    }
    # as the Moon rises its rule begins: within 0.1 degree of that either answer is right
    found["Moon"] = np.where(np.abs(moon.alt.deg)[None, :] < 0.1, 0.0, found["Moon"])
    return {name: found[name] for name in constraints.rules(telescope)}


def _horizon(limits: Limits, azimuth: np.ndarray) -> np.ndarray:
    """Straight lines between its points, by hand: the last goes on to the first, through north."""
    if not limits.horizon:
        return np.full(azimuth.shape, -90.0)
    around = [*limits.horizon, (limits.horizon[0][0] + 360.0, limits.horizon[0][1])]
    found, azimuth = np.full(azimuth.shape, np.nan), (azimuth - around[0][0]) % 360.0 + around[0][0]
    for (one, low), (other, high) in pairwise(around):
        part = (azimuth - one) / (other - one)
        found = np.where((azimuth >= one) & (azimuth <= other), low + part * (high - low), found)
    assert not np.isnan(found).any()
    return found


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_rule_over_a_year(name, astropy_frames):
    telescope, (ra, dec) = ALL[name], places(16)
    times = np.sort(np.random.default_rng(11).uniform(LAST - 366, LAST - 1, 220))
    theirs = margins(telescope, ra, dec, times)
    ours = constraints.stops(telescope, (ra, dec), times)
    assert set(ours) == set(theirs)
    for rule, margin in theirs.items():
        differ = ours[rule] != (margin < 0)
        assert (np.abs(margin[differ]) < 0.1).all(), (rule, np.abs(margin[differ]).max())
        assert differ.mean() < 0.01, rule
    sure = np.min([np.abs(margin) for margin in theirs.values()], axis=0) > 0.1
    together = np.all([margin > 0 for margin in theirs.values()], axis=0)
    assert (constraints.standard(telescope)(telescope.site, (ra, dec), times) == together)[sure].all()


@pytest.mark.parametrize("name", sorted(ALL))
def test_windows_end_within_30_s_of_where_astropy_has_them_end(name, astropy_frames):
    """Half a minute before and after each end of a window astropy's answers differ, but for an end by less than 0.1 degree."""
    telescope, found = ALL[name], 0
    rule = constraints.standard(telescope)
    for start in np.arange(LAST - 360, LAST - 30, 47.3):
        for ra, dec in zip(*places(12), strict=True):
            for window in open_between(rule, telescope.site, ra, dec, start, start + 1):
                for end in window:
                    if end in (start, start + 1):
                        continue
                    at = np.array([end - 30 / 86400, end, end + 30 / 86400])
                    theirs = margins(telescope, np.array([ra]), np.array([dec]), at)
                    open_ = np.all([margin[0] > 0 for margin in theirs.values()], axis=0)
                    close = min(np.abs(margin[0, 1]) for margin in theirs.values())
                    assert open_[0] != open_[2] or close < 0.1, (start, ra, dec, end)
                    found += 1
    assert found > (3 if "pole" in name else 10)  # what a pole sees rises no more than it sets
