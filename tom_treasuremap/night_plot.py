"""A night as a picture: how high something stands over each telescope. SVG that takes the page's own colours. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np

from tom_treasuremap.nights import utc
from tom_treasuremap.tonight import Tonight

WIDTH, HEIGHT = 460.0, 250.0
LEFT, RIGHT, TOP, BOTTOM = 30.0, 8.0, 8.0, 24.0
#: of Okabe and Ito, told apart by all eyes, on white and on black
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d3b", "#999999")
SPAN = 30 / 24  #: days at most


@dataclass(frozen=True)
class Stroke:
    """How a line is drawn."""

    colour: str
    dashes: str = ""  #: as SVG has them; "": none


def stroke(i: int) -> Stroke:
    """How the i-th line is drawn, as no other is: where the colours are used up it is dashed, then with a dot between dashes, two, ..."""
    around, which = divmod(i, len(COLOURS))
    return Stroke(COLOURS[which], "10 4" + " 2 4" * (around - 1) if around else "")


def span(found: Sequence[Tonight]) -> tuple[float, float] | None:
    """First and last MJD of a picture of these; None where there is nothing to show."""
    drawn = [one.course for one in found if one.course is not None]
    if not drawn:
        return None
    first = min(float(course.times[0]) for course in drawn)
    return first, min(max(float(course.times[-1]) for course in drawn), first + SPAN)


def svg(found: Sequence[Tonight], now: float, *, title: str, strokes: Sequence[Stroke] = ()) -> str:
    """The picture: thick where it may be observed, thin where it is dark but may not; with one telescope also twilight and Moon."""
    between = span(found)
    if between is None:
        return ""
    parts = [
        f'<svg class="treasuremap-night" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{_attribute(title)}" '
        'xmlns="http://www.w3.org/2000/svg" style="width:100%;max-width:46rem;height:auto" font-size="11" fill="currentColor">'
    ]
    parts += _frame(between)
    if len(found) == 1:
        parts += _sky(found[0], between)
    for i, one in enumerate(found):
        parts += _line(one, between, strokes[i] if strokes else stroke(i))
    if between[0] <= now <= between[1]:
        x = _x(now, between)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="currentColor" stroke-dasharray="2 3"/>'
            f'<text x="{min(x + 3, WIDTH - 26):.1f}" y="{TOP + 10}">now</text>'
        )
    return "".join([*parts, "</svg>"])


def _attribute(text: str) -> str:
    return escape(text, {'"': "&quot;"})


def _x(mjd: float, between: tuple[float, float]) -> float:
    return LEFT + (mjd - between[0]) / (between[1] - between[0]) * (WIDTH - LEFT - RIGHT)


def _y(altitude: float) -> float:
    return HEIGHT - BOTTOM - altitude / 90.0 * (HEIGHT - TOP - BOTTOM)


def _frame(between: tuple[float, float]) -> list[str]:
    parts = []
    for altitude in (0, 30, 60, 90):
        y = _y(altitude)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" stroke-opacity="0.2"/>'
            f'<text x="{LEFT - 4}" y="{y + 4:.1f}" text-anchor="end">{altitude}°</text>'
        )
    step = 2 if (between[1] - between[0]) * 24 <= 16 else 4
    hour = int(np.ceil(between[0] * 24 / step)) * step
    while hour / 24 <= between[1]:
        x = _x(hour / 24, between)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="currentColor" stroke-opacity="0.1"/>'
        )
        if LEFT + 8 < x < WIDTH - RIGHT - 12:
            label = f"{hour % 24:02d}h" if hour % 24 else f"{utc(hour / 24):%b %-d}"
            parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{label}</text>')
        hour += step
    return parts


def _sky(one: Tonight, between: tuple[float, float]) -> list[str]:
    """Dark as a shade, the Moon as a dashed line, the lowest altitude as a line."""
    parts, night, course = [], one.night, one.course
    if night is not None and night.start is not None and night.end is not None:
        first, last = max(night.start, between[0]), min(night.end, between[1])
        parts.append(
            f'<rect x="{_x(first, between):.1f}" y="{TOP}" width="{_x(last, between) - _x(first, between):.1f}" '
            f'height="{HEIGHT - TOP - BOTTOM}" fill="currentColor" fill-opacity="0.08"/>'
        )
    low = _y(max(0.0, one.telescope.limits.min_altitude))
    parts.append(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{low:.1f}" y2="{low:.1f}" stroke="#d55e00" stroke-opacity="0.6"/>'
    )
    if course is not None:
        parts += [
            f'<polyline points="{points}" fill="none" stroke="#b58900" stroke-dasharray="4 3"/>'
            for points in _points(course.times, course.moon, course.moon > 0, between)
        ]
    return parts


def _line(one: Tonight, between: tuple[float, float], drawn: Stroke) -> list[str]:
    course = one.course
    if course is None:
        return []
    dark = course.sun <= one.telescope.twilight
    above = course.altitude > 0
    parts = []
    ends = (
        f'stroke-dasharray="{drawn.dashes}"' if drawn.dashes else 'stroke-linecap="round"'
    )  # round ends fill the gaps
    for where, width, opacity in ((above, 1, 0.25), (above & dark, 1.2, 0.7), (above & course.good, 3.5, 1)):
        parts += [
            f'<polyline points="{points}" fill="none" stroke="{drawn.colour}" stroke-width="{width}" stroke-opacity="{opacity}" {ends}/>'
            for points in _points(course.times, course.altitude, where, between)
        ]
    return parts


def _points(times: np.ndarray, values: np.ndarray, where: np.ndarray, between: tuple[float, float]) -> list[str]:
    """The points of each run of `where`, one in ten: nobody sees ten minutes."""
    from tom_treasuremap.windows import runs

    found = []
    for first, last in runs(where & (times <= between[1]), np.arange(len(times))):
        which = sorted({*range(first, last + 1, 10), last})
        if len(which) > 1:
            found.append(" ".join(f"{_x(times[i], between):.1f},{_y(values[i]):.1f}" for i in which))
    return found
