"""Distance and credible volumes. Authority: a million draws with a fixed seed, ligo.skymap, and closed forms."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from tests import maps
from tom_scimma import skymap
from tom_scimma.skymap import credible, distance


def draws(sky, count, seed):
    """(row, distance) of so many places drawn from a map: a pixel, then r by its cumulative distribution."""
    rng = np.random.default_rng(seed)
    known = np.isfinite(sky.mu) & (sky.density > 0)
    weight = np.where(known, sky.density * sky.pixel_area, 0)
    row = np.sort(rng.choice(len(sky), count, p=weight / weight.sum()))
    rows, first, number = np.unique(row, return_index=True, return_counts=True)
    found = np.empty(count)
    for at, begin, some in zip(rows, first, number, strict=True):
        mu, sigma = sky.mu[at], sky.sigma[at]
        r = np.linspace(max(mu - 9 * sigma, 0), max(mu, 0) + 9 * sigma, 600)
        pdf = np.square(r) * np.exp(-0.5 * np.square((r - mu) / sigma))
        cdf = np.concatenate(([0], np.cumsum((pdf[1:] + pdf[:-1]) / 2)))
        found[begin : begin + some] = np.interp(rng.uniform(0, cdf[-1], some), cdf, r)
    return row, found


def lobes(ra, dec):
    return sum(
        weight * np.exp(-0.5 * np.square(maps.separation(ra, dec, *at) / 5))
        for weight, at in ((1.0, (359, 10)), (0.4, (250, -70)))
    )


def with_distance(density, mu, sigma, **options):
    return skymap.make(density, distance=(mu, sigma), **{"order": 3, "rounds": 6, **options})


MAPS = {
    "one distance": lambda: with_distance(lobes, 100.0, 20.0),
    "distances of all kinds": lambda: with_distance(
        lobes,
        lambda ra, dec: 100 + 60 * np.sin(np.radians(3 * ra)),
        lambda ra, dec: 25 + 14 * np.sin(np.radians(7 * ra)),
    ),
    "near": lambda: with_distance(lobes, lambda ra, dec: -10 + dec / 4, 20.0),
    "uniform": lambda: with_distance(lambda ra, dec: 1 + 0 * ra, 100.0, 30.0, rounds=0),
    "ring": lambda: with_distance(
        lambda ra, dec: np.exp(-0.5 * np.square((maps.separation(ra, dec, 310, 20) - 40) / 3)), 400.0, 150.0
    ),
    "one pixel": lambda: skymap.SkyMap(
        *(lambda sky: (sky.uniq, sky.density, np.full(len(sky), 100.0), np.full(len(sky), 40.0)))(
            maps.one_pixel(3, 70)
        ),
        norm=np.full(768, 1 / (100.0**2 + 40.0**2)),
    ),
    "at the pole": lambda: skymap.circle(77, 90, 6, distance_mpc=(40, 20)),
}


@pytest.mark.parametrize("name", MAPS)
def test_volume_levels_are_those_of_a_million_draws(name):
    sky = MAPS[name]()
    row, r = draws(sky, 1_000_000, seed=20261126)
    ra, dec = skymap.grid.centres(sky.uniq)
    density = np.sort(sky.volume_density_at(ra[row], dec[row], r))
    at, far = draws(sky, 1000, seed=5)
    far = far * np.random.default_rng(6).uniform(0.7, 1.4, far.size)
    asked = sky.volume_density_at(ra[at], dec[at], far)
    expected = 1 - np.searchsorted(density, asked) / density.size
    found = sky.volume_level_at(ra[at], dec[at], far)
    np.testing.assert_allclose(found, expected, atol=0.003)
    assert found.min() < 0.1
    assert found.max() > 0.99


@pytest.mark.parametrize("name", [name for name in MAPS if name != "at the pole"])
def test_volume_levels_and_distances_are_those_of_ligo_skymap(name):
    """To what its voxels, of a thousandth of six mean distances, allow: 0.03 in level."""
    pytest.importorskip("ligo.skymap")
    from astropy import units as u
    from astropy.coordinates import SkyCoord
    from ligo.skymap import distance as peer_distance
    from ligo.skymap.io import read_sky_map
    from ligo.skymap.postprocess import crossmatch

    sky = MAPS[name]()
    table = read_sky_map(io.BytesIO(maps.multiorder(sky)), moc=True)
    at, r = draws(sky, 200, seed=7)
    ra, dec = skymap.grid.centres(sky.uniq[at])
    peer = crossmatch(table, SkyCoord(ra, dec, r, unit=("deg", "deg", u.Mpc)))
    np.testing.assert_allclose(sky.volume_level_at(ra, dec, r), np.minimum(peer.searched_prob_vol, 1), atol=0.03)
    np.testing.assert_allclose(sky.volume_density_at(ra, dec, r), peer.probdensity_vol, rtol=0.3)
    prob = sky.density * sky.pixel_area
    bare = skymap.SkyMap(sky.uniq, sky.density, sky.mu, sky.sigma, sky.norm)
    expected = peer_distance.parameters_to_marginal_moments(prob, sky.mu, sky.sigma)
    np.testing.assert_allclose(bare.distance, expected, rtol=1e-3)
    mean, spread, _ = peer_distance.parameters_to_moments(sky.mu, sky.sigma)
    np.testing.assert_allclose(sky.distance_at(ra, dec), (mean[at], spread[at]), rtol=1e-3)
    grid = np.linspace(0, 500, 60)
    np.testing.assert_allclose(
        sky.distance_pdf(grid), peer_distance.marginal_pdf(grid, prob, sky.mu, sky.sigma, sky.norm), rtol=1e-6
    )
    np.testing.assert_allclose(
        sky.distance_pdf_at(ra[0], dec[0], grid),
        peer_distance.conditional_pdf(grid, sky.mu[at[0]], sky.sigma[at[0]], sky.norm[at[0]]),
        rtol=1e-6,
    )


def test_one_even_sky_far_away_has_a_level_in_closed_form():
    """s = 1000: (r - mu) / sigma is a normal deviate, its level that of chi-squared with one degree of freedom."""
    sky = with_distance(lambda ra, dec: 1 + 0 * ra, 1000.0, 1.0, rounds=0)
    x = np.array([0.01, 0.1, 0.5, 1, 2, 3, 4])
    np.testing.assert_allclose(sky.volume_level_at(10, 20, 1000 + x), chi2.cdf(x**2, 1), atol=1e-3)
    np.testing.assert_allclose(sky.volume_level_at(10, 20, 1000 - x), chi2.cdf(x**2, 1), atol=1e-3)


@pytest.mark.parametrize("name", MAPS)
def test_taking_pixels_together_changes_no_level_by_more_than_a_thousandth(name):
    sky = MAPS[name]()
    known = np.flatnonzero(np.isfinite(sky.mu) & (sky.density > 0))
    s, weight = (sky.mu / sky.sigma)[known], (sky.density * sky.pixel_area)[known]
    mode = np.maximum(sky.mu, 0)
    ra, dec = skymap.grid.centres(sky.uniq)
    with np.errstate(divide="ignore"):
        peak = np.log(sky.volume_density_at(ra, dec, mode)[known])
    for threshold in peak.max() - np.array([1e-4, 1e-2, 0.1, 0.5, 1, 2, 4, 8, 12]):
        here = peak > threshold
        part = credible._part(s[here], 2 * (peak[here] - threshold)) / credible._whole(s[here])
        expected = np.dot(weight[here], part)
        assert credible.level_of(sky, np.exp(threshold)) == pytest.approx(expected, abs=1e-3)


def test_places_of_every_kind():
    sky = MAPS["one distance"]()
    assert isinstance(sky.volume_level_at(0.0, 10.0, 100.0), float)
    assert sky.volume_level_at(359.0, 10.0, 100.0) < 0.05 < 0.95 < sky.volume_level_at(359.0, 10.0, 300.0)
    assert sky.volume_level_at(359.0, 10.0, 0.0) > 0.99
    found = sky.volume_level_at([359.0, np.nan, 0, 0, 0], [10.0, 0, 91, 0, 0], [100.0, 10, 10, -1, np.nan])
    assert np.isnan(found).tolist() == [False, True, True, True, True]
    assert sky.volume_density_at([10.0, 20.0], 5.0, [[100.0], [90.0], [80.0]]).shape == (3, 2)
    flat = skymap.SkyMap(sky.uniq, sky.density)
    assert np.isnan(flat.volume_level_at(359.0, 10.0, 100.0))
    assert np.isnan(flat.volume_density_at([359.0], [10.0], [100.0])).all()
    assert np.isnan(flat.distance_at(359.0, 10.0)).all()
    assert np.isnan(flat.distance_pdf(100.0))
    assert np.isnan(flat.distance_pdf_at(1.0, 2.0, 100.0))
    assert flat.distance is None
    unknown = skymap.SkyMap(
        sky.uniq, sky.density, np.full_like(sky.mu, np.inf), np.ones_like(sky.mu), np.zeros_like(sky.mu)
    )
    assert unknown.volume_level_at(359.0, 10.0, 100.0) == 1
    assert unknown.volume_density_at(359.0, 10.0, 100.0) == 0
    assert np.isnan(unknown.distance_at(359.0, 10.0)).all()
    part = skymap.SkyMap(sky.uniq[:9], sky.density[:9], sky.mu[:9], sky.sigma[:9], sky.norm[:9])
    assert (part.volume_level_at(180.0, -80.0, 100.0), part.volume_density_at(180.0, -80.0, 100.0)) == (1.0, 0.0)


def test_moments_to_parameters_is_the_way_back_and_that_of_ligo_skymap():
    mean, spread = np.array([100, 100, 100, 50, 10, 1000, 4e4]), np.array([10, 30, 50, 1, 0.01, 0.5, 1])
    found = distance.parameters(mean, spread)
    back = distance.moments(*found[:2])
    np.testing.assert_allclose(back[:2], (mean, spread), rtol=1e-6)
    np.testing.assert_allclose(back[2], found[2])
    peer = pytest.importorskip("ligo.skymap.distance").moments_to_parameters(mean, spread)
    np.testing.assert_allclose(found, peer, rtol=1e-5)
    wide = distance.parameters(np.array([100.0]), np.array([90.0]))  # no r**2 N is as wide as that: its mean is kept
    np.testing.assert_allclose(distance.moments(*wide[:2])[0], 100, rtol=1e-5)
    assert [column[0] for column in distance.parameters(np.array([np.nan]), np.array([1.0]))] == [np.inf, 1, 0]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(-200, 1000), st.floats(5, 300)), min_size=12, max_size=12),
    st.lists(st.floats(0, 3000), min_size=2, max_size=30),
)
def test_volume_levels_lie_in_0_to_1_and_fall_with_density(pixels, far):
    weight, mu, sigma = map(np.array, zip(*pixels, strict=True))
    weight = (weight + 1e-3) / (weight + 1e-3).sum()
    norm = distance.moments(mu, sigma)[2]
    sky = skymap.SkyMap(np.arange(4, 16), weight / (np.pi / 3), mu, sigma, norm)
    ra, dec = np.linspace(0, 359, len(far)), np.linspace(-80, 80, len(far))
    density, level = sky.volume_density_at(ra, dec, far), sky.volume_level_at(ra, dec, far)
    assert ((level >= 0) & (level <= 1)).all()
    rank = np.argsort(-density)
    assert (np.diff(level[rank]) >= 0).all()
    r = 3000 * np.square(np.linspace(0, 1, 20_001))  # dense where distances below zero leave a steep fall
    pdf = sky.distance_pdf(r)
    known = np.isfinite(sky.mu)
    assert known[mu / sigma > -33].all()
    said = weight[known].sum()
    assert np.sum((pdf[1:] + pdf[:-1]) / 2 * np.diff(r)) == pytest.approx(said, abs=2e-3)


UNUSABLE = {
    "mu not finite": (np.nan, 20.0, 1e-4),
    "no sigma": (100.0, 0.0, 1e-4),
    "sigma not finite": (100.0, np.inf, 1e-4),
    "sigma not a number": (100.0, np.nan, 1e-4),
    "no norm": (100.0, 20.0, 0.0),
    "norm not a number": (100.0, 20.0, np.nan),
    "norm infinite": (-200.0, 5.0, np.inf),
    "norm too large to reckon with": (-180.0, 5.0, 1e281),
    "mu infinite, sigma and norm something": (np.inf, np.nan, 3.0),
}


@pytest.mark.parametrize("why", UNUSABLE)
def test_a_distance_that_cannot_be_used_is_one_that_is_not_known(why):
    """In every way a map is made: built, read, packed, multiplied, written flat."""
    first = UNUSABLE[why]
    columns = [np.array([value, *[rest] * 11]) for value, rest in zip(first, (100.0, 20.0, 1 / 10400), strict=True)]
    given = [column.copy() for column in columns]
    sky = skymap.SkyMap(np.arange(4, 16), np.full(12, 1 / (4 * np.pi)), *columns)
    np.testing.assert_array_equal(columns, given)  # the caller's own arrays stay as they are
    other = skymap.circle(45, 42, 30, distance_mpc=(90, 10))
    file = maps.multiorder(sky, dict(zip(("DISTMU", "DISTSIGMA", "DISTNORM"), columns, strict=True)))
    for one in (sky, skymap.read(file), skymap.unpack(sky.pack()), skymap.read(sky.to_flat_fits(1))):
        assert (one.mu[0], one.sigma[0], one.norm[0]) == (np.inf, 1, 0)
        assert np.isfinite(one.mu[1:]).all()
    ra, dec = skymap.grid.centres(sky.uniq)
    assert sky.volume_level_at(ra[0], dec[0], 100.0) == 1
    assert sky.volume_density_at(ra[0], dec[0], 100.0) == 0
    assert np.isnan(sky.distance_at(ra[0], dec[0])).all()
    assert np.isnan(sky.distance_pdf_at(ra[0], dec[0], 100.0))
    r = np.linspace(0, 400, 4001)
    assert np.sum(sky.distance_pdf(r)) * 0.1 == pytest.approx(11 / 12, abs=1e-3)
    both = sky.times(other)
    assert both.distance_at(ra[0], dec[0]) == pytest.approx((90, 10), rel=1e-3)


def test_a_product_of_distances_that_no_float64_holds_takes_that_of_one():
    near = skymap.SkyMap(
        np.arange(4, 16), np.full(12, 1 / (4 * np.pi)), *(np.full(12, value) for value in (-150.0, 5.0)),
        distance.moments(np.full(12, -150.0), np.full(12, 5.0))[2],
    )  # fmt: skip
    product = near.times(near)
    assert (product.mu == -150).all()
    np.testing.assert_allclose(product.density, near.density)
