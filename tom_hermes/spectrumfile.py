"""The file of a spectrum -> its arrays. Pure, but for astropy's reading of FITS.

Text: two or three columns of numbers (wavelength, flux, error), by white space or commas, heads and comments before or
between. FITS: a table with such columns, or an image of one dimension with a linear or logarithmic axis.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import numpy as np

from tom_scimma.decode import unpack

WAVES = ("wavelength", "wave", "lambda", "wl", "lam", "loglam", "frequency", "freq")
FLUXES = ("flux", "flam", "fnu", "f_lambda", "f_nu", "intensity")
ERRORS = ("error", "err", "flux_error", "fluxerr", "sigma", "uncertainty", "flux_err")
_BETWEEN = re.compile(r"[\s,;]+")


class BadFile(ValueError):
    """The file is no spectrum that can be read; the text says why."""


@dataclass(frozen=True)
class Arrays:
    """What a file holds; units where the file itself says them, else ""."""

    wavelength: list[float]
    flux: list[float]
    error: list[float]
    wavelength_unit: str = ""
    flux_unit: str = ""


def read(data: bytes, *, max_bytes: int) -> Arrays:
    """The spectrum in a file, unpacked first where it is compressed. Raises BadFile, and Undecodable for a bomb."""
    codec = unpack.compression(data)
    if codec:
        data = unpack.inflate(codec, data, max_bytes=max_bytes)
    found = _fits(data) if data[:9] == b"SIMPLE  =" else _text(data)
    values = np.array([found.wavelength, found.flux])
    if not np.isfinite(values).all():
        keep = np.isfinite(values).all(axis=0)
        found = Arrays(
            *(_kept(part, keep) for part in (found.wavelength, found.flux, found.error)),
            found.wavelength_unit,
            found.flux_unit,
        )
    if len(found.flux) < 2:
        raise BadFile("there are no two finite points in the file")
    return found


def _kept(values: list[float], keep: np.ndarray) -> list[float]:
    return np.array(values)[keep].tolist() if values else []


def _text(data: bytes) -> Arrays:
    rows: list[list[float]] = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        words = [word for word in _BETWEEN.split(line.split("#")[0].strip()) if word]
        try:
            values = [float(word) for word in words]
        except ValueError:
            if rows:
                raise BadFile(f"line {number} is no numbers: {line[:60]!r}") from None
            continue  # heads
        if values:
            if len(values) < 2 or (rows and len(values) != len(rows[0])):
                raise BadFile(f"line {number} has {len(values)} columns: {line[:60]!r}")
            rows.append(values)
    if not rows:
        raise BadFile("there are no columns of numbers in the file")
    columns = np.array(rows).T
    error = columns[2] if len(columns) == 3 else np.empty(0)  # what more columns mean nobody says
    return Arrays(columns[0].tolist(), columns[1].tolist(), error.tolist())


def _fits(data: bytes) -> Arrays:
    from astropy.io import fits

    try:
        with fits.open(io.BytesIO(data), memmap=False) as units:
            for unit in units:
                if isinstance(unit, fits.BinTableHDU):
                    found = _table(unit)
                elif unit.data is not None and np.squeeze(unit.data).ndim == 1:
                    found = _image(unit)
                else:
                    continue
                if found is not None:
                    return found
    except (OSError, ValueError, TypeError, KeyError, IndexError, fits.VerifyError) as error:
        raise BadFile(f"the FITS file cannot be read: {error}") from error
    raise BadFile("the FITS file has neither a table of a spectrum nor an image of one dimension")


def _table(unit) -> Arrays | None:
    names = {name.lower(): name for name in unit.columns.names}
    wave, flux, error = (next((names[key] for key in keys if key in names), None) for keys in (WAVES, FLUXES, ERRORS))
    if wave is None or flux is None:
        return None
    columns = [np.ravel(unit.data[name]).astype(float) for name in (wave, flux)]
    if wave.lower() == "loglam":
        columns[0] = 10 ** columns[0]
    last = np.ravel(unit.data[error]).astype(float).tolist() if error else []
    return Arrays(
        *(column.tolist() for column in columns), last, unit.columns[wave].unit or "", unit.columns[flux].unit or ""
    )


def _image(unit) -> Arrays | None:
    head, flux = unit.header, np.squeeze(unit.data).astype(float)
    step = head.get("CDELT1", head.get("CD1_1"))
    if "CRVAL1" not in head or step is None:
        return None
    wave = head["CRVAL1"] + (np.arange(len(flux)) + 1 - head.get("CRPIX1", 1)) * step
    if head.get("DC-FLAG", 0) == 1 or "LOG" in str(head.get("CTYPE1", "")).upper():
        wave = 10**wave
    return Arrays(wave.tolist(), flux.tolist(), [], str(head.get("CUNIT1", "")), str(head.get("BUNIT", "")))
