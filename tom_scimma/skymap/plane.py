"""Rings on the sphere to polygons in the plane of longitude and latitude, cut where RA is 180, right at the poles.

Each ring has its region on the left. Where it crosses the edge of the plane it is cut; from where a piece ends, its
polygon goes on along the edge, counterclockwise, to where the next piece begins.
"""

from __future__ import annotations

import numpy as np

from tom_scimma.skymap import sphere

#: degrees of longitude between corners, at most; beside a pole an arc is no straight line in the plane
LONGEST = 2.0
#: along the edge of the plane from (180, -90) on, counterclockwise
CORNERS = ((0.0, (180.0, -90.0)), (180.0, (180.0, 90.0)), (540.0, (-180.0, 90.0)), (720.0, (-180.0, -90.0)))
AROUND = 1080.0

Piece = np.ndarray  #: float64[k, 2], longitude and latitude


def filled(ring: np.ndarray) -> np.ndarray:
    """A closed ring with longitudes that run on past 360, and corners on long arcs; float64[k, 2] in and out."""
    at = sphere.vectors(*ring.T)
    lon = np.unwrap(ring[:, 0], period=360)
    count = np.maximum(np.ceil(np.abs(np.diff(lon)) / LONGEST), 1).astype(int)
    if count.max() == 1:
        return np.column_stack((lon, ring[:, 1]))
    edge = np.repeat(np.arange(count.size), count)
    part = (np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count)) / count[edge]
    ra, dec = sphere.degrees(at[edge] * (1 - part)[:, None] + at[edge + 1] * part[:, None])
    ra, dec = np.append(ra, ring[-1, 0]), np.append(dec, ring[-1, 1])
    return np.column_stack((lon[0] + np.unwrap(ra - ra[0], period=360), dec))


def polygons(rings: list[np.ndarray]) -> list[list[Piece]]:
    """[exterior, hole, ...] for each polygon of a region; rings of (ra, dec) in degrees, closed, region on the left."""
    whole: list[Piece] = []
    pieces: list[Piece] = []
    for ring in rings:
        cut = _cut(filled(ring))
        (pieces if len(cut) > 1 or not np.array_equal(cut[0][0], cut[0][-1]) else whole).extend(cut)
    shells = [*_stitched(pieces), *(ring for ring in whole if _area(ring) > 0)]
    holes = [ring for ring in whole if _area(ring) <= 0]
    found = [[shell] for shell in sorted(shells, key=_area)]
    edge = [np.array([corner for _, corner in CORNERS] + [CORNERS[0][1]])]
    outside = False
    for hole in holes:
        around = next((polygon for polygon in found if _holds(polygon[0], hole[0])), None)
        if around is None:  # what is outside of all is all but the holes
            around, outside = edge, True
        around.append(hole)
    return [*found, edge] if outside else found


def _cut(ring: np.ndarray) -> list[Piece]:
    """A filled ring in pieces inside -180..180: itself if it crosses nothing, else from edge to edge."""
    sheet = np.floor((ring[:, 0] + 180) / 360)
    jumps = np.flatnonzero(np.diff(sheet))
    if not jumps.size:
        return [np.column_stack((ring[:, 0] - 360 * sheet[0], ring[:, 1]))]
    pieces: list[list[np.ndarray]] = [[]]
    begin = 0
    for jump in jumps.tolist():
        here, there = ring[jump], ring[jump + 1]
        eastward = there[0] > here[0]
        edge = 360 * (sheet[jump + 1] if eastward else sheet[jump]) - 180
        crossing = _crossing(here, there, edge)
        side = 180.0 if eastward else -180.0
        pieces[-1] += [_moved(ring[begin : jump + 1], sheet[jump]), np.array([[side, crossing]])]
        pieces.append([np.array([[-side, crossing]])])
        begin = jump + 1
    pieces[0] = [*pieces.pop(), _moved(ring[begin:-1], sheet[-1]), *pieces[0]]  # the ring closes inside a piece
    return [np.concatenate(piece) for piece in pieces]


def _moved(part: np.ndarray, sheet: float) -> np.ndarray:
    return np.column_stack((part[:, 0] - 360 * sheet, part[:, 1]))


def _crossing(here: np.ndarray, there: np.ndarray, edge: float) -> float:
    """Latitude at which the arc between two corners crosses a meridian."""
    one, other = sphere.vectors(*here), sphere.vectors(*there)
    meridian = np.array([-np.sin(np.radians(edge)), np.cos(np.radians(edge)), 0])
    first, second = one @ meridian, other @ meridian
    part = first / (first - second) if first != second else 0.5
    return float(sphere.degrees(one + part * (other - one))[1])


def _stitched(pieces: list[Piece]) -> list[Piece]:
    """Closed rings of pieces, joined along the edge of the plane."""
    begins = [_along(piece[0]) for piece in pieces]
    left = set(range(len(pieces)))
    found = []
    while left:
        first = at = left.pop()
        ring = [pieces[at]]
        while True:
            end = _along(pieces[at][-1])
            ahead = min((*left, first), key=lambda one: (begins[one] - end) % AROUND)
            length = (begins[ahead] - end) % AROUND
            passed = sorted(((place - end) % AROUND, corner) for place, corner in CORNERS)
            ring.append(np.array([corner for way, corner in passed if way < length]).reshape(-1, 2))
            if ahead == first:
                break
            left.discard(ahead)
            at = ahead
            ring.append(pieces[at])
        found.append(np.concatenate([*ring, pieces[first][:1]]))
    return found


def _along(place: np.ndarray) -> float:
    """How far along the edge of the plane a place on its right or left side lies."""
    return 90 + place[1] if place[0] > 0 else 540 + 90 - place[1]


def _area(ring: Piece) -> float:
    """Signed area in the plane, positive for counterclockwise."""
    x, y = ring.T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)


def _holds(ring: Piece, place: np.ndarray) -> bool:
    """Whether a place lies inside a ring in the plane, by crossings to the east."""
    x, y = ring.T
    crosses = (y[:-1] > place[1]) != (y[1:] > place[1])
    with np.errstate(all="ignore"):
        at = x[:-1] + (place[1] - y[:-1]) / (y[1:] - y[:-1]) * (x[1:] - x[:-1])
    return bool(np.sum(crosses & (at > place[0])) % 2)
