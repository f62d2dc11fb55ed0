"""Pictures of sky maps and circles. Authority: the projections of astropy's WCS, and the pixels that come out."""

import io
import threading
import time

import numpy as np
import pytest
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests import maps
from tom_scimma import skyplot
from tom_scimma.skyplot import scene
from tom_scimma.skyplot.frame import WholeSky, Window, _dec_text, _ra_text

BLUE = (0x08, 0x30, 0x6B)  # of level 0


def image(data):
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"), int)


def centre_of_blue(pixels):
    """(x, y) of the darkest blue, in pixels."""
    y, x = np.nonzero((np.abs(pixels - BLUE) < 25).all(axis=2))
    return x.mean(), y.mean()


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
def test_map_is_drawn_where_it_is_in_under_a_second_of_work(name):
    sky = maps.SHAPES[name]()
    skyplot.png(sky)  # fonts and modules are loaded once a process
    seconds = []
    for _ in range(3):
        start = time.thread_time()
        data = skyplot.png(sky, title=name, points=[(10.0, 10.0, "here"), (*sky.mode, "AT 2026abc")])
        seconds.append(time.thread_time() - start)
    assert min(seconds) < 1
    pixels = image(data)
    assert pixels.shape == (1000, 800, 3)
    assert len(data) < 700_000
    if name == "blob":
        x, y = centre_of_blue(pixels[:430])
        px, _ = WholeSky().paper(130.0, 25.0)  # the paper is 2 sqrt(2) by sqrt(2) around the middle of the frame
        frame = np.nonzero((pixels[:430] < 80).all(axis=2).any(axis=0))[0]
        right, scale = frame.max(), (frame.max() - 40) / 2 / (2 * np.sqrt(2))
        assert x == pytest.approx(right - (2 * np.sqrt(2) - px) * scale, abs=25)
        assert y < 240 - 20  # north is up


def test_flat_map_looks_flat():
    pixels = image(skyplot.png(maps.uniform(3)))
    window = pixels[600:800, 330:470].reshape(-1, 3)
    assert np.ptp(np.percentile(window, [5, 95], axis=0), axis=0).max() < 8


@pytest.mark.parametrize("at", [(83.6, 22.0), (0.0, 0.0), (359.9, -90.0), (120.0, 90.0), (300.0, -88.0)])
@pytest.mark.parametrize("radius", [None, 0.0, 1.5 / 3600, 0.2, 8.0, 70.0, 180.0])
def test_circle_of_any_size_anywhere(at, radius):
    pixels = image(skyplot.circle_png(*at, radius, containment=0.9, title="GRB 230812B"))
    assert pixels.shape == (1000, 800, 3)
    middle = pixels[560:900, 200:600].reshape(-1, 3)
    shaded = (middle[:, 2] - middle[:, 0] > 20).mean()  # bluish
    assert (shaded > 0.05) == bool(radius)


def test_ring_of_a_circle_keeps_its_distance():
    for ra, dec, radius in ((10, 89, 3), (0, 0, 120), (200, -90, 10), (359.9, 45, 1e-3)):
        ring = np.array(scene._circle(ra, dec, radius)).T
        np.testing.assert_allclose(maps.separation(*ring, ra, dec), radius, rtol=1e-6)


def test_what_is_no_position_is_refused():
    for ra, dec in ((np.nan, 0), (0, 90.5), (np.inf, 0)):
        with pytest.raises(ValueError, match="no position to draw"):
            skyplot.circle_png(ra, dec)


def test_titles_are_text_and_nothing_else():
    name = r"$\frac{1}{0}$ <b>\n & ☃" * 20
    assert skyplot.circle_png(1, 2, 3, title=name, points=[(1, 2, name), (np.nan, 3, "nowhere")])


def test_pictures_are_the_same_each_time_and_from_any_thread():
    sky, found = maps.SHAPES["blob"](), []
    threads = [threading.Thread(target=lambda: found.append(skyplot.png(sky))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 3


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
