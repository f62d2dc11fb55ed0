"""Two frames to draw the sky in, RA increasing to the left: the whole sky, and a square window.

Each knows how to put positions on the paper, and what position a place on the paper is.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class WholeSky:
    """The whole sky around RA 12 h, Mollweide's projection (Snyder 1987, USGS 1395, p. 249)."""

    half_width, half_height = 2 * np.sqrt(2), np.sqrt(2)
    centre_ra = 180.0

    def paper(self, ra: Any, dec: Any) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) on the paper of positions in degrees."""
        phi = np.radians(np.asarray(dec, np.float64))
        theta = np.array(phi)
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

    def inside(self, x: Any, y: Any) -> Any:
        """Whether places on the paper are on the sky."""
        return np.square(np.divide(x, self.half_width)) + np.square(np.divide(y, self.half_height)) <= 1 + 1e-9

    def broken(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Whether the step to each next point jumps across the edge of the paper."""
        return np.hypot(np.diff(x), np.diff(y)) > 0.8 * np.maximum(1.0, np.abs(x[:-1]))


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

    def inside(self, x: Any, y: Any) -> Any:
        """Whether places on the paper are in the window."""
        return (np.abs(x) <= self.half_width) & (np.abs(y) <= self.half_height)

    def broken(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """No step jumps here: what lies too far is NaN."""
        return np.zeros(x.size - 1, bool)
