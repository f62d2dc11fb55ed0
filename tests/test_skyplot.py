"""The machinery of pictures: projections, labels, windows, names. Authority: astropy's WCS, and laws of geometry.

What comes out is looked at in test_skyplot_pixels.
"""

from __future__ import annotations

import os
import threading
import xml.etree.ElementTree as ET

import erfa
import numpy as np
import pytest
from astroplan import moon_illumination
from astropy.coordinates import SkyCoord, get_body, get_sun
from astropy.time import Time
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import maps
from tests.pictures import NIGHT, pixels
from tom_scimma import skyplot
from tom_scimma.skymap import grid
from tom_scimma.skyplot import bodies, lobes, scene
from tom_scimma.skyplot.frame import WholeSky, Window
from tom_scimma.skyplot.graticule import _dec_text, _ra_text


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 359.99), st.floats(-89, 89), st.floats(0, 359.99), st.floats(-90, 90))
def test_frames_go_there_and_back(ra, dec, ra0, dec0):
    whole, window = WholeSky(), Window(ra0, dec0, 30)
    for frame in (whole, window):
        x, y = frame.paper(ra, dec)
        if np.isfinite(x):
            assert maps.separation(*frame.sky(x, y), ra, dec) < 2e-5


def test_frames_are_those_of_wcs():
    """MOL and ZEA of astropy's WCS (Calabretta & Greisen 2002)."""
    rng = np.random.default_rng(3)
    ra, dec = rng.uniform(0.1, 359.9, 500), np.degrees(np.arcsin(rng.uniform(-1, 1, 500)))
    mollweide = WCS(naxis=2)
    mollweide.wcs.ctype, mollweide.wcs.crval, mollweide.wcs.cdelt = ["RA---MOL", "DEC--MOL"], [180, 0], [-1, 1]
    x, y = WholeSky().paper(ra, dec)
    expected = np.array(mollweide.wcs_world2pix(ra, dec, 0)) + 1  # CRPIX is 0, counted from 1
    np.testing.assert_allclose(np.degrees([x, y]), expected, atol=1e-4)
    near = maps.separation(ra, dec, 77, 60) < 100
    equal_area = WCS(naxis=2)
    equal_area.wcs.ctype, equal_area.wcs.crval, equal_area.wcs.cdelt = ["RA---ZEA", "DEC--ZEA"], [77, 60], [-1, 1]
    expected = np.array(equal_area.wcs_world2pix(ra[near], dec[near], 0)) + 1
    np.testing.assert_allclose(Window(77, 60, 30).paper(ra[near], dec[near]), expected, atol=1e-8)


@pytest.mark.parametrize("name", maps.SHAPES)
def test_windows_hold_the_region(name):
    """Every pixel of the 90 % region is in a window, but for the specks that do not count."""
    sky = maps.SHAPES[name]()
    views = lobes.views(sky, 0.9)
    rows = sky.region(0.9)
    ra, dec = grid.centres(sky.uniq[rows])
    inside = np.any([maps.separation(ra, dec, view.ra, view.dec) <= view.radius_deg for view in views], axis=0)
    assert (sky.density * sky.pixel_area)[rows][inside].sum() >= 0.9 * (1 - lobes.NEGLIGIBLE)
    assert sum(view.share for view in views) == pytest.approx(0.9, abs=0.05)
    if len(views) == 1:
        assert inside.all()
        farthest = maps.separation(ra, dec, views[0].ra, views[0].dec).max()
        assert views[0].radius_deg < 1.5 * farthest + 0.5 * np.degrees(np.sqrt(sky.pixel_area[rows].max()))


def test_two_lobes_far_apart_have_a_window_each():
    first, second = lobes.views(maps.SHAPES["two lobes"](), 0.9)
    assert maps.separation(first.ra, first.dec, 30, 10) < 1.5
    assert maps.separation(second.ra, second.dec, 250, -50) < 1.5
    assert first.share > second.share > 0.2


@pytest.mark.parametrize("apart", [(359.0, 1.0), (100.0, 110.0)])
def test_two_lobes_near_each_other_share_a_window(apart):
    sky = maps.skymap.make(
        lambda ra, dec: sum(np.exp(-0.5 * np.square(maps.separation(ra, dec, at, 5) / 0.4)) for at in apart)
    )
    (view,) = lobes.views(sky, 0.9)
    assert all(maps.separation(at, 5, view.ra, view.dec) < view.radius_deg for at in apart)


def test_a_speckled_ring_is_shown_whole():
    """Thirty islands of three per cent each: no one of them stands for the region."""
    places = [(30.0 + 45 * np.cos(turn), 45 * np.sin(turn)) for turn in np.arange(30) / 30 * 2 * np.pi]
    sky = maps.skymap.make(
        lambda ra, dec: sum(np.exp(-0.5 * np.square(maps.separation(ra, dec, *at) / 1.2)) for at in places)
    )
    views = lobes.views(sky, 0.9)
    assert sum(view.share for view in views) > 0.05
    assert all(view.radius_deg <= lobes.LARGEST_DEG for view in views)


PLACES = [(83.6, 22.0), (0.0, 0.0), (359.9, -90.0), (120.0, 90.0), (300.0, -88.0)]
RADII = [None, 0.0, 1.5 / 3600, 0.2, 8.0, 70.0, 180.0]
#: each size at two places, each place with two sizes or more; all of them in the soak
CIRCLES = [
    (PLACES[(2 * number + turn) % len(PLACES)], radius)
    for number, radius in enumerate(RADII)
    for turn in range(len(PLACES) if os.environ.get("SOAK") else 2)
]


@pytest.mark.parametrize(("at", "radius"), CIRCLES)
def test_circle_of_any_size_anywhere(at, radius):
    rgb = pixels(skyplot.draw(skyplot.Place(*at, radius, 0.9), title="GRB 230812B", time=NIGHT))
    assert rgb.shape[1] == 800
    middle = rgb[560:900, 200:600].reshape(-1, 3)
    shaded = (middle[:, 2] - middle[:, 0] > 20).mean()  # bluish
    assert (shaded > 0.05) == bool(radius)


def test_ring_of_a_circle_keeps_its_distance():
    for ra, dec, radius in ((10, 89, 3), (0, 0, 120), (200, -90, 10), (5, 90, 1e-3), (359.9, 45, 1e-3)):
        ring = np.array(scene.circle(ra, dec, radius)).T
        np.testing.assert_allclose(maps.separation(*ring, ra, dec), radius, rtol=1e-6)


def test_what_cannot_be_drawn_is_refused():
    for ra, dec in ((np.nan, 0), (0, 90.5), (np.inf, 0)):
        with pytest.raises(ValueError, match="no position to draw"):
            skyplot.draw(skyplot.Place(ra, dec))
    for options in ({"form": "gif"}, {"layout": "round"}, {"theme": "pink"}):
        with pytest.raises(ValueError, match="is not one of"):
            skyplot.draw(skyplot.Place(1, 2), **options)


def test_titles_are_text_and_nothing_else():
    name = r"$\frac{1}{0}$ <b>\n & ☃" * 20
    layers = [skyplot.Layer(name, [skyplot.Point(1, 2, name), skyplot.Point(np.nan, 3, "nowhere")])]
    assert skyplot.draw(skyplot.Place(1, 2, 3), title=name, layers=layers)
    ET.fromstring(skyplot.draw(skyplot.Place(1, 2, 3), title=name, layers=layers, form="svg"))


@pytest.mark.parametrize("title", ["S230518h", "Fermi GBM 817600001 and Einstein Probe WXT 09912345678", "W" * 12])
def test_a_title_is_not_cut_off(title):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from tom_scimma.skyplot import legend
    from tom_scimma.skyplot.palette import LIGHT

    class Sheet:
        width, height = 4.3, 6.0

    figure = Figure(figsize=(Sheet.width, Sheet.height))
    canvas = FigureCanvasAgg(figure)
    legend.headings(figure, Sheet, title, "", LIGHT)
    (written,) = figure.texts
    box = written.get_window_extent(canvas.get_renderer())
    assert (written.get_text(), written.get_fontsize() > 5) == (title, True)
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width


@pytest.mark.parametrize("form", skyplot.FORMS)
@pytest.mark.parametrize("layout", ["tall", "wide"])
def test_forms_are_what_they_say_and_the_same_each_time(form, layout):
    sky, found = maps.SHAPES["two lobes"](), []

    def draw():
        found.append(skyplot.draw(sky, form=form, layout=layout, time=NIGHT, title="S261120ab"))

    threads = [threading.Thread(target=draw) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert len(set(found)) == 1
    assert found[0].startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[form])
    if form == "svg":
        assert ET.fromstring(found[0]).tag.endswith("svg")


def test_sun_and_moon_are_where_almanacs_have_them():
    """Equinox of 2026-03-20 14:46 UTC; total solar eclipse of 2026-08-12 17:46 UTC (NASA's catalogue of eclipses)."""
    sun, _ = bodies.sun_and_moon(NIGHT.replace(month=3, day=20, hour=14, minute=46))
    assert (
        maps.separation(sun.ra, sun.dec, 0, 0) < 0.4
    )  # of the equinox of date, which J2000's has left by 0.36 degrees
    sun, moon = bodies.sun_and_moon(NIGHT.replace(month=8, day=12, hour=17, minute=46))
    assert maps.separation(sun.ra, sun.dec, moon.ra, moon.dec) < 1.1
    assert moon.lit < 0.001
    _, moon = bodies.sun_and_moon(NIGHT.replace(month=8, day=28, hour=4, minute=18))
    assert moon.lit > 0.998  # full: the partial lunar eclipse of that day


def test_sun_and_moon_are_where_astropy_has_them(astropy_frames):
    for year in (2017, 2026, 2028):
        time = NIGHT.replace(year=year)
        for body, wanted in zip(
            bodies.sun_and_moon(time), (get_sun(Time(time)), get_body("moon", Time(time))), strict=True
        ):
            assert maps.separation(body.ra, body.dec, wanted.ra.deg, wanted.dec.deg) < 0.01
            assert body.lit is None or body.lit == pytest.approx(moon_illumination(Time(time)), abs=1e-4)


def test_sun_and_moon_need_no_leap_seconds(monkeypatch):
    """Astropy downloads them where those installed are not new, and warns of dates some years ahead."""

    def refuse(*args):
        raise AssertionError("leap seconds were asked for")

    for name in ("utctai", "taiutc", "dat"):
        monkeypatch.setattr(erfa, name, refuse)
    assert [body.name for body in bodies.sun_and_moon(NIGHT)] == ["Sun", "Moon"]


def test_the_galactic_plane_is_astropys():
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(0, 360, 200), rng.uniform(-90, 90, 200)
    wanted = SkyCoord(lon, lat, unit="deg", frame="galactic").icrs
    ra, dec = bodies.from_galactic(lon, lat)
    assert maps.separation(ra, dec, wanted.ra.deg, wanted.dec.deg).max() < 1e-5
    assert bodies.galactic_latitude(ra[7], dec[7]) == pytest.approx(lat[7], abs=1e-5)


@pytest.mark.parametrize(
    ("deg2", "text"),
    [(27.72, "27.7 deg²"), (4300.8, "4,301 deg²"), (0.2, "0.2 deg²"), (0.01, "36 arcmin²"), (1e-6, "13 arcsec²")],
)
def test_areas_in_words(deg2, text):
    assert skyplot.area_text(deg2) == text


def test_labels_in_words():
    assert [_dec_text(value, 5) for value in (-30.0, 0.0, 5.0)] == ["-30°", "0°", "+5°"]
    assert _dec_text(-0.5, 0.5) == "-0°30′"
    assert _dec_text(22 + 1 / 3600, 1 / 3600) == "+22°00′01″"
    assert [_ra_text(*at) for at in ((180.0, 45), (15.25, 0.25), (0.0125, 0.0125))] == ["12h", "1h01m", "0h00m03s"]
    assert _ra_text(123.4, 0.0005) == "8h13m36.0s"
    assert [skyplot.angle_text(value) for value in (5.0, 0.05, 0.001)] == ["5°", "3′", "3.6″"]
