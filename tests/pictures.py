"""Pictures of the sky read back: what colour is at a place on the sky.

Where a place lies is worked out with astropy's WCS (MOL and ZEA), not with the code that draws; where a panel lies, from
its border in the picture itself.
"""

from __future__ import annotations

import io
from datetime import datetime, timezone

import numpy as np
from astropy.wcs import WCS
from PIL import Image

from tom_scimma import skyplot
from tom_scimma.skyplot.lobes import View

NIGHT = datetime(2026, 11, 20, 3, 0, tzinfo=timezone.utc)
INK = (0x1D, 0x24, 0x33)


def pixels(data: bytes) -> np.ndarray:
    """A PNG as RGB, int[high, wide, 3]."""
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"), int)


def like(found: np.ndarray, colour: tuple[int, ...] | str, within: int = 40) -> np.ndarray:
    """Where pixels are of about that colour."""
    wanted = tuple(bytes.fromhex(colour[1:])) if isinstance(colour, str) else colour
    return (np.abs(found - wanted) <= within).all(axis=-1)


class Picture:
    """A tall picture with one window, drawn and read back."""

    def __init__(self, subject, **options):
        self.rgb = pixels(skyplot.draw(subject, **options))
        self.dark = like(self.rgb, INK, 60)
        self.whole, self.window = self._ellipse(), self._square()

    def _ellipse(self) -> tuple[float, float, float, float]:
        """(left, right, top, bottom) of the whole sky's border: it is widest in a row and highest in a column."""
        high = self.rgb.shape[0] // 2
        rows = [(int(np.ptp(np.flatnonzero(row))) if row.any() else 0) for row in self.dark[:high, 36:]]
        middle = int(np.argmax(rows))
        columns = np.flatnonzero(self.dark[middle, 36:]) + 36  # the labels of the declinations stand left of it
        left, right = columns.min(), columns.max()
        column = np.flatnonzero(self.dark[40:, (left + right) // 2][: (right - left)]) + 40
        return float(left), float(right), float(column.min()), float(column.min() + (right - left) / 2)

    def _square(self) -> tuple[float, float, float, float]:
        """(left, right, top, bottom) of the window: the two longest dark rows, and their ends."""
        rows = np.flatnonzero(self.dark.sum(axis=1) > 500)
        rows = rows[rows > self.rgb.shape[0] // 3]
        across = np.flatnonzero(self.dark[rows[0]])
        return float(across.min()), float(across.max()), float(rows[0]), float(rows[-1])

    def on_whole(self, ra, dec) -> tuple[np.ndarray, np.ndarray]:
        """(column, row) of places on the whole sky."""
        left, right, top, bottom = self.whole
        x, y = _wcs("MOL", 180, 0).wcs_world2pix(ra, dec, 0)
        half = np.degrees(2 * np.sqrt(2))
        scale = (right - left) / (2 * half)
        return (left + right) / 2 + (x + 1) * scale, (top + bottom) / 2 - (y + 1) * scale

    def on_window(self, view: View, ra, dec) -> tuple[np.ndarray, np.ndarray]:
        """(column, row) of places in the window."""
        left, right, top, bottom = self.window
        x, y = _wcs("ZEA", view.ra, view.dec).wcs_world2pix(ra, dec, 0)
        half = np.degrees(2 * np.sin(np.radians(view.radius_deg) / 2))
        scale = (right - left) / (2 * half)
        return (left + right) / 2 + (x + 1) * scale, (top + bottom) / 2 - (y + 1) * scale

    def around(self, place, reach: int = 2) -> np.ndarray:
        """The pixels around a (column, row), int[n, 3]."""
        column, row = (round(float(value)) for value in place)
        return self.rgb[row - reach : row + reach + 1, column - reach : column + reach + 1].reshape(-1, 3)


def _wcs(projection: str, ra: float, dec: float) -> WCS:
    """RA to the left, a degree a pixel; CRPIX is 0, counted from 1."""
    found = WCS(naxis=2)
    found.wcs.ctype, found.wcs.crval, found.wcs.cdelt = [f"RA---{projection}", f"DEC--{projection}"], [ra, dec], [-1, 1]
    if abs(dec) == 90:
        found.wcs.lonpole = 180
    return found
