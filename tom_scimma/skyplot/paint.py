"""One panel of a picture: probability, outlines, layers, bodies and names over a frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skyplot import graticule
from tom_scimma.skyplot.bodies import Body, from_galactic
from tom_scimma.skyplot.frame import WholeSky, Window
from tom_scimma.skyplot.names import Names
from tom_scimma.skyplot.palette import Palette
from tom_scimma.skyplot.scene import Layer, Ring, Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Frame = WholeSky | Window
LINES = {"solid": "solid", "broken": (0, (3.5, 1.8))}
MARKERS = ("D", "s", "^")  #: of layers of points, in their order
FIELD_LINES: tuple[Any, ...] = ("solid", (0, (4, 1.5)), (0, (1, 1)))
PLANE_LINE = (0, (6, 2, 1, 2))
#: names in a panel; more would hide what they name
NAMED = 12
#: a region smaller than this is pointed at on the whole sky
SMALL_REGION_DEG = 4.0
#: an edge of a footprint longer than this is drawn as the great circle it is, degrees
LONG_EDGE = 1.0


def panel(
    axes: Axes, frame: Frame, scene: Scene, layers: Sequence[Layer], bodies: Sequence[Body], colours: Palette, size: tuple[int, int]
) -> None:  # fmt: skip
    """Draws everything of a scene into axes; `size` is how many places (wide, high) the probability is asked at."""
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor(colours.paper)
    _shade(axes, frame, scene, colours, size)
    graticule.draw(axes, frame, colours)
    _plane(axes, frame, colours)
    for outline in scene.outlines:
        style: dict[str, Any] = {"colors": colours.ink, "linewidths": 1.3, "linestyles": LINES[outline.style]}
        _lines(axes, frame, outline.rings, zorder=5, **style)
    _fields(axes, frame, layers, colours)
    names = Names(axes, frame, colours)
    if isinstance(frame, WholeSky):
        _pointers(axes, frame, scene, colours, names)
    _bodies(axes, frame, bodies, colours, names)
    if isinstance(frame, Window):
        _best(axes, frame, scene.best, colours, names)
    _points(axes, frame, layers, colours, names)


def _shade(axes: Axes, frame: Frame, scene: Scene, colours: Palette, size: tuple[int, int]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    x, y = ((np.arange(count) + 0.5) / count * 2 - 1 for count in size)
    places = np.meshgrid(x * frame.half_width, y * frame.half_height)
    shades = scene.shade(*frame.sky(*places))
    axes.imshow(
        np.ma.masked_invalid(shades),
        origin="lower",
        extent=(-frame.half_width, frame.half_width, -frame.half_height, frame.half_height),
        cmap=LinearSegmentedColormap.from_list("level", colours.shades),
        vmin=0,
        vmax=1,
        interpolation="bilinear",
        zorder=1,
    )


def _plane(axes: Axes, frame: Frame, colours: Palette) -> None:
    """The plane of the Milky Way, and its centre."""
    lon = np.linspace(0, 360, 721)
    ring = list(zip(*from_galactic(lon, np.zeros_like(lon)), strict=True))
    _lines(axes, frame, [ring], zorder=2, colors=colours.plane, linewidths=1.0, linestyles=[PLANE_LINE])
    x, y = frame.paper(*from_galactic(np.zeros(1), np.zeros(1)))
    if frame.inside(x[0], y[0]):
        axes.plot(x, y, "x", ms=6, mew=1.4, color=colours.plane, zorder=2)


def _fields(axes: Axes, frame: Frame, layers: Sequence[Layer], colours: Palette) -> None:
    for number, layer in enumerate(layer for layer in layers if layer.rings):
        style: dict[str, Any] = {
            "colors": colours.fields[number % len(colours.fields)],
            "linewidths": 1.1 if isinstance(frame, Window) else 0.8,
            "linestyles": [FIELD_LINES[number % len(FIELD_LINES)]],
        }
        _lines(axes, frame, [_great_circles(ring) for ring in layer.rings], zorder=6, **style)


def _bodies(axes: Axes, frame: Frame, bodies: Sequence[Body], colours: Palette, names: Names) -> None:
    for body in bodies:
        x, y = (float(value) for value in frame.paper(body.ra, body.dec))
        if not frame.inside(x, y):
            continue
        colour = colours.sun if body.name == "Sun" else colours.moon
        axes.plot(x, y, "o", ms=11, mfc=colour, mec=colours.ink, mew=1.0, zorder=8)
        if body.name == "Sun":
            axes.plot(x, y, "o", ms=2.5, color=colours.ink, zorder=8)
        names.write(x, y, body.name, away=9)


def _pointers(axes: Axes, frame: WholeSky, scene: Scene, colours: Palette, names: Names) -> None:
    """Rings around regions that are too small to be seen, and the letters of two windows."""
    for letter, view in zip("AB", scene.views, strict=False):
        x, y = (float(value) for value in frame.paper(view.ra, view.dec))
        if len(scene.views) > 1:
            names.write(x, y, letter, away=min(max(np.radians(view.radius_deg) * names.scale, 12), 40))
        if view.radius_deg < SMALL_REGION_DEG:
            axes.plot(x, y, "o", ms=18, mfc="none", mec=colours.points[0], mew=1.6, zorder=8, clip_on=False)
            names.avoid([(x, y)], 9)


def _best(axes: Axes, frame: Window, best: tuple[float, float], colours: Palette, names: Names) -> None:
    x, y = (float(value) for value in frame.paper(*best))
    if frame.inside(x, y):
        names.avoid([(x, y)], 6)
        axes.plot(x, y, "+", ms=14, mew=4.2, color=colours.paper, zorder=8)
        axes.plot(x, y, "+", ms=13, mew=2.0, color=colours.ink, zorder=8)


def _points(axes: Axes, frame: Frame, layers: Sequence[Layer], colours: Palette, names: Names) -> None:
    """Marks, the most important on top; their names in the windows, as far as there is room."""
    seen = []
    for number, layer in enumerate(layer for layer in layers if layer.points):
        places = np.array([(point.ra, point.dec) for point in layer.points], np.float64)
        x, y = frame.paper(*places.T)
        inner = np.flatnonzero(np.nan_to_num(frame.inside(x, y), nan=0).astype(bool))
        size = 4.5 if inner.size > 40 or isinstance(frame, WholeSky) else 7.5
        axes.plot(
            x[inner[::-1]], y[inner[::-1]], ls="", marker=MARKERS[number % len(MARKERS)], ms=size,
            color=colours.points[number % len(colours.points)], mec=colours.paper, mew=size / 8, zorder=9,
        )  # fmt: skip
        seen += [(float(x[at]), float(y[at]), layer.points[at].name) for at in inner[:NAMED]]
    if isinstance(frame, Window):
        names.avoid([place[:2] for place in seen])
        for at_x, at_y, name in seen[:NAMED]:
            names.write(at_x, at_y, name[:24], away=7)


def _lines(axes: Axes, frame: Frame, rings: Sequence[Ring], **options: Any) -> None:
    """Rings on the paper, cut where they leave it."""
    from matplotlib.collections import LineCollection

    runs = [run for ring in rings for run in _runs(frame, ring)]
    if runs:
        axes.add_collection(LineCollection(runs, **options), autolim=False)


def _runs(frame: Frame, ring: Ring) -> Iterator[np.ndarray]:
    x, y = frame.paper(*np.array(ring, np.float64).T)
    breaks = np.flatnonzero(np.isnan(x[:-1]) | np.isnan(x[1:]) | frame.broken(x, y)) + 1
    for run in np.split(np.stack([x, y], axis=1), breaks):
        if len(run) > 1:
            yield run


def _great_circles(ring: Ring) -> Ring:
    """The ring with points along its long edges."""
    ra, dec = np.radians(np.array([*ring, ring[0]], np.float64)).T
    vectors = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)
    chord = np.linalg.norm(np.diff(vectors, axis=0), axis=1)
    count = np.minimum(np.ceil(np.degrees(chord) / LONG_EDGE), 60).astype(int)
    if (count <= 1).all():
        return [*ring, ring[0]]
    at = np.repeat(np.arange(len(count)), np.maximum(count, 1))
    part = np.concatenate([np.arange(max(n, 1)) / max(n, 1) for n in count])[:, None]
    x, y, z = (vectors[at] * (1 - part) + vectors[at + 1] * part).T
    places = zip(np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arctan2(z, np.hypot(x, y))), strict=True)
    return [*places, ring[0]]
