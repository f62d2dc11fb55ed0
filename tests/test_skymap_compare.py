"""Two versions of a map. Authority: both on one grid by healpy, and closed forms."""

import healpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import fields, maps
from tests.test_skymap_laws import skies
from tom_scimma import skymap
from tom_scimma.skymap import footprint, grid
from tom_scimma.skymap.compare import compare

quiet = settings(max_examples=60, deadline=None)


def version(ra: float, dec: float, sigma: float) -> skymap.SkyMap:
    return skymap.from_gaussian(ra, dec, sigma)


@pytest.mark.parametrize(("new", "sigma"), [((130, 25), 6.0), ((131, 24), 5.0), ((150, 10), 3.0)])
def test_figures_are_those_of_one_fine_grid(new, sigma):
    old, new = version(130, 25, 6), version(*new, sigma)
    nside = 256
    ra, dec = healpy.pix2ang(nside, np.arange(12 * nside**2), nest=True, lonlat=True)
    before, after = old.density_at(ra, dec), new.density_at(ra, dec)
    area = healpy.nside2pixarea(nside)
    found = compare(old, new)
    assert found.moved == pytest.approx(np.abs(before - after).sum() * area / 2, abs=2e-3)
    assert found.overlap == pytest.approx(np.sqrt(before * after).sum() * area, abs=2e-3)
    inside = old.level_at(ra, dec) <= 0.9, new.level_at(ra, dec) <= 0.9
    assert found.shared() == pytest.approx((inside[0] & inside[1]).sum() / (inside[0] | inside[1]).sum(), abs=5e-3)
    assert found.areas(0.5) == (old.area(0.5), new.area(0.5))


def test_apart_and_equal():
    one, other = maps.one_pixel(ipix=100), maps.one_pixel(ipix=40_000)
    found = compare(one, other)
    assert (found.moved, found.overlap, found.shared()) == (pytest.approx(1), 0, 0)
    found = compare(one, one)
    assert (found.moved, found.overlap, found.shared()) == (0, pytest.approx(1), 1)


def test_a_hemisphere_of_an_even_sky():
    """Half of the probability moves; the square root of a half is shared."""
    uniq = np.arange(4 << 6, 16 << 6)
    half = skymap.SkyMap(uniq, np.where(np.arange(uniq.size) < uniq.size // 2, 1 / (2 * np.pi), 0.0))
    found = compare(maps.uniform(), half)
    assert found.moved == pytest.approx(0.5)
    assert found.overlap == pytest.approx(np.sqrt(0.5))
    part = skymap.SkyMap(half.uniq[: uniq.size // 2], half.density[: uniq.size // 2])  # the rest is not there at all
    assert compare(maps.uniform(), part).moved == pytest.approx(0.5)


def test_who_gained_and_who_lost():
    old, new = version(130, 25, 3), version(137, 25, 3)
    ra, dec = np.array([130, 137, 133.5, 300, np.nan]) - np.array([4, -4, 0, 0, 0]), np.full(5, 25.0)
    found = compare(old, new)
    np.testing.assert_array_equal(found.gained(ra, dec), [False, True, False, False, False])
    np.testing.assert_array_equal(found.lost(ra, dec), [True, False, False, False, False])
    assert found.gained(141, 25)
    assert not found.gained(141, 25, level=0.01)
    before, after = found.levels(ra, dec)
    np.testing.assert_array_equal(before, old.level_at(ra, dec))
    np.testing.assert_array_equal(after, new.level_at(ra, dec))


def test_fields_gain_and_lose():
    old, new = version(130, 25, 3), version(137, 25, 3)
    placed = fields.ccds().at([130, 137, 300], [25, 25, 0])
    before, after = compare(old, new).fields(placed)
    np.testing.assert_array_equal(before, old.inside(placed))
    np.testing.assert_array_equal(after, new.inside(placed))
    assert before[0] > after[0]
    assert before[1] < after[1]
    assert compare(old, new).fields(footprint.circle(5).at([], []))[0].shape == (0,)


@quiet
@given(skies(), skies())
def test_laws(one, other):
    found, back = compare(one, other), compare(other, one)
    assert 0 <= found.moved <= 1
    assert 0 <= found.overlap <= 1
    assert found.moved == pytest.approx(back.moved, abs=1e-12)
    assert found.overlap == pytest.approx(back.overlap, abs=1e-12)
    # 1 - BC <= TV <= sqrt(1 - BC^2): Le Cam's inequalities
    assert 1 - found.overlap <= found.moved + 1e-9
    assert found.moved <= np.sqrt(max(1 - found.overlap**2, 0)) + 1e-6
    assert compare(one, one).moved == pytest.approx(0, abs=1e-12)
    assert compare(one, one).overlap == pytest.approx(1)


@quiet
@given(skies(), skies(), st.integers(0, 4))
def test_no_region_changed_by_more_than_what_moved(one, other, order):
    ipix = np.arange(12 << (2 * order))
    change = (other.mean_density(order, ipix) - one.mean_density(order, ipix)) * grid.pixel_area(order)
    assert change[change > 0].sum() <= compare(one, other).moved + 1e-9
