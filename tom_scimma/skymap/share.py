"""How much of a HEALPix pixel a convex piece covers: exactly as a share, and as 64 sample points.

A pixel is the unit square of its own plane (u, v), in which great circles are straight lines.

Share: a polygon's part of the square is the sum over its edges of the signed area between the edge, held to 0..1, and
the axis: an edge from (u0, v0) to (u1, v1) adds the integral of min(max(v, 0), 1) du over the part of it with u in
0..1. With G(v) = 0, v**2 / 2, v - 1/2 below, in and above 0..1, that is (G(v1) - G(v0)) / (v1 - v0) * (u1 - u0).
Exact for straight edges, any simple polygon, no matter how it leaves the square.

Samples: 8 rows of 8 points, each row moved by the golden ratio against the last, a bit each (a coverage mask as in
Carpenter 1984, doi:10.1145/800031.808585), so that the union of pieces is the OR of their masks.
"""

from __future__ import annotations

import numpy as np

#: where in its eighth of the row each sample stands, by row
_OFFSET = np.modf(0.5 + np.arange(8) * (np.sqrt(5) - 1) / 2)[0].astype(np.float32)
_ROW = ((np.arange(8, dtype=np.float32)) + 0.5) / 8
#: the first n bits of a row
_FIRST = ((1 << np.arange(9)) - 1).astype(np.uint8)
#: one half of the samples, evenly spread
HALF = np.frombuffer(bytes([0x55, 0xAA] * 4), np.uint64)[0]
_TINY = 1e-9

Plane = list[tuple[np.ndarray, np.ndarray]]


def plane(dual: list[list[np.ndarray]], corners: list[list[np.ndarray]], piece: np.ndarray) -> Plane:
    """(u, v) of each corner of each piece, in its pixel's plane; `dual` as cells.dual, one row a piece."""
    found = []
    for corner in corners:
        point = [axis[piece] for axis in corner]
        height, u, v = (
            part[0] * point[0] + part[1] * point[1] + part[2] * point[2] for part in dual
        )  # the pixel's plane is nearer than 90 degrees to every corner: see convex.PIECE_REACH
        np.maximum(height, _TINY * np.abs(height) + 1e-300, out=height)
        found.append((u / height + 0.5, v / height + 0.5))
    return found


def shares(corners: Plane) -> np.ndarray:
    """Share of the unit square, 0..1, that each polygon covers."""
    total = np.zeros(len(corners[0][0]))
    for (u0, v0), (u1, v1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        run, rise = u1 - u0, v1 - v0
        slope = rise / np.where(np.abs(run) < 1e-15, 1e-15, run)
        left, right = np.clip(u0, 0, 1), np.clip(u1, 0, 1)
        low, high = v0 + (left - u0) * slope, v0 + (right - u0) * slope
        change = high - low
        flat = np.abs(change) < _TINY
        mean = np.where(flat, np.clip((low + high) / 2, 0, 1), (_held(high) - _held(low)) / np.where(flat, 1.0, change))
        total -= mean * (right - left)
    return np.clip(total, 0, 1)


def _held(v: np.ndarray) -> np.ndarray:
    inside = np.clip(v, 0, 1)
    return inside * inside / 2 + np.maximum(v - 1, 0)


def masks(corners: Plane) -> np.ndarray:
    """The 64 samples of each convex polygon, uint64: bit 8 * row + column."""
    count = len(corners[0][0])
    low, high = np.full((8, count), -np.inf, np.float32), np.full((8, count), np.inf, np.float32)
    along, bound = np.empty(count, np.float32), np.empty(count, np.float32)
    for (u0, v0), (u1, v1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        rise = v1 - v0
        rise[np.abs(rise) < _TINY] = _TINY
        slope = (u1 - u0) / rise
        base = (u0 - v0 * slope).astype(np.float32)
        slope = slope.astype(np.float32)
        upward = rise > 0  # on a piece that runs counterclockwise, upward edges bound it to the right
        right, left = np.where(upward, base, np.float32(np.inf)), np.where(upward, np.float32(-np.inf), base)
        for row in range(8):  # into the same memory again and again: that is half of the time
            np.multiply(slope, _ROW[row], out=along)
            np.minimum(high[row], np.add(along, right, out=bound), out=high[row])
            np.maximum(low[row], np.add(along, left, out=bound), out=low[row])
    found = np.empty((count, 8), np.uint8)
    for row in range(8):
        begin, end = (_columns_before(bounds[row], row) for bounds in (low, high))
        found[:, row] = _FIRST[end] & ~_FIRST[begin]
    return found.view(np.uint64).ravel()


def _columns_before(bound: np.ndarray, row: int) -> np.ndarray:
    bound *= 8
    bound -= _OFFSET[row]
    np.ceil(bound, out=bound)
    np.maximum(bound, 0, out=bound)
    return np.minimum(bound, 8, out=bound).astype(np.uint8)


def counted(mask: np.ndarray) -> np.ndarray:
    """How many samples each mask holds, int64, 0..64."""
    pairs = mask - ((mask >> np.uint64(1)) & np.uint64(0x5555555555555555))
    fours = (pairs & np.uint64(0x3333333333333333)) + ((pairs >> np.uint64(2)) & np.uint64(0x3333333333333333))
    eights = (fours + (fours >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return ((eights * np.uint64(0x0101010101010101)) >> np.uint64(56)).astype(np.int64)
