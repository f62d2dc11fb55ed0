"""Flat FITS files that we write. Authority: healpy and ligo.skymap read them; ligo.skymap's own rasterize."""

import io

import healpy
import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import maps
from tests.test_skymap_laws import skies
from tom_scimma import skymap
from tom_scimma.skymap import distance

SKIES = {name: make() for name, make in maps.SHAPES.items() if name != "arcseconds"}


@pytest.mark.parametrize("name", SKIES)
@pytest.mark.parametrize("nside", [32, 256])
def test_flat_file_is_what_ligo_skymap_and_healpy_read(tmp_path, name, nside):
    pytest.importorskip("ligo.skymap")
    from ligo.skymap.io import read_sky_map
    from ligo.skymap.moc import rasterize

    sky = SKIES[name]
    path = tmp_path / "flat.fits"
    path.write_bytes(sky.to_flat_fits(nside))
    with fits.open(path) as hdus:
        hdus.verify("exception")
        assert len(hdus[1].data) == 12 * nside**2
    table = read_sky_map(io.BytesIO(maps.multiorder(skymap.SkyMap(sky.uniq, sky.density))), moc=True)
    raster = rasterize(table, healpy.nside2order(nside))["PROBDENSITY"]
    expected = np.asarray(raster) * healpy.nside2pixarea(nside)
    prob = healpy.read_map(path, field=0, nest=True)
    np.testing.assert_allclose(prob, expected, rtol=1e-6, atol=1e-15)
    assert prob.sum() == pytest.approx(1)
    if sky.mu is None:
        np.testing.assert_allclose(read_sky_map(str(path), nest=True)[0], prob)
        return
    (peer_prob, mu, sigma, norm), header = read_sky_map(str(path), nest=True, distances=True)
    np.testing.assert_allclose(peer_prob, prob)
    assert (header["distmean"], header["diststd"]) == pytest.approx(sky.distance)
    for ours, theirs in zip(healpy.read_map(path, field=(1, 2, 3), nest=True), (mu, sigma, norm), strict=True):
        np.testing.assert_allclose(ours, theirs)
    weight = np.where(np.isfinite(mu), prob, 0)
    mean, spread, _ = distance.moments(mu, sigma)
    bare = skymap.SkyMap(sky.uniq, sky.density, sky.mu, sky.sigma, sky.norm)
    first, second = (np.sum(weight * np.where(weight > 0, value, 0)) for value in (mean, mean**2 + spread**2))
    assert (first, np.sqrt(second - first**2)) == pytest.approx(bare.distance, rel=1e-3)


def test_flat_file_of_the_finest_order_keeps_every_number():
    sky = skymap.make(
        lambda ra, dec: np.exp(-maps.separation(ra, dec, 10, 20) / 9), distance=(100.0, 20.0), order=3, rounds=3
    )
    back = skymap.read(sky.to_flat_fits(64))
    ra, dec = skymap.grid.centres(sky.uniq)
    np.testing.assert_allclose(back.density_at(ra, dec), sky.density, rtol=1e-12)
    row = back.rows_at(ra, dec)
    for name in ("mu", "sigma", "norm"):
        np.testing.assert_array_equal(getattr(back, name)[row], getattr(sky, name))
    assert len(back) <= len(sky)


def test_wrong_nside():
    for nside in (0, 3, 8192, -4):
        with pytest.raises(ValueError, match="power of two up to 4096"):
            SKIES["blob"].to_flat_fits(nside)


@settings(max_examples=40, deadline=None)
@given(skies(), st.integers(0, 4))
def test_flat_file_keeps_the_probability(sky, order):
    back = skymap.read(sky.to_flat_fits(1 << order))
    assert np.sum(back.density * back.pixel_area) == pytest.approx(1)
    ipix = np.arange(12 << (2 * order))
    np.testing.assert_allclose(back.mean_density(order, ipix), sky.mean_density(order, ipix), rtol=1e-6, atol=1e-12)
    if sky.mu is not None:
        assert (np.isfinite(back.mu) == (back.norm > 0)).all()
