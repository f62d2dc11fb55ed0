"""A sky map, or a circle on the sky, as a picture: the whole sky above, its most probable part below.

Credible level is shown by lightness of one blue, the 50 and 90 % regions by a full and a broken line, so that nothing depends on
telling colours apart; letters stay readable when the picture is shown 400 pixels wide. Nothing heavy is imported before a picture is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma import skymap_grid as grid
from tom_scimma.skyplot_frame import INK, SMALL, WholeSky, Window, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tom_scimma.skymap import SkyMap

WIDTH_IN, HEIGHT_IN, DPI = 6.4, 8.0, 125
#: (credible level, lightness of the blue): dark in the middle, white outside
SHADES = [(0.0, "#08306b"), (0.25, "#1c64a8"), (0.5, "#5ba3d0"), (0.9, "#cfe1f2"), (0.97, "#f2f7fc"), (1.0, "#ffffff")]
LINES = {"solid": "solid", "broken": (0, (3.5, 1.8))}
MARK = "#d55e00"
#: a region smaller than this is pointed at on the whole sky
SMALL_REGION_DEG = 4.0
LARGEST_WINDOW_DEG, SMALLEST_WINDOW_DEG = 45.0, 2 / 3600
#: what lies farther from the most probable position is not drawn into the window
NEAR_DEG = 30.0

Point = Sequence[Any]  # (ra, dec) or (ra, dec, name), degrees


@dataclass(frozen=True)
class Scene:
    """What is to be drawn."""

    shade: Callable[[np.ndarray, np.ndarray], np.ndarray]  #: (ra, dec) in degrees to credible level; NaN outside the paper
    centre: tuple[float, float]  #: of the window, degrees
    radius_deg: float  #: of the window
    rings: Sequence[tuple[str, str, Sequence[Sequence[tuple[float, float]]]]]  #: (legend, line style, rings of (ra, dec))
    title: str = ""
    points: Sequence[Point] = ()
    marked: Sequence[tuple[float, float]] = field(default=())  #: positions that are marked as the best ones


def png(skymap: SkyMap, *, title: str = "", points: Sequence[Point] = (), levels: tuple[float, float] = (0.5, 0.9)) -> bytes:
    """A PNG of a sky map with its two credible regions, their areas, and points (ra, dec) or (ra, dec, name) in degrees."""
    areas = skymap.area(levels)
    rings = skymap.contours(levels)
    centre, radius = _window(skymap, levels[1])
    named = [
        (f"{100 * level:g} %  {area_text(area)}", style, outline)
        for level, area, style, outline in zip(levels, areas, ("solid", "broken"), rings, strict=True)
    ]
    return _drawn(Scene(skymap.level_at, centre, radius, named, title, points, (skymap.mode,)))


def circle_png(
    ra: float,
    dec: float,
    radius_deg: float | None = None,
    *,
    containment: float | None = None,
    title: str = "",
    points: Sequence[Point] = (),
) -> bytes:
    """A PNG of a position with its error circle (degrees; None for a bare position), in the look of `png`."""
    from tom_scimma.skymap_make import separation

    if not (np.isfinite(ra) and abs(dec) <= 90):
        raise ValueError(f"no position to draw: ra {ra}, dec {dec}")
    size = radius_deg if radius_deg and radius_deg > 0 else 0.0
    named = []
    if size:
        share = f"{100 * containment:g} %  " if containment else ""
        area = 2 * np.pi * (1 - np.cos(np.radians(min(size, 180)))) * grid.DEG2_PER_SR
        named = [(f"{share}radius {angle_text(size)}, {area_text(area)}", "solid", [_circle(ra, dec, size)])]

    def shade(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        away = separation(lon, lat, ra, dec)
        return np.where(np.isnan(away), np.nan, np.where(away <= size, 0.8, 1.0))

    return _drawn(Scene(shade, (ra, dec), 2.2 * size or 0.25, named, title, points, ((ra, dec),)))


def _circle(ra: float, dec: float, radius: float) -> list[tuple[float, float]]:
    """A closed ring of (ra, dec) at one angle from a position, degrees."""
    turn = np.linspace(0, 2 * np.pi, 181)
    angle, tilt = np.radians(radius), np.radians(dec)
    sine = np.clip(np.sin(tilt) * np.cos(angle) + np.cos(tilt) * np.sin(angle) * np.cos(turn), -1, 1)
    east = np.arctan2(np.sin(turn) * np.sin(angle) * np.cos(tilt), np.cos(angle) - np.sin(tilt) * sine)
    return list(zip(((ra + np.degrees(east)) % 360).tolist(), np.degrees(np.arcsin(sine)).tolist(), strict=True))


def _window(skymap: SkyMap, level: float) -> tuple[tuple[float, float], float]:
    """(centre, radius) in degrees of a window on the part of a credible region around the most probable position."""
    from tom_scimma.skymap_make import separation

    rows = skymap.region(level)
    ra, dec = grid.centres(skymap.uniq[rows])
    size = np.degrees(np.sqrt(skymap.pixel_area[rows]))
    near = separation(ra, dec, *skymap.mode) <= NEAR_DEG
    ra, dec, size = ra[near], dec[near], size[near]
    weight = (skymap.density * skymap.pixel_area)[rows][near]
    lon, lat = np.radians(ra), np.radians(dec)
    x, y, z = (np.dot(weight, axis) for axis in (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))
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


def _drawn(scene: Scene) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    whole = figure.add_axes((0.035, 0.575, 0.955, 0.375))
    below = figure.add_axes((0.17, 0.045, 0.70, 0.46))
    radius = float(np.clip(scene.radius_deg, SMALLEST_WINDOW_DEG, LARGEST_WINDOW_DEG))
    frames = WholeSky(), Window(*scene.centre, radius)
    for axes, frame, (wide, high) in zip((whole, below), frames, ((760, 380), (440, 440)), strict=True):
        _panel(axes, frame, scene, wide, high)
    whole.axis("off")
    if scene.radius_deg < SMALL_REGION_DEG:
        x, y = frames[0].paper(*scene.centre)
        whole.plot(x, y, "o", ms=22, mfc="none", mec=MARK, mew=1.8, zorder=8)
    if scene.title:
        figure.text(0.5, 0.985, scene.title[:60], ha="center", va="top", fontsize=SMALL + 4, fontweight="bold", color=INK, parse_math=False)
    _legend(figure, scene)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _panel(axes: Axes, frame: WholeSky | Window, scene: Scene, wide: int, high: int) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    x = (np.arange(wide) + 0.5) / wide * 2 - 1
    y = (np.arange(high) + 0.5) / high * 2 - 1
    places = np.meshgrid(x * frame.half_width, y * frame.half_height)
    shades = scene.shade(*frame.sky(*places))
    extent = (-frame.half_width, frame.half_width, -frame.half_height, frame.half_height)
    colours = LinearSegmentedColormap.from_list("level", SHADES)
    axes.imshow(np.ma.masked_invalid(shades), origin="lower", extent=extent, cmap=colours, vmin=0, vmax=1, interpolation="bilinear", zorder=1)
    for _, style, rings in scene.rings:
        for ring in rings:
            px, py = frame.paper(*np.array(ring).T)
            for run in np.split(np.arange(px.size), np.flatnonzero(frame.broken(px, py)) + 1):
                axes.plot(px[run], py[run], color=INK, lw=1.3, ls=LINES[style], zorder=5)
    frame.graticule(axes)
    _marks(axes, frame, scene)


def _marks(axes: Axes, frame: WholeSky | Window, scene: Scene) -> None:
    def inside(x: float, y: float) -> bool:
        return bool(abs(x) <= frame.half_width and abs(y) <= frame.half_height)

    for ra, dec in scene.marked if isinstance(frame, Window) else ():
        x, y = (float(value) for value in frame.paper(ra, dec))
        if inside(x, y):
            axes.plot(x, y, "+", ms=14, mew=4.2, color="white", zorder=8)
            axes.plot(x, y, "+", ms=13, mew=2.0, color=INK, zorder=9)
    for point in scene.points:
        x, y = (float(value) for value in frame.paper(point[0], point[1]))
        if not inside(x, y):
            continue
        axes.plot(x, y, "o", ms=7, color=MARK, mec="white", mew=1.2, zorder=9)
        if isinstance(frame, Window) and len(point) > 2:
            left = x > 0.45 * frame.half_width  # the name goes where there is room
            text = f"{point[2]}"[:24]
            label(axes, x, y, f"{text}  " if left else f"  {text}", ha="right" if left else "left", va="center", parse_math=False, zorder=10)


def _legend(figure: Any, scene: Scene) -> None:
    from matplotlib.lines import Line2D

    entries = [Line2D([], [], color=INK, lw=1.6, ls=LINES[style], label=text) for text, style, _ in scene.rings]
    if scene.points:
        entries.append(Line2D([], [], ls="", marker="o", ms=7, color=MARK, mec="white", label="targets"))
    if entries:
        figure.legend(
            handles=entries, loc="center", bbox_to_anchor=(0.5, 0.545), ncols=len(entries), frameon=False,
            fontsize=SMALL + 1, handlelength=2.4, columnspacing=1.6, labelcolor=INK,
        )  # fmt: skip
