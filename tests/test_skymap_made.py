"""Sky maps that we make, and their distance. Authority: the plane's Gaussian, and ligo.skymap."""

import io

import numpy as np
import pytest
from astropy.io import fits

from tests import maps
from tom_scimma import skymap


def test_gaussian_holds_what_a_gaussian_holds():
    for sigma in (2 / 3600, 0.5, 4.0):  # on a plane the level L lies within sigma sqrt(-2 ln(1 - L))
        sky = skymap.from_gaussian(300.0, -45.0, sigma)
        level = np.array([0.3935, 0.5, 0.9])
        assert sky.area(level) == pytest.approx(-2 * np.log(1 - level) * np.pi * sigma**2, rel=0.03)
        assert maps.separation(*sky.mode, 300.0, -45.0) < sigma
        assert (np.diff(np.unique(sky.order)) == 1).all()
    assert len(skymap.from_gaussian(300.0, -45.0, 4.0)) == 19200
    assert len(skymap.from_gaussian(300.0, -45.0, 4.0, rounds=8)) == 21504


def test_grid_is_that_of_bayestar():
    bayestar_adaptive_grid = pytest.importorskip("ligo.skymap.moc").bayestar_adaptive_grid

    def density(ra, dec):  # no two pixels equal, so that both must refine the same ones
        return np.exp(-0.5 * np.square(maps.separation(ra, dec, 123.4, 31.7) / 7)) + 1e-9 * np.sin(ra / 1e3 + dec) ** 2

    peer = bayestar_adaptive_grid(lambda at: density(*np.degrees(at.T)), rounds=7)
    peer.sort("UNIQ")
    ours = maps.columns_of(skymap.make(density))
    np.testing.assert_array_equal(ours["UNIQ"], peer["UNIQ"])
    np.testing.assert_allclose(ours["PROBDENSITY"], peer["PROBDENSITY"], rtol=1e-9)


def test_distance_is_that_of_ligo_skymap():
    peer = pytest.importorskip("ligo.skymap.distance")
    from tom_scimma.skymap import distance

    mu = np.array([100.0, 5.0, 0.0, -10.0, -30.0, -200.0, -900.0, np.inf])
    sigma = np.array([20.0, 10.0, 3.0, 5.0, 5.0, 20.0, 20.0, 1.0])
    ours, theirs = distance.moments(mu, sigma), peer.parameters_to_moments(mu, sigma)
    for one, other in zip(ours[:2], theirs[:2], strict=True):
        np.testing.assert_allclose(one[:-2], other[:-2], rtol=1e-4)
    np.testing.assert_allclose(ours[2][:6], theirs[2][:6], rtol=1e-6)
    assert [value[-1] for value in ours] == [np.inf, 1, 0]
    sky = maps.SHAPES["two lobes"]()
    np.testing.assert_allclose(
        sky.distance, peer.parameters_to_marginal_moments(sky.density * sky.pixel_area, sky.mu, sky.sigma), rtol=1e-6
    )


def test_what_cannot_be_made_says_why():
    with pytest.raises(skymap.BadSkyMap, match="total probability is 0"):
        skymap.make(lambda ra, dec: np.zeros_like(ra))
    for wrong in ((np.nan, 0, 1), (0, 91, 1), (0, 0, 0), (0, 0, -3)):
        with pytest.raises(ValueError, match="no position and error"):
            skymap.from_gaussian(*wrong)


def test_header_text_of_any_kind_stays_one_card():
    meta = {"OBJECT": "it's " * 30 + "\n☃", "CREATOR": "'" * 68, "LOGBCI": 1.5e-300, "RUNTIME": 3, "REFERENC": ""}
    sky = skymap.from_gaussian(1, 2, 3, meta=meta)
    with fits.open(io.BytesIO(sky.to_fits())) as hdus:
        hdus.verify("exception")
        assert hdus[1].header["OBJECT"].startswith("it's it's")
        assert hdus[1].header["LOGBCI"] == skymap.read(sky.to_fits()).meta["LOGBCI"] == 1.5e-300
        assert skymap.read(sky.to_fits()).meta["CREATOR"] == hdus[1].header["CREATOR"]
    with pytest.raises(ValueError, match="not 'too long a key'"):
        skymap.from_gaussian(1, 2, 3, meta={"too long a key": 1}).to_fits()
