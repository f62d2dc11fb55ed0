"""Footprints and the probability in each. Authority: Girard's theorem, astropy for places and angles, mocpy at depth 14."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import fields, maps
from tom_scimma.skymap import cells, footprint, grid

SKY_DEG2 = 4 * np.pi * np.square(180 / np.pi)
SHAPES = {
    "rectangle": ([-0.5, 0.5, 0.5, -0.5], [-0.3, -0.3, 0.3, 0.3]),
    "triangle": ([0.0, 2.0, 1.0], [0.0, 0.5, 3.0]),
    "clockwise": ([-1, -1, 1, 1], [-1, 1, 1, -1]),
    "closed": ([-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1]),
    "L": ([0, 2, 2, 1, 1, 0], [0, 0, 1, 1, 2, 2]),
    "arrow": ([-1, 0, 1, 0], [-1, -0.2, -1, 2]),
    "comb": ([0, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0], [0, 0, 3, 3, 1, 1, 3, 3, 1, 1, 3, 3]),
    "wide": ([-60, 60, 60, -60], [-40, -40, 40, 40]),
    "arcseconds": ([0, 1e-3, 1e-3, 0], [0, 0, 2e-3, 2e-3]),
}
PLACES = {"equator": (10.0, 0.0), "across RA 0": (359.9, -12.0), "north pole": (77.0, 89.8), "at the pole": (0.0, -90.0),
          "cap": (200.0, 41.8)}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_area_is_girards(name):
    x, y = SHAPES[name]
    corners = (x[:-1], y[:-1]) if name == "closed" else (x, y)
    assert footprint.polygon(x, y).area == pytest.approx(
        fields.girard(corners), rel=1e-9 if name != "arcseconds" else 1e-4
    )


@pytest.mark.parametrize("radius", [0.01, 1.0, 12.0, 39.0])
def test_area_of_a_circle_is_that_of_the_cap(radius):
    circle = footprint.circle(radius)
    assert circle.area == pytest.approx(SKY_DEG2 * (1 - np.cos(np.radians(radius))) / 2, rel=1e-8)
    assert np.degrees(circle.reach) == pytest.approx(radius, rel=0.0011)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("angle", [0.0, 30.0, 200.0])
def test_corners_lie_where_astropy_puts_them(place, angle):
    """East of north, on the tangent of the boresight: a corner on an axis is at that distance and position angle."""
    ra, dec = PLACES[place]
    shape = footprint.polygon([0, 1.5, 0, -1.5], [1, 0, -1, 0])
    (((lon, lat),),) = shape.at(ra, dec, angle).polygons
    middle = SkyCoord(ra, dec, unit="deg")
    found = SkyCoord(lon, lat, unit="deg")
    wanted = middle.directional_offset_by(
        (np.array([0, 90, 180, 270]) + angle) * u.deg, np.array([1, 1.5, 1, 1.5]) * u.deg
    )
    separation = found[:, None].separation(wanted[None]).arcsec
    assert separation.min(axis=0).max() < 1e-4


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", SHAPES)
def test_probability_on_an_even_sky_is_area(name, place):
    placed = footprint.polygon(*SHAPES[name]).at(*PLACES[place], 25.0)
    found = maps.uniform().inside(placed)
    assert found[0] * SKY_DEG2 == pytest.approx(placed.area[0], rel=2e-4)


@pytest.mark.parametrize("name", ["blob", "across RA 0", "at the pole", "ring", "two lobes"])
def test_probability_is_mocpys_at_depth_14(name):
    """A MOC takes every cell that it touches, so that it is too large by a part of a cell: twice depth 14 less depth 13."""
    sky = maps.SHAPES[name]()
    placed = fields.scattered(fields.ccds(), sky, 12, seed=1)
    theirs = [2 * fields.moc(ccds, 14, sky) - fields.moc(ccds, 13, sky) for ccds in placed.polygons]
    np.testing.assert_allclose(sky.inside(placed), theirs, rtol=3e-3)
    assert sky.inside(placed).sum() == pytest.approx(sum(theirs), rel=5e-4)


def test_one_pixel():
    """Its own outline holds all of it, half of it half, and what only touches it nothing."""
    sky = maps.one_pixel(order=5, ipix=3000)
    (row,) = np.flatnonzero(sky.density)
    frame = cells.frames(5, np.array([3000]))
    ra, dec = grid.centre_of(5, 3000)
    assert sky.inside(footprint.circle(3.0).at(ra, dec))[0] == pytest.approx(1, abs=1e-9)
    centre, across, along = (np.array(part)[:, 0] for part in frame)
    half = [
        centre,
        centre + 3 * across,
        centre + 3 * (across + along),
        centre + 3 * along - 3 * across,
        centre - 3 * across,
    ]
    lon, lat = (
        np.degrees(np.arctan2(*np.array(half).T[1::-1])),
        np.degrees(np.arcsin([v[2] / np.linalg.norm(v) for v in half])),
    )
    assert sky.inside(footprint.on_sky([(lon, lat)]))[0] == pytest.approx(0.5, abs=5e-3)
    assert sky.inside(footprint.circle(1.0).at(ra + 180, -dec))[0] == 0
    assert sky.density[row] > 0


def test_gaps_are_left_out_and_hulls_hold_more():
    sky = maps.SHAPES["blob"]()
    cameras = fields.scattered(fields.ccds(), sky, 50, seed=2)
    around = footprint.Fields((fields.hull(),), cameras.shape, cameras.axes)
    assert (sky.inside(cameras) < sky.inside(around)).all()
    y = [-0.3, -0.3, 0.3, 0.3]
    halves = footprint.mosaic([([-0.5, -0.05, -0.05, -0.5], y), ([0.05, 0.5, 0.5, 0.05], y)]).at(130, 25)
    gap = (sky.inside(footprint.rectangle(1, 0.6).at(130, 25)) - sky.inside(halves))[0]
    assert gap == pytest.approx(sky.inside(footprint.rectangle(0.1, 0.6).at(130, 25))[0], rel=1e-3)


def test_many_shapes_at_once_are_as_one_by_one():
    sky = maps.SHAPES["two lobes"]()
    several = [footprint.polygon(*SHAPES[name]).at(30, 10, 40) for name in ("triangle", "L", "comb")]
    several += [fields.scattered(fields.ccds(), sky, 9, seed=3), footprint.circle(2).at([30, 250], [11, -50])]
    together = sky.inside(several)
    np.testing.assert_allclose(together, np.concatenate([sky.inside(one) for one in several]), rtol=1e-9)
    again = footprint.on_sky([parts for one in several for parts in one.polygons])
    np.testing.assert_allclose(sky.inside(again), together, rtol=2e-4)


def test_none_at_all():
    sky = maps.uniform()
    assert sky.inside([]).shape == (0,)
    assert sky.union([]) == 0
    assert sky.union(footprint.circle(1).at([], [])) == 0


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([0, 1], [0, 1], "at least three"),
        ([0, 1, 2], [0, 0, 0], "no area"),
        ([0, 1, 0, 1], [0, 1, 1, 0], "crosses itself"),
        ([0, np.nan, 1], [0, 0, 1], "finite"),
        ([0, 120, 240], [0, 0, 0], "no inside|no area"),
        ([-100, 100, 100, -100], [-20, -20, 20, 20], "degrees from its middle"),
    ],
)
def test_what_is_no_polygon_is_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        footprint.polygon(x, y)


def test_no_place_and_no_radius_are_refused():
    with pytest.raises(ValueError, match="field 1 has no place"):
        footprint.circle(1).at([0, np.nan], [0, 0])
    with pytest.raises(ValueError, match="radius lies in 0 to 39"):
        footprint.circle(95)


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 360), st.floats(-90, 90), st.floats(0, 360), st.lists(st.floats(0.3, 2.0), min_size=5, max_size=9))
def test_a_star_of_any_shape_has_its_area_everywhere(ra, dec, angle, spokes):
    turn = np.arange(len(spokes)) * 2 * np.pi / len(spokes)
    shape = footprint.polygon(np.array(spokes) * np.cos(turn), np.array(spokes) * np.sin(turn))
    placed = shape.at(ra, dec, angle)
    assert maps.uniform().inside(placed)[0] * SKY_DEG2 == pytest.approx(shape.area, rel=3e-4)
    assert placed.area[0] == pytest.approx(
        fields.girard((np.array(spokes) * np.cos(turn), np.array(spokes) * np.sin(turn)))
    )
