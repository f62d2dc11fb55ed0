"""The words around the panels: legend, title, note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tom_scimma.skyplot.graticule import SMALL
from tom_scimma.skyplot.paint import FIELD_LINES, LINES, MARKERS, PLANE_LINE
from tom_scimma.skyplot.palette import Palette
from tom_scimma.skyplot.scene import Layer, Scene
from tom_scimma.skyplot.sheet import Sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: how wide a bold letter of a name is at most on average, in heights of its type
LETTER = 0.72


def entries(scene: Scene, layers: Sequence[Layer], colours: Palette) -> list[Any]:
    """What the legend shows: the regions, the layers with anything in them, the plane of the Milky Way."""
    from matplotlib.lines import Line2D

    found = [
        Line2D([], [], color=colours.ink, lw=1.6, ls=LINES[item.style], label=item.text) for item in scene.outlines
    ]
    for number, layer in enumerate(layer for layer in layers if layer.points):
        colour = colours.points[number % len(colours.points)]
        found.append(
            Line2D([], [], ls="", marker=MARKERS[number % len(MARKERS)], ms=7, color=colour, label=layer.label)
        )
    for number, layer in enumerate(layer for layer in layers if layer.rings):
        style = FIELD_LINES[number % len(FIELD_LINES)]
        colour = colours.fields[number % len(colours.fields)]
        found.append(Line2D([], [], color=colour, lw=1.4, ls=style, label=layer.label))
    found.append(Line2D([], [], color=colours.plane, lw=1.2, ls=PLANE_LINE, label="galactic plane"))
    return found


def draw(figure: Figure, sheet: Sheet, shown: Sequence[Any], colours: Palette) -> None:
    """The legend in its place."""
    x, y = sheet.legend
    figure.legend(
        handles=list(shown), loc="center", bbox_to_anchor=(x / sheet.width, y / sheet.height),
        ncols=min(sheet.columns, len(shown)), frameon=False, fontsize=SMALL, handlelength=2.4, columnspacing=1.4,
        labelspacing=0.3, borderpad=0.0, labelcolor=colours.ink,
    )  # fmt: skip


def headings(figure: Figure, sheet: Sheet, title: str, note: str, colours: Palette) -> None:
    """The title above, the note below."""
    style: dict[str, Any] = {"ha": "center", "color": colours.ink, "parse_math": False}
    if title:
        top, title = 1 - 0.08 / sheet.height, title[:60]
        size = min(SMALL + 4, 72 * (sheet.width - 0.1) / (LETTER * len(title)))
        figure.text(0.5, top, title, va="top", fontsize=size, fontweight="bold", **style)
    if note:
        figure.text(0.5, 0.07 / sheet.height, note[:110], va="bottom", fontsize=SMALL - 1.5, **style)
