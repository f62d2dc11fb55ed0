"""Error regions with soft edges: circle, ellipse, ring.

Circle and ellipse are a plane Gaussian in Lambert's equal-area projection around the centre, where an angle theta from
the centre is rho = 2 sin(theta / 2). So a circle is exp(-(1 - cos theta) / sigma**2), the sphere's own Gaussian (von
Mises-Fisher), with which Fermi GBM states its errors (Briggs et al. 1999, doi:10.1086/313221); and a region holds
exactly the probability that it is said to hold, at any size.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from tom_scimma.skymap import grid, refine
from tom_scimma.skymap.sphere import bearing, separation

#: no pixel may hold more than this, so that levels are fine enough to rank by
GRAIN = 2e-4
#: half the square of as many standard deviations as must be resolved by pixels no wider than one
NEAR = 4.5
MOST = 200_000
_SIGMA = re.compile(r"(\d+(?:\.\d+)?) ?sigma")


def ellipse(ra: float, dec: float, major: float, minor: float, angle: float, containment: float | str) -> dict:
    """The pixels and densities of an ellipse of these semi-axes in degrees; `angle` of the first one, east of north."""
    if not (
        np.isfinite([ra, dec, angle]).all() and abs(dec) <= 90 and 0 < min(major, minor) <= max(major, minor) < 180
    ):
        raise ValueError(f"no ellipse: ra {ra}, dec {dec}, semi-axes {major} and {minor}, angle {angle} degrees")
    half = 2 * np.sin(np.radians([major, minor]) / 2)
    first, second = half / _scale(half, containment)
    wide, narrow = max(first, second), min(first, second)

    def exponent(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        rho = 2 * np.sin(np.radians(separation(lon, lat, ra, dec)) / 2)
        turn = np.radians(bearing(lon, lat, ra, dec) - angle)
        return 0.5 * (np.square(rho * np.cos(turn) / first) + np.square(rho * np.sin(turn) / second))

    def least(lon: np.ndarray, lat: np.ndarray, radius: float) -> np.ndarray:
        away = separation(lon, lat, ra, dec)
        near = 2 * np.sin(np.radians(np.maximum(away - radius, 0)) / 2) / wide
        stretch = 1 / np.maximum(np.cos(np.radians(np.minimum(away + radius, 179)) / 2), 1e-2)
        return 0.5 * np.square(
            np.maximum(near, np.sqrt(2 * exponent(lon, lat)) - np.radians(radius) * stretch / narrow)
        )

    return _pixels(exponent, least, 2 * np.pi * wide * narrow, np.degrees(narrow), 1)


def ring(ra: float, dec: float, inner: float, outer: float, containment: float | str) -> dict:
    """The pixels and densities of a ring whose density falls off as a Gaussian on both sides of its middle."""
    middle, width = (inner + outer) / 2, _width(inner, outer, containment)

    def exponent(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        return 0.5 * np.square((separation(lon, lat, ra, dec) - middle) / width)

    def least(lon: np.ndarray, lat: np.ndarray, radius: float) -> np.ndarray:
        away = np.abs(separation(lon, lat, ra, dec) - middle)
        return 0.5 * np.square(np.maximum(away - radius, 0) / width)

    total = (2 * np.pi) ** 1.5 * np.radians(width) * max(np.sin(np.radians(middle)), np.radians(width))
    return _pixels(exponent, least, total, width, 2)


def _pixels(exponent: Callable, least: Callable, total: float, narrow: float, depth: int) -> dict:
    """Pixels that hold no more than GRAIN each, nor are wider than `narrow` degrees where there is any probability."""

    def wanted(lon: np.ndarray, lat: np.ndarray, order: int) -> np.ndarray:
        peak = least(lon, lat, grid.radius(order))
        return (np.exp(-peak) * grid.pixel_area(order) > GRAIN * total) | ((peak < NEAR) & (grid.side(order) > narrow))

    uniq = refine.refined(wanted, most=MOST)
    return {"uniq": uniq, "density": refine.averaged(lambda lon, lat: np.exp(-exponent(lon, lat)), uniq, depth)}


def sigmas(containment: float | str) -> float | None:
    """The number in a containment such as "1sigma", None where it is a probability. Raises ValueError for others."""
    if isinstance(containment, str):
        said = _SIGMA.fullmatch(containment.strip().lower())
        if said and 0 < float(said[1]) <= 10:
            return float(said[1])
    elif 0 < containment < 1:
        return None
    raise ValueError(f"containment is a probability between 0 and 1, or such as '1sigma', not {containment!r}")


def _scale(half: np.ndarray, containment: float | str) -> float:
    """How many standard deviations the two projected semi-axes are, so that they contain what is said."""
    count = sigmas(containment)
    if count is not None:
        return count
    turn = np.linspace(0, np.pi, 256, endpoint=False)
    edge = 4 / (np.square(half[0] * np.cos(turn)) + np.square(half[1] * np.sin(turn)))  # of the plane, rho = 2, squared

    def held(scale: float) -> float:
        return np.expm1(-0.5 * scale**2) / np.mean(np.expm1(-0.5 * scale**2 * edge))

    wanted = float(containment)
    if held(1e-4) >= wanted:
        raise ValueError(f"a region that large holds more than {containment} of the sky already: no error is meant")
    return _solved(held, 1e-4, 40.0, wanted)


def _width(inner: float, outer: float, containment: float | str) -> float:
    """The Gaussian width in degrees with which a ring holds what is said between its edges."""
    count = sigmas(containment)
    if count is not None:
        return (outer - inner) / 2 / count
    theta = np.linspace(0, 180, 200_001)
    if outer - inner < 0.05:  # finer than those steps
        theta = np.clip((inner + outer) / 2 + np.linspace(-40, 40, 200_001) * (outer - inner), 0, 180)
    between = (theta >= inner) & (theta <= outer)

    def held(narrowness: float) -> float:
        weight = np.sin(np.radians(theta)) * np.exp(-0.5 * np.square((theta - (inner + outer) / 2) * narrowness))
        return weight[between].sum() / weight.sum()

    half, wanted = (outer - inner) / 2, float(containment)
    if held(1e-3 / half) >= wanted:
        raise ValueError(f"a ring that wide holds more than {containment} of the sky already: no error is meant")
    return 1 / _solved(held, 1e-3 / half, 10 / half, wanted)


def _solved(held: Callable[[float], float], low: float, high: float, wanted: float) -> float:
    """Where a growing function reaches a value, by bisection."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if held(middle) < wanted else (low, middle)
    return (low + high) / 2
