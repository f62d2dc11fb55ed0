"""Probability covered against time, as a picture: PNG, SVG or PDF."""

from __future__ import annotations

from collections.abc import Sequence

from tom_scimma.skyplot.graticule import SMALL
from tom_scimma.skyplot.page import DPI, page_bytes, refuse_unknown
from tom_scimma.skyplot.palette import PALETTES

WIDTH_IN, HEIGHT_IN = 6.4, 2.6


def draw(curve: Sequence[tuple[float, float]], *, form: str = "svg", theme: str = "light", title: str = "") -> bytes:
    """The bytes of a curve of (hours since the event, probability). Raises ValueError for an option that no picture has."""
    from matplotlib.figure import Figure

    refuse_unknown(form=form, theme=theme)
    colours = PALETTES[theme]
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), facecolor=colours.paper)
    axes = figure.add_axes((0.1, 0.19, 0.87, 0.7))
    hours = [0.0 if curve and curve[0][0] > 0 else (curve[0][0] if curve else 0.0), *(hour for hour, _ in curve)]
    axes.step(hours, [0.0, *(100 * value for _, value in curve)], where="post", color=colours.ink, lw=1.6)
    unit, hours_each = _unit(curve[-1][0] if curve else 0.0)
    axes.xaxis.set_major_formatter(lambda hour, _: f"{hour / hours_each:.4g}")
    if unit != "hours":
        axes.xaxis.set_major_locator(_every(curve[-1][0], hours_each))
    axes.set_ylim(0, max(5.0, min(100.0, 115 * (curve[-1][1] if curve else 0))))
    axes.set_xlabel(f"{unit} since the event", fontsize=SMALL, color=colours.ink)
    axes.set_ylabel("covered (%)", fontsize=SMALL, color=colours.ink)
    axes.set_facecolor(colours.paper)
    axes.grid(color=colours.grey, lw=0.5, alpha=0.45)
    axes.tick_params(labelsize=SMALL, color=colours.ink, labelcolor=colours.ink)
    for spine in axes.spines.values():
        spine.set_color(colours.ink)
        spine.set_linewidth(0.8)
    if title:
        axes.set_title(title[:60], fontsize=SMALL + 1, color=colours.ink, parse_math=False)
    return page_bytes(figure, form, DPI)


def _unit(last: float) -> tuple[str, float]:
    """(unit of the axis, hours in one) for a curve that ends so many hours after the event."""
    if last > 72:
        return "days", 24.0
    return ("minutes", 1 / 60) if 0 < last < 3 else ("hours", 1.0)


def _every(last: float, hours_each: float):
    from matplotlib.ticker import MaxNLocator, MultipleLocator

    return MultipleLocator(hours_each * max(1, round(last / hours_each / 6))) if last > 0 else MaxNLocator(6)
