"""Two frames to draw the sky in, RA increasing to the left: the whole sky, and a square window.

Each knows how to put positions on the paper, what position a place on the paper is, and how to draw its own graticule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GREY = "#8a8f98"
INK = "#1d2433"
SMALL = 11
#: steps of a graticule: declination in degrees, right ascension in hours
DEC_STEPS = np.array(
    [30, 20, 10, 5, 2, 1, 30 / 60, 20 / 60, 10 / 60, 5 / 60, 2 / 60, 1 / 60, 30 / 3600, 10 / 3600, 5 / 3600, 1 / 3600]
)
RA_STEPS = np.array(
    [
        3,
        2,
        1,
        30 / 60,
        20 / 60,
        10 / 60,
        5 / 60,
        2 / 60,
        1 / 60,
        30 / 3600,
        10 / 3600,
        5 / 3600,
        2 / 3600,
        1 / 3600,
        1 / 7200,
        1 / 18000,
        1 / 36000,
    ]
)


class WholeSky:
    """The whole sky around RA 12 h, Mollweide's projection (Snyder 1987, USGS 1395, p. 249)."""

    half_width, half_height = 2 * np.sqrt(2), np.sqrt(2)
    centre_ra = 180.0

    def paper(self, ra: Any, dec: Any) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) on the paper of positions in degrees."""
        phi = np.radians(np.asarray(dec, np.float64))
        theta = phi.copy() if isinstance(phi, np.ndarray) else np.array(phi)
        for _ in range(12):  # Newton on 2 theta + sin(2 theta) = pi sin(phi), which crawls near the poles
            slope = np.maximum(2 + 2 * np.cos(2 * theta), 1e-9)
            theta = np.clip(
                theta - (2 * theta + np.sin(2 * theta) - np.pi * np.sin(phi)) / slope, -np.pi / 2, np.pi / 2
            )
        east = np.radians((np.asarray(ra, np.float64) - self.centre_ra + 180) % 360 - 180)
        return -2 * np.sqrt(2) / np.pi * east * np.cos(theta), np.sqrt(2) * np.sin(theta)

    def sky(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(ra, dec) in degrees of places on the paper; NaN outside the ellipse."""
        with np.errstate(invalid="ignore", divide="ignore"):
            theta = np.arcsin(y / np.sqrt(2))
            east = -np.pi * x / (2 * np.sqrt(2) * np.cos(theta))
            dec = np.degrees(np.arcsin((2 * theta + np.sin(2 * theta)) / np.pi))
            ra = np.degrees(np.where(np.abs(east) <= np.pi * (1 + 1e-9), east, np.nan)) + self.centre_ra
        return ra, dec

    def broken(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Whether the step to each next point jumps across the edge of the paper."""
        return np.hypot(np.diff(x), np.diff(y)) > 0.8 * np.maximum(1.0, np.abs(x[:-1]))

    def graticule(self, axes: Axes) -> None:
        """Frame, lines each 30 degrees and 3 hours, and their labels."""
        dec = np.linspace(-90, 90, 91)
        for hour in range(3, 24, 3):
            axes.plot(*self.paper(np.full(91, 15.0 * hour), dec), color=GREY, lw=0.5, alpha=0.5, zorder=3)
            label(axes, float(self.paper(15.0 * hour, 0.0)[0]), -0.03, f"{hour}h", ha="center", va="top")
        for lat in (-60, -30, 0, 30, 60):
            x, y = self.paper(np.array([1e-6, 360 - 1e-6]), np.array([lat, lat]))
            axes.plot(x, y, color=GREY, lw=0.5, alpha=0.5, zorder=3)
            away = 0.05 + 0.0008 * abs(lat)  # the frame leans outwards above the label
            label(
                axes, float(x.min()) - away, float(y[0]) * 1.04, f"{lat:+d}°" if lat else "0°", ha="right", va="center"
            )
        turn = np.linspace(0, 2 * np.pi, 361)
        axes.plot(self.half_width * np.cos(turn), self.half_height * np.sin(turn), color=INK, lw=1.0, zorder=6)
        axes.set_xlim(-self.half_width * 1.1, self.half_width * 1.02)
        axes.set_ylim(-self.half_height * 1.02, self.half_height * 1.02)


class Window:
    """A square around a position, Lambert's azimuthal equal-area projection (Snyder 1987, p. 182), in degrees."""

    def __init__(self, ra: float, dec: float, radius_deg: float) -> None:
        self.ra, self.dec = ra, dec
        self.half_width = self.half_height = float(np.degrees(2 * np.sin(np.radians(min(radius_deg, 90)) / 2)))

    def paper(self, ra: Any, dec: Any) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) on the paper of positions in degrees; NaN beyond 120 degrees from the centre."""
        ra, dec, ra0, dec0 = (np.radians(np.asarray(value, np.float64)) for value in (ra, dec, self.ra, self.dec))
        cosine = np.sin(dec0) * np.sin(dec) + np.cos(dec0) * np.cos(dec) * np.cos(ra - ra0)
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.degrees(np.where(cosine > -0.5, np.sqrt(2 / (1 + cosine)), np.nan))
        x = -scale * np.cos(dec) * np.sin(ra - ra0)
        # sin(dec - dec0) and a small square: as Snyder's, without losing arcseconds to cancellation
        y = scale * (np.sin(dec - dec0) + 2 * np.sin(dec0) * np.cos(dec) * np.square(np.sin((ra - ra0) / 2)))
        return x, y

    def sky(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(ra, dec) in degrees of places on the paper."""
        east, north, dec0 = np.radians(-x), np.radians(y), np.radians(self.dec)
        rho = np.hypot(east, north)
        angle = 2 * np.arcsin(np.minimum(rho / 2, 1))
        ratio = np.sin(angle) / np.maximum(rho, 1e-300)
        dec = np.arcsin(np.clip(np.cos(angle) * np.sin(dec0) + north * ratio * np.cos(dec0), -1, 1))
        ra = np.arctan2(east * ratio, np.cos(dec0) * np.cos(angle) - north * ratio * np.sin(dec0))
        return self.ra + np.degrees(ra), np.degrees(dec)

    def broken(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """No step jumps here: what lies too far is NaN."""
        return np.zeros(x.size - 1, bool)

    def graticule(self, axes: Axes) -> None:
        """About four lines each way, labelled where they leave the window at the left and the bottom."""
        half = self.half_width
        dec_step = DEC_STEPS[np.argmin(np.abs(np.log(DEC_STEPS / (half / 2))))]
        hours = 2 * half / 15 / max(np.cos(np.radians(self.dec)), np.sin(np.radians(half)) / 2, 1e-9)
        # the finest step whose labels, of so many letters, do not touch
        fits = [step for step in RA_STEPS if step / hours > 0.05 + 0.03 * len(_ra_text(self.ra, 15 * step))]
        ra_step = 15 * (fits[-1] if fits else RA_STEPS[0])
        ratio = np.sin(np.radians(1.5 * half)) / max(np.cos(np.radians(self.dec)), 1e-12)
        pole = ratio >= 1 or abs(self.dec) + 1.5 * half >= 90  # then a corner may be at any right ascension
        reach = 180.0 if pole else float(np.degrees(np.arcsin(ratio)))
        low, high = max(self.dec - 1.6 * half, -90), min(self.dec + 1.6 * half, 90)
        for dec in dec_step * np.arange(np.ceil(low / dec_step), np.floor(high / dec_step) + 1):
            if abs(dec) < 90:
                ra = self.ra + np.linspace(-reach, reach, 361)
                self._line(axes, ra, np.full(361, dec), _dec_text(dec, dec_step), left=True)
        first, last = np.ceil((self.ra - reach) / ra_step), np.floor((self.ra + reach) / ra_step)
        for ra in np.unique(np.round(ra_step * np.arange(first, last + 1) % 360, 9)):
            self._line(axes, np.full(361, ra), np.linspace(low, high, 361), _ra_text(ra, ra_step), left=False)
        axes.set_xlim(-half, half)
        axes.set_ylim(-half, half)
        for side in axes.spines.values():
            side.set_color(INK)

    def _line(self, axes: Axes, ra: np.ndarray, dec: np.ndarray, text: str, *, left: bool) -> None:
        x, y = self.paper(ra, dec)
        axes.plot(x, y, color=GREY, lw=0.5, alpha=0.6, zorder=3)
        across, along = (x, y) if left else (y, x)
        with np.errstate(invalid="ignore"):
            cut = np.flatnonzero((across[:-1] + self.half_width) * (across[1:] + self.half_width) <= 0)
        for at in cut[:1]:
            part = (-self.half_width - across[at]) / (across[at + 1] - across[at] or 1)
            place = float(along[at] + part * (along[at + 1] - along[at]))
            if abs(place) < 0.97 * self.half_width:
                spot, align = (
                    ((-self.half_width, place), ("right", "center"))
                    if left
                    else ((place, -self.half_width), ("center", "top"))
                )
                axes.annotate(
                    text, spot, xytext=(-4, 0) if left else (0, -4), textcoords="offset points",
                    ha=align[0], va=align[1], fontsize=SMALL, color=INK, annotation_clip=False,
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


def label(axes: Axes, x: float, y: float, text: str, **options: Any) -> None:
    """Text that stays readable on whatever lies behind it."""
    from matplotlib.patheffects import withStroke

    effects = [withStroke(linewidth=2.5, foreground="white", alpha=0.85)]
    axes.text(x, y, text, **{"fontsize": SMALL, "color": INK, "path_effects": effects, "zorder": 7, **options})
