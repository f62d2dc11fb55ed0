"""The union of footprints. Authority: mocpy at depth 14, Monte Carlo with fixed seeds, and what holds for any union."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import fields, maps
from tom_scimma import skymap
from tom_scimma.skymap import footprint, grid
from tom_scimma.skymap.gain import gain
from tom_scimma.skymap.seen import seen
from tom_scimma.skymap.union import union

SKIES = {**{name: maps.SHAPES[name]() for name in ("blob", "across RA 0", "at the pole", "ring", "two lobes")},
         "uniform": maps.uniform(), "one pixel": maps.one_pixel(order=5, ipix=3000)}  # fmt: skip
quiet = settings(max_examples=25, deadline=None)


@st.composite
def placed(draw, most=12):
    """Footprints of one to three kinds, some of them in the same place, near one another."""
    found = []
    ra, dec = draw(st.floats(0, 360)), draw(st.floats(-90, 90))
    for shape in draw(st.lists(st.sampled_from(["square", "ccds", "circle", "arrow"]), min_size=1, max_size=3)):
        count = draw(st.integers(1, most // 3))
        near = st.lists(st.floats(-2.5, 2.5), min_size=count, max_size=count)
        x, y = np.array(draw(near)), np.array(draw(near))
        lat = np.clip(dec + y, -90, 90)
        lon = ra + x / max(np.cos(np.radians(dec)), 0.05)
        found.append(CAMERAS[shape].at(lon, lat, np.array(draw(near)) * 100))
    return footprint.together(found)


CAMERAS = {
    "square": footprint.rectangle(1, 1),
    "ccds": fields.ccds(),
    "circle": footprint.circle(0.8),
    "arrow": footprint.polygon([-1, 0, 1, 0], [-1, -0.2, -1, 2]),
}


@pytest.mark.parametrize("name", ["blob", "across RA 0", "at the pole", "ring", "two lobes"])
def test_union_is_mocpys_at_depth_14(name):
    """Twice depth 14 less depth 13, since a MOC takes every cell that it touches."""
    sky = SKIES[name]
    many = fields.scattered(fields.ccds(), sky, 60, seed=5)
    polygons = [ccd for ccds in many.polygons for ccd in ccds]
    theirs = 2 * fields.moc(polygons, 14, sky) - fields.moc(polygons, 13, sky)
    assert sky.union(many) == pytest.approx(theirs, abs=1e-4)


@pytest.mark.parametrize("name", SKIES)
@pytest.mark.parametrize("count", [10, 150])
def test_union_is_that_of_a_monte_carlo(name, count):
    """60,000 points of the map, one from each equal part of its probability, each asked of every CCD by itself."""
    sky = SKIES[name]
    many = fields.scattered(fields.ccds(), sky, count, seed=6)
    ra, dec = fields.drawn(sky, 60_000, np.random.default_rng(7))
    held, at = np.zeros(ra.size, bool), fields.vectors(ra, dec)
    for ccds, sight in zip(many.polygons, many.axes[:, 0], strict=True):
        near = np.flatnonzero(~held & (at @ sight > np.cos(np.radians(2))))
        for ccd in ccds:
            held[near] |= fields.inside(at[near], ccd)
    found = union(sky, many)
    # strata make the spread smaller than that of independent points, which is what is allowed here
    assert found.probability == pytest.approx(
        held.mean(), abs=4.5 * np.sqrt(held.mean() * (1 - held.mean()) / ra.size) + 1e-6
    )
    assert found.error <= 1e-4


# hundreds overlap alike on every map: these two are the awkward ones
MANY = [(300, "at the pole"), (300, "two lobes")]


@pytest.mark.parametrize(("count", "name"), [(count, name) for count in (3, 50) for name in SKIES] + MANY)
def test_error_that_is_said_holds(name, count):
    """Against the same with a tenth of the tolerance."""
    sky = SKIES[name]
    many = fields.scattered(fields.ccds(), sky, count, seed=8)
    found, fine = union(sky, many), union(sky, many, tolerance=1e-5)
    assert fine.error <= 1e-5
    assert abs(found.probability - fine.probability) <= found.error + fine.error + 1e-9
    assert abs(found.probability - fine.probability) <= found.bound + fine.error + 1e-9
    assert found.error <= 1e-4


@quiet
@given(placed(), st.sampled_from(sorted(SKIES)))
def test_union_lies_between_the_largest_part_and_the_sum(many, name):
    sky = SKIES[name]
    parts, whole = sky.inside(many), sky.union(many)
    assert parts.max() - 1e-6 <= whole <= min(parts.sum(), 1) + 1e-6


@quiet
@given(placed(), placed(most=3), st.sampled_from(sorted(SKIES)))
def test_one_more_footprint_never_lowers_the_union(many, more, name):
    sky = SKIES[name]
    before, both = union(sky, many), union(sky, footprint.together([many, more]))
    assert both.probability >= before.probability - before.error - both.error - 1e-9
    assert gain(sky, many, more) == pytest.approx(
        both.probability - before.probability, abs=before.error + both.error + 1e-5
    )
    assert gain(sky, footprint.together([many, more]), more) <= 1e-5


@quiet
@given(placed(), st.sampled_from(["blob", "two lobes", "uniform"]), st.integers(1, 3))
def test_turning_sky_and_footprints_by_a_quarter_changes_nothing(many, name, quarters):
    """HEALPix looks the same after a quarter turn: base pixels move on by one in their row."""
    sky = SKIES[name]
    order, start, _ = sky.spans
    face, rest = np.divmod(start, 1 << (2 * grid.MAX_ORDER))
    face = face // 4 * 4 + (face + quarters) % 4
    start = (face << (2 * grid.MAX_ORDER)) + rest
    sort = np.argsort(start)
    uniq = grid.uniq_of(order, start >> (2 * (grid.MAX_ORDER - order)))[sort]
    turned = skymap.SkyMap(uniq, sky.density[sort])
    angle = np.pi / 2 * quarters
    turn = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    moved = footprint.Fields(many.shapes, many.shape, many.axes @ turn)
    assert turned.union(moved) == pytest.approx(sky.union(many), abs=1e-7)
    np.testing.assert_allclose(turned.inside(moved), sky.inside(many), atol=1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_turning_the_whole_problem_changes_nothing(seed):
    """Any turn at all: a Gaussian, which can be made anywhere, on a grid that is not turned with it."""
    rng = np.random.default_rng(seed)
    shift = footprint.circle(1).at(
        [0, *rng.uniform(0, 360, 3)], [0, *rng.uniform(-90, 90, 3)], [0, *rng.uniform(0, 360, 3)]
    )
    around = CAMERAS["ccds"].at(*rng.uniform(-4, 4, (2, 40)), rng.uniform(0, 360, 40))
    found = []
    for axes in shift.axes:
        lon, lat = np.degrees(np.arctan2(axes[0, 1], axes[0, 0])), np.degrees(np.arcsin(axes[0, 2]))
        sky = skymap.from_gaussian(float(lon), float(lat), 2.0, rounds=10)
        found.append(sky.union(footprint.Fields(around.shapes, around.shape, around.axes @ axes)))
    np.testing.assert_allclose(found, found[0], atol=3e-4)  # the maps' own pixels differ by that


def test_all_sky_is_one():
    octants = [([lon, lon + 90, 0], [0, 0, pole]) for lon in (0, 90, 180, 270) for pole in (90, -90)]
    sky = footprint.on_sky(octants)
    for name, one in SKIES.items():
        assert one.union(sky) == pytest.approx(1, abs=2e-5), name
        assert one.inside(sky).sum() == pytest.approx(1, abs=2e-5), name


def test_the_same_place_again_and_again_is_one_place():
    sky = SKIES["blob"]
    one = fields.ccds().at([130, 131], [25, 26], [0, 45])
    assert sky.union([one] * 30) == sky.union(one)
    beside = CAMERAS["square"].at(130 + np.arange(30) * 1e-5, np.full(30, 25.0))
    assert sky.union(beside) == pytest.approx(sky.inside(beside[:1])[0], abs=2e-6)


def test_groups_are_their_own_unions():
    sky = SKIES["two lobes"]
    many = fields.scattered(fields.ccds(), sky, 120, seed=9)
    teams = np.random.default_rng(10).choice(["ZTF", "DECam", "GOTO"], 120)
    found = union(sky, many, by=teams.tolist())
    assert set(found.by) == {"ZTF", "DECam", "GOTO"}
    for team, own in found.by.items():
        assert own.probability == sky.union(many[teams == team])
    assert found.probability == sky.union(many)
    assert max(own.probability for own in found.by.values()) <= found.probability
    with pytest.raises(ValueError, match="120 footprints and 2 names"):
        union(sky, many, by=["a", "b"])


def test_area_of_the_union_is_that_on_an_even_sky():
    grid_of = footprint.rectangle(1, 1).at(np.arange(10) * 1.5, np.zeros(10))
    assert maps.uniform().union(grid_of) * 4 * np.pi * grid.DEG2_PER_SR == pytest.approx(grid_of.area.sum(), rel=1e-4)
    overlapping = footprint.rectangle(1, 1).at(np.arange(10) * 0.5, np.zeros(10))
    around = footprint.rectangle(5.5, 1).at(2.25, 0.0)
    assert maps.uniform().union(overlapping) == pytest.approx(maps.uniform().inside(around)[0], abs=1e-6)


@quiet
@given(placed(), st.integers(0, 1000))
def test_places_are_seen_as_often_as_footprints_hold_them(many, seed):
    rng = np.random.default_rng(seed)
    middle = many.axes[:, 0].mean(axis=0)
    at = middle + rng.normal(0, 0.02, (300, 3))
    ra, dec = np.degrees(np.arctan2(at[:, 1], at[:, 0])), np.degrees(np.arctan2(at[:, 2], np.hypot(at[:, 0], at[:, 1])))
    wanted = sum(
        np.any([fields.within(ra, dec, piece) for piece in pieces], axis=0).astype(int) for pieces in many.polygons
    )
    np.testing.assert_array_equal(seen(many, ra, dec), wanted)
    assert seen(many, float(ra[0]), float(dec[0])) == wanted[0]
