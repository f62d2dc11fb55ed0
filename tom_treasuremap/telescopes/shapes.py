"""A camera's corners, a horizon and a place out of what a telescope's file says of them. Pure; wrong ones are ValueErrors."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from tom_treasuremap.telescopes.telescope import Ring

CORNERS = 36  #: of a circle; drawn so that it has the circle's area
#: each kind of field, and what it needs
KINDS = {
    "rectangle": "[width, height] in degrees",
    "circle": "the radius in degrees",
    "ccds": '{"size": [width, height], "centres": [[east, north], ...]} in degrees',
    "rings": "[[[east, north], ...], ...] in degrees, one ring a CCD",
}


def rings(said: Any) -> tuple[Ring, ...]:
    """Corners of its CCDs, degrees east and north of where it points."""
    if not isinstance(said, Mapping) or len(said) != 1 or next(iter(said)) not in KINDS:
        raise ValueError("is one of " + "; ".join(f'{{"{kind}": {needs}}}' for kind, needs in KINDS.items()))
    kind, value = next(iter(said.items()))
    try:
        found = _MAKE[kind](value)
    except (ValueError, TypeError, KeyError):
        raise ValueError(f"{kind} is {KINDS[kind]}") from None
    if not found or any(len(ring) < 3 for ring in found):
        raise ValueError("a ring needs three corners at least")
    if any(abs(x) > 90 or abs(y) > 90 or not math.isfinite(x + y) for ring in found for x, y in ring):
        raise ValueError("a corner is over 90 degrees from where it points; degrees are wanted")
    return found


def _box(centre: Sequence[float], size: Sequence[float]) -> Ring:
    (x, y), (w, h) = (float(v) for v in centre), (float(v) / 2 for v in size)
    if w <= 0 or h <= 0:
        raise ValueError
    return ((x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h))


def _circle(radius: Any) -> tuple[Ring, ...]:
    turn = 2 * math.pi / CORNERS
    # a regular polygon of the circle's area
    out = float(radius) * math.sqrt(turn / math.sin(turn))
    if not out > 0:
        raise ValueError
    return (tuple((out * math.sin(i * turn), out * math.cos(i * turn)) for i in range(CORNERS)),)


_MAKE = {
    "rectangle": lambda size: (_box((0.0, 0.0), size),),
    "circle": _circle,
    "ccds": lambda said: tuple(_box(centre, said["size"]) for centre in said["centres"]),
    "rings": lambda said: tuple(tuple((float(x), float(y)) for x, y in ring) for ring in said),
}


def horizon(said: Any) -> tuple[tuple[float, float], ...]:
    """(azimuth, altitude) points, azimuth ascending."""
    try:
        found = tuple((float(azimuth), float(altitude)) for azimuth, altitude in said)
    except (ValueError, TypeError):
        raise ValueError("is [[azimuth, altitude], ...] in degrees") from None
    around = [azimuth for azimuth, _ in found]
    if any(not 0 <= azimuth < 360 for azimuth in around) or any(not -10 <= up <= 90 for _, up in found):
        raise ValueError("azimuths are from 0 to 360, altitudes from -10 to 90 degrees")
    if sorted(set(around)) != around:
        raise ValueError("azimuths must ascend, each once")
    return found


def depths(said: Any) -> tuple[tuple[float, float], ...]:
    """(seconds, AB magnitude at 5 sigma), seconds and magnitudes ascending."""
    try:
        found = tuple((float(seconds), float(magnitude)) for seconds, magnitude in said)
    except (ValueError, TypeError):
        raise ValueError("is [[seconds, magnitude], ...]") from None
    for (before, brighter), (after, fainter) in itertools.pairwise(found):
        if after <= before or fainter <= brighter:
            raise ValueError("seconds and magnitudes must both ascend")
    if any(not 0 < seconds < 1e6 or not -5 < magnitude < 40 for seconds, magnitude in found):
        raise ValueError("seconds are over 0, magnitudes from -5 to 40")
    return found


def from_parallax(longitude: float, rho_cos: float, rho_sin: float) -> tuple[float, float, float]:
    """Latitude, longitude (deg) and height (m) of the Minor Planet Center's constants of an observatory.

    They are its distance from the Earth's axis and from the equator's plane in equatorial radii (6378137 m).
    """
    import erfa

    radius = 6378137.0
    if not 0.9 < math.hypot(rho_cos, rho_sin) < 1.1:
        raise ValueError("is [longitude, rho cos phi', rho sin phi'] as the Minor Planet Center lists it")
    turn = math.radians(longitude)
    at = (rho_cos * radius * math.cos(turn), rho_cos * radius * math.sin(turn), rho_sin * radius)
    _, latitude, height = erfa.gc2gd(1, at)
    return math.degrees(latitude), float(longitude), float(height)
