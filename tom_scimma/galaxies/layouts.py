"""What columns a catalogue's file has: NED-LVS, GLADE+, and tables whose columns are named by option.

NED-LVS (Cook et al. 2023, doi:10.3847/1538-4365/acdd06; data doi:10.26132/NED8; https://ned.ipac.caltech.edu/NED::LVS/)
is one FITS table: `objname, ra, dec` (degrees), `objtype`, `z, z_unc, z_tech, z_qual` (true: the redshift is
doubtful), `DistMpc, DistMpc_unc, DistMpc_method` ("Redshift" or "zIndependent"), `m_Ks, m_W1` (observed, Vega),
`Mstar` (solar masses), since 2026 `Diam` (major-axis diameter, arcsec). What is not known is NaN, or an empty text; a few
distances are negative. The primary header has VERSION.

GLADE+ (Dalya et al. 2022, doi:10.1093/mnras/stac1443; http://glade.elte.hu) is text, 39 or more columns between single
blanks, no header, "null" where nothing is known; the numbers below are those of its own list of columns, less one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: what a table may give of a galaxy, and in which unit
FIELDS = {
    "id": "identifier in the catalogue",
    "name": "name to show",
    "ra": "right ascension, degrees (ICRS)",
    "dec": "declination, degrees (ICRS)",
    "distance": "luminosity distance, Mpc",
    "distance_error": "its standard deviation, Mpc",
    "redshift": "redshift",
    "redshift_error": "its standard deviation",
    "b": "apparent B magnitude (Vega)",
    "r": "apparent r or R magnitude",
    "k": "apparent Ks magnitude (Vega)",
    "w1": "apparent W1 magnitude (Vega)",
    "abs_b": "absolute B magnitude (Vega)",
    "abs_k": "absolute Ks magnitude (Vega)",
    "abs_w1": "absolute W1 magnitude (Vega)",
    "mass": "stellar mass, solar masses",
    "log_mass": "its decimal logarithm, instead of it",
    "radius": "half-light radius, arcsec",
}
#: usual names of columns, lower case, in order of preference; used for fields that no option names
USUAL = {
    "id": ("id", "ident", "objid", "pgc", "objname"),
    "name": ("name", "objname", "galaxy"),
    "ra": ("ra", "raj2000", "ra_deg", "radeg", "_raj2000", "ra_icrs"),
    "dec": ("dec", "dej2000", "dec_deg", "dedeg", "decdeg", "decj2000", "_dej2000", "de_icrs", "decl"),
    "distance": ("distance", "distmpc", "dist", "d_l", "distance_mpc"),
    "distance_error": ("distance_error", "distmpc_unc", "e_dist", "distmpc_err", "distance_sd_mpc"),
    "redshift": ("redshift", "z", "zspec"),
    "redshift_error": ("redshift_error", "z_unc", "e_z", "z_err"),
    "b": ("mag_b", "bmag"),
    "r": ("mag_r", "rmag"),
    "k": ("mag_k", "kmag", "m_ks"),
    "w1": ("mag_w1", "w1mag", "m_w1"),
    "abs_b": ("abs_b",),
    "abs_k": ("abs_k",),
    "abs_w1": ("abs_w1",),
    "mass": ("mass", "mstar", "stellar_mass"),
    "log_mass": ("log_mass", "logmass", "logmstar"),
    "radius": ("radius", "radius_arcsec", "r_half"),
}
TEXTS = frozenset({"id", "name", "type", "technique", "method"})


@dataclass(frozen=True)
class Layout:
    """One kind of file: ours -> the file's columns, by name or number."""

    name: str  #: nedlvs | glade+ | table
    columns: Mapping[str, str | int] = field(default_factory=dict)
    catalog: str = ""  #: usual name of the catalogue


NEDLVS = Layout(
    "nedlvs",
    {
        "id": "objname",
        "name": "objname",
        "ra": "ra",
        "dec": "dec",
        "type": "objtype",
        "redshift": "z",
        "redshift_error": "z_unc",
        "technique": "z_tech",
        "doubtful": "z_qual",
        "distance": "DistMpc",
        "distance_error": "DistMpc_unc",
        "method": "DistMpc_method",
        "k": "m_Ks",
        "w1": "m_W1",
        "mass": "Mstar",
        "diameter": "Diam",
    },
    "NED-LVS",
)
#: columns of NED-LVS that older editions do not have
OPTIONAL = frozenset({"diameter"})
GLADE = Layout(
    "glade+",
    {
        "id": 0,  # GLADE no
        "pgc": 1,  # PGC no
        "gwgc": 2,  # names in GWGC, HyperLEDA, 2MASS XSC, WISExSCOS, SDSS-DR16Q
        "hyperleda": 3,
        "twomass": 4,
        "wise": 5,
        "sdss": 6,
        "type": 7,  # Q: a quasar of SDSS-DR16Q; G: anything else
        "ra": 8,
        "dec": 9,
        "b": 10,
        "abs_b": 13,
        "k": 18,
        "w1": 20,
        "helio": 27,  # z_helio; z_cmb is column 29 of the list
        "redshift": 28,
        "corrected": 29,  # 1: z_cmb and d_L are corrected for the peculiar velocity
        "velocity_error": 30,  # error of the redshift from the peculiar velocity estimate
        "redshift_error": 31,  # measurement error of the heliocentric redshift
        "distance": 32,
        "distance_error": 33,
        "flag": 34,  # 0 no distance; 1 from a photometric redshift; 2 measured; 3 from a spectroscopic redshift
        "mass": 35,  # 1e10 solar masses
    },
    "GLADE+",
)
GLADE_TEXTS = frozenset({"id", "pgc", "gwgc", "hyperleda", "twomass", "wise", "sdss", "type"})
#: fewest columns of a GLADE+ line that we read
GLADE_COLUMNS = 39
NULLS = frozenset({"", "null", "nan", "none", "--", "n/a"})


def table(names: list[str], chosen: Mapping[str, str] | None = None) -> Layout:
    """The layout of a table with these column names: as `chosen` says, else by usual names. Raises ValueError."""
    chosen, lower = dict(chosen or {}), {name.lower(): name for name in reversed(names)}
    for ours, theirs in chosen.items():
        if ours not in FIELDS:
            raise ValueError(f"--columns has {ours!r}, which is none of {', '.join(FIELDS)}")
        if theirs.lower() not in lower:
            raise ValueError(f"the file has no column {theirs!r}; it has: {', '.join(names)[:600]}")
    columns = {ours: lower[theirs.lower()] for ours, theirs in chosen.items()}
    for ours, usual in USUAL.items():
        found = next((lower[name] for name in usual if name in lower), None)
        if ours not in columns and found is not None:
            columns[ours] = found
    if missing := {"ra", "dec"} - set(columns):
        wanted = " and ".join(sorted(missing))
        raise ValueError(f"which column is {wanted}? Say it: --columns ra=...,dec=... It has: {', '.join(names)[:600]}")
    return Layout("table", columns)
