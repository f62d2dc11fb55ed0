"""Outlines of credible regions as polygons: GeoJSON in the plane of longitude and latitude, STC-S on the sphere.

GeoJSON (RFC 7946) knows the plane only: longitude is RA, counted -180..180, and what lies across RA 180 is cut there
(section 3.1.9), what lies around a pole follows the edge of the plane; so that any plane map draws it right. Exterior
rings go counterclockwise in that plane, holes clockwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skymap import plane, sphere
from tom_scimma.skymap.contours import Ring

if TYPE_CHECKING:
    from tom_scimma.skymap.sky import SkyMap

#: decimals of a degree: 0.4 milliarcsec
DECIMALS = 7
WHOLE = [[-180.0, -90.0], [180.0, -90.0], [180.0, 90.0], [-180.0, 90.0], [-180.0, -90.0]]


def geojson(sky: SkyMap, levels: Sequence[float]) -> dict[str, Any]:
    """A GeoJSON FeatureCollection: a MultiPolygon a level, with `level` and `area_deg2`."""
    return {"type": "FeatureCollection", "features": [_feature(sky, level) for level in levels]}


def _feature(sky: SkyMap, level: float) -> dict[str, Any]:
    (rings,) = sky.contours([level])
    polygons = plane.polygons([np.array(ring) for ring in rings]) if rings else [[WHOLE]]
    coordinates = [[_rounded(ring) for ring in polygon] for polygon in polygons]
    return {
        "type": "Feature",
        "properties": {"level": float(level), "area_deg2": sky.area(level)},
        "geometry": {"type": "MultiPolygon", "coordinates": coordinates},
    }


def _rounded(ring: Any) -> list[list[float]]:
    return np.round(np.asarray(ring), DECIMALS).tolist()


def stcs(sky: SkyMap, level: float) -> str:
    """The region as STC-S: a Polygon, or Union, Difference and AllSky of polygons; ICRS degrees.

    Seen from Earth the inside is on the left of a polygon's edge, as DALI 1.1 wants it; each is less than half the sky.
    """
    (rings,) = sky.contours([level])
    if not rings:
        return "AllSky ICRS"
    shells: list[Ring] = []
    holes: list[Ring] = []
    for ring in rings:
        (shells if _left_area(ring) < 2 * np.pi else holes).append(ring)
    if not shells:  # a band around the sky: all but what is outside
        return f"Difference ICRS (AllSky {_joined([_polygon(ring, turn=False) for ring in holes])})"
    words = []
    for shell in shells:
        inner = [_polygon(ring, turn=False) for ring in holes if len(shells) == 1 or _inside(shell, ring[0])]
        outer = _polygon(shell, turn=True)
        words.append(f"Difference ({outer} {_joined(inner)})" if inner else outer)
    kind, _, rest = _joined(words).partition(" ")
    return f"{kind} ICRS {rest}"


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"Union ({' '.join(words)})"


def _polygon(ring: Ring, *, turn: bool) -> str:
    corners = ring[:-1][::-1] if turn else ring[:-1]
    return "Polygon " + " ".join(f"{ra:.{DECIMALS}f} {dec:.{DECIMALS}f}" for ra, dec in corners)


def _left_area(ring: Ring) -> float:
    """Steradians to the left of a ring, where RA grows to the right: minus the integral of sin(dec) dRA (Green)."""
    ra, dec = plane.filled(np.array(ring)).T
    around = np.radians(ra[-1] - ra[0])  # 2 pi for a ring around a pole
    height = np.sin(np.radians(dec))
    area = abs(around) - np.sum(np.diff(np.radians(ra)) * (height[1:] + height[:-1]) / 2)
    return float(area % (4 * np.pi))


def _inside(ring: Ring, place: tuple[float, float]) -> bool:
    """Whether a ring with its region on the left, less than half of the sky, goes around a place."""
    corners, at = sphere.vectors(*np.array(ring).T), sphere.vectors(*place)
    one, other = corners[:-1], corners[1:]
    turned = np.arctan2(np.cross(one, other) @ at, np.sum(one * other, axis=1) - (one @ at) * (other @ at))
    return float(turned.sum()) > np.pi
