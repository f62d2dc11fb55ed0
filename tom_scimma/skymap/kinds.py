"""Which pieces of which footprint a point of the sky lies in or near, for many (point, footprint) pairs at once.

Footprints are sorted into kinds that can be looked up by the same array operations: those of one large camera, which
gets a table of its field of view, and those whose pieces have equally many corners.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tom_scimma.skymap.footprint import Fields, Footprint

#: a camera of more pieces than this, put in more places than this, is worth a table of its field of view
TABLE_PIECES, TABLE_FIELDS = 6, 4
#: a table has about so many bins a piece, within bounds
BINS_PER_PIECE, FEWEST_BINS, MOST_BINS = 150, 48, 112


class Found(NamedTuple):
    """What lies at or near points."""

    deep: np.ndarray  #: bool[n], a circle around the point lies wholly in one piece
    near: np.ndarray  #: bool[n], the circle may touch a piece


class Kind:
    """Footprints whose pieces have equally many corners; every piece is asked."""

    def __init__(self, fields: Fields, shapes: list[int]) -> None:
        chosen = [fields.shapes[shape] for shape in shapes]
        count = np.array([len(shape.pieces) for shape in chosen])
        self.corners = _columns([shape.corners for shape in chosen])
        self.normals = _columns([shape.normals for shape in chosen])
        self.first, self.count = np.zeros(len(fields.shapes), np.int64), np.zeros(len(fields.shapes), np.int64)
        self.first[shapes], self.count[shapes] = np.cumsum(count) - count, count
        self.grain = max(shape.grain for shape in chosen)

    def find(self, shape: np.ndarray, point: list[np.ndarray], radius: float) -> Found:
        """What a circle of `radius` radians around each point (camera's frame, [3][n]) meets of the shape."""
        row, piece = _expanded(self.first[shape], self.count[shape])
        depth = _depth(self.normals, piece, point if len(row) == len(shape) else [axis[row] for axis in point])
        if len(row) > len(shape):
            depth = np.maximum.reduceat(depth, np.flatnonzero(np.diff(row, prepend=-1)))
        reach = np.sin(radius)
        return Found(depth > reach, depth > -reach)

    def pieces(self, shape: np.ndarray, point: list[np.ndarray], radius: float) -> tuple[np.ndarray, np.ndarray]:
        """(pair, piece): the pieces that a circle around each point may touch; pairs ascend."""
        row, piece = _expanded(self.first[shape], self.count[shape])
        if len(row) == len(shape):
            return row, piece
        close = _depth(self.normals, piece, [axis[row] for axis in point]) > -np.sin(radius)
        return row[close], piece[close]

    def holds(self, shape: np.ndarray, point: list[np.ndarray]) -> np.ndarray:
        """Whether each point (camera's frame, [3][n]) lies in the shape, bool[n]."""
        row, piece = self.pieces(shape, point, 0.0)
        within = _depth(self.normals, piece, [axis[row] for axis in point]) >= 0
        held = np.zeros(len(shape), bool)
        held[row[within]] = True
        return held


class Camera(Kind):
    """One camera of many pieces, in many places, looked up in its table."""

    def __init__(self, fields: Fields, shape: int) -> None:
        super().__init__(fields, [shape])
        self.table = fields.shapes[shape].table

    def find(self, shape: np.ndarray, point: list[np.ndarray], radius: float) -> Found:
        """As Kind.find, by the table."""
        where = self.table.bin(point)
        return Found(self.table.deep(radius)[where], (self.table.near(radius)[2] > 0)[where])

    def pieces(self, shape: np.ndarray, point: list[np.ndarray], radius: float) -> tuple[np.ndarray, np.ndarray]:
        """As Kind.pieces, by the table."""
        where = self.table.bin(point)
        piece, first, count = self.table.near(radius)
        row, place = _expanded(first[where], count[where])
        return row, piece[place]


class Table:
    """Bins over the field of view of a camera, in the plane across its boresight: sines of the angles east and north.

    Bin number bins**2 is everything else.
    """

    def __init__(self, camera: Footprint) -> None:
        self.camera = camera
        self.bins = int(np.clip(np.sqrt(BINS_PER_PIECE * len(camera.pieces)), FEWEST_BINS, MOST_BINS))
        self.half = float(np.sin(min(camera.reach * 1.3, np.pi / 2)))
        self.lists: dict[float, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    @cached_property
    def depths(self) -> tuple[np.ndarray, np.ndarray]:
        """(depth of each bin's middle in each piece, float64[bins**2, pieces], radians; how far a bin reaches)."""
        step = 2 * self.half / self.bins
        middle = (np.arange(self.bins) + 0.5) * step - self.half
        y, z = (axis.ravel() for axis in np.meshgrid(middle, middle, indexing="ij"))
        far = np.sqrt(y * y + z * z)
        shrink = 0.999999 / np.maximum(far, 0.999999)  # a bin beyond the horizon
        point = np.stack((np.sqrt(1 - np.square(far * shrink)), y * shrink, z * shrink))
        normals = self.camera.normals
        sine = (normals.reshape(-1, 3) @ point).reshape(*normals.shape[:2], -1).min(axis=1).T
        slack = step / np.sqrt(2)  # in the plane; on the sphere it is longest away from the boresight
        inner, outer = np.arcsin(np.clip(far - slack, 0, 1)), np.arcsin(np.minimum(far + slack, 1))
        return np.arcsin(np.clip(sine, -1, 1)), np.where(far + slack < 1, outer - inner, np.pi)

    def bin(self, point: list[np.ndarray]) -> np.ndarray:
        """Number of the bin of each point (camera's frame, [3][n])."""
        scale = self.bins / (2 * self.half)
        y, z = ((point[axis] + self.half) * scale for axis in (1, 2))
        inside = (y >= 0) & (y < self.bins) & (z >= 0) & (z < self.bins) & (point[0] > 0)
        return np.where(inside, y.astype(np.int64) * self.bins + z.astype(np.int64), self.bins**2)

    def deep(self, radius: float) -> np.ndarray:
        """Whether a circle of a radius lies in one piece wherever in the bin its middle is, bool[bins**2 + 1]."""
        depth, slack = self.depths
        return np.append(depth.max(axis=1) - slack > radius, False)

    def near(self, radius: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(pieces, one bin's after the other's; where each bin's begin; how many) that a circle in the bin may touch."""
        if radius not in self.lists:
            depth, slack = self.depths
            where, piece = np.nonzero(depth > -(radius + slack)[:, None])
            spills = self.camera.reach + radius >= np.arcsin(self.half)
            outside = np.arange(len(self.camera.pieces)) if spills else np.zeros(0, np.int64)
            count = np.append(np.bincount(where, minlength=self.bins**2), len(outside))
            self.lists[radius] = np.concatenate((piece, outside)), np.cumsum(count) - count, count
        return self.lists[radius]


def kinds(fields: Fields) -> Iterator[tuple[Kind, np.ndarray]]:
    """(kind, bool[shapes]: the shapes that are of it) for all shapes."""
    used = np.bincount(fields.shape, minlength=len(fields.shapes))
    by_corners: dict[int, list[int]] = {}
    for number, shape in enumerate(fields.shapes):
        if used[number] > TABLE_FIELDS and len(shape.pieces) > TABLE_PIECES and shape.reach < 1.2:
            yield Camera(fields, number), np.arange(len(fields.shapes)) == number
        elif used[number]:
            by_corners.setdefault(shape.corners.shape[1], []).append(number)
    for numbers in by_corners.values():
        yield Kind(fields, numbers), np.isin(np.arange(len(fields.shapes)), numbers)


def _columns(blocks: list[np.ndarray]) -> list[list[np.ndarray]]:
    """[corner][axis] arrays over all pieces."""
    return [[np.ascontiguousarray(axis) for axis in corner] for corner in np.concatenate(blocks).transpose(1, 2, 0)]


def _expanded(first: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(row, place) of every place first[row] .. first[row] + count[row] - 1."""
    if (count == 1).all():
        return np.arange(len(count)), first
    row = np.repeat(np.arange(len(count)), count)
    begin = np.cumsum(count) - count
    return row, np.arange(len(row)) + (first - begin)[row]


def _depth(normals: list[list[np.ndarray]], piece: np.ndarray, point: list[np.ndarray]) -> np.ndarray:
    """Sine of the angle by which each point lies inside the nearest edge of its piece; negative outside."""
    found = np.full(len(piece), np.inf)
    for normal in normals:
        side = normal[0][piece] * point[0]
        side += normal[1][piece] * point[1]
        side += normal[2][piece] * point[2]
        np.minimum(found, side, out=found)
    return found
