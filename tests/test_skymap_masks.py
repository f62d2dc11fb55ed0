"""Maps without the Earth, the galactic plane or what has been seen. Authority: caps in closed form, astropy's galactic frame."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import fields, maps
from tom_scimma import skymap
from tom_scimma.errors import BadSkyMap
from tom_scimma.skymap import footprint, grid, joint, masks, sphere

SKY_DEG2 = 4 * np.pi * grid.DEG2_PER_SR


def positions(count: int, seed: int = 0) -> SkyCoord:
    rng = np.random.default_rng(seed)
    return SkyCoord(rng.uniform(0, 360, count), np.degrees(np.arcsin(rng.uniform(-1, 1, count))), unit="deg")


def whole(sky: skymap.SkyMap) -> None:
    """A map that covers what it covered, once, and adds up to 1."""
    order, start, size = sky.spans
    assert (np.diff(start) > 0).all()
    assert (start[1:] >= start[:-1] + size[:-1]).all()
    assert np.dot(sky.density, grid.pixel_area(order)) == pytest.approx(1)


@pytest.mark.parametrize("place", [(10, 20), (0, -90), (359.9, 1)])
@pytest.mark.parametrize("radius", [5.0, 67.3])
def test_earth_hides_a_cap(place, radius):
    left = masks.remove(maps.uniform(), masks.earth(*place, radius_deg=radius))
    cap = (1 - np.cos(np.radians(radius))) / 2
    assert left.removed == pytest.approx(cap, abs=1e-5)
    assert left.area == pytest.approx(cap * SKY_DEG2, rel=5e-4)
    whole(left.sky)
    at = positions(3000)
    away = at.separation(SkyCoord(*place, unit="deg")).deg
    clear = np.abs(away - radius) > 1
    seen = left.sky.density_at(at.ra.deg, at.dec.deg) > 0
    np.testing.assert_array_equal(seen[clear], (away > radius)[clear])
    assert left.sky.notes == (f"Earth: {left.removed:.4f} of the probability removed",)
    assert left.sky.meta["REMOVED"] == pytest.approx(cap, abs=1e-5)


def test_earth_as_fermi_sees_it():
    """From 535 km, 67.3 degrees (Meegan et al. 2009, doi:10.1088/0004-637X/702/1/791, say about 67); opposite its place."""
    ra, dec = 120.0, 25.0
    place = (masks.EARTH_KM + 535) * sphere.vectors(ra + 180, -dec)
    found = masks.remove(maps.uniform(), masks.earth_from(place))
    assert found.removed == pytest.approx((1 - np.cos(np.radians(67.3))) / 2, abs=1e-3)
    assert found.removed == pytest.approx(masks.remove(maps.uniform(), masks.earth(ra, dec, altitude_km=535)).removed)
    assert found.sky.density_at(ra, dec) == 0 < found.sky.density_at(ra + 180, -dec)


@pytest.mark.parametrize("latitude", [5.0, 10.0, 30.0])
def test_galactic_plane_is_astropys(latitude):
    left = masks.remove(maps.uniform(), masks.galactic_plane(latitude))
    assert left.removed == pytest.approx(np.sin(np.radians(latitude)), abs=1e-5)
    whole(left.sky)
    at = positions(3000)
    off = np.abs(at.galactic.b.deg)
    clear = np.abs(off - latitude) > 0.5
    np.testing.assert_array_equal((left.sky.density_at(at.ra.deg, at.dec.deg) > 0)[clear], (off > latitude)[clear])
    edge = SkyCoord(l=50 * u.deg, b=(latitude + np.array([-0.6, 0.6])) * u.deg, frame="galactic").icrs
    np.testing.assert_array_equal(left.sky.density_at(edge.ra.deg, edge.dec.deg) > 0, [False, True])


@pytest.mark.parametrize("name", ["blob", "across RA 0", "at the pole", "two lobes"])
def test_what_was_seen_is_gone(name):
    sky = maps.SHAPES[name]()
    many = fields.scattered(footprint.rectangle(2, 2), sky, 30, seed=3)
    left = masks.remove(sky, masks.footprint(many))
    assert left.removed == pytest.approx(sky.union(many), abs=1e-4)
    assert left.area == pytest.approx(maps.uniform().union(many) * SKY_DEG2, rel=1e-2)
    whole(left.sky)
    assert left.sky.union(many) < 0.02 * left.removed + 1e-4  # pixels on the edges are thinned out, not cut
    ra, dec = (values.reshape(-1) for values in sphere.degrees(many.axes[:, 0]))
    assert (left.sky.density_at(ra, dec) == 0).all()
    assert left.sky.notes[-1] == f"30 footprints: {left.removed:.4f} of the probability removed"


def test_distance_follows_and_what_was_said_of_the_whole_does_not():
    sky = maps.SHAPES["two lobes"]()
    left = masks.remove(sky, masks.earth(250, -50, radius_deg=40)).sky
    assert left.stated_distance is None
    assert left.distance[0] > sky.distance[0]  # the southern lobe is the nearer one
    assert left.distance_at(30, 10) == sky.distance_at(30, 10)


def test_masks_add_up():
    sky = maps.SHAPES["ring"]()
    one = sky.without(masks.galactic_plane(15))
    both = one.without(masks.earth(310, 20, radius_deg=39))
    other = sky.without(masks.earth(310, 20, radius_deg=39)).without(masks.galactic_plane(15))
    assert both.meta["REMOVED"] == pytest.approx(other.meta["REMOVED"], abs=1e-4)
    assert len(both.notes) == 2
    assert skymap.read(both.to_fits()).area(0.9) == pytest.approx(both.area(0.9))
    assert skymap.unpack(both.pack()).meta == both.meta


def test_nothing_left_is_said():
    with pytest.raises(BadSkyMap, match="Earth: all of the map's probability lies there"):
        maps.SHAPES["arcseconds"]().without(masks.earth(200, 41.8, altitude_km=500))
    sky = maps.SHAPES["blob"]()
    left = masks.remove(sky, masks.footprint([]))
    assert left.removed == 0
    np.testing.assert_allclose(left.sky.density, sky.density)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: masks.earth(0, 0),
        lambda: masks.earth(0, 0, radius_deg=60, altitude_km=500),
        lambda: masks.earth(0, 0, altitude_km=-5),
        lambda: masks.earth(0, 100, radius_deg=60),
        lambda: masks.earth_from([1, 2, 3]),
        lambda: masks.galactic_plane(0),
    ],
)
def test_masks_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match=r"altitude|ground|satellite|position|latitude"):
        wrong()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, grid.SPAN_END), st.integers(0, grid.SPAN_END)), min_size=1, max_size=6))
def test_runs_are_filled_by_the_fewest_pixels(pairs):
    """No four siblings are left, and the pixels of a run cover it exactly."""
    points = sorted({point for pair in pairs for point in pair})
    first, end = np.array(points[:-1], np.int64), np.array(points[1:], np.int64)
    uniq, run = joint.pixels(first, end)
    _, start, size = grid.spans(uniq)
    for number in range(len(first)):
        mine = run == number
        assert start[mine][0] == first[number]
        np.testing.assert_array_equal(start[mine][1:], (start + size)[mine][:-1])
        assert (start + size)[mine][-1] == end[number]
        order = grid.order_of(uniq[mine])
        parents = uniq[mine][order > 0] >> 2
        assert np.unique(parents, return_counts=True)[1].max(initial=0) < 4
