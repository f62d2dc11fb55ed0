"""What holds for every sky map, whatever it is of. Authority: arithmetic, and astropy-healpix for positions."""

import healpy
import numpy as np
import pytest
from astropy_healpix import HEALPix
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import maps
from tom_scimma import skymap
from tom_scimma.skymap import grid

quiet = settings(max_examples=60, deadline=None)


@st.composite
def skies(draw):
    """Maps of pixels of mixed orders up to 29, of the whole sky or of parts of it, with ties and empty pixels."""
    pixels = [(0, ipix) for ipix in range(12)]
    for _ in range(draw(st.integers(0, 25))):
        order, ipix = pixels.pop(draw(st.integers(0, len(pixels) - 1)))
        if order < 29:
            depth = draw(st.integers(1, min(3, 29 - order)))  # one child is kept deep, so that high orders are reached
            for _ in range(depth):
                pixels += [(order + 1, 4 * ipix + child) for child in range(1, 4)]
                order, ipix = order + 1, 4 * ipix
        pixels.append((order, ipix))
    pixels = [pixel for pixel in pixels if pixel[0] == 29 or draw(st.integers(0, 9))] or pixels[:1]
    pixels.sort(key=lambda pixel: pixel[1] << (2 * (29 - pixel[0])))
    uniq = np.array([(4 << (2 * order)) + ipix for order, ipix in pixels], np.int64)
    weight = st.one_of(st.just(0.0), st.just(1.0), st.floats(1e-6, 1e6))
    density = np.array(draw(st.lists(weight, min_size=len(uniq), max_size=len(uniq))))
    density[draw(st.integers(0, len(uniq) - 1))] = 2.5
    density /= np.dot(density, grid.pixel_area(grid.order_of(uniq)))
    more = {}
    if draw(st.booleans()):
        mu = np.array(draw(st.lists(st.floats(10, 1000) | st.just(np.inf), min_size=len(uniq), max_size=len(uniq))))
        known = np.isfinite(mu)
        more = {"mu": mu, "sigma": np.where(known, mu / 5, 1), "norm": np.where(known, 1e-5, 0)}
    return skymap.SkyMap(uniq, density, **more)


def same(one, other):
    for name in ("uniq", "density", "mu", "sigma", "norm"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)


@quiet
@given(skies())
def test_pack_and_unpack_is_identity(sky):
    found = skymap.unpack(sky.pack())
    same(found, sky)
    assert (found.stated_distance, found.notes, found.meta) == (sky.stated_distance, sky.notes, sky.meta)
    assert found.uniq.dtype == np.int64
    assert found.density.dtype == np.float64


@quiet
@given(skies())
def test_write_and_read_is_identity(sky):
    same(skymap.read(sky.to_fits()), sky)
    same(skymap.read(maps.multiorder(sky)), sky)


@quiet
@given(skies(), st.lists(st.floats(0, 1), min_size=2, max_size=9))
def test_areas_grow_with_level(sky, levels):
    areas = sky.area(sorted(levels))
    assert (np.diff(areas) >= 0).all()
    assert 0 <= areas[0]
    assert areas[-1] <= 4 * np.pi * np.square(180 / np.pi) * (1 + 1e-12)
    with pytest.raises(ValueError, match=r"lies in 0\.\.1"):
        sky.area(1.5)


@quiet
@given(skies())
def test_levels_lie_in_0_to_1_and_fall_with_density(sky):
    assert ((sky.levels >= 0) & (sky.levels <= 1)).all()
    assert sky.levels.max() == pytest.approx(1)
    order = np.argsort(-sky.density, kind="stable")
    dense, level = sky.density[order], sky.levels[order]
    assert (level[1:][np.diff(dense) < 0] >= level[:-1][np.diff(dense) < 0]).all()
    np.testing.assert_allclose(sky.ranked.probability[-1], 1, rtol=1e-9)


@quiet
@given(skies())
def test_pixel_of_each_centre_is_its_own(sky):
    ra, dec = grid.centres(sky.uniq)
    np.testing.assert_array_equal(sky.rows_at(ra, dec), np.arange(len(sky)))
    np.testing.assert_array_equal(sky.density_at(ra, dec), sky.density)
    np.testing.assert_array_equal(sky.level_at(ra, dec), sky.levels)
    for row, uniq in enumerate(sky.uniq.tolist()):
        order = (uniq.bit_length() - 3) // 2
        assert sky.order[row] == order
        healpix = HEALPix(1 << order, order="nested")
        lon, lat = healpix.healpix_to_lonlat(uniq - (4 << (2 * order)))
        assert maps.separation(lon.deg, lat.deg, ra[row], dec[row]) < 1e-9


@quiet
@given(skies(), st.integers(0, 7))
def test_mean_density_keeps_the_probability(sky, order):
    ipix = np.arange(12 << (2 * order))
    mean = sky.mean_density(order, ipix)
    assert mean.sum() * grid.pixel_area(order) == pytest.approx(1)


@quiet
@given(st.integers(0, 5), st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_merge_keeps_every_value(order, seed, kinds):
    values = np.random.default_rng(seed).integers(0, 2, (kinds, 12 << (2 * order))) * 1.0
    values = np.repeat(values[:, :: 4 ** min(order, 2)], 4 ** min(order, 2), axis=1)
    merged = grid.merge(order, np.arange(values.shape[1]), values)
    found = np.full_like(values, np.nan)
    for at, ipix, columns in merged:
        wide = 4 ** (order - at)
        found[:, (ipix[:, None] * wide + np.arange(wide)).ravel()] = np.repeat(columns, wide, axis=1)
    np.testing.assert_array_equal(found, values)
    if order >= 2:
        assert max(at for at, _, _ in merged) <= order - 2


@quiet
@given(skies(), st.integers(0, 2**32 - 1))
def test_many_positions_find_the_rows_that_few_do(sky, seed):
    rng = np.random.default_rng(seed)
    place = rng.integers(-1, grid.SPAN_END, 3000)
    place[:100] = -1
    edges = np.concatenate((sky.spans[1], sky.spans[1] - 1, sky.spans[1] + sky.spans[2]))
    place[100 : 100 + edges.size] = np.clip(edges, -1, grid.SPAN_END - 1)
    few = np.searchsorted(sky.spans[1], place, side="right") - 1
    np.testing.assert_array_equal(sky._rows_of_many(place), few)
    many = np.resize(place, 100_000)
    np.testing.assert_array_equal(sky.rows_of(many)[:3000], sky.rows_of(place))


@pytest.mark.parametrize("order", [0, 1, 5, 11, 12, 13, 24, 25, 29])
def test_positions_lie_in_the_pixels_that_healpy_says(order):
    rng = np.random.default_rng(order)
    ra, dec = rng.uniform(-360, 720, 40_000), np.degrees(np.arcsin(rng.uniform(-1, 1, 40_000)))
    dec[:4000] = 90 - 10 ** rng.uniform(-12, 1, 4000)
    dec[4000:8000] = -90 + 10 ** rng.uniform(-12, 1, 4000)
    dec[8000:8010], dec[8010:8020] = 90, -90
    ra[9000:9400], dec[9400:9500] = np.tile([0, 90, 180, 270], 100), 0
    expected = healpy.ang2pix(1 << order, ra, dec, nest=True, lonlat=True)
    found = grid.pixel_of(ra, dec, order)
    assert (found != expected).sum() <= (4 if order == 29 else 0)  # at 0.4 milliarcsec a rounding moves some
    assert grid.pixel_of(np.zeros((2, 3)), np.zeros((2, 3)), order).shape == (2, 3)


def turned(sky, quarters):
    """The same map, the sky turned around its axis by so many quarters, which maps pixels on pixels."""
    order, start, _ = sky.spans
    face, rest = np.divmod(start, 1 << (2 * grid.MAX_ORDER))
    start = ((face // 4 * 4 + (face + quarters) % 4) << (2 * grid.MAX_ORDER)) + rest
    uniq = grid.uniq_of(order, start >> (2 * (grid.MAX_ORDER - order)))
    sort = np.argsort(start)
    columns = (None if column is None else column[sort] for column in (sky.mu, sky.sigma, sky.norm))
    return skymap.SkyMap(uniq[sort], sky.density[sort], *columns)


@quiet
@given(skies(), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_turning_the_whole_problem_changes_nothing(sky, quarters, seed):
    rng = np.random.default_rng(seed)
    other = turned(sky, quarters)
    ra, dec = rng.uniform(0, 360, 50), np.degrees(np.arcsin(rng.uniform(-1, 1, 50)))
    there = ra + 90 * quarters
    np.testing.assert_allclose(other.density_at(there, dec), sky.density_at(ra, dec))
    np.testing.assert_allclose(other.area([0.1, 0.5, 0.9]), sky.area([0.1, 0.5, 0.9]), rtol=1e-9)
    values, count = np.unique(sky.density, return_counts=True)
    alone = np.isin(sky.density, values[count == 1])
    row = sky.rows_at(ra, dec)
    sure = (row >= 0) & alone[row]  # the rank of equal densities is by pixel number
    np.testing.assert_allclose(other.level_at(there, dec)[sure], sky.level_at(ra, dec)[sure], atol=1e-9)
    cone = sky.probability_in_cone(ra[:2], dec[:2], 20.0)
    np.testing.assert_allclose(other.probability_in_cone(there[:2], dec[:2], 20.0), cone, atol=2e-3)
    if sky.mu is not None:
        far = rng.uniform(5, 1500, 50)
        np.testing.assert_allclose(other.volume_level_at(there, dec, far), sky.volume_level_at(ra, dec, far), atol=2e-3)
        assert other.distance == pytest.approx(sky.distance, rel=1e-9)
    assert sky.overlap(sky) == pytest.approx(other.overlap(other), rel=1e-9)
