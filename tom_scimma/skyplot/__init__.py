"""A sky map, or a circle on the sky, as a picture: the whole sky above, its most probable part below.

Credible level is shown by lightness of one blue, the 50 and 90 % regions by a full and a broken line, so that nothing
depends on telling colours apart; letters stay readable when the picture is shown 400 pixels wide. Nothing heavy is
imported before a picture is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skyplot import scene as scenes
from tom_scimma.skyplot.frame import INK, SMALL, WholeSky, Window, label
from tom_scimma.skyplot.scene import Point, Scene, angle_text, area_text

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


def png(
    skymap: SkyMap, *, title: str = "", points: Sequence[Point] = (), levels: tuple[float, float] = (0.5, 0.9)
) -> bytes:
    """A PNG of a sky map: two credible regions, their areas, and points (ra, dec) or (ra, dec, name), degrees."""
    return _drawn(scenes.of_map(skymap, levels), title, points)


def circle_png(
    ra: float,
    dec: float,
    radius_deg: float | None = None,
    *,
    containment: float | None = None,
    title: str = "",
    points: Sequence[Point] = (),
) -> bytes:
    """A PNG of a position with its error circle (degrees; None for a bare position), in the look of `png`.

    Raises ValueError where `ra` and `dec` are no position.
    """
    return _drawn(scenes.of_circle(ra, dec, radius_deg, containment), title, points)


def _drawn(scene: Scene, title: str, points: Sequence[Point]) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    whole = figure.add_axes((0.035, 0.575, 0.955, 0.375))
    below = figure.add_axes((0.17, 0.045, 0.70, 0.46))
    radius = float(np.clip(scene.radius_deg, SMALLEST_WINDOW_DEG, LARGEST_WINDOW_DEG))
    frames: tuple[WholeSky, Window] = WholeSky(), Window(*scene.centre, radius)
    _panel(whole, frames[0], scene, 760, 380)
    _panel(below, frames[1], scene, 440, 440)
    _marks(whole, frames[0], scene, points)
    _marks(below, frames[1], scene, points)
    whole.axis("off")
    if scene.radius_deg < SMALL_REGION_DEG:
        x, y = frames[0].paper(*scene.centre)
        whole.plot(x, y, "o", ms=22, mfc="none", mec=MARK, mew=1.8, zorder=8, clip_on=False)
    if title:
        style: dict[str, Any] = {"fontsize": SMALL + 4, "fontweight": "bold", "color": INK, "parse_math": False}
        figure.text(0.5, 0.985, title[:60], ha="center", va="top", **style)
    _legend(figure, scene, bool(points))
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
    axes.imshow(
        np.ma.masked_invalid(shades),
        origin="lower",
        extent=extent,
        cmap=colours,
        vmin=0,
        vmax=1,
        interpolation="bilinear",
        zorder=1,
    )
    for outline in scene.outlines:
        for ring in outline.rings:
            px, py = frame.paper(*np.array(ring).T)
            for run in np.split(np.arange(px.size), np.flatnonzero(frame.broken(px, py)) + 1):
                axes.plot(px[run], py[run], color=INK, lw=1.3, ls=LINES[outline.style], zorder=5)
    frame.graticule(axes)


def _marks(axes: Axes, frame: WholeSky | Window, scene: Scene, points: Sequence[Point]) -> None:
    def inside(x: float, y: float) -> bool:
        return bool(abs(x) <= frame.half_width and abs(y) <= frame.half_height)

    if isinstance(frame, Window):
        x, y = (float(value) for value in frame.paper(*scene.best))
        if inside(x, y):
            axes.plot(x, y, "+", ms=14, mew=4.2, color="white", zorder=8)
            axes.plot(x, y, "+", ms=13, mew=2.0, color=INK, zorder=9)
    for point in points:
        x, y = (float(value) for value in frame.paper(point[0], point[1]))
        if not inside(x, y):
            continue
        axes.plot(x, y, "o", ms=7, color=MARK, mec="white", mew=1.2, zorder=9)
        if isinstance(frame, Window) and len(point) > 2:
            left = x > 0.45 * frame.half_width  # the name goes where there is room
            text = f"{point[2]}"[:24]
            label(
                axes,
                x,
                y,
                f"{text}  " if left else f"  {text}",
                ha="right" if left else "left",
                va="center",
                parse_math=False,
                zorder=10,
            )


def _legend(figure: Any, scene: Scene, points: bool) -> None:
    from matplotlib.lines import Line2D

    entries = [Line2D([], [], color=INK, lw=1.6, ls=LINES[item.style], label=item.text) for item in scene.outlines]
    if points:
        entries.append(Line2D([], [], ls="", marker="o", ms=7, color=MARK, mec="white", label="targets"))
    if entries:
        figure.legend(
            handles=entries, loc="center", bbox_to_anchor=(0.5, 0.545), ncols=len(entries), frameon=False,
            fontsize=SMALL + 1, handlelength=2.4, columnspacing=1.6, labelcolor=INK,
        )  # fmt: skip


__all__ = ["angle_text", "area_text", "circle_png", "png"]
