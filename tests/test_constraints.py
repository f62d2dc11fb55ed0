"""What can be reached when. Authority: astropy's frames, astroplan's constraints and its Observer, over a year and at both poles."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.frames import frame, places
from tom_treasuremap import constraints as c
from tom_treasuremap import earth_turning
from tom_treasuremap.nights import night, utc
from tom_treasuremap.sky_position import Sky
from tom_treasuremap.telescopes import shipped
from tom_treasuremap.telescopes.telescope import Limits, MoonRule, Site, Telescope
from tom_treasuremap.windows import edges, grid, open_between, runs

SITES = {
    "Siding Spring": Site(-31.273, 149.071, 1116.0),
    "La Palma": Site(28.76, -17.88, 2326.0),
    "South Pole": Site(-90.0, 0.0, 2835.0),
    "North Pole": Site(90.0, 0.0, 0.0),
}
LAST = float(np.floor(earth_turning.table()[-1, 0]))
SECONDS_30 = 30 / 86400
DEGREE_01 = 0.1


def year(step: float = 4.31) -> np.ndarray:
    return np.arange(LAST - 366, LAST - 1, step)


def astroplan_observer(site: Site):
    import astropy.units as u
    from astroplan import Observer

    return Observer(longitude=site.longitude * u.deg, latitude=site.latitude * u.deg, elevation=site.height * u.m)


def agrees(ours, theirs, edge):
    """Where they differ, the quantity is within 0.1 degree of the limit."""
    differ = ours != theirs
    assert (np.abs(edge[differ]) < DEGREE_01).all()
    assert ours.any()


@pytest.mark.parametrize("place", SITES)
def test_altitude_airmass_and_twilight_as_astroplan(place, astropy_frames):
    import astropy.units as u
    from astroplan import AirmassConstraint, AltitudeConstraint, AtNightConstraint, FixedTarget
    from astropy.coordinates import SkyCoord
    from astropy.time import Time

    site, (ra, dec), times = SITES[place], places(12), year()
    sky, observer = Sky(site, ra, dec, times), astroplan_observer(site)
    targets = [FixedTarget(SkyCoord(r * u.deg, d * u.deg)) for r, d in zip(ra, dec, strict=True)]
    when = Time(times, format="mjd")
    for ours, theirs, edge in (
        (
            c.Altitude(30, 80),
            AltitudeConstraint(30 * u.deg, 80 * u.deg),
            np.minimum(abs(sky.altitude - 30), abs(sky.altitude - 80)),
        ),
        (c.Airmass(2.0), AirmassConstraint(2.0), sky.altitude - 30.0),
    ):
        agrees(ours.on(sky), theirs(observer, targets, when, grid_times_targets=True), edge)
    dark = AtNightConstraint.twilight_nautical()(observer, targets[0], when)
    ours = c.Twilight("nautical").on(sky)[0]
    assert (np.abs(sky.sun_altitude[ours != dark] + 12) < DEGREE_01).all()


def test_moon_separation_as_astroplan(astropy_frames):
    import astropy.units as u
    from astroplan import FixedTarget, MoonSeparationConstraint
    from astropy.coordinates import SkyCoord
    from astropy.time import Time

    site, (ra, dec), times = SITES["La Palma"], places(12), year()
    sky = Sky(site, ra, dec, times)
    targets = [FixedTarget(SkyCoord(r * u.deg, d * u.deg)) for r, d in zip(ra, dec, strict=True)]
    theirs = MoonSeparationConstraint(min=40 * u.deg)(
        astroplan_observer(site), targets, Time(times, format="mjd"), grid_times_targets=True
    )
    ours = c.Moon(MoonRule(0.0, 40.0)).on(sky)
    up = np.broadcast_to(sky.moon_altitude > 0, ours.shape)
    assert ours[~up].all()  # a Moon that has set lights nothing
    agrees(ours[up], theirs[up], sky.moon_separation[up] - 40)


def test_the_moon_rule_grows_with_what_is_lit():
    site, times = SITES["La Palma"], grid(LAST - 40, LAST - 10, 7200)
    sky = Sky(site, 120.0, 10.0, times)
    good = c.Moon(MoonRule(60.0, 10.0)).on(sky)[0]
    needed = np.maximum(10.0, 60.0 * sky.moon_illumination)
    assert np.array_equal(good, (sky.moon_altitude <= 0) | (sky.moon_separation[0] >= needed))
    none = c.Moon(MoonRule(max_illumination=0.5)).on(sky)[0]
    assert np.array_equal(none, (sky.moon_altitude <= 0) | (sky.moon_illumination <= 0.5))


def test_galactic_and_ecliptic_latitude_as_astropy():
    import astropy.units as u
    from astropy.coordinates import BarycentricMeanEcliptic, SkyCoord

    ra, dec = places(500)
    there = SkyCoord(ra * u.deg, dec * u.deg)
    site, times = SITES["La Palma"], [LAST - 5]
    for ours, latitude in (
        (c.GalacticLatitude(15), there.galactic.b.deg),
        (c.EclipticLatitude(15), there.transform_to(BarycentricMeanEcliptic()).lat.deg),
    ):
        found = ours(site, (ra, dec), times)[:, 0]
        differ = found != (np.abs(latitude) >= 15)
        assert (np.abs(np.abs(latitude[differ]) - 15) < 0.01).all()


def test_a_horizon_is_interpolated_through_north():
    site, (ra, dec), times = SITES["La Palma"], places(60), year()
    sky = Sky(site, ra, dec, times)
    mask = ((10.0, 40.0), (180.0, 20.0), (350.0, 40.0))
    good = c.Horizon(mask).on(sky)
    assert not good[(sky.azimuth < 10) & (sky.altitude < 39.9)].any()
    assert good[(sky.azimuth > 350) & (sky.altitude > 40.1)].all()
    middle = (sky.azimuth > 94) & (sky.azimuth < 96)
    assert np.array_equal(good[middle], sky.altitude[middle] >= 40 - 20 * (sky.azimuth[middle] - 10) / 170)


def test_time_windows_take_datetimes_and_open_ends():
    start = datetime(2026, 3, 1, tzinfo=timezone.utc)
    times = [start + timedelta(hours=h) for h in range(5)]
    good = c.Between(start + timedelta(hours=1), start + timedelta(hours=3))(SITES["La Palma"], (0, 0), times)
    assert good.tolist() == [[False, True, True, True, False]]
    assert c.Between(None, None)(SITES["La Palma"], (0, 0), times).all()


RULES = st.one_of(
    st.builds(c.Altitude, st.floats(-90, 90)),
    st.builds(c.Airmass, st.floats(1, 30)),
    st.builds(c.Twilight, st.floats(-30, 10)),
    st.builds(c.Declination, st.floats(-90, 90)),
    st.builds(c.HourAngle, st.floats(-12, 0), st.floats(0, 12)),
    st.builds(c.GalacticLatitude, st.floats(0, 90)),
    st.builds(c.Always, st.booleans()),
)
SKY = Sky(SITES["La Palma"], *places(8), np.arange(LAST - 30, LAST - 29, 0.06))


@given(RULES, RULES, RULES)
def test_and_or_not_agree_with_numpy(one, two, three):
    a, b, d = (rule.on(SKY) for rule in (one, two, three))
    assert np.array_equal((one & two).on(SKY), a & b)
    assert np.array_equal((one | two).on(SKY), a | b)
    assert np.array_equal((~one).on(SKY), ~a)
    assert np.array_equal((~(one & two) | three).on(SKY), ~(a & b) | d)
    assert np.array_equal((~(one | two)).on(SKY), (~one & ~two).on(SKY))


@pytest.mark.parametrize("name", sorted(shipped()))
def test_standard_is_all_rules_and_stops_says_which_one(name):
    telescope = shipped()[name]
    coords, times = places(20), year(11.13)
    stopped = c.stops(telescope, coords, times)
    if telescope.site is None:
        assert set(stopped) == {"cannot be asked"}
        assert all(where.all() for where in stopped.values())
        return
    good = c.standard(telescope)(telescope.site, coords, times)
    assert np.array_equal(good, ~np.logical_or.reduce(list(stopped.values())))
    assert good.shape == (20, len(times))
    assert good.any()


@pytest.mark.parametrize("name", sorted(name for name, one in shipped().items() if one.site))
def test_nights_of_all_shipped_telescopes_as_astroplan(name, astropy_frames):
    import astropy.units as u
    from astropy.time import Time

    telescope = shipped()[name]
    observer = astroplan_observer(telescope.site)
    for moment in year(61.7):
        found = night(telescope, moment)
        noon = Time(found.noon, format="mjd")
        theirs = (
            observer.sun_set_time(noon, which="next", horizon=-0.8333 * u.deg, n_grid_points=300),
            observer.sun_set_time(noon, which="next", horizon=telescope.twilight * u.deg, n_grid_points=300),
            observer.sun_rise_time(noon, which="next", horizon=telescope.twilight * u.deg, n_grid_points=300),
            observer.sun_rise_time(noon, which="next", horizon=-0.8333 * u.deg, n_grid_points=300),
        )
        ours = (found.sunset, found.start, found.end, found.sunrise)
        assert np.abs(np.array(ours) - np.array([t.mjd for t in theirs])).max() < SECONDS_30
        assert found.noon <= found.sunset < found.start < found.end < found.sunrise <= found.next_noon
        assert moment <= found.sunrise


def telescope_at(site: Site, **more) -> Telescope:
    return Telescope("x", "x", site, (((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)),), {}, **more)


def test_at_the_poles_the_sun_neither_sets_nor_rises():
    south = telescope_at(SITES["South Pole"], twilight=-12.0)
    june, december = (datetime(2026, month, 21, 12, tzinfo=timezone.utc) for month in (6, 12))
    winter, summer = night(south, june), night(south, december)
    assert (winter.sunset, winter.sunrise) == (None, None)
    assert winter.hours == pytest.approx(24.0)
    assert (summer.sunset, summer.start, summer.end, summer.sunrise) == (None,) * 4
    assert not summer.dark
    assert night(telescope_at(None), june) is None


def test_by_day_it_is_the_night_to_come():
    telescope = telescope_at(SITES["Siding Spring"])
    evening = night(telescope, LAST - 50)
    assert night(telescope, evening.sunrise + 0.01).noon == evening.noon + 1
    assert night(telescope, evening.sunrise - 0.01) == night(telescope, evening.noon + 0.01)
    assert (
        abs(
            (utc(evening.sunset) - datetime(1858, 11, 17, tzinfo=timezone.utc)).total_seconds() / 86400 - evening.sunset
        )
        < 1e-6
    )


@pytest.mark.parametrize("place", ["Siding Spring", "La Palma"])
def test_windows_end_where_astropy_says_within_30_s(place, astropy_frames):
    import astropy.units as u
    from astropy.coordinates import SkyCoord

    site = SITES[place]
    rule = c.Altitude(35)
    for ra, dec in zip(*places(15), strict=True):
        for start, end in open_between(rule, site, ra, dec, LAST - 20, LAST - 19):
            for moment in (start, end):
                if moment in (LAST - 20, LAST - 19):
                    continue
                at = np.array([moment - SECONDS_30, moment + SECONDS_30])
                up = SkyCoord(ra * u.deg, dec * u.deg).transform_to(frame(site, at)[0]).alt.deg > 35
                assert up[0] != up[1]


def test_runs_and_edges():
    times = np.arange(6.0)
    assert runs([True, True, False, True, False, True], times) == [(0, 1), (3, 3), (5, 5)]
    assert runs([False] * 6, times) == []
    site = SITES["La Palma"]
    rule = c.Between(LAST - 9.9, LAST - 9.3)
    found = open_between(rule, site, 0.0, 0.0, LAST - 10, LAST - 9)
    assert found == [pytest.approx((LAST - 9.9, LAST - 9.3), abs=5 / 86400)]
    whole = grid(LAST - 10, LAST - 9)
    assert edges(c.Always(), site, 0.0, 0.0, whole, np.ones(len(whole), dtype=bool)) == [(LAST - 10, LAST - 9)]


def test_rules_are_of_what_is_known():
    limits = Limits(20.0, 85.0, 4.0, -40.0, None, ((0.0, 30.0), (180.0, 20.0)))
    telescope = telescope_at(SITES["La Palma"], limits=limits, moon=MoonRule(30.0))
    assert set(c.rules(telescope)) == {
        "daylight", "too low", "too near the zenith", "hour angle", "declination", "behind the horizon", "Moon",
    }  # fmt: skip
    assert set(c.rules(telescope_at(SITES["La Palma"]))) == {"daylight", "too low"}
