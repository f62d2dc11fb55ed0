"""Flat tables in ring order to blocks of nested pixels, with no more of the table in memory than some rings.

A square of 4**bits nested pixels lies on 2**(bits + 1) - 1 rings. Squares are taken from north to south, and the rings
that they still need are kept in a window.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tom_scimma.skymap import grid
from tom_scimma.skymap.cards import Table

#: pixels converted at once are those of one pixel this many orders up: their values fit the processor's cache
BLOCK_ORDERS = 7


def blocks(table: Table, names: list[str], order: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(ipix int64[k], columns float64[c, k]) of each square, from north to south."""
    columns = [table.columns[name] for name in names]
    repeat = columns[0].repeat
    bits = min(order, BLOCK_ORDERS)
    window = [np.empty(0, column.kind) for column in columns]
    begin = row = 0  # the pixel the window begins with, the row the table stands at
    for north, south, squares in _bands(order, bits):
        needed = -(-_start(order, south + 1) // repeat) - row
        kept = min(_start(order, north), row * repeat) - begin
        begin += kept
        if needed > 0:
            rows = table.take(row, needed)
            row += needed
            views = [column.view(rows, table.width).ravel() for column in columns]
            window = [np.concatenate((held[kept:], more)) for held, more in zip(window, views, strict=True)]
        elif kept:
            window = [held[kept:] for held in window]
        for first in squares:
            place = grid.ring_of_block(order, first, bits) - np.int32(begin)
            values = np.stack([column.floats(held[place]) for column, held in zip(columns, window, strict=True)])
            yield np.arange(first, first + place.size), values


def _bands(order: int, bits: int) -> Iterator[tuple[int, int, list[int]]]:
    """(northernmost ring, southernmost ring, first pixels of squares) for squares side by side, from north to south."""
    nside, deep = 1 << order, order - bits
    square = np.arange(12 << (2 * deep))
    face, rest = square >> (2 * deep), square & ((1 << (2 * deep)) - 1)
    x = sum((rest >> bit) & (1 << bit) for bit in range(deep))
    y = sum((rest >> (bit + 1)) & (1 << bit) for bit in range(deep))
    south = (2 + face // 4) * nside - 1 - ((x + y) << bits)
    for last in np.unique(south).tolist():
        beside = square[south == last]
        yield max(last - 2 * ((1 << bits) - 1), 1), min(last, 4 * nside - 1), (beside << (2 * bits)).tolist()


def _start(order: int, ring: int) -> int:
    """Number of pixels north of a ring, which are counted from 1."""
    nside = 1 << order
    if ring <= nside:
        return 2 * ring * (ring - 1)
    if ring <= 3 * nside:
        return 2 * nside * (nside - 1) + (ring - nside) * 4 * nside
    left = 4 * nside - ring
    return 12 * nside * nside - 2 * left * (left + 1)
