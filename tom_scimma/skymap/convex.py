"""Simple spherical polygons cut into convex pieces, each small enough to be looked at from one tangent plane.

A polygon is float64[n, 3], unit vectors of its corners, joined by great circles; inside is the bounded side, whichever
way round it is written. Pieces run counterclockwise as seen from outside the sphere, so that the cross product of a
corner with the next one points inside.
"""

from __future__ import annotations

import numpy as np

#: no corner may lie further than this from the polygon's middle, degrees
MAX_REACH = 80.0
#: pieces are cut until no corner lies further than this from their middle, degrees
PIECE_REACH = 40.0
#: corners nearer to one another than this are one, radians (0.02 milliarcseconds)
SAME = 1e-10


def pieces(corners: np.ndarray) -> list[np.ndarray]:
    """Convex polygons, float64[m, 3] each, that fill a simple polygon and do not overlap.

    Raises ValueError for what is none: fewer than three corners, no area, edges that cross, or too wide to have an
    inside.
    """
    corners = _distinct(np.asarray(corners, np.float64))
    flat = _flattened(corners)
    area = _area(flat)
    if abs(area) < 1e-20:
        raise ValueError("the polygon has no area")
    if area < 0:
        corners, flat = corners[::-1], flat[::-1]
    before, after = flat - np.roll(flat, 1, axis=0), np.roll(flat, -1, axis=0) - flat
    turns = _cross(before, after)
    limit = 1e-9 * np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    angles = np.arctan2(turns, np.sum(before * after, axis=1))
    if (turns > -limit).all() and angles.sum() < 3 * np.pi:  # once round: a pentagram turns left too, but twice round
        found = [corners]
    else:
        _check_simple(flat)
        found = [corners[list(ear)] for ear in _ears(flat)]
    return [small for piece in found for small in _small(piece)]


def middle(corners: np.ndarray) -> np.ndarray:
    """Unit vector amidst the corners."""
    total = corners.sum(axis=0)
    length = np.linalg.norm(total)
    if length < 1e-6:
        raise ValueError("the polygon goes round the whole sky and has no inside; cut it into smaller ones")
    return total / length


def solid_angle(piece: np.ndarray) -> float:
    """Area of a convex piece in steradians: a fan of triangles, each by Van Oosterom & Strackee 1983.

    tan(area / 2) = a . (b x c) / (1 + a . b + b . c + c . a), doi:10.1109/TBME.1983.325207; equal to Girard's excess.
    """
    a, b, c = piece[0], piece[1:-1], piece[2:]
    volume = np.cross(b, c) @ a
    return float(2 * np.arctan2(volume, 1 + b @ a + c @ a + np.sum(b * c, axis=1)).sum())


def _distinct(corners: np.ndarray) -> np.ndarray:
    if corners.ndim != 2 or not np.isfinite(corners).all():
        raise ValueError("a polygon's corners are finite numbers, as many of the one coordinate as of the other")
    corners = corners[np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1) > SAME]
    if len(corners) < 3:
        raise ValueError(f"a polygon has at least three different corners, not {len(corners)}")
    return corners


def _flattened(corners: np.ndarray) -> np.ndarray:
    """The corners in the tangent plane of their middle, float64[n, 2]: there great circles are straight."""
    top = middle(corners)
    height = corners @ top
    if height.min() < np.cos(np.radians(MAX_REACH)):
        reach = np.degrees(np.arccos(np.clip(height.min(), -1, 1)))
        raise ValueError(f"the polygon reaches {reach:.0f} degrees from its middle, {MAX_REACH:.0f} at most; cut it")
    east = np.cross([0.0, 0.0, 1.0] if abs(top[2]) < 0.9 else [1.0, 0.0, 0.0], top)
    east /= np.linalg.norm(east)
    return np.stack((corners @ east, corners @ np.cross(top, east)), axis=1) / height[:, None]


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _area(flat: np.ndarray) -> float:
    return float(_cross(flat, np.roll(flat, -1, axis=0)).sum() / 2)


def _check_simple(flat: np.ndarray) -> None:
    begin, end = flat, np.roll(flat, -1, axis=0)
    along = end - begin
    side = [_cross(along[:, None], point[None, :] - begin[:, None]) for point in (begin, end)]
    apart = side[0] * side[1] < 0  # the other edge's ends lie on two sides of this edge
    crossing = np.argwhere(apart & apart.T)
    if len(crossing):
        first, second = crossing[0] + 1
        raise ValueError(f"the polygon crosses itself: edge {first} and edge {second}")


def _ears(flat: np.ndarray) -> list[tuple[int, int, int]]:
    """Triangles, by corner, of a simple polygon written counterclockwise: one ear after the other is cut off."""
    left, found = list(range(len(flat))), []
    while len(left) > 3:
        for place in range(len(left)):
            a, b, c = left[place - 1], left[place], left[(place + 1) % len(left)]
            turn = _cross(flat[b] - flat[a], flat[c] - flat[b])
            others = flat[[one for one in left if one not in (a, b, c)]]
            if turn <= 0 or _any_within(others, flat[a], flat[b], flat[c]):
                continue
            found.append((a, b, c))
            del left[place]
            break
        else:  # only corners on one line are left, or such as touch; cut off the flattest
            flatness = [abs(_cross(flat[left[i]] - flat[left[i - 1]], flat[left[(i + 1) % len(left)]] - flat[left[i]]))
                        for i in range(len(left))]  # fmt: skip
            del left[int(np.argmin(flatness))]
    return [*found, (left[0], left[1], left[2])]


def _any_within(points: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> bool:
    inside = np.ones(len(points), bool)
    for begin, end in ((a, b), (b, c), (c, a)):
        inside &= _cross(end - begin, points - begin) > 0
    return bool(inside.any())


def _small(piece: np.ndarray) -> list[np.ndarray]:
    """A convex piece, or the parts of it that are small enough."""
    top = middle(piece)
    if (piece @ top).min() >= np.cos(np.radians(PIECE_REACH)):
        return [piece]
    if len(piece) > 3:
        fan = zip(piece, np.roll(piece, -1, axis=0), strict=True)
        return [small for a, b in fan for small in _small(np.array([top, a, b]))]
    a, b, c = piece
    ab, bc, ca = (pair / np.linalg.norm(pair) for pair in (a + b, b + c, c + a))
    return [small for part in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)) for small in _small(np.array(part))]
