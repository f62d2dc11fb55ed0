"""HEALPix arithmetic on arrays: what a UNIQ number means, and which pixels may be merged.

UNIQ (also NUNIQ) packs order and nested index as `4 * 4**order + ipix` (Reinecke & Hivon 2015,
doi:10.1051/0004-6361/201526549). A pixel's *span* is the run of order-29 nested indices that it covers, so that
pixels of any order are compared as integers.
"""

from __future__ import annotations

from functools import cache

import numpy as np

MAX_ORDER = 29
#: number of order-29 pixels: the end of the last span
SPAN_END = 12 << (2 * MAX_ORDER)
SPHERE_SR = 4 * np.pi
DEG2_PER_SR = np.square(180 / np.pi)


def order_of(uniq: np.ndarray) -> np.ndarray:
    """HEALPix order of each UNIQ number, int64; only meaningful for uniq >= 4.

    The exponent of the number as a float gives the position of its top bit; rounding up (above 2**53) is undone.
    """
    bits = (uniq.astype(np.float64).view(np.int64) >> 52) - 1023
    bits -= (uniq >> bits) == 0
    return (bits - 2) >> 1


def spans(uniq: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(order, first order-29 nested index, number of order-29 pixels), each int64[n], of UNIQ numbers."""
    order = order_of(uniq)
    shift = 2 * (MAX_ORDER - order)
    start = (uniq - (np.int64(4) << (2 * order))) << shift
    return order, start, np.int64(1) << shift


def uniq_of(order: np.ndarray | int, ipix: np.ndarray) -> np.ndarray:
    """UNIQ numbers, int64, of nested pixels."""
    return np.asarray(ipix, np.int64) + (np.int64(4) << (2 * np.asarray(order, np.int64)))


def pixel_area(order: np.ndarray | int) -> np.ndarray:
    """Area of a pixel in steradians: 4 pi / (12 * 4**order)."""
    return SPHERE_SR / 12 * np.exp2(-2.0 * np.asarray(order))


def area_of(size: np.ndarray) -> np.ndarray:
    """Area in steradians of pixels that span so many order-29 ones; the very numbers of `pixel_area`."""
    return size * (SPHERE_SR / 12 * 0.5 ** (2 * MAX_ORDER))


def pixel_of(ra: np.ndarray, dec: np.ndarray, order: int) -> np.ndarray:
    """Nested index, int64, of positions in degrees; -1 where a coordinate is not finite or |dec| > 90."""
    from tom_scimma.skymap import index

    ra, dec = np.broadcast_arrays(np.asarray(ra, np.float64), np.asarray(dec, np.float64))
    good = np.isfinite(ra) & (np.abs(dec) <= 90)
    if good.all():
        return index.pixels(ra.ravel(), dec.ravel(), order).reshape(ra.shape)
    found = index.pixels(np.where(good, ra, 0).ravel(), np.where(good, dec, 0).ravel(), order)
    return np.where(good, found.reshape(ra.shape), -1)


def centre_of(order: int, ipix: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
    """(ra, dec) in degrees of the centres of nested pixels of one order."""
    from astropy_healpix.healpy import pix2ang

    return pix2ang(1 << int(order), ipix, nest=True, lonlat=True)


def centres(uniq: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(ra, dec) in degrees of the centres of pixels of any orders, float64[n] each."""
    order, start, _ = spans(uniq)
    ra, dec = np.empty(uniq.size), np.empty(uniq.size)
    for level in np.unique(order):
        here = np.flatnonzero(order == level)
        ra[here], dec[here] = centre_of(level, start[here] >> (2 * (MAX_ORDER - int(level))))
    return ra, dec


def merge(order: int, ipix: np.ndarray, columns: np.ndarray) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Pixels after every four equal siblings became their parent, as (order, ipix int64[k], columns[c, k]) by order.

    `ipix` is sorted, nested, without repeats; `columns` is float[c, n]. Siblings merge when all columns are equal.
    """
    done = []
    while order and ipix.size > 3:
        first = np.flatnonzero((ipix[:-3] & 3 == 0) & (ipix[3:] - ipix[:-3] == 3))
        for step in (3, 1, 2):  # the last sibling differs most often: ask it first
            for column in columns:
                first = first[column[first] == column[first + step]]
        alone = np.ones(ipix.size, bool)
        for step in range(4):
            alone[first + step] = False
        if alone.any():
            done.append((order, ipix[alone], columns[:, alone]))
        order, ipix, columns = order - 1, ipix[first] >> 2, columns[:, first]
    if ipix.size:
        done.append((order, ipix, columns))
    return done


@cache
def _offsets(bits: int) -> tuple[np.ndarray, np.ndarray]:
    """(x, y), int32, of the pixels of a block of 4**bits nested pixels: their even bits, and their odd ones."""
    ipix = np.arange(1 << (2 * bits), dtype=np.int32)
    x = sum((ipix >> bit) & (1 << bit) for bit in range(bits)) + np.zeros_like(ipix)
    y = sum((ipix >> (bit + 1)) & (1 << bit) for bit in range(bits)) + np.zeros_like(ipix)
    return x, y


def ring_of_block(order: int, first: int, bits: int) -> np.ndarray:
    """Ring index, int32, of the 4**bits nested pixels from `first` (a multiple of that) on; order up to 13.

    xyf2ring of HEALPix (Gorski et al. 2005, doi:10.1086/427976), whose case (pole, belt) may change inside a block.
    """
    nside = 1 << order
    face, rest = divmod(first, nside * nside)
    x, y = _offsets(bits)
    x0 = sum((rest >> bit) & (1 << bit) for bit in range(order))
    y0 = sum((rest >> (bit + 1)) & (1 << bit) for bit in range(order))
    ring = np.int32((2 + face // 4) * nside - 1 - x0 - y0) - (x + y)
    south = 4 * nside - ring
    near = np.minimum(np.minimum(ring, south), np.int32(nside))  # a quarter of the pixels on the ring
    belt = near == nside
    east = (near * np.int32((1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7)[face]) + (x - y) + np.int32(x0 - y0 + 1)) + (
        belt & (((ring - nside) & 1) == 1)
    )
    east >>= 1
    east -= (east > 4 * nside) * np.int32(4 * nside)
    east += (east < 1) * np.int32(4 * nside)
    cap = 2 * near * (near - 1)
    before = np.where(ring < south, cap, np.int32(12 * nside * nside) - cap - 4 * near)
    before = np.where(belt, np.int32(2 * nside * (nside - 1)) + (ring - nside) * np.int32(4 * nside), before)
    return before + east - 1


def ring_to_nested(order: int, ipix: np.ndarray) -> np.ndarray:
    """Nested index, int64, of ring pixels."""
    from astropy_healpix.healpy import ring2nest

    return np.asarray(ring2nest(1 << order, ipix), np.int64)


@cache
def radius(order: int) -> float:
    """Degrees from the centre of a pixel of an order to its farthest corner, at most (Healpix_base::max_pixrad)."""
    nside = 1 << order
    z, top = 2 / 3, 1 - np.square(1 - 1 / nside) / 3
    cosine = z * top + np.sqrt((1 - z * z) * max(1 - top * top, 0)) * np.cos(np.pi / 4 / nside)
    side = np.sqrt(1 - z * z) * np.sin(np.pi / 4 / nside)  # the angle by its tangent: its cosine is blind below 1e-8
    other = top * np.sqrt(1 - z * z) * np.cos(np.pi / 4 / nside) - z * np.sqrt(max(1 - top * top, 0))
    return float(np.degrees(np.arctan2(np.hypot(side, other), cosine)))


def side(order: int) -> float:
    """Degrees along the side of a square as large as a pixel of an order."""
    return float(np.degrees(np.sqrt(pixel_area(order))))
