"""Catalogues as they are published, read: columns, units, sentinels, errors.

Authority: the catalogues' own descriptions (galaxies/layouts.py quotes them); files are written by astropy or by hand.
"""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from tests import catalogs
from tom_scimma.errors import BadCatalog
from tom_scimma.galaxies import light, normal, readers

PECULIAR = 250 / 70  #: Mpc


def read(path, layout="", chosen=None, size=1000, **options):
    """All galaxies of a file in the normal form: one dict of arrays and lists, and what was left out."""
    source = readers.source(str(path), layout, chosen)
    blocks = [normal.rows(block, source.layout, **options) for block in source.blocks(source.start, size)]
    columns = {
        name: [value for rows in blocks for value in rows.columns[name]] for name in (*normal.NUMBERS, *normal.TEXTS)
    }
    left: dict[str, int] = {}
    for rows in blocks:
        for reason, count in rows.left_out.items():
            left[reason] = left.get(reason, 0) + count
    return {n: np.array(v) if n in normal.NUMBERS else v for n, v in columns.items()}, left, source


@pytest.mark.parametrize("size", [7, 100, 1000])
def test_nedlvs_in_blocks_of_any_size(tmp_path, size):
    sky = catalogs.universe(100)
    found, left, source = read(catalogs.nedlvs(tmp_path / "n.fits", sky), size=size)
    assert (source.layout.name, source.edition, source.rows, left) == ("nedlvs", "20260424", 100, {})
    assert found["ident"][3] == found["name"][3] == "LVS 000003"
    for ours, theirs in (("ra", "ra"), ("dec", "dec"), ("distance", "distance"), ("mag_k", "k"), ("mass", "mass")):
        np.testing.assert_allclose(found[ours], sky[theirs], rtol=1e-9, equal_nan=True)
    absolute = sky["k"] - 5 * np.log10(sky["distance"] * 1e6 / 10)
    np.testing.assert_allclose(found["abs_k"], absolute, atol=1e-9, equal_nan=True)
    np.testing.assert_allclose(found["radius"], 10 * 0.54)


def test_nedlvs_distances_by_method_quality_and_sign(tmp_path):
    sky = catalogs.universe(6)
    sky["distance"] = np.array([10.0, 20.0, -3.0, 40.0, 50.0, np.nan])
    sky["redshift"] = np.array([0.001, 0.005, 0.0, 0.01, 0.012, np.nan])
    path = catalogs.nedlvs(
        tmp_path / "n.fits",
        sky,
        DistMpc_method=["zIndependent", "Redshift", "Redshift", "Redshift", "Redshift", ""],
        DistMpc_unc=[0.5, 0.01, np.nan, 9.0, np.nan, np.nan],
        z_tech=["SPEC", "SPEC", "SPEC", "PHOT", "PHOT", ""],
        z_unc=[1e-5, 1e-5, np.nan, 1e-3, np.nan, np.nan],
        z_qual=[False, False, True, False, True, False],
    )
    found, _, _ = read(path)
    assert found["distance_from"] == ["independent", "spectroscopic", "", "photometric", "doubtful", ""]
    np.testing.assert_allclose(found["distance"], [10, 20, np.nan, 40, 50, np.nan])
    # measured: its own error; from a redshift: never below the peculiar velocity's; photometric without one: 0.033 (1 + z)
    photometric = light.C_KM_S / 70 * 1.012 * np.hypot(0.033 * 1.012, 250 / light.C_KM_S)
    expected = [0.5, PECULIAR * 1.005, np.nan, 9.0, photometric, np.nan]
    np.testing.assert_allclose(found["distance_sd"], expected, rtol=2e-3)


def test_an_older_nedlvs_without_diameters(tmp_path):
    from astropy.table import Table

    path = catalogs.nedlvs(tmp_path / "n.fits", catalogs.universe(5))
    table = Table.read(path)
    del table["Diam"]
    table.write(path, overwrite=True)
    found, _, _ = read(path)
    assert np.isnan(found["radius"]).all()


def test_gladeplus_nulls_flags_and_quasars(tmp_path):
    lines = [
        catalogs.glade_line(1, gwgc="NGC4736", ra=192.72, dec=41.12, b=8.707, b_abs=-19.78, d=4.39, z_cmb=0.001, dist_flag=3, mass=1.6),
        catalogs.glade_line(2, pgc=42407, hyperleda="42407", ra=1, dec=-2, d=500, d_err=150, z_cmb=0.11, dist_flag=1),
        catalogs.glade_line(3, twomass="00011748-5300348", ra=3, dec=4, d=20, d_err=3, z_cmb=0.004, dist_flag=2),
        catalogs.glade_line(4, wise="J000.5", ra=5, dec=6, dist_flag=0, k=12.5),
        catalogs.glade_line(5, type="Q", sdss="000000.1+01", ra=7, dec=8, z_cmb=2.1, d=16000, dist_flag=3),
        catalogs.glade_line(6, ra="null", dec="null"),
        catalogs.glade_line(7, ra=-1, dec=9, d=80, z_cmb=0.02, dist_flag=3, v_err=0.0005, z_err=0.0001),
    ]  # fmt: skip
    path = tmp_path / "GLADE+.txt"
    path.write_text("".join(lines) + "1 2 cut off\n")
    found, left, source = read(path)
    assert source.layout.name == "glade+"
    assert left == {"no position": 1, "quasar": 1, "line that cannot be read": 1}
    assert found["ident"] == ["1", "2", "3", "4", "7"]
    assert found["name"] == ["NGC4736", "PGC 42407", "2MASX J00011748-5300348", "WISEA J000.5", "GLADE 7"]
    assert found["distance_from"] == ["spectroscopic", "photometric", "independent", "", "spectroscopic"]
    np.testing.assert_allclose(found["ra"], [192.72, 1, 3, 5, 359])
    np.testing.assert_allclose(found["mass"][0], 1.6e10)
    np.testing.assert_allclose(found["abs_b"][0], -19.78)  # as given, not worked out
    corrected = light.C_KM_S / 70 * 1.02 * np.hypot(0.0005, 0.0001)
    np.testing.assert_allclose(found["distance_sd"], [PECULIAR * 1.001, 174.2, 3, np.nan, corrected], rtol=0.02)
    with_quasars, left, _ = read(path, quasars=True)
    assert "5" in with_quasars["ident"]
    assert "quasar" not in left


def test_no_farther_than_wanted(tmp_path):
    found, left, _ = read(catalogs.glade(tmp_path / "g.txt", catalogs.universe(200)), max_distance=100)
    assert 0 < np.nanmax(found["distance"]) <= 100
    assert left["beyond 100 Mpc"] + len(found["ident"]) == 200


@pytest.mark.parametrize("kind", ["csv", "tsv", "csv.gz", "fits", "vot", "vot-binary2"])
def test_a_table_of_ones_own(tmp_path, kind):
    sky = catalogs.universe(50)
    path = tmp_path / f"mine.{kind}"
    if kind == "csv.gz":
        path.write_bytes(gzip.compress(catalogs.table(tmp_path / "m", sky).read_bytes()))
    elif kind.startswith("vot"):
        options = {"tabledata_format": "tabledata" if kind == "vot" else "binary2"}
        catalogs.table(path, sky, "votable", **options)
    else:
        catalogs.table(path, sky, {"csv": "ascii.csv", "tsv": "ascii.tab", "fits": "fits"}[kind])
    chosen = dict(pair.split("=") for pair in catalogs.COLUMNS.split(","))
    for size in (7, 1000):
        found, _, _ = read(path, chosen=chosen, size=size)
        assert found["name"][:2] == found["ident"][:2] == ["G 0", "G 1"]
        for ours, theirs in (("ra", "ra"), ("dec", "dec"), ("distance", "distance"), ("mag_k", "k")):
            np.testing.assert_allclose(found[ours], sky[theirs], rtol=1e-9)
        np.testing.assert_allclose(found["distance_sd"], np.where(np.isnan(sky["distance"]), np.nan, 3.0))


def test_usual_names_of_columns_need_no_saying(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text(
        '# a comment\nName,RAJ2000,DEJ2000,z,logMstar\nNGC 1,10.5,-20,0.01,10.5\n"A, b",11,91,,\nNGC 3,12,-22,0.02,\n'
    )
    found, left, _ = read(path)
    assert found["name"] == ["NGC 1", "NGC 3"]
    assert left == {"no position": 1}
    from astropy.cosmology import FlatLambdaCDM

    expected = FlatLambdaCDM(70, 0.3).luminosity_distance([0.01, 0.02]).value
    np.testing.assert_allclose(found["distance"], expected, rtol=1e-6)
    np.testing.assert_allclose(found["mass"], [10**10.5, np.nan])
    assert found["distance_from"] == ["redshift", "redshift"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b,c\n1,2,3\n", "which column is dec and ra"),
        ("", "neither FITS, VOTable nor text"),
        ("\0\1\2", "neither FITS, VOTable nor text"),
        ("SIMPLE  = nonsense", "is not FITS that can be read|FITS without"),
        ("<VOTABLE><RESOURCE>", "is not XML|without a table"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><VOTABLE>&a;</VOTABLE>', "is not XML"),
    ],
)
def test_what_is_no_catalogue_is_said(tmp_path, text, said):
    path = tmp_path / "x"
    path.write_text(text)
    with pytest.raises(BadCatalog, match=said):
        list(readers.source(str(path)).blocks({"row": 0, "byte": 0}, 10))


def test_a_file_that_was_cut_is_said(tmp_path):
    path = catalogs.nedlvs(tmp_path / "n.fits", catalogs.universe(500))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(BadCatalog, match=r"fetch it again|cannot be read"):
        read(path)


def test_distances_and_volumes_are_astropys():
    from astropy import units
    from astropy.cosmology import FlatLambdaCDM, z_at_value

    cosmology = FlatLambdaCDM(70, 0.3)
    z = np.array([0.001, 0.01, 0.1, 0.5, 2])
    np.testing.assert_allclose(light.luminosity_distance(z), cosmology.luminosity_distance(z).value, rtol=1e-6)
    for distance in (40, 400, 2000):
        at = z_at_value(cosmology.luminosity_distance, distance * units.Mpc)
        np.testing.assert_allclose(light.volume(distance), cosmology.comoving_volume(at).value, rtol=1e-5)
