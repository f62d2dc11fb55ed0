"""What a picture of the sky shows: made from a sky map, or from a circle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skymap import grid

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

#: what lies farther from the most probable position is not drawn into the window
NEAR_DEG = 30.0
#: level that an error circle is shaded as
CIRCLE_SHADE = 0.8

Ring = Sequence[tuple[float, float]]
Point = Sequence[Any]  #: (ra, dec) or (ra, dec, name), degrees


@dataclass(frozen=True)
class Outline:
    """The edge of a region, and what the legend says of it."""

    text: str
    style: str  #: solid | broken
    rings: Sequence[Ring]


@dataclass(frozen=True)
class Scene:
    """What is to be drawn. All positions in degrees."""

    #: (ra, dec) to credible level, 1 outside; NaN gives NaN
    shade: Callable[[np.ndarray, np.ndarray], np.ndarray]
    centre: tuple[float, float]  #: of the window
    radius_deg: float  #: of the window
    best: tuple[float, float]  #: the most probable position
    outlines: Sequence[Outline] = ()


def of_map(skymap: SkyMap, levels: Sequence[float]) -> Scene:
    """The scene of a sky map with the regions of two credible levels."""
    outlines = [
        Outline(f"{100 * level:g} %  {area_text(area)}", style, rings)
        for level, area, style, rings in zip(
            levels, skymap.area(levels), ("solid", "broken"), skymap.contours(levels), strict=True
        )
    ]
    shades = _shades(skymap)

    def shade(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
        row = skymap.rows_at(ra, dec)
        return np.where(np.isnan(ra), np.nan, np.where(row < 0, 1.0, shades[row]))

    centre, radius = _window(skymap, max(levels))
    return Scene(shade, centre, radius, skymap.mode, outlines)


def of_circle(ra: float, dec: float, radius_deg: float | None, containment: float | None) -> Scene:
    """The scene of a position with its error circle, or of a bare position. Raises ValueError without a position."""
    from tom_scimma.skymap.makers import separation

    if not (np.isfinite(ra) and abs(dec) <= 90):
        raise ValueError(f"no position to draw: ra {ra}, dec {dec}")
    size = min(radius_deg, 180.0) if radius_deg and radius_deg > 0 else 0.0
    outlines = []
    if size:
        share = f"{100 * containment:g} %  " if containment else ""
        area = 2 * np.pi * (1 - np.cos(np.radians(size))) * grid.DEG2_PER_SR
        text = f"{share}radius {angle_text(size)}, {area_text(area)}"
        outlines.append(Outline(text, "solid", [_circle(ra, dec, size)] if size < 180 else []))

    def shade(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        away = separation(lon, lat, ra, dec)
        return np.where(np.isnan(away), np.nan, np.where(away <= size, CIRCLE_SHADE, 1.0))

    return Scene(shade, (ra, dec), 2.2 * size or 0.25, (ra, dec), outlines)


def _shades(skymap: SkyMap) -> np.ndarray:
    """Level of each pixel, float64[n]; pixels of equal density share their mean, so that a flat map looks flat."""
    rows = skymap.ranked.rows
    first = np.concatenate(([True], skymap.density[rows[1:]] != skymap.density[rows[:-1]]))
    group = np.cumsum(first) - 1
    mean = np.bincount(group, skymap.levels[rows]) / np.bincount(group)
    shades = np.empty(len(skymap))
    shades[rows] = mean[group]
    return shades


def _circle(ra: float, dec: float, radius: float) -> list[tuple[float, float]]:
    """A closed ring of (ra, dec) at one angle from a position, degrees."""
    turn = np.linspace(0, 2 * np.pi, 181)
    angle, tilt = np.radians(radius), np.radians(dec)
    sine = np.clip(np.sin(tilt) * np.cos(angle) + np.cos(tilt) * np.sin(angle) * np.cos(turn), -1, 1)
    east = np.arctan2(np.sin(turn) * np.sin(angle) * np.cos(tilt), np.cos(angle) - np.sin(tilt) * sine)
    return list(zip(((ra + np.degrees(east)) % 360).tolist(), np.degrees(np.arcsin(sine)).tolist(), strict=True))


def _window(skymap: SkyMap, level: float) -> tuple[tuple[float, float], float]:
    """(centre, radius) in degrees of a window on the part of a credible region around the most probable position."""
    from tom_scimma.skymap.makers import separation

    rows = skymap.region(level)
    ra, dec = grid.centres(skymap.uniq[rows])
    size = np.degrees(np.sqrt(skymap.pixel_area[rows]))
    near = separation(ra, dec, *skymap.mode) <= NEAR_DEG
    ra, dec, size = ra[near], dec[near], size[near]
    weight = (skymap.density * skymap.pixel_area)[rows][near]
    lon, lat = np.radians(ra), np.radians(dec)
    x, y, z = (np.sum(weight * axis) for axis in (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))
    centre = float(np.degrees(np.arctan2(y, x)) % 360), float(np.degrees(np.arctan2(z, np.hypot(x, y))))
    return centre, 1.15 * float(np.max(separation(ra, dec, *centre) + size / 2))


def area_text(deg2: float) -> str:
    """An area for people: 27.7 deg², 4,301 deg², 3.2 arcmin²."""
    for unit, size in (("deg²", 1.0), ("arcmin²", 3600.0), ("arcsec²", 3600.0**2)):
        value = deg2 * size
        if value >= 0.1 or unit == "arcsec²":
            return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"
    raise AssertionError


def angle_text(degrees: float) -> str:
    """An angle for people: 5°, 3.2′, 1.5″."""
    if degrees >= 1:
        return f"{degrees:.3g}°"
    return f"{degrees * 60:.3g}′" if degrees >= 1 / 60 else f"{degrees * 3600:.3g}″"
