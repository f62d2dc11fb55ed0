"""A block as the file has it -> rows in the normal form: one unit, NaN for what is not known, errors that are whole.

Distances. A distance from a redshift is wrong by the galaxy's own velocity, at least: its standard deviation is never
below that of the peculiar velocity, as the catalogue gives it (GLADE+, `v_err`) or 250 km/s (Scolnic et al. 2018,
doi:10.3847/1538-4357/aab9bb, section 3.1), whatever the catalogue says of its redshift's error. A photometric redshift
without an error gets 0.033 (1 + z), that of WISExSuperCOSMOS (Dalya et al. 2022). A distance that was measured without a
redshift keeps its error, known or not. Negative and zero distances are no distances.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tom_scimma.galaxies import light
from tom_scimma.galaxies.layouts import Layout
from tom_scimma.galaxies.readers import Block

PECULIAR_KM_S = 250.0
PHOTOMETRIC_ERROR = 0.033
#: half-light radius of an exponential disc in units of its 25th-magnitude isophote (Freeman 1970: 1.678 / 3.1)
HALF_OF_ISOPHOTE = 0.54
#: longest identifier and name that are kept
LONGEST = 100
NUMBERS = (
    "ra", "dec", "distance", "distance_sd", "redshift", "mag_b", "mag_r", "mag_k", "mag_w1",
    "abs_b", "abs_k", "abs_w1", "mass", "radius",
)  # fmt: skip
TEXTS = ("ident", "name", "distance_from")


@dataclass(frozen=True)
class Rows:
    """Galaxies in the normal form: float64 arrays and lists of texts, one entry a galaxy."""

    columns: Mapping[str, Any]
    left_out: Mapping[str, int] = field(default_factory=dict)  #: rows of the block that are not here, by reason

    def __len__(self) -> int:
        return self.columns["ra"].size


def rows(block: Block, layout: Layout, *, max_distance: float | None = None, quasars: bool = False) -> Rows:
    """The galaxies of a block; without those beyond `max_distance` (Mpc), and GLADE+'s quasars unless they are wanted."""
    if not block.rows:
        return Rows({**{name: np.empty(0) for name in NUMBERS}, **{name: [] for name in TEXTS}}, _bad(block))
    found = _READ[layout.name](_Raw(block))
    good = np.isfinite(found["ra"]) & (np.abs(found["dec"]) <= 90)
    reasons = {"no position": ~good}
    if not quasars and "quasar" in found:
        reasons["quasar"] = good & found["quasar"]
    if max_distance is not None:
        with np.errstate(invalid="ignore"):
            reasons[f"beyond {max_distance:g} Mpc"] = good & (found["distance"] > max_distance)
    keep = ~np.any(list(reasons.values()), axis=0)
    taken = np.flatnonzero(keep)
    columns = {name: found[name][taken] for name in NUMBERS}
    columns["ra"] = columns["ra"] % 360
    columns |= {name: [found[name][index][:LONGEST] for index in taken.tolist()] for name in TEXTS}
    left = {reason: int(np.count_nonzero(which)) for reason, which in reasons.items()}
    return Rows(columns, {**{reason: count for reason, count in left.items() if count}, **_bad(block)})


def _bad(block: Block) -> dict[str, int]:
    return {"line that cannot be read": block.bad} if block.bad else {}


class _Raw:
    """The columns of a block by our names; NaN or "" where the file has no such column."""

    def __init__(self, block: Block):
        self._block = block

    def number(self, name: str) -> np.ndarray:
        found = self._block.columns.get(name)
        return np.full(self._block.rows, np.nan) if found is None else np.asarray(found, np.float64)

    def text(self, name: str) -> list[str]:
        return self._block.columns.get(name) or [""] * self._block.rows


def _positive(values: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.where((values > 0) & np.isfinite(values), values, np.nan)


def _magnitude(values: np.ndarray) -> np.ndarray:
    """Magnitudes; -99, 99, 999 and the like, by which some tables say "unknown", are not known."""
    with np.errstate(invalid="ignore"):
        return np.where((values > -40) & (values < 40), values, np.nan)


def _from_redshift(redshift: np.ndarray, redshift_sd: np.ndarray, velocity_sd: np.ndarray | float) -> np.ndarray:
    """Standard deviation in Mpc of a distance from a redshift: its error and the peculiar velocity's, in quadrature."""
    z = np.nan_to_num(redshift)
    slope = light.C_KM_S / light.H0 * (1 + z)
    return slope * np.hypot(np.nan_to_num(redshift_sd), velocity_sd)


def _whole_errors(found: dict[str, Any], redshift_sd: np.ndarray, velocity_sd: np.ndarray, by_z: np.ndarray) -> None:
    """Distance errors that are never below what the redshift they come from allows."""
    least = _from_redshift(found["redshift"], redshift_sd, velocity_sd)
    known = np.isfinite(found["distance"])
    given = np.nan_to_num(_positive(found["distance_sd"]))
    found["distance_sd"] = np.where(known & by_z, np.maximum(given, least), np.where(given > 0, given, np.nan))
    found["distance_sd"] = np.where(known, found["distance_sd"], np.nan)


def _lights(found: dict[str, Any], raw: _Raw) -> None:
    """Magnitudes, apparent and absolute; what is given wins over what is worked out."""
    for band in ("b", "r", "k", "w1"):
        found[f"mag_{band}"] = _magnitude(raw.number(band))
        if band != "r":
            given = _magnitude(raw.number(f"abs_{band}"))
            worked_out = light.absolute(found[f"mag_{band}"], found["distance"])
            found[f"abs_{band}"] = np.where(np.isfinite(given), given, worked_out)


def _nedlvs(raw: _Raw) -> dict[str, Any]:
    redshift = raw.number("redshift")
    method = np.array([text.lower() for text in raw.text("method")])
    technique = np.array([text.upper()[:1] for text in raw.text("technique")])
    doubtful = raw.number("doubtful") == 1
    by_z = method != "zindependent"
    found: dict[str, Any] = {
        "ident": raw.text("id"),
        "name": raw.text("name"),
        "ra": raw.number("ra"),
        "dec": raw.number("dec"),
        "distance": _positive(raw.number("distance")),
        "distance_sd": raw.number("distance_error"),
        "redshift": redshift,
        "mass": _positive(raw.number("mass")),
        "radius": _positive(raw.number("diameter")) / 2 * HALF_OF_ISOPHOTE,
    }
    sd = raw.number("redshift_error")
    photometric = technique == "P"
    sd = np.where(photometric & ~(sd > 0), PHOTOMETRIC_ERROR * (1 + np.nan_to_num(redshift)), sd)
    _whole_errors(found, sd, np.full(sd.shape, PECULIAR_KM_S / light.C_KM_S), by_z)
    words = np.select(
        [~by_z, doubtful, photometric, technique == "S"],
        ["independent", "doubtful", "photometric", "spectroscopic"],
        "redshift",
    )
    found["distance_from"] = np.where(np.isfinite(found["distance"]), words, "").tolist()
    _lights(found, raw)
    return found


def _glade(raw: _Raw) -> dict[str, Any]:
    cmb, helio, flag = raw.number("redshift"), raw.number("helio"), raw.number("flag")
    redshift = np.where(np.isfinite(cmb), cmb, helio)
    found: dict[str, Any] = {
        "ident": raw.text("id"),
        "name": _glade_names(raw),
        "ra": raw.number("ra"),
        "dec": raw.number("dec"),
        "quasar": np.array([kind == "Q" for kind in raw.text("type")]),
        "distance": np.where(flag == 0, np.nan, _positive(raw.number("distance"))),
        "distance_sd": raw.number("distance_error"),
        "redshift": redshift,
        "mass": _positive(raw.number("mass")) * 1e10,
        "radius": np.full(redshift.shape, np.nan),
    }
    velocity = raw.number("velocity_error")
    velocity = np.where(velocity > 0, velocity, PECULIAR_KM_S / light.C_KM_S)
    sd = raw.number("redshift_error")
    sd = np.where((flag == 1) & ~(sd > 0), PHOTOMETRIC_ERROR * (1 + np.nan_to_num(redshift)), sd)
    _whole_errors(found, sd, velocity, flag != 2)
    words = np.select([flag == 1, flag == 2, flag == 3], ["photometric", "independent", "spectroscopic"], "redshift")
    found["distance_from"] = np.where(np.isfinite(found["distance"]), words, "").tolist()
    _lights(found, raw)
    return found


def _glade_names(raw: _Raw) -> list[str]:
    """The first name that GLADE+ has of each galaxy, else its number."""
    named = zip(
        raw.text("id"), raw.text("pgc"), raw.text("gwgc"), raw.text("hyperleda"), raw.text("twomass"),
        raw.text("wise"), raw.text("sdss"), strict=True,
    )  # fmt: skip
    return [
        gwgc
        or (hyperleda if not hyperleda.isdigit() else "")
        or (f"PGC {pgc}" if pgc else "")
        or (f"2MASX J{twomass}" if twomass else "")
        or (f"WISEA {wise}" if wise else "")
        or (f"SDSS {sdss}" if sdss else "")
        or f"GLADE {number}"
        for number, pgc, gwgc, hyperleda, twomass, wise, sdss in named
    ]


def _table(raw: _Raw) -> dict[str, Any]:
    ra, dec, redshift = raw.number("ra"), raw.number("dec"), raw.number("redshift")
    stated = _positive(raw.number("distance"))
    worked_out = light.luminosity_distance(redshift)
    by_z = ~np.isfinite(stated)
    mass = _positive(raw.number("mass"))
    with np.errstate(over="ignore"):
        mass = np.where(np.isfinite(mass), mass, _positive(10 ** raw.number("log_mass")))
    found: dict[str, Any] = {
        "ra": ra,
        "dec": dec,
        "distance": np.where(by_z, worked_out, stated),
        "distance_sd": raw.number("distance_error"),
        "redshift": redshift,
        "mass": mass,
        "radius": _positive(raw.number("radius")),
    }
    speed = np.full(redshift.shape, PECULIAR_KM_S / light.C_KM_S)
    _whole_errors(found, raw.number("redshift_error"), speed, by_z)
    words = np.where(np.isfinite(found["distance"]), np.where(by_z, "redshift", "stated"), "")
    found["distance_from"] = words.tolist()
    names, idents = raw.text("name"), raw.text("id")
    here = [f"{east:.5f}{north:+.5f}" for east, north in zip(ra.tolist(), dec.tolist(), strict=True)]
    found["ident"] = [ident or name or place for ident, name, place in zip(idents, names, here, strict=True)]
    found["name"] = [name or ident for name, ident in zip(names, found["ident"], strict=True)]
    _lights(found, raw)
    return found


_READ: dict[str, Callable[[_Raw], dict[str, Any]]] = {"nedlvs": _nedlvs, "glade+": _glade, "table": _table}
