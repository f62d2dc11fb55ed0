"""What a telescope sees at once: shapes in the camera's own frame, and where on the sky they were put.

    decam = footprint.mosaic([(x1, y1), (x2, y2), ...])     degrees from the boresight, x to the east, y to the north
    fields = decam.at(ra, dec, pos_angle)                   thousands at once
    sky.inside(fields), sky.union(fields)

A corner (x, y) lies at longitude x and latitude y of a frame whose origin is the boresight; that frame is turned as a
whole, so shapes and areas are the same everywhere, over the poles too. The position angle is that of the frame's
north, east of north on the sky. Corners are joined by great circles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skymap import convex, grid
from tom_scimma.skymap.sphere import degrees, vectors

if TYPE_CHECKING:
    from tom_scimma.skymap.kinds import Table

#: radius of a circle that is one convex piece, degrees
WIDEST = 39.0

Corners = tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True, eq=False)
class Footprint:
    """A shape: convex pieces that do not overlap, float64[m, 3] each, corners as unit vectors in the camera's frame."""

    pieces: tuple[np.ndarray, ...]

    @cached_property
    def corners(self) -> np.ndarray:
        """All pieces with equally many corners, float64[pieces, m, 3]; further ones stand on the last edge."""
        most = max(map(len, self.pieces))
        return np.array([_padded(piece, most) for piece in self.pieces])

    @cached_property
    def normals(self) -> np.ndarray:
        """Unit vectors that point inside from each edge, float64[pieces, m, 3]."""
        across = np.cross(self.corners, np.roll(self.corners, -1, axis=1))
        return across / np.linalg.norm(across, axis=-1, keepdims=True)

    @cached_property
    def reach(self) -> float:
        """Largest angle between the boresight and a corner, radians."""
        return float(np.arctan2(np.hypot(self.corners[..., 1], self.corners[..., 2]), self.corners[..., 0]).max())

    @cached_property
    def area(self) -> float:
        """Area in deg2, gaps left out."""
        return float(sum(map(convex.solid_angle, self.pieces)) * grid.DEG2_PER_SR)

    @cached_property
    def grain(self) -> float:
        """Size of its largest piece, radians: root of the area."""
        return float(np.sqrt(max(map(convex.solid_angle, self.pieces))))

    @cached_property
    def table(self) -> Table:
        """Which pieces lie where in the field of view."""
        from tom_scimma.skymap.kinds import Table

        return Table(self)

    def at(self, ra: Any, dec: Any, pos_angle: Any = 0.0) -> Fields:
        """The shape at each position: degrees, arrays of any equal length, `pos_angle` east of north.

        Raises ValueError where a coordinate is not finite or a declination beyond 90.
        """
        ra, dec, turn = (np.atleast_1d(value).ravel() for value in np.broadcast_arrays(ra, dec, pos_angle))
        wrong = ~(np.isfinite(ra) & (np.abs(dec) <= 90) & np.isfinite(turn))
        if wrong.any():
            at = int(np.argmax(wrong))
            raise ValueError(f"field {at} has no place: ra {ra[at]}, dec {dec[at]}, position angle {turn[at]}")
        lon, turn = np.radians(ra.astype(float)), np.radians(turn.astype(float))[:, None]
        sight = vectors(ra, dec)
        east = np.stack((-np.sin(lon), np.cos(lon), np.zeros_like(lon)), axis=-1)
        north = np.cross(sight, east)
        axes = (sight, np.cos(turn) * east - np.sin(turn) * north, np.cos(turn) * north + np.sin(turn) * east)
        return Fields((self,), np.zeros(len(ra), np.int64), np.stack(axes, axis=1))


def _padded(piece: np.ndarray, most: int) -> np.ndarray:
    missing = most - len(piece)
    step = np.linspace(0, 1, missing + 2)[1:-1, None]
    more = piece[-1] * (1 - step) + piece[0] * step
    return np.concatenate((piece, more / np.linalg.norm(more, axis=1, keepdims=True)))


@dataclass(frozen=True, eq=False)
class Fields:
    """Footprints on the sky."""

    shapes: tuple[Footprint, ...]
    shape: np.ndarray  #: int64[k], which of the shapes
    axes: np.ndarray  #: float64[k, 3, 3]: the boresight, and the camera's east and north, as unit vectors on the sky

    def __len__(self) -> int:
        return len(self.shape)

    def __getitem__(self, which: Any) -> Fields:
        """Some of them: an index array, a mask or a slice."""
        return Fields(self.shapes, self.shape[which], self.axes[which])

    @property
    def area(self) -> np.ndarray:
        """Area in deg2 of each, float64[k], gaps left out."""
        return np.array([shape.area for shape in self.shapes])[self.shape]

    @property
    def polygons(self) -> list[list[tuple[np.ndarray, np.ndarray]]]:
        """For each footprint its pieces as (ra[], dec[]) in degrees, to draw."""
        return [
            [degrees(piece @ axes) for piece in self.shapes[shape].pieces]
            for shape, axes in zip(self.shape, self.axes, strict=True)
        ]


def rectangle(width: float, height: float) -> Footprint:
    """A rectangle around the boresight, sides in degrees."""
    x, y = width / 2, height / 2
    return polygon([-x, x, x, -x], [-y, -y, y, y])


def circle(radius: float) -> Footprint:
    """A circle around the boresight, radius in degrees, up to 39: a regular polygon of the circle's area.

    It has 32 to 360 corners, more for wider ones; it leaves the circle by no more than 0.0011 of the radius.
    """
    if not 0 < radius <= WIDEST:
        raise ValueError(f"a circle's radius lies in 0 to {WIDEST:.0f} degrees, not {radius}; see probability_in_cone")
    count = int(np.clip(56 * np.sqrt(radius), 56, 360))
    angle = np.arange(count) * (2 * np.pi / count)
    # half a triangle of the fan is right-angled, with cos(reach) = cot(half) cot(its other angle) and this excess
    half, excess = np.pi / count, 2 * np.pi * np.square(np.sin(np.radians(radius) / 2)) / count
    reach = 2 * np.arcsin(np.sqrt(np.sin(excess) / (2 * np.sin(half) * np.cos(half - excess))))
    ring = np.stack(
        (np.full(count, np.cos(reach)), np.sin(reach) * np.cos(angle), np.sin(reach) * np.sin(angle)), axis=1
    )
    return Footprint(tuple(convex.pieces(ring)))


def polygon(x: Sequence[float], y: Sequence[float]) -> Footprint:
    """A simple polygon, corners in degrees east and north of the boresight. Raises ValueError where it is none."""
    return mosaic([(x, y)])


def mosaic(polygons: Iterable[Corners]) -> Footprint:
    """Many simple polygons that do not overlap, such as the CCDs of a camera; corners as in `polygon`."""
    found = [piece for x, y in polygons for piece in convex.pieces(vectors(x, y))]
    if not found:
        raise ValueError("a footprint has at least one polygon")
    return Footprint(tuple(found))


def on_sky(footprints: Iterable[Corners | Sequence[Corners]]) -> Fields:
    """Footprints given by their corners on the sky: each (ra[], dec[]) in degrees, or a list of such."""
    shapes, axes = [], []
    for one in footprints:
        several = [one] if np.isscalar(one[0][0]) else one
        pieces = [piece for ra, dec in several for piece in convex.pieces(vectors(ra, dec))]
        sight = convex.middle(np.concatenate(pieces))
        east = np.cross([0.0, 0.0, 1.0] if abs(sight[2]) < 0.9 else [1.0, 0.0, 0.0], sight)
        east /= np.linalg.norm(east)
        frame = np.array([sight, east, np.cross(sight, east)])
        shapes.append(Footprint(tuple(piece @ frame.T for piece in pieces)))
        axes.append(frame)
    return Fields(tuple(shapes), np.arange(len(shapes)), np.array(axes).reshape(-1, 3, 3))


def together(fields: Fields | Iterable[Fields]) -> Fields:
    """All fields as one, in their order; cameras may differ."""
    if isinstance(fields, Fields):
        return fields
    shapes: dict[int, Footprint] = {}
    which, axes = [np.zeros(0, np.int64)], [np.zeros((0, 3, 3))]
    for one in fields:
        for shape in one.shapes:
            shapes.setdefault(id(shape), shape)
        place = {number: at for at, number in enumerate(shapes)}
        which.append(np.array([place[id(shape)] for shape in one.shapes], np.int64)[one.shape])
        axes.append(one.axes)
    return Fields(tuple(shapes.values()), np.concatenate(which), np.concatenate(axes))
