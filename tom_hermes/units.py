"""Units as messages write them -> as this TOM keeps them, which is as astropy spells them where it knows them. Pure.

HERMES writes the angstrom as U+212B, micro as U+00B5 and the square as U+00B2; other programs, and normalisation on the
way, write others. `mag` alone is not here: it does not say which zero point.
"""

from __future__ import annotations

import unicodedata
from typing import Any

AB, VEGA, MJY = "AB mag", "Vega mag", "mJy"
FLAMBDA = "erg / (Angstrom s cm2)"

_BRIGHTNESS = {
    AB: "ABmag AB magAB mag(AB) AB_mag",
    VEGA: "Vegamag Vega magVega mag(Vega) Vega_mag",
    MJY: "mJy millijansky",
    "Jy": "Jy jansky",
    "uJy": "uJy μJy microjansky",
    "nJy": "nJy nanojansky",
    FLAMBDA: "erg/s/cm2/Å erg/s/cm2/A erg/s/cm2/Angstrom erg/s/cm^2/Å erg/s/cm^2/A erg/s/cm^2/Angstrom erg/s/cm**2/Angstrom "
    "erg/(Angstromscm2) erg/(scm2Angstrom) erg/(scm2AA) ergs-1cm-2Å-1 ergs-1cm-2A-1 ergs-1cm-2Angstrom-1 erg/s/cm2/AA",
}  # fmt: skip
_WAVELENGTH = {
    "Angstrom": "Å A AA Angstrom angstrom Angstroms angstroms",
    "nm": "nm nanometer nanometers",
    "um": "um μm micron microns micrometer",
    "Hz": "Hz hertz",
    "GHz": "GHz",
    "THz": "THz",
}


def _table(spellings: dict[str, str]) -> dict[str, str]:
    return {_plain(spelling): unit for unit, all_of in spellings.items() for spelling in (unit, *all_of.split())}


def _plain(text: str) -> str:
    """One spelling for those that differ in nothing but code points (squares, angstroms, micros) and spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split())


#: the units that are kept
BRIGHTNESS, WAVELENGTH = tuple(_BRIGHTNESS), tuple(_WAVELENGTH)
_BY_BRIGHTNESS, _BY_WAVELENGTH = _table(_BRIGHTNESS), _table(_WAVELENGTH)


class BadUnit(ValueError):
    """A unit that is not known; the text says which are."""


def brightness(raw: Any) -> str:
    """The unit of a brightness or of a flux. Raises BadUnit."""
    return _known(raw, _BY_BRIGHTNESS, _BRIGHTNESS)


def wavelength(raw: Any) -> str:
    """The unit of a wavelength or frequency. Raises BadUnit."""
    return _known(raw, _BY_WAVELENGTH, _WAVELENGTH)


def _known(raw: Any, table: dict[str, str], units: dict[str, str]) -> str:
    if isinstance(raw, str):
        found = table.get(raw) or table.get(_plain(raw[:100]))
        if found:
            return found
    raise BadUnit(f"the unit {str(raw)[:60]!r} is not known; known are {', '.join(units)}")
