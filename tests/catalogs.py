"""Galaxy catalogues for tests: an invented universe, written as NED-LVS, GLADE+, CSV and VOTable by astropy and by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.table import Table

C = 299792.458


def universe(count: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Galaxies anywhere within 300 Mpc, as arrays; every tenth without a mass, every seventh without a distance."""
    chance = np.random.default_rng(seed)
    distance = 300 * np.cbrt(chance.random(count))
    k = -22 - 2 * chance.random(count) + 5 * np.log10(distance) + 25
    mass = 10 ** chance.uniform(8, 11, count)
    mass[::10] = np.nan
    unknown = distance.copy()
    unknown[::7] = np.nan
    return {
        "ra": chance.uniform(0, 360, count),
        "dec": np.degrees(np.arcsin(chance.uniform(-1, 1, count))),
        "true_distance": distance,
        "distance": unknown,
        "redshift": distance * 70 / C,
        "k": k,
        "w1": k - 0.1,
        "b": k + 3.7,
        "mass": mass,
    }


def nedlvs(path: Path, sky: dict[str, np.ndarray], version: str = "20260424", **columns) -> Path:
    """As NED-LVS is: NaN and empty texts for what is not known; other columns of its 84 around those we read."""
    count = sky["ra"].size
    table = Table(
        {
            "objname": [f"LVS {number:06d}" for number in range(count)],
            "ra": sky["ra"],
            "dec": sky["dec"],
            "objtype": ["G"] * count,
            "z": sky["redshift"],
            "z_unc": np.full(count, 1e-4),
            "z_tech": ["SPEC"] * count,
            "z_qual": np.zeros(count, bool),
            "z_refcode": ["2020ABC"] * count,
            "ziDist": np.full(count, np.nan),
            "DistMpc": sky["distance"],
            "DistMpc_unc": np.full(count, np.nan),
            "DistMpc_method": ["Redshift"] * count,
            "ebv": np.full(count, 0.02),
            "m_Ks": sky["k"],
            "m_W1": sky["w1"],
            "Mstar": sky["mass"],
            "Diam": np.full(count, 20.0),
            **columns,
        }
    )
    table.write(path, format="fits", overwrite=True)
    from astropy.io import fits

    with fits.open(path, mode="update") as file:
        file[0].header["VERSION"] = version
    return path


def glade_line(number: int, **said) -> str:
    """A line of GLADE+; what is not said is null."""
    names = (
        "no pgc gwgc hyperleda twomass wise sdss type ra dec b b_err b_flag b_abs j j_err h h_err k k_err w1 w1_err w2 w2_err "
        "w1_flag bj bj_err z_helio z_cmb z_flag v_err z_err d d_err dist_flag mass mass_err mass_flag merger merger_err"
    ).split()
    values = {"no": number, "type": "G", **said}
    assert set(values) <= set(names), set(values) - set(names)
    return " ".join(str(values.get(name, "null")) for name in names) + "\n"


def glade(path: Path, sky: dict[str, np.ndarray]) -> Path:
    """As GLADE+ is."""
    with path.open("w") as file:
        for number in range(sky["ra"].size):
            said = {name: f"{sky[name][number]:.6f}" for name in ("ra", "dec", "b", "k", "w1")}
            said |= {"z_cmb": f"{sky['redshift'][number]:.6f}", "dist_flag": 0}
            if np.isfinite(sky["distance"][number]):
                said |= {"d": f"{sky['distance'][number]:.5f}", "dist_flag": 3}
            if np.isfinite(sky["mass"][number]):
                said["mass"] = f"{sky['mass'][number] / 1e10:.6f}"
            file.write(glade_line(number + 1, pgc=1000 + number, **said))
    return path


def table(path: Path, sky: dict[str, np.ndarray], form: str = "ascii.csv", **options) -> Path:
    """A table of one's own, with columns as VizieR names them."""
    made = Table(
        {
            "Galaxy": [f"G {number}" for number in range(sky["ra"].size)],
            "RAJ2000": sky["ra"],
            "DEJ2000": sky["dec"],
            "DistMpc": sky["distance"],
            "eDist": np.full(sky["ra"].size, 3.0),
            "Kmag": sky["k"],
        }
    )
    if options.get("tabledata_format") == "tabledata":
        return _tabledata(path, made)
    made.write(path, format=form, overwrite=True, **options)
    return path


def _tabledata(path: Path, table: Table) -> Path:
    """A VOTable with its rows written out, by hand: astropy 7.2's writer in C overruns its buffer at some lengths of a row."""
    kinds = {"f": 'datatype="double"', "U": 'datatype="char" arraysize="*"'}
    with path.open("w") as file:
        file.write(
            '<?xml version="1.0"?>\n<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>\n'
        )
        for name in table.colnames:
            file.write(f'<FIELD name="{name}" {kinds[table[name].dtype.kind]}/>\n')
        file.write("<DATA><TABLEDATA>\n")
        for row in zip(*(table[name].tolist() for name in table.colnames), strict=True):
            file.write(f"<TR>{''.join(f'<TD>{value}</TD>' for value in row)}</TR>\n".replace("nan", "NaN"))
        file.write("</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>\n")
    return path


#: which column of `table` is what
COLUMNS = "name=Galaxy,ra=RAJ2000,dec=DEJ2000,distance=DistMpc,distance_error=eDist,k=Kmag"


def loaded(folder: Path, sky: dict[str, np.ndarray] | None = None, name: str = "Test", **options):
    """A catalogue in use, made of a universe (2,000 galaxies by default). GALAXY_DIR must be set."""
    from tom_scimma.galaxies import load

    path = folder / f"{name}.csv"
    table(path, universe(2000) if sky is None else sky)
    chosen = dict(pair.split("=") for pair in COLUMNS.split(","))
    return load.load(load.Wish(str(path), name, columns=chosen, **options)).catalog
