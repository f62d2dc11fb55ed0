"""Galaxies ranked in a map's volume, and hosts of a point.

Authorities: ligo.skymap.postprocess.crossmatch for the density in volume; numerical integration over a galaxy's distance
error; Pcc by hand (Bloom et al. 2002, Hogg et al. 1997) and by throwing galaxies onto the sky.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests import catalogs, maps
from tom_scimma import skymap
from tom_scimma.galaxies import hosts, light, ranking, sheet
from tom_scimma.skymap.distance import moments

KINDS = ("blob", "two lobes")


def made(path, sky=None, sd=None, **columns) -> sheet.Sheet:
    """A column file of a universe, written in nested order."""
    from tom_scimma.skymap import grid

    sky = catalogs.universe(4000) if sky is None else sky
    count = sky["ra"].size
    nothing = np.full(count, np.nan)
    index = grid.pixel_of(sky["ra"], sky["dec"], 14)
    values = {
        "hpx14": index, "ra": sky["ra"], "dec": sky["dec"], "distance": sky["distance"],
        "distance_sd": nothing if sd is None else np.full(count, sd), "b": nothing, "k": sky["k"] * 0 + 1e10,
        "w1": nothing, "mass": sky["mass"], "r": nothing, "radius": nothing, "pk": np.arange(count), **columns,
    }  # fmt: skip
    order = np.argsort(index, kind="stable")
    with sheet.writing(path, count, catalog="Test", edition="") as out:
        for part in np.array_split(order, 7):
            out.write({name: values[name][part] for name in sheet.COLUMNS})
    return sheet.open_sheet(path)


def around(sky: skymap.SkyMap, count: int, seed: int = 3) -> dict[str, np.ndarray]:
    """Galaxies where the map is: positions drawn from it, distances from its own, some far off."""
    chance = np.random.default_rng(seed)
    universe = catalogs.universe(count, seed)
    rows = chance.choice(len(sky), count, p=sky.density * sky.pixel_area / np.sum(sky.density * sky.pixel_area))
    from tom_scimma.skymap import grid

    ra, dec = grid.centres(sky.uniq[rows])
    universe["ra"], universe["dec"] = (
        (ra + chance.normal(0, 0.3, count)) % 360,
        np.clip(dec + chance.normal(0, 0.3, count), -90, 90),
    )
    universe["distance"] = np.abs(chance.normal(120, 60, count))
    universe["distance"][::7] = np.nan
    return universe


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_the_order_is_that_of_ligo_skymap(tmp_path, kind):
    """Exactly by its conditional distance distribution; to its voxels' size by `crossmatch`'s probdensity_vol."""
    crossmatch = pytest.importorskip("ligo.skymap.postprocess").crossmatch
    from astropy import units
    from astropy.coordinates import SkyCoord
    from astropy.table import Table
    from ligo.skymap.distance import conditional_pdf

    sky = maps.SHAPES[kind]()
    universe = around(sky, 3000)
    opened = made(tmp_path / "x", universe)
    known = np.flatnonzero(np.isfinite(universe["distance"]))
    ra, dec, distance = (universe[name][known] for name in ("ra", "dec", "distance"))
    level, at = sky.level_at(ra, dec), sky.rows_at(ra, dec)
    pdf = conditional_pdf(distance, sky.mu[at], sky.sigma[at], sky.norm[at])
    exact = np.where(at < 0, 0, sky.density[at] * pdf / distance**2)
    table = Table(maps.columns_of(sky))
    table["PROBDENSITY"].unit, table["DISTMU"].unit = 1 / units.sr, units.Mpc
    table["DISTSIGMA"].unit, table["DISTNORM"].unit = units.Mpc, units.Mpc**-2
    voxels = np.asarray(crossmatch(table, SkyCoord(ra, dec, distance, unit=("deg", "deg", "Mpc"))).probdensity_vol)
    bulk = exact > 1e-3 * exact.max()
    np.testing.assert_allclose(voxels[bulk], exact[bulk], rtol=0.15)
    assert np.median(np.abs(voxels[bulk] / exact[bulk] - 1)) < 0.03
    mass = universe["mass"][known]
    weight = np.where(np.isfinite(mass), mass, opened.faint["mass"])
    for name, expected in (("uniform", exact), ("mass", exact * weight)):
        ranked = ranking.rank(sky, opened, name, most=5000)
        pk = opened.column("pk")[ranked.rows].tolist()
        total = expected[level <= ranking.LEVEL].sum()
        share = dict(zip(known.tolist(), (expected / total).tolist(), strict=True))
        # distances are kept in single precision
        np.testing.assert_allclose(ranked.score, [share[key] for key in pk], rtol=2e-4, atol=1e-9)
        assert (np.diff(ranked.score) <= 0).all()
        assert ranked.score.sum() == pytest.approx(1)
        assert set(known[(level <= ranking.LEVEL) & (expected > 1e-300)].tolist()) <= set(pk)
        np.testing.assert_allclose(
            ranked.level, [sky.level_at(universe["ra"][key], universe["dec"][key]) for key in pk]
        )


@pytest.mark.parametrize("kind", KINDS)
def test_the_density_is_skymaps_own(tmp_path, kind):
    sky = maps.SHAPES[kind]()
    opened = made(tmp_path / "x", around(sky, 2000))
    ranked = ranking.rank(sky, opened, most=5000)
    values = [opened.column(name)[ranked.rows] for name in ("ra", "dec", "distance")]
    density = sky.volume_density_at(*values)
    np.testing.assert_allclose(ranked.score, density / density.sum(), rtol=1e-6)


def test_a_galaxys_distance_error_is_averaged_over(tmp_path):
    """Against the integral of rho norm N(r; mu, sigma) N(r; d, s) dr over r >= 0, done by sums.

    Also where the map's mu is below zero, as at the rim of real maps, and for photometric redshifts, whose error is as
    large as the distance: there N(r; mu, sigma) is largest below zero, where no galaxy is.
    """
    sky = maps.SHAPES["blob"]()
    mu = np.where(np.arange(len(sky)) % 2, -4.5, 2.0) * sky.sigma
    sky = skymap.SkyMap(sky.uniq, sky.density, mu, sky.sigma, moments(mu, sky.sigma)[2])
    universe, sd = around(sky, 300), 145.0
    opened = made(tmp_path / "x", universe, sd=sd)
    ranked = ranking.rank(sky, opened, most=300)
    r = np.linspace(0, 1600, 32_001)
    step = np.where(r == 0, 0.5, 1.0) * (r[1] - r[0])
    at = sky.rows_at(opened.column("ra")[ranked.rows], opened.column("dec")[ranked.rows])
    expected = []
    for row, far in zip(at, opened.column("distance")[ranked.rows].astype(float), strict=True):
        ours = np.exp(-0.5 * ((r - sky.mu[row]) / sky.sigma[row]) ** 2) / sky.sigma[row]
        theirs = np.exp(-0.5 * ((r - far) / sd) ** 2)
        expected.append(sky.density[row] * sky.norm[row] * np.sum(ours * theirs * step) / np.sum(theirs * step))
    np.testing.assert_allclose(ranked.score, np.array(expected) / np.sum(expected), rtol=2e-5)


def test_a_map_without_distance_weighs_places_alone(tmp_path):
    sky = maps.SHAPES["across RA 0"]()
    universe = around(sky, 500)
    opened = made(tmp_path / "x", universe)
    ranked = ranking.rank(sky, opened, most=1000)
    assert not ranked.three_d
    assert ranked.looked_at == np.count_nonzero(sky.level_at(universe["ra"], universe["dec"]) <= 0.999)
    density = sky.density_at(opened.column("ra")[ranked.rows], opened.column("dec")[ranked.rows])
    np.testing.assert_allclose(ranked.score, density / density.sum())
    near = ranking.rank(sky, opened, most=1000, max_distance=100.0)
    assert np.nanmax(opened.column("distance")[near.rows]) <= 100
    assert len(near) < len(ranked)
    assert ranking.completeness(sky, opened, "mass") == (None, None)


@pytest.mark.parametrize("kind", maps.SHAPES)
@pytest.mark.parametrize("level", [0.5, 0.9, 0.999])
def test_no_galaxy_of_the_region_is_missed(tmp_path, kind, level):
    """Also across RA 0, at the pole, and in a map of arcseconds."""
    sky = maps.SHAPES[kind]()
    universe = around(sky, 3000)
    if kind == "arcseconds":
        universe["ra"], universe["dec"] = 200 + np.linspace(-2, 2, 3000) / 3600, np.full(3000, 41.8)
    opened = made(tmp_path / "x", universe)
    rows = opened.inside(sky, level)
    assert np.unique(rows).size == rows.size
    inside = sky.level_at(universe["ra"], universe["dec"]) <= level
    found = set(opened.column("pk")[rows].tolist())
    assert set(np.flatnonzero(inside).tolist()) <= found


def test_a_map_that_knows_no_distance_in_places_puts_nothing_there(tmp_path):
    blob = maps.SHAPES["blob"]()
    mu = np.where(np.arange(len(blob)) % 2, np.inf, blob.mu)
    sky = skymap.SkyMap(blob.uniq, blob.density, mu, blob.sigma, np.where(np.isinf(mu), 0, blob.norm))
    ranked = ranking.rank(sky, made(tmp_path / "x", around(sky, 500)), most=1000)
    assert np.isfinite(ranked.score).all()
    assert ranked.in_volume < ranked.looked_at


def test_no_galaxies_and_no_weight(tmp_path):
    sky = maps.SHAPES["blob"]()
    far = catalogs.universe(50)
    far["ra"][:], far["dec"][:] = 310, -60
    assert len(ranking.rank(sky, made(tmp_path / "x", far))) == 0
    empty = {name: values[:0] for name, values in far.items()}
    opened = made(tmp_path / "y", empty)
    assert (len(opened), len(ranking.rank(sky, opened)), opened.weights) == (0, 0, [])
    with pytest.raises(ValueError, match="weight is one of"):
        ranking.rank(sky, opened, "colour")


# How complete a catalogue is.


def test_a_uniform_universe_is_complete_where_it_is_and_empty_where_it_is_not(tmp_path):
    """A universe of exactly the mean density up to 200 Mpc and half of it from there on to 300."""
    chance = np.random.default_rng(5)
    count = 200_000
    r = 300 * np.cbrt(chance.random(count))
    keep = (r < 200) | (chance.random(count) < 0.5)
    distance = np.interp(r[keep], light.comoving_distance(np.arange(0, 400.0)), np.arange(0, 400.0))
    universe = catalogs.universe(distance.size)
    universe["distance"] = distance
    each = light.MEAN_DENSITY["mass"] * 4 / 3 * np.pi * 300**3 / count
    opened = made(tmp_path / "x", universe, mass=np.full(distance.size, each))
    values = dict(zip(light.EDGES[1:], light.complete(opened.sums, "mass"), strict=True))
    assert values[150] == pytest.approx(1, abs=0.03)
    assert values[300] == pytest.approx(0.5, abs=0.05)
    assert values[800] == 0
    for mean, expected in ((100.0, 1.0), (260.0, 0.5), (700.0, 0.0)):
        sky = skymap.from_gaussian(130.0, 25.0, 10.0, distance=(mean, 10.0))
        whole, here = ranking.completeness(sky, opened, "mass")
        assert whole == pytest.approx(expected, abs=0.06)
        assert here == pytest.approx(expected, abs=0.25)  # some hundred galaxies
    assert ranking.completeness(sky, opened, "w1") == (None, None)


def test_mean_densities_follow_from_the_functions_they_are_of():
    """The integral of a Schechter function is phi* M* Gamma(alpha + 2); Wright et al. 2017 has two of them."""
    mass = 10**10.78 * (2.93e-3 * math.gamma(2 - 0.62) + 0.63e-3 * math.gamma(2 - 1.50))
    assert light.MEAN_DENSITY["mass"] == pytest.approx(mass, rel=0.01)


# Hosts.


def test_pcc_by_hand():
    """A galaxy of R = 22 whose half-light radius is 0.5", 1.2" from a burst known to 0.1": Hogg's counts."""
    sigma = 10 ** (0.334 * (22 - 22.963) + 4.320) / (3600**2 * 0.334 * math.log(10))
    assert hosts.density(22.0) == pytest.approx(sigma)
    expected = 1 - math.exp(-math.pi * (1.2**2 + 4 * 0.5**2) * sigma)
    assert hosts.chance(1.2, 0.5, 0.1, 22.0) == pytest.approx(expected)
    assert expected == pytest.approx(0.0075, abs=0.002)
    # a poor position: three standard deviations are the radius
    assert hosts.chance(1.2, 0.5, 2.0, 22.0) == pytest.approx(1 - math.exp(-math.pi * 36 * sigma))
    # inside the light: twice the half-light radius
    assert hosts.effective_radius(0.0, 3.0, 0.1) == 6.0
    assert hosts.effective_radius(2.0, np.nan, 0.1) == 2.0


def test_bright_galaxies_are_as_many_as_the_luminosity_function_has():
    """Against the integral over the Schechter function of the volume in which each galaxy is seen."""
    for magnitude in (10.0, 14.0, 17.0):
        m = np.linspace(-26, -8, 4001)
        x = 10 ** (0.4 * (hosts.M_STAR - m))
        number = 0.4 * math.log(10) * hosts.PHI * x ** (hosts.ALPHA + 1) * np.exp(-x)
        seen = 10 ** (0.2 * (magnitude - m - 25))
        per_sr = np.sum(number * seen**3 / 3) * (m[1] - m[0])
        assert hosts.density(magnitude) * hosts.ARCSEC2_PER_SR == pytest.approx(per_sr, rel=1e-3)
    crossing = 20.2
    assert hosts.density(crossing - 1) < 10 ** (0.334 * (crossing - 1 - 22.963) + 4.320) / (
        3600**2 * 0.334 * math.log(10)
    )
    # about five galaxies brighter than 16 on a square degree and one brighter than 10 on two hundred and more
    assert 3 < hosts.density(16.0) * 3600**2 < 15


def test_pcc_is_how_often_chance_does_it():
    """Galaxies thrown onto a patch at the law's own density: how often one at least as bright lies that near."""
    chance = np.random.default_rng(8)
    magnitude, radius = 20.0, 30.0
    side = 4000.0  # arcsec
    area = side**2
    trials, hits = 3000, 0
    expected = float(hosts.chance(radius, np.nan, 1.0, magnitude))
    for _ in range(trials):
        number = chance.poisson(float(hosts.density(magnitude)) * area)
        x, y = chance.uniform(-side / 2, side / 2, (2, number))
        hits += bool(number) and np.hypot(x, y).min() <= radius
    error = math.sqrt(expected * (1 - expected) / trials)
    assert abs(hits / trials - expected) < 4 * error


def test_hosts_are_listed_by_chance_with_their_offsets(tmp_path):
    ra, dec = 150.0, 89.0
    north = np.array([2.0, 20.0, 60.0, 3600.0, 5.0]) / 3600
    universe = {
        **catalogs.universe(5),
        "ra": np.array([150.0, 150.0, 330.0, 150.0, 150.0]),
        "dec": dec + north,
        "distance": np.array([100.0, 40.0, np.nan, 10.0, 60.0]),
    }
    magnitudes = np.array([15.0, 11.0, 18.0, 9.0, np.nan])
    opened = made(tmp_path / "x", universe, r=magnitudes, radius=np.array([4.0, np.nan, 2.0, 1.0, 1.0]))
    found = hosts.near(opened, ra, dec, 10 / 3600)
    names = opened.column("pk")[found.rows].tolist()
    # the third is on the other side of the pole, two degrees away; the fourth a degree away; no magnitude comes last
    assert names == [1, 0, 4]
    np.testing.assert_allclose(found.offset, [20, 2, 5], rtol=1e-6)
    np.testing.assert_allclose(found.sigmas, [2, 0.2, 0.5], rtol=1e-6)
    np.testing.assert_allclose(found.radii, [np.nan, 0.5, 5], rtol=1e-6)
    expected = [1 - math.exp(-math.pi * 30**2 * float(hosts.density(m))) for m in (11.0, 15.0)]
    np.testing.assert_allclose(found.chance[:2], expected, rtol=1e-5)
    assert np.isnan(found.chance[2])
    from astropy import units
    from astropy.cosmology import FlatLambdaCDM, z_at_value

    cosmology = FlatLambdaCDM(70, 0.3)
    z = z_at_value(cosmology.luminosity_distance, 40 * units.Mpc)
    kpc = (20 * units.arcsec * cosmology.kpc_proper_per_arcmin(z)).to_value("kpc")
    assert found.kpc[0] == pytest.approx(kpc, rel=1e-4)


def test_the_error_radius_of_a_gaussian_at_any_containment():
    chance = np.random.default_rng(2)
    r = np.hypot(*chance.normal(0, 1.7, (2, 400_000)))
    for held in (0.5, 0.68, 0.9):
        assert hosts.sigma_of(float(np.quantile(r, held)), held) == pytest.approx(1.7, rel=0.01)
    assert hosts.sigma_of(3.0, None) == hosts.sigma_of(3.0, 0.9)


def test_r_from_other_bands():
    nan = np.nan
    found = hosts.r_magnitude(
        [12.0, nan, nan, nan, nan], [9.0, 14.0, nan, nan, nan], [9.0, 9.0, 10.0, nan, nan], [9, 9, 9, 10.0, nan]
    )
    np.testing.assert_allclose(found, [12.0, 12.9, 12.6, 12.8, nan])
