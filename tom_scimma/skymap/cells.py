"""Where HEALPix pixels lie, as parallelograms in space: centre and the two sides, for many pixels at once.

The projection is Gorski et al. 2005 (doi:10.1086/427976), section 5, and its derivatives; a pixel is centre + (u - 1/2)
across + (v - 1/2) along for u, v in 0..1, to the second order of its size. Only the few `bent` ones differ more:
those at the poles, and those on the rings where the polar caps begin, through which the projection has a kink.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_RING = np.array([2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4], np.float64)
_TURN = np.array([1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7], np.float64)
_SPREAD = ((1, 0x5555555555555555), (2, 0x3333333333333333), (4, 0x0F0F0F0F0F0F0F0F), (8, 0x00FF00FF00FF00FF),
           (16, 0x0000FFFF0000FFFF), (32, 0x00000000FFFFFFFF))  # fmt: skip
#: pixels on fewer rings than this from a pole count as bent
BENT_RINGS = 40


class Frames(NamedTuple):
    """Pixels in space; each part is [3][n] (x, y, z)."""

    centre: list[np.ndarray]
    across: list[np.ndarray]  #: the side along which the even bits of the nested index grow
    along: list[np.ndarray]  #: the other side


def _squeezed(bits: np.ndarray) -> np.ndarray:
    """Every second bit, from bit 0 on, pushed together."""
    bits = bits & 0x5555555555555555
    for shift, mask in _SPREAD:
        bits = (bits | (bits >> (shift >> 1))) & mask if shift > 1 else bits
    return bits


def _plane(order: int, ipix: np.ndarray) -> tuple[np.ndarray, ...]:
    """(distance from the pole in units of nside, side: 1 north, -1 south, 0 belt, x - y, turn, ring) of the centres."""
    nside = 1 << order
    face = ipix >> (2 * order)
    rest = ipix & ((1 << (2 * order)) - 1)
    x = (_squeezed(rest) + 0.5) / nside
    y = (_squeezed(rest >> 1) + 0.5) / nside
    ring = _RING[face] - x - y
    near = np.minimum(np.minimum(ring, 4 - ring), 1.0)
    side = np.where(ring < 1, 1.0, np.where(ring > 3, -1.0, 0.0))
    return near, side, x - y, _TURN[face], ring


def centres(order: int, ipix: np.ndarray) -> list[np.ndarray]:
    """Unit vectors [3][n] of the centres of nested pixels of one order."""
    near, side, slope, turn, ring = _plane(order, ipix)
    lon = np.pi / 4 * (turn + slope / near)
    z = np.where(side == 0, (2 - ring) * (2 / 3), side * (1 - near * near / 3))
    flat = np.where(side == 0, np.sqrt(1 - z * z), near * np.sqrt((2 - near * near / 3) / 3))
    return [flat * np.cos(lon), flat * np.sin(lon), z]


def frames(order: int, ipix: np.ndarray) -> Frames:
    """Where nested pixels of one order lie."""
    nside = 1 << order
    near, side, slope, turn, ring = _plane(order, ipix)
    lon = np.pi / 4 * (turn + slope / near)
    belt = side == 0
    z = np.where(belt, (2 - ring) * (2 / 3), side * (1 - near * near / 3))
    flat = np.where(belt, np.sqrt(1 - z * z), near * np.sqrt((2 - near * near / 3) / 3))
    east, north = np.cos(lon), np.sin(lon)
    rise = np.where(belt, 2 / 3, near * (2 / 3)) / nside  # of z, the same along both sides
    out = -z * rise / flat
    skew = np.pi / 4 * side * slope / (near * near) / nside
    turned = np.pi / 4 / near / nside
    sides = []
    for swing in (flat * (skew + turned), flat * (skew - turned)):
        sides.append([out * east - swing * north, out * north + swing * east, rise])
    return Frames([flat * east, flat * north, z], sides[0], sides[1])


def bent(order: int, ipix: np.ndarray) -> np.ndarray:
    """Whether nested pixels differ much from parallelograms, bool[n]."""
    nside = 1 << order
    rest = ipix & ((1 << (2 * order)) - 1)
    ring = _RING[ipix >> (2 * order)] - (_squeezed(rest) + _squeezed(rest >> 1) + 1) / nside
    near = np.minimum(ring, 4 - ring)
    return (near < BENT_RINGS / nside) | (np.abs(near - 1) < 0.5 / nside)


def dual(frame: Frames) -> list[list[np.ndarray]]:
    """Three vectors [3][n]: their products with a direction are (h, h (u - 1/2), h (v - 1/2)) of it in the pixel's plane."""
    return [
        _crossed(frame.across, frame.along),
        _crossed(frame.along, frame.centre),
        _crossed(frame.centre, frame.across),
    ]


def _crossed(a: list[np.ndarray], b: list[np.ndarray]) -> list[np.ndarray]:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
