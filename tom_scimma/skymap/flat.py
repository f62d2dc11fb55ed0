"""Flat HEALPix tables (one value a pixel of one order) to the multi-order form, block by block, siblings merged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tom_scimma.errors import BadSkyMap
from tom_scimma.skymap import grid
from tom_scimma.skymap.cards import Table, whole
from tom_scimma.skymap.fits import PROBABILITY, distance_columns

INDEX = ("PIXEL", "IPIX", "PIX", "PIXELS", "HPXPIX")
UNSEEN = -1.6375e30
MAX_NSIDE = 4096
#: a flat map is read in passing; this many times the memory allowed may pass
PASSING = 4
#: pixels converted at once are those of one pixel this many orders up
BLOCK_ORDERS = 9


def flat(table: Table, max_bytes: int) -> tuple[np.ndarray, list[np.ndarray], list[str]]:
    """(uniq, [density and distance columns], notes) in nested order. Raises BadSkyMap."""
    names = [next(name for name in PROBABILITY if name in table.columns), *distance_columns(table)]
    index = next((name for name in INDEX if name in table.columns), None)
    repeats = {table.columns[name].repeat for name in [*names, *([index] if index else [])]}
    if len(repeats) > 1 or 0 in repeats:
        raise BadSkyMap(f"columns {', '.join(names)} hold different numbers of pixels a row: {sorted(repeats)}")
    pixels = table.rows * repeats.pop()
    explicit = str(table.header.get("INDXSCHM") or ("EXPLICIT" if index else "IMPLICIT")).strip().upper() == "EXPLICIT"
    if explicit and index is None:
        raise BadSkyMap(f"INDXSCHM is EXPLICIT but no column numbers the pixels; it has {', '.join(table.columns)}")
    if table.size > PASSING * max_bytes:
        raise BadSkyMap(
            f"the table has {table.size} bytes, more than {PASSING} times the {max_bytes} allowed in memory"
        )
    order, nested = _layout(table, pixels, explicit)
    if explicit:
        pieces = _explicit(table, names, str(index), order, nested, max_bytes)
    elif nested:
        pieces = _nested(table, names, order)
    else:
        pieces = _ring(table, names, order)
    return _gathered(pieces, order, len(names), max_bytes)


def _layout(table: Table, pixels: int, explicit: bool) -> tuple[int, bool]:
    """(order, whether nested) as the header says, if the rows agree. Raises BadSkyMap."""
    ordering = str(table.header.get("ORDERING") or "").strip().upper()
    if ordering not in ("NESTED", "NEST", "RING"):
        raise BadSkyMap(
            f"ORDERING is {ordering!r}, neither NESTED nor RING"
            if ordering
            else "header keyword ORDERING (NESTED or RING) is missing"
        )
    if "NSIDE" not in table.header and not explicit:
        nside = round((pixels / 12) ** 0.5)
    else:
        nside = whole(table.header, "NSIDE")
    if nside < 1 or nside & (nside - 1) or nside > MAX_NSIDE:
        raise BadSkyMap(f"NSIDE is {nside}, not a power of two up to {MAX_NSIDE}")
    if not explicit and pixels != 12 * nside * nside:
        raise BadSkyMap(f"NSIDE {nside} means {12 * nside * nside} pixels, the table has {pixels}")
    if pixels == 0:
        raise BadSkyMap("the map has no rows")
    return nside.bit_length() - 1, ordering != "RING"


def _nested(table: Table, names: list[str], order: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of (ipix, columns) read one after the other; the file is never held whole."""
    size = 1 << (2 * min(order, BLOCK_ORDERS))
    repeat = table.columns[names[0]].repeat
    if size % repeat:
        yield np.arange(table.rows * repeat), _values(table, names, next(table.blocks(table.rows)))
        return
    for number, rows in enumerate(table.blocks(size // repeat)):
        yield np.arange(number * size, (number + 1) * size), _values(table, names, rows)


def _values(table: Table, names: list[str], rows: object) -> np.ndarray:
    columns = (table.columns[name] for name in names)
    return np.stack([column.floats(column.view(rows, table.width)).ravel() for column in columns])


def _ring(table: Table, names: list[str], order: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of (ipix, columns) picked out of the ring order of the whole table."""
    rows = next(table.blocks(table.rows))
    columns = [table.columns[name] for name in names]
    views = [column.view(rows, table.width) for column in columns]
    bits = min(order, BLOCK_ORDERS)
    repeat = columns[0].repeat
    for first in range(0, 12 << (2 * order), 1 << (2 * bits)):
        ring = grid.ring_of_block(order, first, bits)
        place = (ring, 0) if repeat == 1 else np.divmod(ring, repeat)
        values = np.stack([column.floats(view[place]) for column, view in zip(columns, views, strict=True)])
        yield np.arange(first, first + ring.size), values


def _explicit(
    table: Table, names: list[str], index: str, order: int, nested: bool, max_bytes: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The one block of (ipix, columns) of a table that numbers its pixels. Raises BadSkyMap for wrong numbers."""
    if table.rows * table.columns[index].repeat * 8 * (len(names) + 2) > max_bytes:
        raise BadSkyMap(f"the map has {table.rows} rows and would take more than the {max_bytes} bytes allowed")
    rows = next(table.blocks(table.rows))
    column = table.columns[index]
    ipix = column.integers(column.view(rows, table.width)).ravel()
    count = 12 << (2 * order)
    if ipix.min() < 0 or ipix.max() >= count:
        row = int(np.flatnonzero((ipix < 0) | (ipix >= count))[0])
        raise BadSkyMap(f"{index} {ipix[row]} in row {row} is out of range (0 to {count - 1} for NSIDE {1 << order})")
    if not nested:
        ipix = grid.ring_to_nested(order, ipix)
    sort = np.argsort(ipix)
    ipix = ipix[sort]
    if (ipix[1:] == ipix[:-1]).any():
        raise BadSkyMap(f"column {index} names {int((ipix[1:] == ipix[:-1]).sum())} pixels more than once")
    yield ipix, _values(table, names, rows)[:, sort]


def _gathered(
    pieces: Iterator[tuple[np.ndarray, np.ndarray]], order: int, count: int, max_bytes: int
) -> tuple[np.ndarray, list[np.ndarray], list[str]]:
    """All pieces merged, put in nested order and joined. Raises BadSkyMap for wrong values, or for too many pixels."""
    parts: list[list[np.ndarray]] = [[] for _ in range(count + 1)]
    blank = pixels = seen = 0
    for ipix, columns in pieces:
        blank += _blanked(ipix, columns)
        seen += ipix.size
        merged = grid.merge(order, ipix, columns)
        uniq = np.concatenate([grid.uniq_of(at, some) for at, some, _ in merged])
        values = np.concatenate([some for _, _, some in merged], axis=1)
        sort = np.argsort(grid.spans(uniq)[1])
        pixels += uniq.size
        if pixels * 12 * (count + 1) > max_bytes:
            raise BadSkyMap(
                f"the map has more than {pixels} different pixels, which take more than the {max_bytes} bytes allowed"
            )
        for part, column in zip(parts, (uniq, *values), strict=True):
            part.append(column[sort])
    joined = []
    while parts:  # one column at a time, so that no more than one is held twice
        joined.append(np.concatenate(parts.pop(0)))
    joined[1] *= (12 << (2 * order)) / grid.SPHERE_SR
    notes = [f"{blank} of {seen} pixels are blank (NaN or UNSEEN) and count as empty"] if blank else []
    return joined[0], joined[1:], notes


def _blanked(ipix: np.ndarray, columns: np.ndarray) -> int:
    """How many pixels were blank; they are zero now. Raises BadSkyMap for negative or infinite probability."""
    probability = columns[0]
    wrong = ~((probability >= 0) & (probability < np.inf))
    if not wrong.any():
        return 0
    blank = np.isnan(probability) | (np.abs(probability - UNSEEN) <= 1e-5 * abs(UNSEEN))
    wrong &= ~blank
    if wrong.any():
        first = int(wrong.argmax())
        raise BadSkyMap(
            f"{int(wrong.sum())} probabilities are negative or not finite; "
            f"the first is {probability[first]} in nested pixel {ipix[first]}"
        )
    probability[blank] = 0
    for column in columns[1:]:
        column[blank] = np.nan
    return int(blank.sum())
