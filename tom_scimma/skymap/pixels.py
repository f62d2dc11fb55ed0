"""The pixels of a sky map: where they are, how they rank, and what a position finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from tom_scimma.skymap import distance, grid

#: so many positions are worth a table of the sky at this order
MANY, TABLE_ORDER = 100_000, 7


class Ranked(NamedTuple):
    """The pixels of a map by density, descending, and what they add up to."""

    rows: np.ndarray  #: int64[n], row of the map
    probability: np.ndarray  #: float64[n], cumulative
    area: np.ndarray  #: float64[n], cumulative, deg2


@dataclass(frozen=True, eq=False)
class Pixels:
    """A probability map of the sky; rows sorted by where their pixel lies in the nested order."""

    uniq: np.ndarray  #: int64[n]
    density: np.ndarray  #: float64[n], per steradian
    mu: np.ndarray | None = None  #: float64[n], Mpc; finite exactly where the distance is known (distance.usable)
    sigma: np.ndarray | None = None  #: float64[n], Mpc
    norm: np.ndarray | None = None  #: float64[n], Mpc^-2
    stated_distance: tuple[float, float] | None = None  #: mean and standard deviation as the sender said, Mpc
    notes: tuple[str, ...] = ()  #: what was odd and how it was taken
    meta: Mapping[str, Any] = field(
        default_factory=dict
    )  #: FITS header values worth keeping: OBJECT, INSTRUME, DATE-OBS ...

    def __post_init__(self) -> None:
        if self.mu is not None and self.sigma is not None and self.norm is not None:
            columns = distance.settled(self.mu, self.sigma, self.norm)
            for name, column in zip(("mu", "sigma", "norm"), columns, strict=True):
                object.__setattr__(self, name, column)  # the class is frozen

    def __len__(self) -> int:
        return self.uniq.size

    @cached_property
    def spans(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(order, first order-29 nested index, number of order-29 pixels) of each pixel, int64[n] each."""
        return grid.spans(self.uniq)

    @property
    def order(self) -> np.ndarray:
        """HEALPix order of each pixel, int64[n]."""
        return self.spans[0]

    @cached_property
    def pixel_area(self) -> np.ndarray:
        """Area of each pixel, float64[n], steradians."""
        return grid.area_of(self.spans[2])

    @cached_property
    def ranked(self) -> Ranked:
        """Rows by density, descending, with cumulative probability and area (deg2)."""
        rows = np.argsort(self.density)
        density = self.density[rows]
        tied = (density[1:] == density[:-1]) & (density[1:] > 0)  # among empty pixels the rank changes nothing
        if tied.any():
            among = np.flatnonzero(np.concatenate(([False], tied)) | np.concatenate((tied, [False])))
            rows[among] = rows[among][np.lexsort((self.uniq[rows[among]], density[among]))]
        rows = rows[::-1]
        area = self.pixel_area[rows]
        return Ranked(rows, np.cumsum(self.density[rows] * area), np.cumsum(area) * grid.DEG2_PER_SR)

    @cached_property
    def levels(self) -> np.ndarray:
        """Credible level of each pixel, float64[n], 0..1."""
        levels = np.empty(len(self))
        levels[self.ranked.rows] = np.minimum(self.ranked.probability, 1)
        return levels

    def area(self, level: float | Sequence[float] | np.ndarray) -> Any:
        """Area in deg2 of the smallest region that holds `level` (0..1) of the probability: float, or float64[k] for k.

        `np.interp(x, np.pad(xp, (1, 0)), np.pad(fp, (1, 0)), right=whole sky)`, which is
        ligo.skymap.postprocess.util.interp_greedy_credible_levels as its crossmatch calls it.
        """
        wanted = np.asarray(level, np.float64)
        if not ((wanted >= 0) & (wanted <= 1)).all():
            raise ValueError(f"a credible level lies in 0..1, not {level!r}")
        _, probability, area = self.ranked
        whole = grid.SPHERE_SR * grid.DEG2_PER_SR
        found = np.interp(wanted, np.pad(probability, (1, 0)), np.pad(area, (1, 0)), right=whole)
        return float(found) if wanted.ndim == 0 else found

    def rows_at(self, ra: Any, dec: Any) -> np.ndarray:
        """Row of the pixel that holds each position (degrees), int64; -1 where there is none, or no position (NaN)."""
        top = int(self.order.max())
        pixel = grid.pixel_of(ra, dec, top)
        return self.rows_of(np.where(pixel < 0, -1, pixel << (2 * (grid.MAX_ORDER - top))))

    def rows_of(self, place: np.ndarray) -> np.ndarray:
        """Row of the pixel that holds each order-29 nested index, int64; -1 where there is none, or for -1."""
        _, start, size = self.spans
        if place.size < MANY:
            row = np.searchsorted(start, place, side="right") - 1
        else:
            row = self._rows_of_many(place)
        return np.where((row >= 0) & (place < start[row] + size[row]), row, -1)

    def _rows_of_many(self, place: np.ndarray) -> np.ndarray:
        """As searchsorted; positions in a part of the sky that one pixel fills are found by a table of such parts."""
        start = self.spans[1]
        shift = 2 * (grid.MAX_ORDER - TABLE_ORDER)
        before = np.cumsum(np.bincount(start >> shift, minlength=12 << (2 * TABLE_ORDER)), dtype=np.int32)
        first = np.zeros(before.size + 1, np.int32)  # the last one is for -1
        first[1:-1] = before[:-1]
        sure = np.append(first[:-1] == before, True)
        begins = np.flatnonzero(~sure)  # parts in which one pixel begins, at their edge, are sure too
        whole = before[begins] - first[begins] == 1
        whole &= start[first[begins]] == begins << shift
        sure[begins[whole]] = True
        last = np.append(before - 1, np.int32(-1))
        part = place >> shift
        row = last[part].astype(np.int64)
        rest = ~sure[part]  # places may be given as an array of any shape, a picture's for one
        row[rest] = np.searchsorted(start, place[rest], side="right") - 1
        return row

    def _value_at(self, values: np.ndarray, outside: float, ra: Any, dec: Any) -> Any:
        row = self.rows_at(ra, dec)
        found = np.where(row < 0, outside, values[row])
        found = np.where(np.isfinite(ra) & (np.abs(dec) <= 90), found, np.nan)
        return float(found) if found.ndim == 0 else found

    def level_at(self, ra: Any, dec: Any) -> Any:
        """Credible level (0..1) of positions in degrees: a float for one, float64 like `ra` for many.

        NaN where a coordinate is not finite, or a declination beyond 90.
        """
        return self._value_at(self.levels, 1.0, ra, dec)

    def density_at(self, ra: Any, dec: Any) -> Any:
        """Probability density per steradian at positions in degrees; shaped as `level_at`."""
        return self._value_at(self.density, 0.0, ra, dec)

    def mean_density(self, order: int, ipix: np.ndarray) -> np.ndarray:
        """Mean density per steradian, float64, over nested pixels of any one order; 0 where the map has no pixel."""
        _, start, size = self.spans
        before = np.concatenate(([0.0], np.cumsum(self.density * self.pixel_area)))
        shift = 2 * (grid.MAX_ORDER - order)

        def until(place: np.ndarray) -> np.ndarray:  # probability in the nested order before a place
            row = np.maximum(np.searchsorted(start, place, side="right") - 1, 0)
            part = np.clip((place - start[row]) / size[row], 0, 1)
            return before[row] + part * (before[row + 1] - before[row])

        first = np.asarray(ipix, np.int64) << shift
        last = first + (1 << shift)
        row = np.maximum(np.searchsorted(start, first, side="right") - 1, 0)
        mean = np.maximum(until(last) - until(first), 0) / grid.pixel_area(order)
        return np.where((first >= start[row]) & (last <= start[row] + size[row]), self.density[row], mean)

    @cached_property
    def mode(self) -> tuple[float, float]:
        """(ra, dec) in degrees of the centre of the densest pixel."""
        row = int(self.ranked.rows[0])
        order, start, _ = self.spans
        ra, dec = grid.centre_of(order[row], start[row] >> (2 * (grid.MAX_ORDER - order[row])))
        return float(ra), float(dec)

    @cached_property
    def mean(self) -> tuple[float, float] | None:
        """(ra, dec) in degrees of the mean direction, from pixel centres; None where it has none, as on an even sky."""
        from tom_scimma.skymap import sphere

        ra, dec = grid.centres(self.uniq)
        mean = (self.density * self.pixel_area) @ sphere.vectors(ra, dec)
        if np.linalg.norm(mean) < 1e-9:
            return None
        lon, lat = sphere.degrees(mean)
        return float(lon), float(lat)

    def region(self, level: float) -> np.ndarray:
        """Rows of the smallest set of pixels that holds at least `level` of the probability, most probable first."""
        count = int(np.searchsorted(self.ranked.probability, level, side="left")) + 1
        return self.ranked.rows[:count]

    def region_spans(self, level: float) -> np.ndarray:
        """What `region` covers as half-open ranges of order-29 nested indices, int64[k, 2], sorted and joined."""
        _, start, size = self.spans
        rows = np.sort(self.region(level))
        first, last = start[rows], start[rows] + size[rows]
        apart = first[1:] != last[:-1]
        return np.stack([first[np.append(True, apart)], last[np.append(apart, True)]], axis=1)
