"""One row of data of a HERMES message -> the columns of the host's typed datum. Pure.

What a row says beyond those columns stays with it under `extra`, as sent. Nothing that is missing is made up, but for what
HERMES' schema says the absence means: no unit of a brightness is AB mag, of a flux mJy, of a wavelength nm; such a row
says so under `extra`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tom_hermes import dates, units
from tom_hermes.said import ASTROMETRY, PHOTOMETRY, SPECTROSCOPY, SaidDatum
from tom_scimma.parsers import angles, fields
from tom_scimma.storable import values as plain

#: lengths of the host's columns
BAND, PLACE = 32, 255
ASSUMED = "unit_not_said"


class Unusable(ValueError):
    """Why a row cannot be used; `reason` is one of said.REASONS."""

    def __init__(self, reason: str, words: str):
        super().__init__(words)
        self.reason = reason


def text(raw: Any, longest: int) -> str:
    """A name or a line of text, cleaned, at most so long; "" for what is neither text nor number."""
    return fields.clean(raw)[:longest]


def photometry(index: int, target: str, row: dict[str, Any]) -> SaidDatum:
    """A detection or an upper limit. A detection's own limit is no non-detection: it stays under `extra`.

    Raises Unusable without a day, a filter, a number and a unit that is known.
    """
    time, rest = _begun(
        row, "bandpass", "brightness", "brightness_error", "brightness_unit", "limiting_brightness_unit"
    )
    band = text(row.get("bandpass"), BAND + 1)
    if not band or len(band) > BAND:
        words = f"the filter's name is longer than {BAND} characters" if band else "the row says no filter (bandpass)"
        raise Unusable("filter", words)
    brightness = _number(row, "brightness")
    limit = None if brightness is not None else _number(rest, "limiting_brightness")
    if brightness is None and limit is None:
        raise Unusable("value", "the row says neither a brightness nor a limit")
    unit = _unit(row, limit is not None, rest)
    error = _error(row, "brightness_error", rest) if brightness is not None else None
    if limit is not None:
        rest.pop("limiting_brightness")
    said = {"bandpass": band, "brightness": brightness, "brightness_error": error, "limit": limit, "unit": unit}
    said.update(exposure_time=_exposure(row, rest), **_instrument(row))
    return SaidDatum(PHOTOMETRY, index, target, time, said, rest, row)


def astrometry(index: int, target: str, row: dict[str, Any]) -> SaidDatum:
    """A position. Raises Unusable without a day and a position."""
    time, rest = _begun(row, "ra", "dec", "ra_error", "dec_error", "ra_error_units", "dec_error_units")
    ra, dec = right_ascension(row.get("ra")), angles.dec(row.get("dec"))
    if ra is None or dec is None:
        raise Unusable("place", f"no position can be read from ra {row.get('ra')!r}, dec {row.get('dec')!r}"[:300])
    said: dict[str, Any] = {"ra": ra, "dec": dec}
    for axis in ("ra", "dec"):
        said[f"{axis}_error"] = error = _error(row, f"{axis}_error", rest)
        said[f"{axis}_error_units"] = "" if error is None else text(row.get(f"{axis}_error_units"), 32) or "degrees"
    return SaidDatum(ASTROMETRY, index, target, time, {**said, **_instrument(row)}, rest, row)


def spectrum(index: int, target: str, row: dict[str, Any]) -> SaidDatum:
    """A spectrum with its arrays in the message. Raises Unusable; `file` is the reason where they are in a file."""
    time, rest = _begun(row, "flux", "wavelength", "flux_error", "flux_units", "wavelength_units", "setup")
    if not row.get("flux"):
        links(row)
        raise Unusable("file", "the spectrum is in a file, which is yet to be fetched")
    flux, wavelength, error = (_numbers(row, key) for key in ("flux", "wavelength", "flux_error"))
    if len(flux) != len(wavelength):
        raise Unusable("value", f"{len(flux)} fluxes and {len(wavelength)} wavelengths")
    if error and len(error) != len(flux):
        rest["flux_error"], error = plain(row["flux_error"]), []
    return SaidDatum(SPECTROSCOPY, index, target, time, _spectrum(row, rest, flux, wavelength, error), rest, row)


def spectrum_of(index: int, target: str, row: dict[str, Any], arrays: tuple[list[float], ...]) -> SaidDatum:
    """The spectrum of a row whose flux, wavelength and error (maybe empty) came from its file. Raises Unusable."""
    time, rest = _begun(row, "flux", "wavelength", "flux_error", "flux_units", "wavelength_units", "setup")
    wavelength, flux, error = arrays
    return SaidDatum(SPECTROSCOPY, index, target, time, _spectrum(row, rest, flux, wavelength, error), rest, row)


def _spectrum(row, rest, flux: list[float], wavelength: list[float], error: list[float]) -> dict[str, Any]:
    return {
        "flux": flux,
        "wavelength": wavelength,
        "error": error,
        "flux_unit": _known(units.brightness, row, "flux_units", units.MJY, rest),
        "wavelength_unit": _known(units.wavelength, row, "wavelength_units", "nm", rest),
        "setup": text(row.get("setup"), 2000),
        "exposure_time": _exposure(row, rest),
        **_instrument(row),
    }


def links(row: dict[str, Any]) -> list[tuple[str, str]]:
    """(name, address) of the files of a row. Raises Unusable where there is no file with an address."""
    files = row.get("file_info")
    found = [
        (text(item.get("name"), 200), address)
        for item in (files if isinstance(files, list) else [])
        if isinstance(item, dict) and (address := fields.link(item.get("url")))
    ]
    if not found:
        raise Unusable("value", "the spectrum has neither fluxes nor a file with an address")
    return found


def right_ascension(raw: Any) -> float | None:
    """Degrees, 0 to 360, from degrees or from hours; HERMES takes numbers beyond and wraps them."""
    value = fields.number(raw)
    return angles.ra(raw) if value is None else value % 360.0 if abs(value) <= 720 else None


def _begun(row: dict[str, Any], *taken: str) -> tuple[datetime, dict[str, Any]]:
    """The day of a row, and what it says beyond the columns named."""
    try:
        time, exact = dates.moment(row.get("date_obs"))
    except dates.BadDate as error:
        raise Unusable("date", str(error)) from None
    known = {"target_name", "telescope", "instrument", "exposure_time", *taken}
    if exact:
        known.add("date_obs")
    rest = {key: value for key, value in row.items() if key not in known and value is not None and value != ""}
    return time, plain(rest) if rest else rest


def _number(row: dict[str, Any], key: str) -> float | None:
    raw = row.get(key)
    if raw is None or raw == "":
        return None
    value = fields.number(raw)
    if value is None:
        raise Unusable("value", f"{key} is {str(raw)[:60]!r}, not a finite number")
    return value


def _error(row: dict[str, Any], key: str, rest: dict[str, Any]) -> float | None:
    """An error that is one; anything else stays as sent."""
    value = fields.number(row.get(key))
    if value is not None and value >= 0:
        return value
    if row.get(key) not in (None, ""):
        rest[key] = plain(row[key])
    return None


def _exposure(row: dict[str, Any], rest: dict[str, Any]) -> float | None:
    return _error(row, "exposure_time", rest)


def _unit(row: dict[str, Any], limit: bool, rest: dict[str, Any]) -> str:
    """The unit of a brightness; of a limit its own, else that of the row's brightness."""
    key = "brightness_unit"
    if limit and row.get("limiting_brightness_unit"):
        key = "limiting_brightness_unit"
    return _known(units.brightness, row, key, units.AB, rest)


def _known(read, row: dict[str, Any], key: str, absent: str, rest: dict[str, Any]) -> str:
    if row.get(key) in (None, ""):
        rest[ASSUMED] = f"{absent}, as HERMES has it"
        return absent
    try:
        return read(row[key])
    except units.BadUnit as error:
        raise Unusable("unit", str(error)) from None


def _numbers(row: dict[str, Any], key: str) -> list[float]:
    raw = row.get(key)
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise Unusable("value", f"{key} is not a list")
    found = [fields.number(item) for item in raw]
    if None in found:
        place = found.index(None)
        raise Unusable("value", f"{key}[{place}] is {str(raw[place])[:60]!r}, not a finite number")
    return found


def _instrument(row: dict[str, Any]) -> dict[str, str]:
    return {key: text(row.get(key), PLACE) for key in ("telescope", "instrument")}
