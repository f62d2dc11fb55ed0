"""A plan drawn: its fields on the sky in order, who looks when, how high, and probability against time with the bound. Pure.

Times are hours after the plan's first, which the axis says as UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from tom_scimma.skyplot.graticule import SMALL
from tom_scimma.skyplot.page import DPI, page_bytes, refuse_unknown
from tom_scimma.skyplot.palette import PALETTES, Palette
from tom_treasuremap.visits import Visit

WIDTH_IN = 6.4
#: of filters, in the order of wavelengths; others take the colours of marks
BANDS = {
    "u": "#6a3d9a",
    "g": "#2e8b57",
    "r": "#c0392b",
    "i": "#8e5a2b",
    "z": "#5c636a",
    "y": "#333333",
    "clear": "#3b6fb6",
}
#: fields whose altitude is drawn
CURVES = 60


@dataclass(frozen=True)
class Look:
    """What all pictures share."""

    form: str = "svg"
    theme: str = "light"
    title: str = ""

    def __post_init__(self) -> None:
        refuse_unknown(form=self.form, theme=self.theme)

    @property
    def colours(self) -> Palette:
        return PALETTES[self.theme]


def timeline(visits: Sequence[Visit], look: Look) -> bytes:
    """A row a telescope: when it exposes, coloured by filter."""
    names = list(dict.fromkeys(one.telescope for one in visits))
    figure, axes = _axes(look, 0.9 + 0.42 * max(len(names), 1))
    start = visits[0].start
    for row, name in enumerate(names):
        mine = [one for one in visits if one.telescope == name]
        spans = [(_hours(start, one.start), max(_hours(one.start, one.end), 0.004)) for one in mine]
        axes.broken_barh(spans, (row - 0.32, 0.64), facecolors=[_colour(one.band, look.colours) for one in mine])
    axes.set_yticks(range(len(names)), [name[:18] for name in names], fontsize=SMALL)
    axes.set_ylim(len(names) - 0.4, -0.6)
    _bands(axes, visits, look.colours)
    _clock(axes, start, visits[-1].end)
    return page_bytes(figure, look.form, DPI)


def altitude(
    visits: Sequence[Visit],
    tracks: Mapping[str, tuple[np.ndarray, np.ndarray]],
    limits: Mapping[str, float],
    look: Look,
) -> bytes:
    """How high the fields stand: `tracks` of each telescope are (MJD[n], altitude deg[fields, n]); where exposed, in its filter's colour.

    Fields of a telescope are in the order in which it looks at them first.
    """
    names = list(tracks)
    figure, axes = _axes(look, 2.9)
    start, end = visits[0].start, visits[-1].end
    for name in names:
        times, alt = tracks[name]
        hours = (times - _mjd(start)) * 24
        mine = [one for one in visits if one.telescope == name]
        fields = list(dict.fromkeys(one.field for one in mine))[:CURVES]
        for at, field in enumerate(fields):
            axes.plot(hours, alt[at], color=look.colours.grey, lw=0.5, alpha=0.6)
            for one in mine:
                if one.field == field:
                    x = np.array([_hours(start, one.start), _hours(start, one.end)])
                    axes.plot(
                        x,
                        np.interp(x, hours, alt[at]),
                        color=_colour(one.band, look.colours),
                        lw=3.2,
                        solid_capstyle="butt",
                    )
        if limits.get(name):
            axes.axhline(limits[name], color=look.colours.ink, lw=0.8, ls="--")
    axes.set_ylim(0, 90)
    axes.set_ylabel("altitude (°)", fontsize=SMALL, color=look.colours.ink)
    _bands(axes, visits, look.colours)
    _clock(axes, start, end)
    return page_bytes(figure, look.form, DPI)


def curve(
    visits: Sequence[Visit],
    gains: Sequence[float],
    bound: float | None,
    look: Look,
    *,
    done: datetime | None = None,
    part: bool = True,
) -> bytes:
    """What the plan is worth by each time, and what no plan can exceed; `done`: until when it was observed; `part`: in per cent."""
    times = 100 if part else 1
    figure, axes = _axes(look, 2.6)
    start = visits[0].start
    hours = [0.0, *(_hours(start, one.end) for one in visits)]
    total = [0.0, *np.cumsum(gains).tolist()]
    order = np.argsort(hours, kind="stable")
    axes.step(
        np.array(hours)[order],
        times * np.array(total)[order],
        where="post",
        color=look.colours.ink,
        lw=1.6,
        label="planned",
    )
    if bound is not None:
        axes.axhline(times * bound, color=look.colours.points[0], lw=1.2, ls="--", label="no plan can exceed")
    if done is not None:
        axes.axvspan(0, max(_hours(start, done), 0.0), color=look.colours.fields[0], alpha=0.15, lw=0, label="observed")
    axes.set_ylim(0, max(1e-3, 1.08 * times * max(total[-1], bound or 0.0)))
    axes.set_ylabel("probability (%)" if part else "summed weight", fontsize=SMALL, color=look.colours.ink)
    legend = axes.legend(fontsize=SMALL - 1, frameon=False, loc="lower right")
    for text in legend.get_texts():
        text.set_color(look.colours.ink)
    _clock(axes, start, visits[-1].end)
    return page_bytes(figure, look.form, DPI)


def _axes(look: Look, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    colours = look.colours
    figure = Figure(figsize=(WIDTH_IN, height), facecolor=colours.paper)
    low = 0.45 / height
    axes = figure.add_axes((0.12, low, 0.86, 1 - low - 0.28 / height))
    axes.set_facecolor(colours.paper)
    axes.grid(color=colours.grey, lw=0.5, alpha=0.45)
    axes.tick_params(labelsize=SMALL, color=colours.ink, labelcolor=colours.ink)
    for spine in axes.spines.values():
        spine.set_color(colours.ink)
        spine.set_linewidth(0.8)
    if look.title:
        axes.set_title(look.title[:70], fontsize=SMALL + 1, color=colours.ink, parse_math=False)
    return figure, axes


def _clock(axes: Any, start: datetime, end: datetime) -> None:
    """An axis of hours labelled with UTC."""
    from matplotlib.ticker import MultipleLocator

    span = max(_hours(start, end), 0.05)
    step = next((one for one in (1 / 12, 1 / 4, 1 / 2, 1, 2, 4, 8, 24) if span / one <= 7), 48)
    axes.set_xlim(-0.01 * span, span * 1.01)
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.xaxis.set_major_formatter(lambda hour, _: f"{start + timedelta(hours=hour):%H:%M}")
    colour = axes.xaxis.get_ticklabels()[0].get_color() if axes.xaxis.get_ticklabels() else None
    axes.set_xlabel(f"UTC, {start:%Y-%m-%d}", fontsize=SMALL, color=colour)


def _bands(axes: Any, visits: Sequence[Visit], colours: Palette) -> None:
    """Names of the filters in their colours, at the right above."""
    names = list(dict.fromkeys(one.band for one in visits))[:6]
    for at, name in enumerate(reversed(names)):
        axes.text(
            1 - 0.09 * at, 1.02, name[:9], transform=axes.transAxes, ha="right", va="bottom", fontsize=SMALL,
            color=_colour(name, colours),
        )  # fmt: skip


def _colour(band: str, colours: Palette) -> str:
    key = band.lower().removeprefix("sdss").removeprefix("ztf").strip("-_' ")[:5]
    return BANDS.get(key, BANDS.get(key[:1], colours.points[sum(map(ord, band)) % len(colours.points)]))


def _hours(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600


def _mjd(moment: datetime) -> float:
    return 40587.0 + moment.timestamp() / 86400
