"""How far away an event is, as a picture: its distance's probability, and the candidates' distances below.

    reach.draw(sky, marks)       PNG, SVG or PDF bytes
    reach.of(sky)                the numbers that the picture shows

Each candidate has a row: its own distance as a mark, and the distance that the map gives in its direction as a bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skyplot.graticule import SMALL
from tom_scimma.skyplot.page import DPI, page_bytes, refuse_unknown
from tom_scimma.skyplot.palette import PALETTES, Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tom_scimma.skymap import SkyMap

#: so many rows of candidates are drawn
ROWS = 12
STEPS = 400
WIDTH_IN, CURVE_IN, ROW_IN, TITLE_IN, BELOW_IN = 6.4, 1.75, 0.27, 0.42, 0.58


@dataclass(frozen=True)
class Mark:
    """A candidate with a distance."""

    name: str
    ra: float  #: degrees
    dec: float
    distance_mpc: float


@dataclass(frozen=True)
class Reach:
    """What a map says of the distance, Mpc. The intervals leave as much out below as above."""

    mean: float
    sd: float
    half: tuple[float, float]  #: holds 50 %
    most: tuple[float, float]  #: holds 90 %
    r: np.ndarray  #: float64[n]
    density: np.ndarray  #: float64[n], per Mpc


def of(sky: SkyMap) -> Reach | None:
    """The distance of a map; None where it has none."""
    if sky.mu is None or sky.distance is None:
        return None
    mean, sd = sky.distance
    end = mean + 8 * sd
    for _ in range(2):  # the second time where nearly all of it lies
        r = np.linspace(0, end, STEPS)
        density = np.asarray(sky.distance_pdf(r), np.float64)
        held = np.concatenate(([0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(r))))
        if not held[-1] > 0:
            return None
        end = float(np.interp(0.9995 * held[-1], held, r)) * 1.05
    low, first, third, high = np.interp(np.array([0.05, 0.25, 0.75, 0.95]) * held[-1], held, r).tolist()
    return Reach(mean, sd, (first, third), (low, high), r, density)


def between(low: float, high: float) -> str:
    """An interval for people: 32.1 to 51.4 Mpc."""
    return " to ".join(f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in (low, high)) + " Mpc"


def draw(
    sky: SkyMap, marks: Sequence[Mark] = (), *, title: str = "", form: str = "png", theme: str = "light", dpi: int = DPI
) -> bytes:
    """The bytes of the picture, as `skyplot.draw` takes `form` and `theme`. Raises ValueError without a distance."""
    refuse_unknown(form=form, theme=theme)
    found = of(sky)
    if found is None:
        raise ValueError("the map has no distance to draw")
    return page_bytes(_figure(sky, found, marks[:ROWS], title, PALETTES[theme]), form, dpi)


def _figure(sky: SkyMap, found: Reach, marks: Sequence[Mark], title: str, colours: Palette) -> Figure:
    from matplotlib.figure import Figure

    rows = ROW_IN * len(marks) + (0.12 if marks else 0)
    below = BELOW_IN + (0.24 if marks else 0)
    height = TITLE_IN + CURVE_IN + rows + below
    figure = Figure(figsize=(WIDTH_IN, height), facecolor=colours.paper)
    left, wide = (0.245, 0.72) if marks else (0.06, 0.90)
    curve = figure.add_axes((left, (below + rows) / height, wide, CURVE_IN / height))
    end = _end(found, marks)
    _curve(curve, found, colours)
    axes = [curve]
    if marks:
        axes.append(figure.add_axes((left, below / height, wide, rows / height)))
        _rows(axes[1], sky, marks, end, colours)
        curve.tick_params(labelbottom=False)
        _legend(figure, left + wide / 2, 0.04 / height, colours)
    for each in axes:
        _dress(each, end, colours)
    axes[-1].set_xlabel("luminosity distance (Mpc)", fontsize=SMALL, color=colours.ink)
    if title:
        top = 1 - 0.09 / height
        style: dict[str, Any] = {"ha": "center", "va": "top", "color": colours.ink, "parse_math": False}
        figure.text(left + wide / 2, top, title[:60], fontsize=SMALL + 2, fontweight="bold", **style)
    return figure


def _end(found: Reach, marks: Sequence[Mark]) -> float:
    """Where the axis ends: with the distance's own tail, or with candidates not too far beyond it."""
    own = float(found.r[-1])
    return max([own, *(1.08 * mark.distance_mpc for mark in marks if mark.distance_mpc < 1.6 * own)])


def _curve(axes: Axes, found: Reach, colours: Palette) -> None:
    """The density, its 50 % dark, its 90 % lighter, the rest lightest."""
    shade = dict(colours.shades)
    for (low, high), level in ((found.r[[0, -1]], 0.97), (found.most, 0.9), (found.half, 0.5)):
        r = np.unique(np.concatenate(([low], found.r[(found.r > low) & (found.r < high)], [high])))
        axes.fill_between(r, np.interp(r, found.r, found.density), color=shade[level], lw=0, zorder=2)
    axes.plot(found.r, found.density, color=colours.ink, lw=1.3, zorder=4)
    axes.set_ylim(0, 1.12 * float(found.density.max()))
    axes.set_yticks([])
    text = f"50 %  {between(*found.half)}\n90 %  {between(*found.most)}"
    right = found.mean > found.r[-1] / 2  # the words stand where the curve does not
    axes.text(
        0.02 if right else 0.98, 0.93, text, transform=axes.transAxes, ha="left" if right else "right", va="top",
        fontsize=SMALL, color=colours.ink, zorder=5,
    )  # fmt: skip


def _rows(axes: Axes, sky: SkyMap, marks: Sequence[Mark], end: float, colours: Palette) -> None:
    mean, sd = sky.distance_at(np.array([mark.ra for mark in marks]), np.array([mark.dec for mark in marks]))
    for row, mark in enumerate(marks):
        if np.isfinite(mean[row]):
            axes.plot(
                [mean[row] - sd[row], mean[row] + sd[row]], [row, row], color=dict(colours.shades)[0.5], lw=5, zorder=2
            )
            axes.plot([mean[row]], [row], "|", ms=8, mew=1.6, color=colours.ink, zorder=3)
        place, marker = min(mark.distance_mpc, end), "D" if mark.distance_mpc <= end else ">"
        axes.plot(
            [place], [row], marker, ms=7, color=colours.points[0], mec=colours.paper, mew=0.9, zorder=4, clip_on=False
        )
        if mark.distance_mpc > end:
            axes.text(
                0.97 * end,
                row,
                f"{mark.distance_mpc:,.0f}",
                ha="right",
                va="center",
                fontsize=SMALL - 1,
                color=colours.ink,
            )
    axes.set_yticks(range(len(marks)))
    axes.set_yticklabels([mark.name[:18] for mark in marks], fontsize=SMALL - 0.5, color=colours.ink, parse_math=False)
    axes.set_ylim(len(marks) - 0.4, -0.6)


def _legend(figure: Figure, x: float, y: float, colours: Palette) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], ls="", marker="D", ms=6, color=colours.points[0], label="candidate"),
        Line2D([], [], color=dict(colours.shades)[0.5], lw=5, label="map in its direction, mean ± 1σ"),
    ]
    figure.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(x, y), ncols=2, frameon=False, fontsize=SMALL - 0.5,
        borderpad=0, columnspacing=1.6, labelcolor=colours.ink,
    )  # fmt: skip


def _dress(axes: Axes, end: float, colours: Palette) -> None:
    axes.set_xlim(0, end)
    axes.set_facecolor(colours.paper)
    axes.grid(axis="x", color=colours.grey, lw=0.5, alpha=0.45, zorder=1)
    axes.tick_params(axis="x", labelsize=SMALL, color=colours.ink, labelcolor=colours.ink)
    axes.tick_params(axis="y", length=0)
    for spine in axes.spines.values():
        spine.set_color(colours.ink)
        spine.set_linewidth(0.8)
