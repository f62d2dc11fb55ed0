"""What a picture of the sky shows: made from a sky map, or from a bare position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tom_scimma.skymap import grid
from tom_scimma.skyplot.lobes import View, views

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

#: level that an error circle is shaded as
CIRCLE_SHADE = 0.8

Ring = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Place:
    """A position on the sky with at most an error circle, for which there is no map. Degrees."""

    ra: float
    dec: float
    radius_deg: float | None = None
    containment: float | None = None  #: probability inside the radius, 0..1


@dataclass(frozen=True)
class Point:
    """A thing at a position, degrees."""

    ra: float
    dec: float
    name: str = ""


@dataclass(frozen=True)
class Layer:
    """Things of one kind drawn over the map, and what the legend calls them."""

    label: str
    points: Sequence[Point] = ()  #: the most important first: where names have no room, the later ones go without
    rings: Sequence[Ring] = ()  #: closed polygons of (ra, dec) in degrees; a footprint of several CCDs is several


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
    best: tuple[float, float]  #: the most probable position
    views: Sequence[View]  #: what the windows show
    outlines: Sequence[Outline] = ()


def of(subject: SkyMap | Place, levels: Sequence[float]) -> Scene:
    """The scene of a sky map with the regions of two credible levels, or of a position with its error circle.

    Raises ValueError for a Place that is no position.
    """
    return of_place(subject) if isinstance(subject, Place) else of_map(subject, levels)


def view_of(subject: SkyMap | Place, level: float = 0.9) -> View:
    """The most probable part of a map's region, or what is around a Place."""
    return of_place(subject).views[0] if isinstance(subject, Place) else views(subject, level)[0]


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

    return Scene(shade, skymap.mode, views(skymap, max(levels)), outlines)


def of_place(place: Place) -> Scene:
    """The scene of a position with its error circle, or of a bare position. Raises ValueError without a position."""
    from tom_scimma.skymap.makers import separation

    ra, dec, radius = place.ra, place.dec, place.radius_deg
    if not (np.isfinite(ra) and abs(dec) <= 90):
        raise ValueError(f"no position to draw: ra {ra}, dec {dec}")
    size = min(radius, 180.0) if radius and radius > 0 else 0.0
    outlines = []
    if size:
        share = f"{100 * place.containment:g} %  " if place.containment else ""
        area = 2 * np.pi * (1 - np.cos(np.radians(size))) * grid.DEG2_PER_SR
        text = f"{share}radius {angle_text(size)}, {area_text(area)}"
        outlines.append(Outline(text, "solid", [circle(ra, dec, size)] if size < 180 else []))

    def shade(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        away = separation(lon, lat, ra, dec)
        return np.where(np.isnan(away), np.nan, np.where(away <= size, CIRCLE_SHADE, 1.0))

    view = View(ra, dec, float(np.clip(2.2 * size or 0.25, 2 / 3600, 90.0)))
    return Scene(shade, (ra, dec), [view], outlines)


def _shades(skymap: SkyMap) -> np.ndarray:
    """Level of each pixel, float64[n]; pixels of equal density share their mean, so that a flat map looks flat."""
    rows = skymap.ranked.rows
    first = np.concatenate(([True], skymap.density[rows[1:]] != skymap.density[rows[:-1]]))
    group = np.cumsum(first) - 1
    mean = np.bincount(group, skymap.levels[rows]) / np.bincount(group)
    shades = np.empty(len(skymap))
    shades[rows] = mean[group]
    return shades


def circle(ra: float, dec: float, radius: float) -> list[tuple[float, float]]:
    """A closed ring of (ra, dec) at one angle from a position, degrees."""
    turn, angle = np.linspace(0, 2 * np.pi, 181)[:, None], np.radians(radius)
    lon, lat = np.radians(ra), np.radians(dec)
    centre = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    north = np.cross(centre, east)
    x, y, z = (centre * np.cos(angle) + (east * np.sin(turn) + north * np.cos(turn)) * np.sin(angle)).T
    places = np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arctan2(z, np.hypot(x, y)))
    return list(zip(*(axis.tolist() for axis in places), strict=True))


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
