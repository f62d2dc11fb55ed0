"""Products, overlaps, chance rates, cones. Authority: Gaussians in closed form, flat maps of healpy, geometry."""

import healpy
import numpy as np
import pytest
from hypothesis import given, settings

from tests import maps
from tests.test_skymap_laws import skies
from tom_scimma import skymap

DEG2 = np.square(180 / np.pi)
NSIDE = 256


def fine(sky):
    """The map as density per steradian at pixels of one order, whose centres lie inside pixels of the map."""
    return sky.density_at(*healpy.pix2ang(NSIDE, np.arange(12 * NSIDE**2), nest=True, lonlat=True))


def coarse(seed, order=5):
    """A map of noise, on pixels of mixed orders down to `order`."""
    rng = np.random.default_rng(seed)
    sky = skymap.make(lambda ra, dec: rng.uniform(0, 1, np.shape(ra)) ** 3, order=1, rounds=order - 1)
    return sky


@pytest.mark.parametrize("seeds", [(1, 2), (3, 4)])
def test_product_and_overlap_are_those_of_flat_maps(seeds):
    one, other = map(coarse, seeds)
    product = fine(one) * fine(other)
    integral = product.sum() * healpy.nside2pixarea(NSIDE)
    assert one.overlap(other) == pytest.approx(4 * np.pi * integral, rel=1e-9)
    np.testing.assert_allclose(fine(one.times(other)), product / integral, rtol=1e-9)
    np.testing.assert_allclose(fine(other.times(one)), product / integral, rtol=1e-9)


def test_overlap_of_gaussians_is_that_of_the_plane():
    apart, first, second = 1.0, 1.5, 2.5
    one = skymap.circle(359.5, 0, first, containment="1sigma")
    other = skymap.circle(0.5, 0, second, containment="1sigma")
    variance = (first**2 + second**2) / DEG2
    expected = 2 / variance * np.exp(-0.5 * np.square(np.radians(apart)) / variance)  # 4 pi / (2 pi (s1^2 + s2^2)) ...
    assert one.overlap(other) == pytest.approx(expected, rel=3e-3)
    product = one.times(other)
    sigma = first * second / np.hypot(first, second)
    assert product.area(0.9) == pytest.approx(-2 * np.log(0.1) * np.pi * sigma**2, rel=5e-3)
    assert (product.mean[0] + 180) % 360 - 180 == pytest.approx(-0.5 + first**2 / (first**2 + second**2), abs=0.02)
    assert product.mean[1] == pytest.approx(0, abs=0.02)


def test_map_that_says_nothing_changes_nothing():
    sky = maps.SHAPES["two lobes"]()
    assert sky.overlap(maps.uniform(4)) == pytest.approx(1)
    product = sky.times(maps.uniform(4))
    np.testing.assert_array_equal(product.uniq, sky.uniq)
    np.testing.assert_allclose(product.density, sky.density, rtol=1e-9)
    np.testing.assert_array_equal(product.mu, sky.mu)
    assert product.distance == pytest.approx(sky.distance, rel=1e-9)


def test_maps_that_exclude_each_other():
    one, other = skymap.cone(10, 0, 2), skymap.cone(200, 0, 2)
    assert one.overlap(other) == 0
    assert one.chance_rate(other, 1e-9, 1e-5, 6) == np.inf
    with pytest.raises(skymap.BadSkyMap, match="exclude each other"):
        one.times(other)


def test_product_of_two_distances_is_their_product():
    one = skymap.circle(30, 20, 5, distance_mpc=(100, 30), meta={"OBJECT": "S1"})
    other = skymap.circle(31, 20, 8, distance_mpc=(120, 20), meta={"OBJECT": "GRB 2"})
    product = one.times(other)
    r = np.linspace(0.5, 400, 800)
    pdf = one.distance_pdf_at(30, 20, r) * other.distance_pdf_at(30, 20, r) / r**2
    found = product.distance_pdf_at(30, 20, r)
    np.testing.assert_allclose(found, pdf / pdf.sum() / (r[1] - r[0]), rtol=1e-3, atol=1e-9)
    assert product.meta["OBJECT"] == "S1 x GRB 2"
    assert 100 < product.distance[0] < 120
    assert product.distance[1] < 20


def test_chance_rate_is_that_of_raven():
    one, other = skymap.circle(30, 20, 5), skymap.circle(33, 20, 8)
    far, rate, window = 1e-9, 310 / 3.156e7, 6.0
    assert one.chance_rate(other, far, rate, window) == pytest.approx(far * rate * window / one.overlap(other))
    z, most = far * rate * window, 1e-5 * 1e-4 * window
    assert one.chance_rate(other, far, rate, window, thresholds_hz=(1e-5, 1e-4)) == pytest.approx(
        z * (1 + np.log(most / z)) / one.overlap(other)
    )
    for wrong in ((-1, rate, window), (far, np.nan, window), (far, rate, -6)):
        with pytest.raises(ValueError, match="negative"):
            one.chance_rate(other, *wrong)
    with pytest.raises(ValueError, match="above the thresholds"):
        one.chance_rate(other, far, rate, window, thresholds_hz=(1e-10, 1e-7))


@pytest.mark.parametrize("centre", [(30.0, 20.0), (0.0, -89.9), (359.99, 0.0)])
def test_probability_in_a_cone(centre):
    sigma = 2.0
    sky = skymap.circle(*centre, sigma, containment="1sigma")
    radius = np.array([0.01, 0.5, 2.0, 5.0, 9.0])
    expected = 1 - np.exp(-(1 - np.cos(np.radians(radius))) / np.radians(sigma) ** 2)
    np.testing.assert_allclose(sky.probability_in_cone(*centre, radius), expected, atol=1e-3, rtol=0.02)
    even = maps.uniform(2)
    radius = np.array([1e-3, 1.0, 40.0, 90.0, 179.0])
    expected = (1 - np.cos(np.radians(radius))) / 2
    np.testing.assert_allclose(even.probability_in_cone(*centre, radius), expected, rtol=1e-3)
    assert even.probability_in_cone(*centre, 180.0) == pytest.approx(1)
    assert even.probability_in_cone(*centre, 0.0) == 0
    assert np.isnan(even.probability_in_cone(np.nan, 0, 1.0))
    assert even.probability_in_cone([1, 2], [3, 4], [[1], [2], [3]]).shape == (3, 2)


def test_mean_is_where_healpy_puts_it():
    for name, make in maps.SHAPES.items():
        sky = make()
        if name == "arcseconds":
            assert maps.separation(*sky.mean, 200.0, 41.8) < 1 / 3600
            continue
        density = fine(sky)
        vector = np.array(healpy.pix2vec(NSIDE, np.arange(density.size), nest=True)) @ density
        assert maps.separation(*sky.mean, *healpy.vec2ang(vector, lonlat=True)) < 0.05, name
    assert maps.uniform().mean is None


quiet = settings(max_examples=40, deadline=None)


@quiet
@given(skies(), skies())
def test_product_is_symmetric_and_lies_in_both(one, other):
    overlap = one.overlap(other)
    assert overlap == pytest.approx(other.overlap(one), rel=1e-9)
    if overlap < 1e-12:
        return
    try:
        product = one.times(other)
    except skymap.BadSkyMap:
        assert one.mu is not None  # distances may exclude each other too
        assert other.mu is not None
        return
    _, start, size = product.spans
    assert (start[1:] >= start[:-1] + size[:-1]).all()
    assert np.sum(product.density * product.pixel_area) == pytest.approx(1)
    ra, dec = skymap.grid.centres(product.uniq[product.density > 0])
    assert (one.density_at(ra, dec) * other.density_at(ra, dec) > 0).all()
    back = other.times(one)
    np.testing.assert_array_equal(back.uniq, product.uniq)
    np.testing.assert_allclose(back.density, product.density, rtol=1e-6)


@quiet
@given(skies())
def test_cones_hold_more_the_wider_they_are(sky):
    held = sky.probability_in_cone(*sky.mode, [0.1, 1.0, 10.0, 100.0, 180.0])
    assert (np.diff(held) >= -1e-9).all()
    assert held[-1] == pytest.approx(1)
