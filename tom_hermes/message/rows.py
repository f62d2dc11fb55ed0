"""Photometry, spectra and positions of this TOM -> HERMES' rows. Pure.

What HERMES has a key for is said there; the rest of a datum goes under `data` as it is, with the number of its row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from tom_hermes.message import scales
from tom_hermes.message.bodies import finite
from tom_hermes.message.problems import Problems
from tom_hermes.vocabulary import AB, ERROR_UNITS, F_LAMBDA, F_NU, FLAMBDA, MJY, SPECTRUM_TYPES
from tom_scimma.compose.content import Photometry, Position, Spectrum

TEXTS = ("observer", "comments", "catalog", "reducer", "classification", "mpc_sitecode")
#: what our own receiving adds to a datum: where it came from, which is not the sender's to repeat
OWN = ("hermes",)
#: what else of a datum a kind of row has keys for
KEYS = {
    "photometry": {"observer", "comments", "catalog", "limiting_brightness_error"},
    "spectroscopy": {"observer", "comments", "reducer", "classification", "spec_type"},
    "astrometry": {"comments", "catalog", "mpc_sitecode"},
}
ANGLES = {"deg": "degrees", "degree": "degrees", "as": "arcsec", '"': "arcsec", "'": "arcmin"}


class Told:
    """What a person said of all rows: units that are not clear (`units`), a telescope for those without, observer."""

    def __init__(self, units: Mapping[str, str] | None = None, telescope: str = "", observer: str = ""):
        self.units, self.telescope, self.observer = dict(units or {}), telescope, observer

    def unit(self, raw: str) -> str:
        return self.units.get(raw, raw)


def common(datum: Photometry | Spectrum | Position, section: str, told: Told, where: str, problems: Problems):
    """(the keys that every row has, what HERMES has no key for)."""
    row = {"target_name": datum.target, "date_obs": datum.time.isoformat()}
    telescope = datum.telescope or ("" if datum.instrument else told.telescope)
    if telescope:
        row["telescope"] = telescope
    if datum.instrument:
        row["instrument"] = datum.instrument
    if not telescope and not datum.instrument:
        problems.add(f"{where}.telescope", "It has neither a telescope nor an instrument; say which above.")
    if not datum.extra and not datum.source and not told.observer:
        return row, {}
    keys, rest = KEYS[section], {}
    for key, value in datum.extra.items():
        if key in OWN or value is None or value == "":
            continue
        if key in TEXTS and key in keys and isinstance(value, str) and value.strip():
            row[key] = value.strip()
        elif key not in keys or key in TEXTS:
            rest[key] = value
    if datum.source:
        row["comments"] = "; ".join(filter(None, (row.get("comments"), f"source: {datum.source}")))
    if told.observer and "observer" in keys and "observer" not in row:
        row["observer"] = told.observer
    return row, rest


def photometry(datum: Photometry, index: int, told: Told, problems: Problems) -> tuple[dict[str, Any], dict[str, Any]]:
    """One row and its rest."""
    where = f"photometry.{index}"
    row, rest = common(datum, "photometry", told, where, problems)
    row["bandpass"] = datum.bandpass
    if not datum.bandpass.strip():
        problems.add(f"{where}.bandpass", "It has no filter.")
    scale = scales.of_brightness(told.unit(datum.unit))
    if scale is None:
        problems.add(f"{where}.brightness_unit", _unknown(datum.unit))
        return row, rest
    for key, value, error in (
        ("brightness", datum.brightness, datum.error),
        ("limiting_brightness", datum.limit, datum.extra.get("limiting_brightness_error")),
    ):
        if value is not None and _is_sound(value, error, f"{where}.{key}", problems):
            said, wrong, row[f"{key}_unit"] = scales.brightness(value, error, scale)
            row[key] = said
            if wrong is not None:
                row[f"{key}_error"] = wrong
    if finite(datum.exposure):
        row["exposure_time"] = datum.exposure
    if not row.get("brightness") and not row.get("limiting_brightness"):
        text = f"HERMES takes a {datum.unit} of 0 for none." if row.get("brightness") == 0 else "It has no value."
        problems.add(f"{where}.brightness", text)
    return row, rest


def _is_sound(value: float, error: Any, field: str, problems: Problems) -> bool:
    if not math.isfinite(value):
        problems.add(field, f"{value} is no number that can be said.")
        return False
    if error is not None and not (isinstance(error, (int, float)) and math.isfinite(error) and error >= 0):
        problems.add(f"{field}_error", f"An error of {error} means nothing.")
        return False
    return True


def _unknown(unit: str) -> str:
    if not unit:
        return "It has no unit; say which above."
    return (
        f"HERMES cannot say {unit!r} exactly (it has AB and Vega magnitudes, mJy and erg/s/cm2/Angstrom); convert it."
    )


def spectrum(datum: Spectrum, index: int, told: Told, problems: Problems) -> tuple[dict[str, Any], dict[str, Any]]:
    where = f"spectroscopy.{index}"
    row, rest = common(datum, "spectroscopy", told, where, problems)
    if datum.setup:
        row["setup"] = datum.setup
    if finite(datum.exposure):
        row["exposure_time"] = datum.exposure
    kind = datum.extra.get("spec_type", "Object")
    if kind in SPECTRUM_TYPES:
        row["spec_type"] = kind
    else:
        rest["spec_type"] = kind
    flux, length = scales.of_flux(told.unit(datum.flux_unit)), scales.of_wavelength(told.unit(datum.wavelength_unit))
    if flux is None:
        problems.add(f"{where}.flux_units", _no_unit(datum.flux_unit, "mJy and erg/s/cm2/Angstrom"))
    if length is None:
        problems.add(f"{where}.wavelength_units", _no_unit(datum.wavelength_unit, "Angstrom, nm, um, Hz, GHz and THz"))
    if flux is None or length is None or not _is_whole(datum, where, problems):
        return row, rest
    row["flux"] = _scaled(datum.flux, flux.value)
    if datum.error:
        row["flux_error"] = _scaled(datum.error, flux.value)
    row.update(flux_units=flux.unit, flux_type=F_LAMBDA if flux.unit == FLAMBDA else F_NU)
    row.update(wavelength=_scaled(datum.wavelength, length.value), wavelength_units=length.unit)
    return row, rest


def _no_unit(unit: str, known: str) -> str:
    if not unit:
        return "It has no unit; say which above."
    return f"HERMES cannot say {unit!r} exactly (it has {known}); convert it."


def _scaled(values: tuple[float, ...], scale: Callable[[float], float]) -> list[float]:
    return [scale(float(value)) for value in values]


def _is_whole(datum: Spectrum, where: str, problems: Problems) -> bool:
    if not datum.flux:
        problems.add(f"{where}.flux", "It has no data.")
        return False
    for key, values in (("wavelength", datum.wavelength), ("flux_error", datum.error)):
        if (values or key == "wavelength") and len(values) != len(datum.flux):
            problems.add(f"{where}.{key}", f"{len(values)} values for {len(datum.flux)} fluxes.")
            return False
    for key, values in (("flux", datum.flux), ("wavelength", datum.wavelength), ("flux_error", datum.error)):
        bad = sum(value is None or not math.isfinite(value) for value in values)
        if bad:
            problems.add(f"{where}.{key}", f"{bad} of {len(values)} values are no finite numbers; leave them out.")
            return False
    return True


def position(datum: Position, index: int, told: Told, problems: Problems) -> tuple[dict[str, Any], dict[str, Any]]:
    where = f"astrometry.{index}"
    row, rest = common(datum, "astrometry", told, where, problems)
    if not finite(datum.ra) or not finite(datum.dec):
        problems.add(f"{where}.ra", "It has no position.")
        return row, rest
    row.update(ra=datum.ra % 360.0, dec=datum.dec)
    unit = ANGLES.get(datum.error_unit, datum.error_unit)
    for key in ("ra_error", "dec_error"):
        error = getattr(datum, key)
        if error is None:
            continue
        if unit not in ERROR_UNITS:
            problems.add(
                f"{where}.{key}_units",
                f"{datum.error_unit or 'Nothing'!r} is no unit of an error; HERMES has {', '.join(ERROR_UNITS)}.",
            )
        elif _is_sound(error, None, f"{where}.{key}", problems):
            row.update({key: error, f"{key}_units": unit})
    return row, rest


__all__ = ["AB", "MJY", "Told", "photometry", "position", "spectrum"]
