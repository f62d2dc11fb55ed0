"""Lines of right ascension and declination over a frame, with labels in astronomers' units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skyplot.frame import WholeSky, Window
from tom_scimma.skyplot.palette import Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALL = 11  #: size of letters, points
ARCMIN, ARCSEC = 1 / 60, 1 / 3600
#: steps of a graticule: declination in degrees, right ascension in hours
DEC_STEPS = np.array(
    [30, 20, 10, 5, 2, 1, 30 * ARCMIN, 20 * ARCMIN, 10 * ARCMIN, 5 * ARCMIN, 2 * ARCMIN, ARCMIN,
     30 * ARCSEC, 10 * ARCSEC, 5 * ARCSEC, 2 * ARCSEC, ARCSEC]
)  # fmt: skip
RA_STEPS = np.array(
    [3, 2, 1, 30 * ARCMIN, 20 * ARCMIN, 10 * ARCMIN, 5 * ARCMIN, 2 * ARCMIN, ARCMIN,
     30 * ARCSEC, 10 * ARCSEC, 5 * ARCSEC, 2 * ARCSEC, ARCSEC, ARCSEC / 2, ARCSEC / 5, ARCSEC / 10]
)  # fmt: skip
POINTS = 361  #: of each line
LETTER = 0.62  #: mean width of a letter, in its size


def points_per_unit(axes: Axes, wide: float, high: float) -> float:
    """Size on the page, in points, of one unit of paper in axes that are to hold so many units of equal aspect."""
    place = axes.get_position()
    page_wide, page_high = axes.figure.get_size_inches()  # type: ignore[union-attr]
    return 72 * float(min(place.width * page_wide / wide, place.height * page_high / high))


def draw(axes: Axes, frame: WholeSky | Window, colours: Palette) -> None:
    """Draws frame, lines and labels, and sets the limits of the axes."""
    if isinstance(frame, WholeSky):
        _whole(axes, frame, colours)
    else:
        _window(axes, frame, colours)


def _whole(axes: Axes, frame: WholeSky, colours: Palette) -> None:
    """Lines each 30 degrees and 3 hours."""
    dec = np.linspace(-90, 90, 91)
    for hour in range(3, 24, 3):
        axes.plot(*frame.paper(np.full(91, 15.0 * hour), dec), color=colours.grey, lw=0.5, alpha=0.55, zorder=3)
        label(axes, float(frame.paper(15.0 * hour, 0.0)[0]), -0.03, f"{hour}h", colours, ha="center", va="top")
    for lat in (-60, -30, 0, 30, 60):
        x, y = frame.paper(np.array([1e-6, 360 - 1e-6]), np.array([lat, lat]))
        axes.plot(x, y, color=colours.grey, lw=0.5, alpha=0.55, zorder=3)
        away = 0.05 + 0.0008 * abs(lat)  # the frame leans outwards above the label
        place = float(x.min()) - away, float(y[0]) * 1.04
        label(axes, *place, f"{lat:+d}°" if lat else "0°", colours, ha="right", va="center")
    turn = np.linspace(0, 2 * np.pi, 361)
    edge = frame.half_width * np.cos(turn), frame.half_height * np.sin(turn)
    axes.plot(*edge, color=colours.ink, lw=1.0, zorder=6)
    axes.set_xlim(-frame.half_width * 1.1, frame.half_width * 1.02)
    axes.set_ylim(-frame.half_height * 1.02, frame.half_height * 1.02)


def _window(axes: Axes, frame: Window, colours: Palette) -> None:
    """About four lines each way, each labelled where it leaves the window and there is room."""
    half = frame.half_width
    dec_step = DEC_STEPS[np.argmin(np.abs(np.log(DEC_STEPS / (half / 2))))]
    hours = 2 * half / 15 / max(np.cos(np.radians(frame.dec)), np.sin(np.radians(half)) / 2, 1e-9)
    letter = LETTER * SMALL / points_per_unit(axes, 2 * half, 2 * half)  # its width on the paper
    apart = 3.0 if 2 * half / letter > 40 else 0.7  # letters between labels: in a small window they stand closer
    # the finest step whose labels, of so many letters, do not touch
    fits = [
        step for step in RA_STEPS if step / hours * 2 * half > letter * (apart + len(_ra_text(frame.ra, 15 * step)))
    ]
    ra_step = 15 * (fits[-1] if fits else RA_STEPS[0])
    ratio = np.sin(np.radians(min(1.5 * half, 90))) / max(np.cos(np.radians(frame.dec)), 1e-12)
    polar = ratio >= 1 or abs(frame.dec) + 1.5 * half >= 90  # then a corner may be at any right ascension
    reach = 180.0 if polar else float(np.degrees(np.arcsin(ratio)))
    low, high = max(frame.dec - 1.6 * half, -90), min(frame.dec + 1.6 * half, 90)
    taken: dict[str, list[tuple[float, float]]] = {side: [] for side in ("left", "bottom", "top", "right")}
    for dec in dec_step * np.arange(np.ceil(low / dec_step), np.floor(high / dec_step) + 1):
        if abs(dec) < 90:
            ra = frame.ra + np.linspace(-reach, reach, POINTS)
            _line(
                axes,
                frame,
                (ra, np.full(POINTS, dec)),
                _dec_text(dec, dec_step),
                ("left", "right"),
                taken,
                letter,
                colours,
            )
    first, last = np.ceil((frame.ra - reach) / ra_step), np.floor((frame.ra + reach) / ra_step)
    sides = ("bottom", "top", "right", "left") if polar else ("bottom",)
    for ra in np.unique(np.round(ra_step * np.arange(first, last + 1) % 360, 9)):
        line = np.full(POINTS, ra), np.linspace(low, high, POINTS)
        _line(axes, frame, line, _ra_text(ra, ra_step), sides, taken, letter, colours)
    axes.set_xlim(-half, half)
    axes.set_ylim(-half, half)
    for spine in axes.spines.values():
        spine.set_color(colours.ink)


def _line(axes: Axes, frame: Window, places, text: str, sides, taken, letter: float, colours: Palette) -> None:
    """One line, and its label at the first side it crosses where no other label stands."""
    x, y = frame.paper(*places)
    axes.plot(x, y, color=colours.grey, lw=0.5, alpha=0.6, zorder=3)
    half = frame.half_width
    for side in sides:
        across, along = (x, y) if side in ("left", "right") else (y, x)
        edge = -half if side in ("left", "bottom") else half
        need = letter * (3 if side in ("left", "right") else 0.6 + len(text))
        for place in _crossings(across, along, edge):
            if abs(place) < 0.98 * half and all(abs(place - at) > (need + room) / 2 for at, room in taken[side]):
                taken[side].append((place, need))
                _side_label(axes, side, place, edge, text, colours)
                return
    if "bottom" not in sides and frame.inside(x, y).all():  # a ring around the pole: its lowest point
        at = int(np.argmin(y))
        label(axes, float(x[at]), float(y[at]), text, colours, ha="center", va="center")


def _crossings(across: np.ndarray, along: np.ndarray, edge: float) -> list[float]:
    """Where along an edge a line crosses it."""
    with np.errstate(invalid="ignore"):
        at = np.flatnonzero((across[:-1] - edge) * (across[1:] - edge) <= 0)
    step = across[at + 1] - across[at]
    part = (edge - across[at]) / np.where(step == 0, 1, step)
    return (along[at] + part * (along[at + 1] - along[at])).tolist()


def _side_label(axes: Axes, side: str, place: float, edge: float, text: str, colours: Palette) -> None:
    upright = side in ("bottom", "top")
    away = -4 if side in ("left", "bottom") else 4
    align = {
        "left": ("right", "center"),
        "right": ("left", "center"),
        "bottom": ("center", "top"),
        "top": ("center", "bottom"),
    }
    axes.annotate(
        text, (place, edge) if upright else (edge, place), xytext=(0, away) if upright else (away, 0),
        textcoords="offset points", ha=align[side][0], va=align[side][1], fontsize=SMALL, color=colours.ink,
        annotation_clip=False,
    )  # fmt: skip


def _dec_text(dec: float, step: float) -> str:
    seconds = round(abs(dec) * 3600)
    sign = "" if not seconds else "-" if dec < 0 else "+"
    degrees, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    if step >= 1:
        return f"{sign}{degrees}°"
    return f"{sign}{degrees}°{minutes:02d}′" + (f"{seconds:02d}″" if step < 1 / 60 - 1e-9 else "")


def _ra_text(ra: float, step: float) -> str:
    tenths = round(ra / 15 * 36000) % (24 * 36000)
    hours, minutes, seconds = tenths // 36000, tenths // 600 % 60, tenths % 600 / 10
    if step >= 15 - 1e-9:
        return f"{hours}h"
    if step >= 15 / 60 - 1e-9:
        return f"{hours}h{minutes:02d}m"
    return (
        f"{hours}h{minutes:02d}m{seconds:04.1f}s"
        if step < 15 / 3600 - 1e-9
        else f"{hours}h{minutes:02d}m{seconds:02.0f}s"
    )


def label(axes: Axes, x: float, y: float, text: str, colours: Palette, **options: Any) -> None:
    """Text that stays readable on whatever lies behind it."""
    from matplotlib.patheffects import withStroke

    effects = [withStroke(linewidth=2.5, foreground=colours.paper, alpha=0.85)]
    axes.text(
        x, y, text, **{"fontsize": SMALL, "color": colours.ink, "path_effects": effects, "zorder": 7, "parse_math": False, **options}
    )  # fmt: skip
