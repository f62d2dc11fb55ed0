"""Where things stand over a site. Authority: astropy's AltAz and HADec frames and its get_body, with the installed IERS table."""

from __future__ import annotations

from datetime import datetime, timezone

import numpy as np
import pytest

from tests.frames import frame, places, year
from tom_treasuremap import earth_turning, sky_position
from tom_treasuremap.sky_position import Sky, altaz, mjds
from tom_treasuremap.telescopes.telescope import Site

ARCSEC = 3600.0
LATITUDES = (-90.0, -31.27, 0.0, 33.36, 69.0, 90.0)


@pytest.mark.parametrize("latitude", LATITUDES)
def test_altitude_and_azimuth_within_two_arcseconds_over_a_year(latitude, astropy_frames):
    import astropy.units as u
    from astropy.coordinates import SkyCoord, angular_separation

    site = Site(latitude, 149.07, 1116.0)
    ra, dec = places()
    times = year()
    theirs = SkyCoord(ra[:, None] * u.deg, dec[:, None] * u.deg).transform_to(frame(site, times[None, :])[0])
    alt, az = altaz(site, ra, dec, times)
    assert alt.shape == (40, len(times))
    apart = angular_separation(np.radians(az), np.radians(alt), theirs.az.rad, theirs.alt.rad)
    assert np.degrees(apart).max() * ARCSEC < 2.0
    assert np.abs(alt - theirs.alt.deg).max() * ARCSEC < 2.0


@pytest.mark.parametrize("latitude", LATITUDES)
def test_sun_moon_and_separation(latitude, astropy_frames):
    import astropy.units as u
    from astropy.coordinates import SkyCoord, get_body
    from astropy.time import Time

    site = Site(latitude, -70.8, 2200.0)
    ra, dec = places(10)
    times = year()
    altaz_frame, where = frame(site, times)
    sky = Sky(site, ra, dec, times)
    sun = get_body("sun", Time(times, format="mjd"), where).transform_to(altaz_frame)
    moon = get_body("moon", Time(times, format="mjd"), where).transform_to(altaz_frame)
    assert np.abs(sky.sun_altitude - sun.alt.deg).max() * ARCSEC < 2.0
    assert np.abs(sky.moon_altitude - moon.alt.deg).max() * ARCSEC < 5.0
    stars = SkyCoord(ra[:, None] * u.deg, dec[:, None] * u.deg).transform_to(frame(site, times[None, :])[0])
    there = SkyCoord(moon.az[None, :], moon.alt[None, :], frame=stars.frame)
    assert np.abs(stars.separation(there).deg - sky.moon_separation).max() < 0.01


def test_moon_illumination_as_astroplan(astropy_frames):
    from astroplan import moon_illumination
    from astropy.time import Time

    times = year()
    assert (
        np.abs(Sky(Site(0, 0, 0), 0, 0, times).moon_illumination - moon_illumination(Time(times, format="mjd"))).max()
        < 2e-3
    )


def test_hour_angle_as_astropys(astropy_frames):
    import astropy.units as u
    from astropy.coordinates import HADec, SkyCoord
    from astropy.time import Time

    site = Site(-31.27, 149.07, 1116.0)
    ra, dec = places()
    times = year()
    _, where = frame(site, times)
    theirs = SkyCoord(ra[:, None] * u.deg, dec[:, None] * u.deg).transform_to(
        HADec(obstime=Time(times[None, :], format="mjd"), location=where)
    )
    apart = (Sky(site, ra, dec, times).hour_angle - theirs.ha.hour + 12) % 24 - 12
    assert (np.abs(apart) * 15 * ARCSEC * np.cos(np.radians(dec))[:, None]).max() < 2.0


def test_airmass_is_infinite_below_the_horizon_and_one_at_the_zenith():
    sky = Sky(Site(0.0, 0.0, 0.0), *places(), year())
    assert np.isinf(sky.airmass[sky.altitude < 0]).all()
    above = sky.altitude > 1
    assert np.allclose(sky.airmass[above], 1 / np.sin(np.radians(sky.altitude[above])))


def test_times_may_be_mjd_time_or_datetimes():
    from astropy.time import Time

    when = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
    assert mjds(when) == mjds(Time("2026-03-01T12:00:00")) == mjds([when]) == mjds(61100.5)
    assert mjds([when, when]).shape == (2,)


def test_dates_past_the_table_degrade_with_a_note_and_without_the_network(monkeypatch):
    import socket

    def refuse(*args, **kwargs):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    last = earth_turning.table()[-1, 0]
    assert earth_turning.note(last - 1) == ""
    assert "predicted only" in earth_turning.note(last + 700)
    dut1, _, _ = earth_turning.turning(np.array([last, last + 700.0]))
    assert dut1[0] == dut1[1]
    assert np.isfinite(altaz(Site(0, 0, 0), 10, 10, [last + 700])[0]).all()


def test_nothing_heavy_is_needed():
    assert not hasattr(sky_position, "astropy")
