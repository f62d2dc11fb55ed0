"""Maps of error regions told in words. Authority: spherical geometry in closed form, healpy and mocpy."""

import healpy
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from mocpy import MOC

from tests.maps import separation
from tom_scimma import skymap
from tom_scimma.notice import Sky
from tom_scimma.skymap import regions

DEG2 = np.square(180 / np.pi)
CENTRES = [(30.0, 20.0), (0.01, -40.0), (123.0, 90.0), (359.9, -89.2)]


def cap(radius):
    """Area of a circle on the sphere, deg2."""
    return 2 * np.pi * (1 - np.cos(np.radians(radius))) * DEG2


def held(sky, inside):
    """Probability of the pixels whose centre `inside(ra, dec)` says is in."""
    return float((sky.density * sky.pixel_area)[inside(*skymap.grid.centres(sky.uniq))].sum())


@pytest.mark.parametrize("centre", CENTRES)
@pytest.mark.parametrize(("radius", "containment"), [(5 / 3600, 0.9), (0.5, 0.5), (3.0, 0.9), (8.0, 0.68), (40.0, 0.9)])
def test_circle_holds_what_it_is_said_to_hold(centre, radius, containment):
    sky = skymap.circle(*centre, radius, containment=containment)
    assert held(sky, lambda ra, dec: separation(ra, dec, *centre) < radius) == pytest.approx(
        containment, abs=0.015
    )  # by pixel centres
    assert sky.area(containment) == pytest.approx(cap(radius), rel=2e-3)
    assert sky.area(0.2) < sky.area(0.9) < sky.area(0.99)
    assert separation(*sky.mode, *centre) < radius / 10
    assert sky.levels.max() == pytest.approx(1)
    assert (sky.density * sky.pixel_area).max() < 5e-4
    assert len(sky) < 20_000


def test_sigma_is_that_of_one_axis_and_agrees_with_the_probability():
    one = skymap.circle(10, 10, 1.0, containment="1sigma")
    other = skymap.circle(10, 10, 1.0, containment=1 - np.exp(-0.5))
    np.testing.assert_allclose(one.area([0.5, 0.9]), other.area([0.5, 0.9]), rtol=1e-6)
    two = skymap.circle(10, 10, 2.0, containment="2sigma")
    assert two.area(0.9) == pytest.approx(one.area(0.9), rel=2e-3)
    sigma = 1.0  # the plane's Gaussian: the level L lies within sigma sqrt(-2 ln(1 - L))
    assert one.area(0.9) == pytest.approx(-2 * np.log(0.1) * np.pi * sigma**2, rel=2e-3)


@pytest.mark.parametrize("centre", CENTRES)
@pytest.mark.parametrize("angle", [0.0, 30.0, 200.0])
def test_ellipse_lies_as_it_is_told(centre, angle):
    sky = skymap.ellipse(*centre, (6.0, 1.5), angle, containment=0.9)
    assert sky.area(0.9) == pytest.approx(np.pi * 6.0 * 1.5, rel=3e-3)
    at = SkyCoord(*centre, unit="deg")
    for turn, radius in ((0, 6.0), (180, 6.0), (90, 1.5), (-90, 1.5)):
        edge = at.directional_offset_by((angle + turn) * u.deg, radius * u.deg)
        assert sky.level_at(edge.ra.deg, edge.dec.deg) == pytest.approx(0.9, abs=0.03)
        inner = at.directional_offset_by((angle + turn) * u.deg, radius * u.deg / 2)
        assert sky.level_at(inner.ra.deg, inner.dec.deg) == pytest.approx(1 - 0.1**0.25, abs=0.03)


def test_ellipse_of_equal_axes_is_the_circle():
    one, other = skymap.ellipse(40, -30, (4, 4), 77), skymap.circle(40, -30, 4)
    np.testing.assert_array_equal(one.uniq, other.uniq)
    np.testing.assert_allclose(one.density, other.density, rtol=1e-9)


@pytest.mark.parametrize("centre", CENTRES)
def test_annulus(centre):
    even = skymap.annulus(*centre, 50, 52)
    assert DEG2 / even.density.max() == pytest.approx(cap(52) - cap(50), rel=2e-3)
    for radius, inside in ((49.5, False), (50.3, True), (51.7, True), (52.5, False)):
        edge = SkyCoord(*centre, unit="deg").directional_offset_by(np.arange(0, 360, 15) * u.deg, radius * u.deg)
        assert ((even.density_at(edge.ra.deg, edge.dec.deg) > 0) == inside).all()
    soft = skymap.annulus(*centre, 50, 52, containment=0.9)
    between = held(soft, lambda ra, dec: np.abs(separation(ra, dec, *centre) - 51) < 1)
    assert between == pytest.approx(0.9, abs=0.02)  # by pixel centres
    assert soft.area(0.9) == pytest.approx(cap(52) - cap(50), rel=0.01)
    sharp = skymap.annulus(*centre, 50, 52, containment="3sigma")
    assert held(sharp, lambda ra, dec: np.abs(separation(ra, dec, *centre) - 51) < 1) == pytest.approx(0.9973, abs=2e-3)


@pytest.mark.parametrize("centre", CENTRES)
@pytest.mark.parametrize("radius", [2e-4, 0.3, 5.0, 80.0, 120.0])
def test_cone_is_even_and_as_large_as_a_circle(centre, radius):
    sky = skymap.cone(*centre, radius)
    assert DEG2 / sky.density.max() == pytest.approx(cap(radius), rel=2e-3)
    edge = SkyCoord(*centre, unit="deg").directional_offset_by(np.arange(0, 360, 10) * u.deg, 0.95 * radius * u.deg)
    np.testing.assert_allclose(sky.density_at(edge.ra.deg, edge.dec.deg), sky.density.max())
    edge = SkyCoord(*centre, unit="deg").directional_offset_by(np.arange(0, 360, 10) * u.deg, 1.05 * radius * u.deg)
    assert (sky.density_at(edge.ra.deg, edge.dec.deg) == 0).all()


POLYGONS = {
    "square across RA 0": ([359, 1, 1, 359], [-1, -1, 1, 1]),
    "around the pole": ([0, 90, 180, 270], [85] * 4),
    "a far triangle": ([200, 220, 205], [-40, -35, -70]),
    "clockwise": ([200, 205, 220], [-40, -70, -35]),
    "concave": ([10, 20, 20, 15, 10], [0, 0, 10, 2, 10]),
    "small": ([100, 100.01, 100.01, 100], [45, 45, 45.01, 45.01]),
}


@pytest.mark.parametrize("name", POLYGONS)
def test_polygon_is_that_of_mocpy_and_healpy(name):
    ra, dec = map(np.array, POLYGONS[name])
    sky = skymap.polygon(ra, dec)
    if name != "small":
        depth = 12
        area = MOC.from_polygon(ra * u.deg, dec * u.deg, max_depth=depth).sky_fraction * 4 * np.pi * DEG2
        edge = np.sum(separation(ra, dec, np.roll(ra, 1), np.roll(dec, 1))) * np.degrees(healpy.nside2resol(2**depth))
        assert DEG2 / sky.density.max() == pytest.approx(area, abs=2 * edge)  # mocpy takes the pixels on the edge in
    else:
        assert DEG2 / sky.density.max() == pytest.approx(1e-4 * np.cos(np.radians(45.005)), rel=1e-3)
    if name in ("square across RA 0", "around the pole", "a far triangle"):  # healpy's must be convex
        inside = healpy.query_polygon(512, healpy.ang2vec(ra, dec, lonlat=True))
        rng = np.random.default_rng(3)
        some = rng.choice(12 * 512**2, 20_000, replace=False)
        some = np.concatenate([some, inside])
        lon, lat = healpy.pix2ang(512, some, lonlat=True)
        far = np.abs(regions.polygon(ra, dec)(lon, lat)) > 0.15
        np.testing.assert_array_equal((sky.density_at(lon, lat) > 0)[far], np.isin(some, inside)[far])


def test_concave_polygon_leaves_its_notch_out():
    sky = skymap.polygon(*POLYGONS["concave"])
    assert sky.density_at(15, 8) == 0
    np.testing.assert_allclose(sky.density_at([11, 19, 15], [5, 5, 1]), sky.density.max())


def test_distance_is_as_said_in_every_direction():
    sky = skymap.circle(30, 20, 5, distance_mpc=(100.0, 30.0), meta={"OBJECT": "x"})
    assert sky.distance == (100, 30)
    assert skymap.SkyMap(sky.uniq, sky.density, sky.mu, sky.sigma, sky.norm).distance == pytest.approx((100, 30))
    assert sky.distance_at(200, -20) == pytest.approx((100, 30))
    assert sky.meta == {"OBJECT": "x"}


def test_what_a_notice_says_of_its_position():
    assert skymap.of_sky(Sky("healpix", skymap_url="https://example.org/a.fits")) is None
    point = skymap.of_sky(Sky("point", 10.0, -5.0))
    assert point.area(0.9) == pytest.approx(cap(5 / 3600), rel=2e-3)
    assert point.notes == ("no error was given; 5 arcsec (90%) is taken",)
    circle = skymap.of_sky(Sky("circle", 10.0, -5.0, radius_deg=2.0, containment=0.5))
    assert circle.area(0.5) == pytest.approx(cap(2.0), rel=2e-3)
    assert circle.notes == ()
    unsaid = skymap.of_sky(Sky("circle", 10.0, -5.0, radius_deg=2.0))
    assert unsaid.area(0.9) == pytest.approx(cap(2.0), rel=2e-3)
    assert len(unsaid.notes) == 1
    ellipse = skymap.of_sky(Sky("ellipse", 10.0, 5.0, 3.0, 0.9, (3.0, 1.0), 45.0), distance_mpc=(40.0, 5.0))
    assert ellipse.area(0.9) == pytest.approx(3 * np.pi, rel=5e-3)
    assert ellipse.level_at(11.5, 6.5) < 0.9 < ellipse.level_at(8.5, 6.5)
    assert ellipse.distance == (40, 5)
    whole = skymap.of_sky(Sky("circle", 10.0, -5.0, radius_deg=2.0, containment=1.0))
    assert DEG2 / whole.density.max() == pytest.approx(cap(2.0), rel=1e-3)


WRONG = {
    "no position": (lambda: skymap.circle(np.nan, 0, 1), "no ellipse: ra nan"),
    "dec": (lambda: skymap.cone(0, 91, 1), "no position: ra 0, dec 91"),
    "radius 0": (lambda: skymap.circle(0, 0, 0), "semi-axes 0 and 0"),
    "containment 90": (lambda: skymap.circle(0, 0, 1, containment=90), "a probability between 0 and 1"),
    "containment word": (lambda: skymap.circle(0, 0, 1, containment="most"), "'1sigma', not 'most'"),
    "whole sky": (lambda: skymap.circle(0, 0, 170, containment=0.5), "no error is meant"),
    "whole ring": (lambda: skymap.annulus(0, 0, 10, 170, containment=0.5), "no error is meant"),
    "ring inside out": (lambda: skymap.annulus(0, 0, 5, 4), "0 <= inner < outer"),
    "two corners": (lambda: skymap.polygon([0, 1], [0, 1]), "three corners"),
    "no area": (lambda: skymap.polygon([0, 1, 2], [0, 0, 0]), "no area"),
    "more than half the sky": (lambda: skymap.polygon([0, 100, 200, 300], [10, -10, 10, -10]), "half of the sky"),
    "uneven": (lambda: skymap.polygon([0, 120, 240], [-5, -5]), "as many"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_region_says_why(name):
    make, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("radius", [1e-300, 1e-9, 1e-7])
def test_an_error_finer_than_the_finest_pixels_is_taken_as_3_6_mas_and_says_so(radius):
    made = skymap.of_sky(Sky("circle", 10.0, -5.0, radius_deg=radius, containment=0.9))
    assert np.isfinite(made.density).all()
    assert made.area(0.9) == pytest.approx(np.pi * 1e-12, rel=0.01)
    assert "3.6 mas is taken" in made.notes[0]
