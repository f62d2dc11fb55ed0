"""How a quantity of this TOM becomes one that HERMES can say: exactly, or not at all. Pure.

Units of one dimension differ by a factor (astropy.units knows it); an ST magnitude is a flux per wavelength by definition. An AB
magnitude of exactly 0, which HERMES takes for "none", is said as its flux. Between flux per frequency and flux per
wavelength, and from Vega to AB, there is no exact way without a filter's curve: those are refused.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from tom_hermes import units
from tom_hermes.vocabulary import AB, ANGSTROM, FLAMBDA, MICROMETRE, MJY, VEGA

#: our own normal units -> HERMES' unit and the factor
_BRIGHTNESS = {
    units.AB: (AB, 1.0),
    units.VEGA: (VEGA, 1.0),
    units.MJY: (MJY, 1.0),
    units.FLAMBDA: (FLAMBDA, 1.0),
}
_LENGTHS = {"Angstrom": ANGSTROM, "um": MICROMETRE, "nm": "nm", "Hz": "Hz", "GHz": "GHz", "THz": "THz"}
#: mJy of AB magnitude 0: 10**(-48.6/2.5) erg/s/cm2/Hz, Oke & Gunn 1983
AB_ZERO = 10 ** (-48.6 / 2.5) / 1e-26
#: d(flux)/flux of a magnitude's error, to first order
PER_MAGNITUDE = math.log(10) / 2.5


@dataclass(frozen=True)
class Scale:
    """HERMES' unit, and what to multiply by; `st`: the value is an ST magnitude."""

    unit: str
    factor: float = 1.0
    st: bool = False

    def value(self, raw: float) -> float:
        if self.st:  # 10**(-(m + 21.1)/2.5) erg/s/cm2/Angstrom, by definition
            return 10 ** (-(raw + 21.1) / 2.5)
        return raw if self.factor == 1.0 else raw * self.factor

    def error(self, raw: float, error: float) -> float:
        if self.st:
            return self.value(raw) * PER_MAGNITUDE * error
        return error if self.factor == 1.0 else error * self.factor


def brightness(value: float, error: float | None, scale: Scale) -> tuple[float, float | None, str]:
    """(value, error, unit) as HERMES says it."""
    said, wrong = scale.value(value), None if error is None else scale.error(value, error)
    if said == 0 and scale.unit == AB:
        return AB_ZERO, None if wrong is None else AB_ZERO * PER_MAGNITUDE * wrong, MJY
    return said, wrong, scale.unit


@lru_cache(maxsize=1000)
def of_brightness(raw: str) -> Scale | None:
    """For a unit of brightness as the TOM has it; None where HERMES cannot say it, or nobody knows what it is."""
    try:
        known = units.brightness(raw)
    except units.BadUnit:
        known = raw
    if known in _BRIGHTNESS:
        return Scale(*_BRIGHTNESS[known])
    if "".join(raw.split()).lower() in ("stmag", "mag(st)"):
        return Scale(FLAMBDA, st=True)
    return _converted(known, (MJY, "mJy"), (FLAMBDA, "erg / (s cm2 Angstrom)"))


@lru_cache(maxsize=1000)
def of_flux(raw: str) -> Scale | None:
    """For a unit of flux density; a magnitude is none."""
    found = of_brightness(raw)
    return found if found is not None and found.unit in (MJY, FLAMBDA) and not found.st else None


@lru_cache(maxsize=1000)
def of_wavelength(raw: str) -> Scale | None:
    """For a unit of wavelength, frequency or energy of a photon (in keV, say, which is a frequency)."""
    try:
        return Scale(_LENGTHS[units.wavelength(raw)])
    except units.BadUnit:
        return _converted(raw, ("nm", "nm"), ("THz", "THz"), photon=True)


def _converted(raw: str, *wanted: tuple[str, str], photon: bool = False) -> Scale | None:
    from astropy import constants
    from astropy import units as u

    try:
        given = u.Unit(raw)
    except (ValueError, TypeError):
        return None
    for unit, name in wanted:
        if given.is_equivalent(u.Unit(name)):
            return Scale(unit, float(given.to(u.Unit(name))))
    if photon and given.is_equivalent(u.eV):
        return Scale("THz", float((1 * given / constants.h).to(u.THz).value))
    return None
