"""Regions with hard edges, the same density everywhere inside: cone, annulus, polygon."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tom_scimma.skymap import grid, refine
from tom_scimma.skymap.sphere import bearing, separation, vectors
from tom_scimma.skymap.sphere import degrees as sphere_degrees

#: pixels on an edge are this part of the region's narrow side
EDGE = 1 / 64
MOST = 200_000
#: (ra, dec) in degrees to how far inside the edge each is, degrees, negative outside
Depth = Callable[[np.ndarray, np.ndarray], np.ndarray]


def cone(ra: float, dec: float, radius: float) -> Depth:
    """How far inside a circle."""
    _checked(ra, dec)
    if not 0 < radius <= 180:
        raise ValueError(f"the radius of a cone lies in 0..180 degrees, not {radius}")
    return lambda lon, lat: radius - separation(lon, lat, ra, dec)


def annulus(ra: float, dec: float, inner: float, outer: float) -> Depth:
    """How far inside a ring."""
    _checked(ra, dec)
    if not 0 <= inner < outer <= 180:
        raise ValueError(f"an annulus needs 0 <= inner < outer <= 180 degrees, not {inner} and {outer}")

    def depth(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        away = separation(lon, lat, ra, dec)
        return np.minimum(away - inner if inner else np.inf, outer - away)

    return depth


def polygon(ra: Any, dec: Any) -> Depth:
    """How far inside a polygon of great-circle arcs, its smaller side; it may be concave, and must fit a hemisphere.

    Inside is where the edges turn once around: the angle that an edge A B subtends at P is atan2(P . A x B,
    A . B - (P . A)(P . B)).
    """
    if np.shape(ra) != np.shape(dec):
        raise ValueError("a polygon needs as many declinations as right ascensions, in degrees")
    corners = vectors(np.asarray(ra, np.float64), np.asarray(dec, np.float64))
    if corners.ndim != 2 or not np.isfinite(corners).all() or not (np.abs(dec) <= 90).all():
        raise ValueError("the corners of a polygon are finite numbers of degrees")
    if len(corners) > 1 and np.allclose(corners[0], corners[-1], atol=1e-14, rtol=0):
        corners = corners[:-1]
    middle = corners.sum(axis=0)
    if len(corners) < 3 or (corners @ middle <= 0).any():
        raise ValueError("a polygon needs three corners or more, all on one half of the sky; divide a larger one")
    edges = [edge for edge in zip(corners, np.roll(corners, -1, axis=0), strict=True) if not np.array_equal(*edge)]

    def depth(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        at = vectors(lon, lat)
        turned, nearest = np.zeros(len(at)), np.full(len(at), np.inf)
        for one, other in edges:
            normal = np.cross(one, other)
            turned += np.arctan2(at @ normal, one @ other - (at @ one) * (at @ other))
            nearest = np.minimum(nearest, _to_arc(at, one, other, normal / np.linalg.norm(normal)))
        return np.where((np.abs(turned) > np.pi) & (at @ middle > 0), nearest, -nearest)

    return depth


def _to_arc(at: np.ndarray, one: np.ndarray, other: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Degrees from positions to the arc between two corners."""
    beside = (at @ np.cross(normal, one) >= 0) & (at @ np.cross(other, normal) >= 0)
    ends = np.minimum(np.linalg.norm(at - one, axis=1), np.linalg.norm(at - other, axis=1))
    return np.degrees(np.where(beside, np.abs(np.arcsin(np.clip(at @ normal, -1, 1))), 2 * np.arcsin(ends / 2)))


def narrow_side(ra: Any, dec: Any) -> float:
    """Four times area over length of a polygon, degrees: the side of a square, the diameter of a circle."""
    corners = vectors(np.asarray(ra, np.float64), np.asarray(dec, np.float64))
    middle = corners.sum(axis=0) / np.linalg.norm(corners.sum(axis=0))
    turn, angle = bearing(ra, dec, *sphere_degrees(middle)), np.arccos(np.clip(corners @ middle, -1, 1))
    plane = 2 * np.sin(angle / 2) * np.exp(1j * np.radians(turn))
    following = np.roll(plane, -1)
    length = np.abs(following - plane).sum()
    return float(np.degrees(2 * abs(np.sum(np.imag(np.conj(plane) * following))) / length)) if length else 0.0


def _checked(ra: float, dec: float) -> None:
    if not (np.isfinite(ra) and abs(dec) <= 90):
        raise ValueError(f"no position: ra {ra}, dec {dec} degrees")


def shares(depth: Depth, narrow: float) -> tuple[np.ndarray, np.ndarray]:
    """(uniq int64[n], share float64[n]) of the pixels that a region touches: how much of each lies inside.

    Pixels on the edge are `narrow` * EDGE degrees wide; their share is taken at 16 points, each counted by how far it
    is from the edge, in widths.
    """

    def wanted(lon: np.ndarray, lat: np.ndarray, order: int) -> np.ndarray:
        if grid.side(order) <= EDGE * narrow:
            return np.zeros(lon.size, bool)
        return np.abs(depth(lon, lat)) < grid.radius(order)

    uniq = refine.refined(wanted, most=MOST)
    order = grid.order_of(uniq)
    inside = depth(*grid.centres(uniq))
    far = np.degrees(np.sqrt(grid.pixel_area(order)))
    share = (inside > 0).astype(np.float64)
    edge = np.flatnonzero(np.abs(inside) < 1.6 * far)  # a pixel's corner is at most 1.5 sides away
    share[edge] = softened(depth, uniq[edge])
    kept = share > 0
    return uniq[kept], share[kept]


def softened(depth: Depth, uniq: np.ndarray) -> np.ndarray:
    """Share of pixels on an edge that lies inside, float64[n], at 16 points each."""
    share, order = np.zeros(uniq.size), grid.order_of(uniq)
    for level in np.unique(order).tolist():
        here = np.flatnonzero(order == level)
        share[here] = refine.averaged(_soft(depth, grid.side(level) / 4), uniq[here], 2)
    return share


def _soft(depth: Depth, width: float) -> refine.Field:
    """How much of a pixel of a width lies inside, by how far its centre does."""
    return lambda lon, lat: np.clip(0.5 + depth(lon, lat) / width, 0, 1)
