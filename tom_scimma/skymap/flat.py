"""Flat HEALPix tables (one value a pixel of one order) to the multi-order form, block by block, siblings merged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tom_scimma.errors import BadSkyMap
from tom_scimma.skymap import grid, loose, ring
from tom_scimma.skymap.cards import Table, whole
from tom_scimma.skymap.fits import PROBABILITY, distance_columns, most_rows

INDEX = ("PIXEL", "IPIX", "PIX", "PIXELS", "HPXPIX")
UNSEEN = -1.6375e30
MAX_NSIDE = 4096
#: a flat map is read in passing; this many times the memory allowed may pass
PASSING = 4
#: pixels converted at once are those of one pixel this many orders up
BLOCK_ORDERS = 9
#: a map of fewer pixels is looked at once more for equal siblings in different blocks
ACROSS = 1 << 20


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
    if explicit and table.size + 8 * pixels * (4 + 3 * len(names)) <= max_bytes:
        pieces = _explicit(table, names, str(index), order, nested)
    else:
        wanted = [*names, str(index)] if explicit else names
        pieces = _nested(table, wanted, order) if nested else ring.blocks(table, wanted, order)
        if explicit:
            _all_there(pixels, order, max_bytes)
            pieces = _in_order(pieces, order, nested, str(index))
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


def _all_there(pixels: int, order: int, max_bytes: int) -> None:
    if pixels != 12 << (2 * order):
        raise BadSkyMap(f"the map numbers {pixels} pixels, too many to sort in the {max_bytes} bytes allowed")


def _in_order(
    pieces: Iterator[tuple[np.ndarray, np.ndarray]], order: int, nested: bool, index: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks without their last column, which must number the pixels as they stand. Raises BadSkyMap."""
    for ipix, columns in pieces:
        said = columns[-1].astype(np.int64)
        wrong = (
            said != ipix if nested else grid.ring_to_nested(order, np.clip(said, 0, (12 << (2 * order)) - 1)) != ipix
        )
        if wrong.any():
            raise BadSkyMap(
                f"column {index} does not number the pixels one after the other, "
                "and there are too many to sort in the memory allowed"
            )
        yield ipix, columns[:-1]


def _explicit(
    table: Table, names: list[str], index: str, order: int, nested: bool
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The one block of (ipix, columns) of a table that numbers its pixels. Raises BadSkyMap for wrong numbers."""
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
    blank = seen = 0
    held = _Held(order, most_rows(max_bytes, count), max_bytes)
    for ipix, columns in pieces:
        blank += _blanked(ipix, columns)
        seen += ipix.size
        held.total += float(columns[0].sum())
        merged = grid.merge(order, ipix, columns)
        uniq = np.concatenate([grid.uniq_of(at, some) for at, some, _ in merged])
        values = np.concatenate([some for _, _, some in merged], axis=1)
        sort = np.argsort(grid.spans(uniq)[1])
        held.add(int(ipix[0]), uniq[sort], values[:, sort])
    notes = [f"{blank} of {seen} pixels are blank (NaN or UNSEEN) and count as empty"] if blank else []
    if held.step:
        part = loose.STEPS[held.step - 1].part
        notes.append(
            f"of {seen} pixels, more than memory allows, neighbours that hold next to nothing"
            + (f" or differ by less than {100 * part:.2g} %" if part else "")
            + " were merged"
        )
    uniq, found = held.joined()
    found[0] *= (12 << (2 * order)) / grid.SPHERE_SR
    return uniq, found, notes


class _Held:
    """Pieces of a map, by their first pixel, made looser whenever there are too many pixels."""

    def __init__(self, order: int, most: int, max_bytes: int) -> None:
        self.order, self.most, self.max_bytes = order, most, max_bytes
        self.pieces: dict[int, loose.Piece] = {}
        self.pixels = self.step = 0
        self.total = 0.0  #: probability seen so far, as stored

    def add(self, first: int, uniq: np.ndarray, values: np.ndarray) -> None:
        """Keeps a piece. Raises BadSkyMap where nothing makes room for it."""
        self.pieces[first] = self._loosened(uniq, values) if self.step else (uniq, values)
        self.pixels += self.pieces[first][0].size
        while self.pixels > self.most:
            self.step += 1
            if self.step > len(loose.STEPS):
                raise BadSkyMap(
                    f"the map has more than {self.pixels} different pixels, "
                    f"which take more than the {self.max_bytes} bytes allowed"
                )
            for name, piece in self.pieces.items():
                self.pieces[name] = self._loosened(*piece)
            self.pixels = sum(uniq.size for uniq, _ in self.pieces.values())
            if self.pixels > 0.8 * self.most and self.step < len(loose.STEPS):
                self.pixels = max(self.pixels, self.most + 1)  # or the next piece would ask for it all again

    def _loosened(self, uniq: np.ndarray, values: np.ndarray) -> loose.Piece:
        least, part = loose.STEPS[self.step - 1]
        return loose.loosened(uniq, values, least * max(self.total, 1.0) / (12 << (2 * self.order)), part, self.order)

    def joined(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """(uniq, columns) of all, in nested order; the pieces are gone."""
        pieces = [self.pieces.pop(first) for first in sorted(self.pieces)]
        uniq = np.concatenate([uniq for uniq, _ in pieces])
        if len(pieces) > 1 and uniq.size < ACROSS:
            columns = np.concatenate([some for _, some in pieces], axis=1)
            uniq, columns = loose.loosened(uniq, columns, -1.0, 0.0, self.order)
            return uniq, list(columns)
        return uniq, [np.concatenate([values[at] for _, values in pieces]) for at in range(len(pieces[0][1]))]


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
