"""How deep a filter goes in some seconds, and how many seconds a depth takes.

A filter's table holds single exposures under a dark sky at airmass 1. Between its points magnitudes are a straight line in
the logarithm of the seconds. Beyond its ends, and where it has one point, depth grows as where the sky's noise rules:
1.25 log10 of the time. An airmass takes off `extinction` magnitudes for each unit over 1, and the Moon `moonlight`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tom_treasuremap.telescopes.telescope import Filter

SKY_LIMITED = 1.25  #: magnitudes a decade of time
#: magnitudes an airmass, and the sky's AB magnitudes an arcsec2 at new, half and full Moon: LCO's exposure time calculator
#: (lco-etc 0.0.1, tables `Ext` and `Msky`), by its bands and their centres in Angstrom
NIGHT_SKY = (
    (3540.0, 0.59, (23.5, 21.0, 18.0)),  # u
    (4760.0, 0.14, (22.0, 20.3, 17.6)),  # g
    (6230.0, 0.08, (21.1, 20.2, 17.5)),  # r
    (7600.0, 0.06, (20.6, 19.7, 17.5)),  # i
    (8530.0, 0.04, (20.2, 19.2, 16.8)),  # Z
    (9750.0, 0.03, (19.4, 18.0, 16.5)),  # Y
)
_WAVES = [row[0] for row in NIGHT_SKY]
USUAL = 6230.0  #: Angstrom, for a filter whose wavelength is not known
AIRMASS = 1.2  #: at which exposures that are still to come are taken to be made


class NotKnown(ValueError):
    """The filter has no table of depths: nothing can be said of it, and nothing is guessed."""


def extinction(wave: float | None) -> float:
    """Magnitudes an airmass at a wavelength in Angstrom."""
    return float(np.interp(wave or USUAL, _WAVES, [row[1] for row in NIGHT_SKY]))


def moonlight(wave: float | None, illumination: float, altitude: float) -> float:
    """Magnitudes of depth that the Moon takes off where it is up: half of how much brighter it makes the sky.

    `illumination` is the lit fraction, `altitude` the Moon's in degrees. Between new, half and full the sky's magnitudes
    are a straight line in what is lit; how far the Moon is does not count, a telescope's Moon rule keeps it away.
    """
    if altitude <= 0 or illumination <= 0:
        return 0.0
    skies = [np.interp(wave or USUAL, _WAVES, [row[2][i] for row in NIGHT_SKY]) for i in range(3)]
    brighter = skies[0] - np.interp(illumination, (0.0, 0.5, 1.0), skies)
    return max(0.0, float(brighter) / 2)  # noise is the root of the sky's light


def losses(one: Filter, airmass: float = 1.0, moon: tuple[float, float] | None = None) -> float:
    """Magnitudes that airmass and the Moon, (illumination, altitude in degrees), take off a filter's depth."""
    moonlit = moonlight(one.central_wave, *moon) if moon else 0.0
    return extinction(one.central_wave) * (max(1.0, airmass) - 1.0) + moonlit


def depth(one: Filter, seconds: float, *, airmass: float = 1.0, moon: tuple[float, float] | None = None) -> float:
    """AB magnitude at 5 sigma after `seconds` of one exposure. Raises NotKnown where the filter has no table."""
    if seconds <= 0:
        raise ValueError(f"an exposure of {seconds} s sees nothing; more than 0 s are wanted")
    times, magnitudes = _table(one)
    at = math.log10(seconds)
    if at < times[0]:
        found = magnitudes[0] - SKY_LIMITED * (times[0] - at)
    elif at > times[-1]:
        found = magnitudes[-1] + SKY_LIMITED * (at - times[-1])
    else:
        found = float(np.interp(at, times, magnitudes))
    return found - losses(one, airmass, moon)


def expected(one: Filter | None, seconds: float) -> float | None:
    """How deep one exposure that is still to come is taken to go in the dark, AB magnitude at 5 sigma.

    None where nobody knows, or nothing is exposed.
    """
    try:
        return round(depth(one, seconds, airmass=AIRMASS), 2) if one is not None and seconds > 0 else None
    except NotKnown:
        return None


def seconds(one: Filter, magnitude: float, *, airmass: float = 1.0, moon: tuple[float, float] | None = None) -> float:
    """Seconds of one exposure until `magnitude` (AB, 5 sigma) is reached. Raises NotKnown where the filter has no table."""
    times, magnitudes = _table(one)
    wanted = magnitude + losses(one, airmass, moon)
    if wanted < magnitudes[0]:
        at = times[0] - (magnitudes[0] - wanted) / SKY_LIMITED
    elif wanted > magnitudes[-1]:
        at = times[-1] + (wanted - magnitudes[-1]) / SKY_LIMITED
    else:
        at = float(np.interp(wanted, magnitudes, times))
    return float(10.0**at)


def _table(one: Filter) -> tuple[Sequence[float], Sequence[float]]:
    if not one.depths:
        raise NotKnown(f"how deep {one.name} goes is not known: its telescope's file has no depths")
    return [math.log10(time) for time, _ in one.depths], [magnitude for _, magnitude in one.depths]
