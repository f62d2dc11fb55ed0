"""Reading sky maps of every layout. Authority: ligo.skymap and healpy read, or wrote, the same bytes."""

import io
import subprocess
import sys

import healpy
import numpy as np
import pytest
from astropy.io import fits

from tests import maps
from tom_scimma import skymap

pytest.importorskip("ligo.skymap", reason="ligo.skymap for Python 3.10 needs a C compiler")
from ligo.skymap.io import read_sky_map, write_sky_map
from ligo.skymap.postprocess import crossmatch, find_greedy_credible_levels

SKIES = {name: make() for name, make in maps.SHAPES.items()}


def same(one: skymap.SkyMap, other: skymap.SkyMap) -> None:
    for name in ("uniq", "density", "mu", "sigma", "norm"):
        left, right = getattr(one, name), getattr(other, name)
        assert (left is None) == (right is None), name
        if left is not None:
            assert left.dtype == right.dtype == (np.int64 if name == "uniq" else np.float64)
            np.testing.assert_array_equal(left, right, name)


@pytest.mark.parametrize("name", SKIES)
@pytest.mark.parametrize("zipped", [False, True])
def test_multiorder_file_is_read_as_written(name, zipped):
    data = maps.multiorder(SKIES[name])
    same(skymap.read(maps.zipped(data) if zipped else data), SKIES[name])


@pytest.mark.parametrize("name", SKIES)
def test_our_file_is_what_ligo_skymap_and_astropy_read(name):
    sky = SKIES[name]
    data = sky.to_fits()
    table = read_sky_map(io.BytesIO(data), moc=True)
    for column, values in maps.columns_of(sky).items():
        np.testing.assert_array_equal(table[column], values)
    with fits.open(io.BytesIO(data)) as hdus:
        hdus.verify("exception")
        assert hdus[1].header["MOCORDER"] == sky.order.max()
    same(skymap.read(data), sky)


def test_file_by_ligo_skymap_is_read_and_keeps_its_meaning(tmp_path):
    sky = SKIES["blob"]
    table = read_sky_map(io.BytesIO(maps.multiorder(sky)), moc=True)
    table.meta.update(objid="S230518h", distmean=151.5, diststd=31.25)
    path = tmp_path / "map.fits"
    write_sky_map(str(path), table)
    found = skymap.read(path.read_bytes())
    same(found, sky)
    assert found.distance == (151.5, 31.25)
    assert found.meta["OBJECT"] == "S230518h"
    assert found.notes == ()


@pytest.mark.parametrize("ordering", ["NESTED", "RING"])
@pytest.mark.parametrize("column", ["PROB", "PROBABILITY"])
@pytest.mark.parametrize(("vector", "kind"), [(1, "f8"), (1024, "f4"), (768, "f4")])
def test_flat_file_is_read_as_ligo_skymap_reads_it(ordering, column, vector, kind):
    nside = 64
    prob = maps.probability(SKIES["two lobes"], nside, nested=ordering == "NESTED").astype(kind)
    data = maps.flat({column: prob}, nside, ordering, vector=vector)
    sky = skymap.read(data)
    ra, dec = healpy.pix2ang(nside, np.arange(prob.size), nest=ordering == "NESTED", lonlat=True)
    expected = prob.astype(np.float64) * (prob.size / (4 * np.pi))
    np.testing.assert_allclose(sky.density_at(ra, dec), expected, rtol=2e-6)
    peer = read_sky_map(io.BytesIO(data), moc=True)  # ours may merge once more: 12 base pixels have no siblings
    np.testing.assert_allclose(sky.area([0.5, 0.9]), crossmatch(peer, contours=(0.5, 0.9)).contour_areas, rtol=1e-6)
    same(skymap.read(maps.zipped(data)), sky)


@pytest.mark.parametrize("ordering", ["NESTED", "RING"])
def test_flat_file_with_distance(ordering):
    nside, nested = 32, ordering == "NESTED"
    sky = SKIES["two lobes"]
    ra, dec = healpy.pix2ang(nside, np.arange(12 * nside**2), nest=nested, lonlat=True)
    row = sky.rows_at(ra, dec)
    columns = {"PROB": maps.probability(sky, nside, nested=nested)}
    columns |= {"DISTMU": sky.mu[row], "DISTSIGMA": sky.sigma[row], "DISTNORM": sky.norm[row]}
    columns["DISTMU"][:7], columns["DISTSIGMA"][:7], columns["DISTNORM"][:7] = np.nan, -1, np.nan
    found = skymap.read(maps.flat(columns, nside, ordering, DISTMEAN=99.0))
    where = found.rows_at(ra, dec)
    np.testing.assert_array_equal(found.mu[where][7:], columns["DISTMU"][7:])
    assert np.isinf(found.mu[where][:7]).all()
    assert (found.norm[where][:7] == 0).all()
    assert found.stated_distance is None  # DISTSTD is missing
    assert found.distance == pytest.approx(sky.distance, rel=0.02)


@pytest.mark.parametrize("ordering", ["NESTED", "RING"])
@pytest.mark.parametrize("index", ["PIXEL", "IPIX"])
def test_explicit_and_partial_file_by_numbered_pixels(ordering, index):
    nside = 64
    prob = maps.probability(SKIES["across RA 0"], nside, nested=ordering == "NESTED")
    ipix = np.random.default_rng(5).permutation(np.flatnonzero(prob > 1e-5 * prob.max()))
    data = maps.flat({index: ipix, "PROB": prob[ipix]}, nside, ordering, INDXSCHM="EXPLICIT", OBJECT="PARTIAL")
    sky = skymap.read(data)
    ra, dec = healpy.pix2ang(nside, np.arange(prob.size), nest=ordering == "NESTED", lonlat=True)
    expected = np.where(np.isin(np.arange(prob.size), ipix), prob, 0) / prob[ipix].sum() * prob.size / (4 * np.pi)
    np.testing.assert_allclose(sky.density_at(ra, dec), expected, rtol=1e-12)
    assert any("of the sky" in note for note in sky.notes)


@pytest.mark.parametrize("nest", [False, True])
def test_file_as_healpy_writes_it(tmp_path, nest):
    prob = maps.probability(SKIES["ring"], 128, nested=nest)
    path = str(tmp_path / "map.fits.gz")
    healpy.write_map(path, prob, nest=nest, column_names=["PROB"], dtype=np.float64)
    sky = skymap.read((tmp_path / "map.fits.gz").read_bytes())
    ra, dec = healpy.pix2ang(128, np.arange(prob.size), nest=nest, lonlat=True)
    np.testing.assert_allclose(sky.density_at(ra, dec), prob * prob.size / (4 * np.pi), rtol=1e-12)


def test_equal_pixels_are_merged():
    prob = maps.probability(maps.one_pixel(4, 77), 64, nested=True)
    sky = skymap.read(maps.flat({"PROB": prob}, 64, "NESTED"))
    assert len(sky) == 12 + 3 * 4  # each of 4 divisions of one base pixel replaces 1 by 4
    assert sky.area(0.9) == pytest.approx(0.9 * healpy.nside2pixarea(16, degrees=True))


def test_blank_pixels_count_as_empty_and_are_noted():
    prob = maps.probability(SKIES["blob"], 32, nested=True)
    blank = prob.copy()
    blank[::3], blank[1::7] = healpy.UNSEEN, np.nan
    sky = skymap.read(maps.flat({"PROB": blank.astype("f4")}, 32, "NESTED"))
    good = np.ones(prob.size, bool)
    good[::3] = good[1::7] = False
    assert f"{(~good).sum()} of {prob.size} pixels are blank (NaN or UNSEEN) and count as empty" in sky.notes
    ra, dec = healpy.pix2ang(32, np.arange(prob.size), nest=True, lonlat=True)
    np.testing.assert_allclose(
        sky.density_at(ra, dec), np.where(good, prob, 0) / prob[good].sum() * prob.size / (4 * np.pi), rtol=1e-6
    )


@pytest.mark.parametrize("factor", [100.0, 0.37, 1.001])
def test_total_is_normalised_and_noted(factor):
    sky = SKIES["blob"]
    found = skymap.read(maps.multiorder(sky, {"PROBDENSITY": maps.columns_of(sky)["PROBDENSITY"] * factor}))
    np.testing.assert_allclose(found.density, sky.density, rtol=1e-12)
    assert found.notes == (f"the total probability was {factor:.6g}; normalised to 1",)


def test_table_need_not_be_the_first_hdu_nor_plain():
    sky, columns = SKIES["blob"], maps.columns_of(SKIES["blob"])
    before = [
        fits.ImageHDU(np.zeros((7, 11))),
        fits.BinTableHDU.from_columns([fits.Column("NAME", "5A", array=["a", "b"])]),
    ]
    same(skymap.read(maps.table(columns, {"ORDERING": "NUNIQ"}, before=before)), sky)
    # what FITS calls unsigned, as ligo.skymap wrote UNIQ for years, and a column scaled by TSCAL
    hdu = fits.BinTableHDU.from_columns(
        [
            fits.Column("UNIQ", "K", bzero=2**63, array=columns["UNIQ"].astype(np.uint64)),
            fits.Column("PROBDENSITY", "D", bscale=2.0, array=columns["PROBDENSITY"]),
            fits.Column("NOTE", "PB()", array=[np.zeros(3, np.uint8)] * len(sky)),
        ]
    )
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(out)
    found = skymap.read(out.getvalue())
    np.testing.assert_array_equal(found.uniq, sky.uniq)
    np.testing.assert_allclose(found.density, sky.density, rtol=1e-15)


@pytest.mark.parametrize("name", SKIES)
def test_levels_and_areas_are_those_of_ligo_skymap(name):
    sky = skymap.SkyMap(SKIES[name].uniq, SKIES[name].density)
    table = read_sky_map(io.BytesIO(maps.multiorder(sky)), moc=True)
    levels = np.array([0.01, 0.5, 0.68, 0.9, 0.95, 0.99])
    rng = np.random.default_rng(1)
    spread = np.array([[0, 0], *rng.normal(0, 1, (300, 2)), *rng.uniform(-180, 180, (300, 2)) / 40])
    width = np.sqrt(sky.area(0.9))
    dec = np.clip(sky.mode[1] + spread[:, 1] * width, -90, 90)
    ra = (sky.mode[0] + spread[:, 0] * width / np.maximum(np.cos(np.radians(dec)), 0.02)) % 360
    from astropy.coordinates import SkyCoord

    peer = crossmatch(table, SkyCoord(ra, dec, unit="deg"), contours=levels)
    np.testing.assert_allclose(sky.area(levels), peer.contour_areas, rtol=1e-9)
    assert [sky.area(level) for level in levels] == sky.area(levels).tolist()
    np.testing.assert_allclose(sky.level_at(ra, dec), np.minimum(peer.searched_prob, 1), atol=1e-9)
    np.testing.assert_array_equal(sky.density_at(ra, dec), peer.probdensity)
    values, count = np.unique(sky.density, return_counts=True)
    alone = np.isin(sky.density, values[count == 1])
    levels = find_greedy_credible_levels(sky.density * sky.pixel_area, sky.density)  # which leaves ties to chance
    np.testing.assert_allclose(sky.levels[alone], np.minimum(levels, 1)[alone], atol=1e-9)


@pytest.mark.parametrize("sky", [maps.uniform(), maps.one_pixel()], ids=["uniform", "one pixel"])
def test_ties_rank_as_in_ligo_skymap(sky):
    from astropy.coordinates import SkyCoord

    table = read_sky_map(io.BytesIO(maps.multiorder(sky)), moc=True)
    ra, dec = healpy.pix2ang(8, np.arange(768), nest=True, lonlat=True)
    peer = crossmatch(table, SkyCoord(ra, dec, unit="deg"))
    np.testing.assert_allclose(sky.level_at(ra, dec), peer.searched_prob, atol=1e-12)
    held = sky.pixel_area[sky.density > 0].sum() * np.square(180 / np.pi)  # areas grow evenly over what is level
    np.testing.assert_allclose(sky.area([0.3, 0.9]), [0.3 * held, 0.9 * held], rtol=1e-12)


def test_positions_of_every_kind():
    sky = SKIES["across RA 0"]
    assert isinstance(sky.level_at(0.2, -12.0), float)
    assert sky.level_at(0.2, -12.0) < 0.01
    assert sky.level_at(360.2, -12.0) == sky.level_at(0.2, -12.0) == sky.level_at(-359.8, -12.0)
    found = sky.level_at([0.2, np.nan, 10.0, 180.0], [-12.0, 3.0, np.inf, 91.0])
    assert np.isnan(found).tolist() == [False, True, True, True]
    assert sky.level_at(np.zeros((2, 3)), np.zeros((2, 3))).shape == (2, 3)
    assert sky.level_at([], []).shape == (0,)
    part = skymap.SkyMap(sky.uniq[:10], sky.density[:10])
    assert (part.level_at(180.0, 80.0), part.density_at(180.0, 80.0)) == (1.0, 0.0)


def test_moc_and_region_hold_the_level():
    for name, sky in SKIES.items():
        for level in (0.5, 0.9):
            rows = sky.region(level)
            share = (sky.density * sky.pixel_area)[rows].sum()
            assert level <= share < level + (sky.density * sky.pixel_area)[rows].max() + 1e-12, name
            moc = sky.moc(level)
            assert sky.region_spans(level).tolist() == moc.to_depth29_ranges.tolist(), name
            area = moc.sky_fraction * 4 * np.pi * np.square(180 / np.pi)
            assert area == pytest.approx(sky.pixel_area[rows].sum() * np.square(180 / np.pi), rel=1e-6), name


def test_import_does_nothing_heavy():
    code = (
        "import sys; import tom_scimma.skymap, tom_scimma.skyplot; "
        "print([m for m in ('astropy', 'scipy', 'matplotlib', 'mocpy', 'django', 'zstandard') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_multiorder_is_read_without_astropy():
    code = (
        "import sys; from tom_scimma import skymap; sky = skymap.read(sys.stdin.buffer.read()); sky.area([0.5, 0.9]); "
        "sky.distance; sky.pack(); print(len(sky), [m for m in ('astropy', 'scipy') if m in sys.modules])"
    )
    data = maps.multiorder(SKIES["blob"], DISTMEAN=150.0, DISTSTD=30.0)
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert done.stdout.strip() == b"19200 []"


def test_rows_of_many_places_come_in_the_shape_of_the_places():
    """A picture asks for all its points at once, in rows and columns."""
    sky = skymap.from_gaussian(200.0, -20.0, 6.0, order=5)
    ra, dec = np.meshgrid(np.linspace(0, 359, 400), np.linspace(-89, 89, 300))
    assert ra.size > 100_000
    np.testing.assert_array_equal(sky.rows_at(ra, dec), sky.rows_at(ra.ravel(), dec.ravel()).reshape(ra.shape))
