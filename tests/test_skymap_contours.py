"""Outlines of credible regions. Authority: the area the map gives, and mocpy's of the polygon; geometry."""

import numpy as np
import pytest
from astropy import units as u
from mocpy import MOC

from tests import maps
from tom_scimma import skymap

DEG2 = np.square(180 / np.pi)


def enclosed(ring):
    """Area in deg2 of the smaller side of a ring, by mocpy."""
    ra, dec = np.array(ring[:-1]).T
    share = MOC.from_polygon(ra * u.deg, dec * u.deg, max_depth=11).sky_fraction
    return min(share, 1 - share) * 4 * np.pi * DEG2


def turns(ring, ra, dec):
    """How often a ring goes around a position, positive from north by east (counted on the sky as seen from inside)."""
    lon, lat = np.radians(np.array(ring).T)
    lon = lon - np.radians(ra)
    dec = np.radians(dec)
    bearing = np.arctan2(np.sin(lon) * np.cos(lat), np.cos(dec) * np.sin(lat) - np.sin(dec) * np.cos(lat) * np.cos(lon))
    return round(float(np.sum((np.diff(bearing) + np.pi) % (2 * np.pi) - np.pi) / (2 * np.pi)))


@pytest.mark.parametrize("name", ["blob", "across RA 0", "at the pole"])
@pytest.mark.parametrize("level", [0.5, 0.9])
def test_ring_of_a_round_map_is_round_closed_and_as_large_as_the_region(name, level):
    sky = maps.SHAPES[name]()
    ((ring,),) = sky.contours([level])
    assert ring[0] == ring[-1]
    ra, dec = np.array(ring).T
    assert ((ra >= 0) & (ra < 360) & (np.abs(dec) <= 90)).all()
    assert maps.separation(ra[1:], dec[1:], ra[:-1], dec[:-1]).max() < 2  # no jump at RA 0, none at the pole
    centre = {"blob": (130.0, 25.0), "across RA 0": (0.2, -12.0), "at the pole": (77.0, -89.5)}[name]
    radius = maps.separation(ra, dec, *centre)
    expected = np.degrees(np.arccos(1 - sky.area(level) / DEG2 / (2 * np.pi)))
    np.testing.assert_allclose(radius, expected, rtol=0.06)
    assert np.median(radius) == pytest.approx(expected, rel=0.01)
    assert enclosed(ring) == pytest.approx(sky.area(level), rel=0.02)
    assert turns(ring, *centre) == -1


def test_every_part_has_its_ring_and_every_hole():
    first, second = maps.SHAPES["two lobes"]().contours([0.9])[0]
    assert {turns(first, 30, 10), turns(second, 250, -50)} in ({-1}, {-1, 0})
    sky = maps.SHAPES["ring"]()
    rings = sky.contours([0.9])[0]
    assert len(rings) == 2
    assert sorted(turns(ring, 310, 20) for ring in rings) == [-1, 1]
    outer, inner = sorted(map(enclosed, rings), reverse=True)
    assert outer - inner == pytest.approx(sky.area(0.9), rel=0.02)


def test_whole_sky_has_no_outline_and_one_pixel_has_one():
    assert maps.uniform().contours([0.5, 0.9]) == [[], []]
    pixel = maps.one_pixel(5, 1234)
    (ring,) = pixel.contours([0.9])[0]
    assert abs(turns(ring, *pixel.mode)) == 1
    assert enclosed(ring) == pytest.approx(4 * np.pi * DEG2 / (12 * 4**5), rel=0.4)


def test_part_of_the_sky_is_outlined_where_it_ends():
    whole = maps.uniform(4)
    north = whole.uniq[np.array(np.split(np.arange(3072), 12)[:4]).ravel()]  # the four base pixels around the pole
    cap = skymap.SkyMap(north, np.full(north.size, 3 / (4 * np.pi)))
    (ring,) = cap.contours([0.9])[0]
    assert turns(ring, 0, 89) == -1
    assert enclosed(ring) == pytest.approx(4 * np.pi * DEG2 / 3, rel=0.03)


def test_turning_the_sky_turns_the_outline():
    one = skymap.from_gaussian(40.0, 10.0, 5.0).contours([0.9])[0][0]
    other = skymap.from_gaussian(130.0, 10.0, 5.0).contours([0.9])[0][0]  # by a base pixel: the same grid
    left = sorted((round((ra + 90) % 360, 6), round(dec, 6)) for ra, dec in one[:-1])
    right = sorted((round(ra, 6), round(dec, 6)) for ra, dec in other[:-1])
    np.testing.assert_allclose(left, right, atol=1e-5)
