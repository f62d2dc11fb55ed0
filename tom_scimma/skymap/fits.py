"""FITS bytes to the columns of a sky map: which layout it is, and everything that may be wrong with it.

What is an error, and what is only noted:

* NaN, infinite or negative densities of a multi-order map are errors: such a map simply leaves out pixels that it
  does not know. In a flat map, which cannot, NaN and healpy's UNSEEN (-1.6375e30) mean "nothing known here", count as
  zero, and are noted.
* UNIQ or pixel numbers out of range, given twice or overlapping, more depth than MOCORDER says, a pixel count that
  does not fit NSIDE, missing columns or keywords, another frame than equatorial, a file that ends early: errors.
* A total that is not 1 is normalised, and noted; zero, or beyond all reason, is an error.
* Where the distance is not known, or cannot be used (distance.usable), mu = inf, sigma = 1, norm = 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tom_scimma.errors import BadSkyMap
from tom_scimma.skymap import grid
from tom_scimma.skymap.cards import Table, tables, whole

PROBABILITY = ("PROB", "PROBABILITY")
DISTANCE = ("DISTMU", "DISTSIGMA", "DISTNORM")
FRAMES = ("C", "Q", "EQ", "EQUATORIAL", "CELESTIAL", "ICRS", "FK5")
META = (
    "OBJECT",
    "REFERENC",
    "INSTRUME",
    "DATE-OBS",
    "MJD-OBS",
    "DATE",
    "CREATOR",
    "ORIGIN",
    "LOGBCI",
    "LOGBSN",
    "VCSVERS",
)
#: a total within this of 1 is taken as it is, so that reading what was written changes no bit
TOTAL_TOLERANCE = 1e-6
#: totals outside this were never meant as probability, in whatever unit
TOTAL_RANGE = (1e-9, 1e12)
BLOCK_ROWS = 1 << 18

#: (order, first order-29 index, number of order-29 pixels), as grid.spans gives them
Spans = tuple[np.ndarray, ...]


def read(data: bytes, *, max_bytes: int) -> dict[str, Any]:
    """The fields of a SkyMap, and its `spans`. Raises BadSkyMap, naming what is wrong."""
    seen = []
    for table in tables(data, max_bytes=max_bytes):
        names = table.columns
        if "UNIQ" in names or any(name in names for name in PROBABILITY):
            return _finished(table, *_columns(table, max_bytes))
        seen.append(f"({', '.join(names)})")
    raise BadSkyMap(
        "no table of the file has the columns of a sky map (UNIQ and PROBDENSITY, or PROB, or PROBABILITY); "
        + (f"it has {' '.join(seen[:5])}" if seen else "it has no binary table")
    )


def _columns(table: Table, max_bytes: int) -> tuple[Any, ...]:
    frame = str(table.header.get("COORDSYS") or "C").strip().upper()
    if frame not in FRAMES:
        raise BadSkyMap(f"COORDSYS is {frame!r}; only equatorial maps (C) are read")
    if table.header.get("ZTABLE") is True:
        raise BadSkyMap("the table is tile-compressed (ZTABLE); send it plain or gzipped")
    if "UNIQ" in table.columns:
        return multiorder(table, max_bytes)
    from tom_scimma.skymap import flat

    return flat.flat(table, max_bytes)


def distance_columns(table: Table) -> list[str]:
    """The distance columns of a table: none, or all three. Raises BadSkyMap for some."""
    present = [name for name in DISTANCE if name in table.columns]
    if present and len(present) < 3:
        raise BadSkyMap(
            f"the map has {', '.join(present)} but lacks {', '.join(name for name in DISTANCE if name not in present)}"
        )
    return present


def most_rows(max_bytes: int, columns: int) -> int:
    """How many pixels a map of so many columns may have, so that what is asked of it later fits the memory too.

    A row has 8 bytes a number; ranks, spans and areas take some fifteen numbers more, and packing, unpacking and writing
    it some copies of the columns. Measured, so that a whole process stays under 600 MB (tests/test_skymap_large.py).
    """
    return max_bytes // (8 * (17 + 4 * columns))


def multiorder(table: Table, max_bytes: int) -> tuple[np.ndarray, list[np.ndarray], list[str], Spans]:
    """(uniq, [density and distance columns], notes, spans) of a UNIQ table, sorted in nested order. Raises BadSkyMap."""
    if "PROBDENSITY" not in table.columns:
        raise BadSkyMap(f"a map with UNIQ needs the column PROBDENSITY; it has {', '.join(table.columns)}")
    if str(table.header.get("ORDERING") or "NUNIQ").strip().upper() not in ("NUNIQ", "UNIQ"):
        raise BadSkyMap(f"ORDERING is {table.header['ORDERING']!r} but the table has a UNIQ column (NUNIQ)")
    names = ["UNIQ", "PROBDENSITY", *distance_columns(table)]
    if table.rows == 0:
        raise BadSkyMap("the map has no rows")
    for name in names:
        if table.columns[name].repeat != 1:
            raise BadSkyMap(f"column {name} holds {table.columns[name].repeat} numbers a row instead of 1")
    if table.rows > most_rows(max_bytes, len(names) - 1):
        raise BadSkyMap(f"the map has {table.rows} rows and would take more than the {max_bytes} bytes allowed")
    uniq, *columns = _stored(table, names)
    _positive(columns[0])
    rows, spans = _sorted(uniq, table.header)
    if rows is None:
        return uniq, columns, [], spans
    for at, column in enumerate(columns):  # one after the other: both orders of all of them would be twice the memory
        columns[at] = column[rows]
    return uniq[rows], columns, [], tuple(part[rows] for part in spans)


def _stored(table: Table, names: list[str]) -> list[np.ndarray]:
    """The columns of a table, one number a row: UNIQ as int64, the others as float64."""
    found = [np.empty(table.rows, np.int64 if name == "UNIQ" else np.float64) for name in names]
    first = 0
    for rows in table.blocks(BLOCK_ROWS):
        last = first + len(rows) // table.width
        for name, values in zip(names, found, strict=True):
            column = table.columns[name]
            stored = column.view(rows, table.width)[:, 0]
            values[first:last] = column.integers(stored) if name == "UNIQ" else column.floats(stored)
        first = last
    return found


def _positive(density: np.ndarray) -> None:
    if np.isfinite(density).all() and density.min() >= 0:
        return
    wrong = np.flatnonzero(~(density >= 0) | np.isinf(density))
    raise BadSkyMap(
        f"{wrong.size} of {density.size} densities are negative or not finite; "
        f"the first is {density[wrong[0]]} in row {wrong[0]}"
    )


def _sorted(uniq: np.ndarray, header: dict[str, Any]) -> tuple[np.ndarray | None, Spans]:
    """(row numbers in nested order, or None where they stand so; spans of `uniq`).

    Raises BadSkyMap for pixels that do not exist, or that overlap.
    """
    if uniq.min() < 4 or uniq.max() >= 1 << (2 * grid.MAX_ORDER + 4):
        row = int(np.flatnonzero((uniq < 4) | (uniq >= 1 << (2 * grid.MAX_ORDER + 4)))[0])
        raise BadSkyMap(f"UNIQ {uniq[row]} in row {row} is out of range (4 to 4**31 - 1)")
    order, start, size = spans = grid.spans(uniq)
    for key in ("MOCORDER", "MOCORD_S"):
        if key in header and order.max() > whole(header, key):
            row = int(order.argmax())
            raise BadSkyMap(f"{key} is {header[key]} but UNIQ {uniq[row]} in row {row} is of order {order[row]}")
    if (start[:-1] + size[:-1] <= start[1:]).all():
        return None, spans
    rows = np.argsort(start, kind="stable")  # files sorted by UNIQ have a few long runs
    start = start[rows]
    overlap = start[:-1] + size[rows[:-1]] > start[1:]
    if overlap.any():
        first = int(overlap.argmax())
        one, other = (int(uniq[rows[first + step]]) for step in (0, 1))
        said = f"UNIQ {one} is given twice" if one == other else f"UNIQ {one} and {other} overlap"
        raise BadSkyMap(f"{said} ({int(overlap.sum())} overlaps in all)")
    return rows, spans


def _finished(
    table: Table, uniq: np.ndarray, columns: list[np.ndarray], notes: list[str], spans: Spans | None = None
) -> dict[str, Any]:
    """Normalised, with distance put in order and the header's word on it."""
    density, *distance = columns
    spans = spans or grid.spans(uniq)
    area = grid.area_of(spans[2])
    total = float(np.sum(density * area))
    if not TOTAL_RANGE[0] <= total <= TOTAL_RANGE[1]:
        raise BadSkyMap(f"the total probability is {total:g}; there is nothing to normalise")
    if abs(total - 1) > TOTAL_TOLERANCE:
        density = density / total
        notes.append(f"the total probability was {total:.6g}; normalised to 1")
    covered = float(area.sum()) / grid.SPHERE_SR
    if covered < 1 - 1e-9:
        notes.append(f"the map covers {100 * covered:.4g} % of the sky; the rest counts as empty")
    if distance:
        _known_distance(*distance)
    meta = {key: table.header[key] for key in META if table.header.get(key) not in (None, "")}
    return dict(
        zip(("uniq", "density", "mu", "sigma", "norm"), (uniq, density, *distance), strict=False),
        spans=spans,
        stated_distance=_stated(table.header),
        notes=tuple(notes),
        meta=meta,
    )


def _known_distance(mu: np.ndarray, sigma: np.ndarray, norm: np.ndarray) -> None:
    """Mark pixels without a usable distance as such, in place."""
    from tom_scimma.skymap import distance

    known = distance.usable(mu, sigma, norm)
    if not known.all():
        mu[~known], sigma[~known], norm[~known] = distance.UNKNOWN


def _stated(header: dict[str, Any]) -> tuple[float, float] | None:
    values = header.get("DISTMEAN"), header.get("DISTSTD")
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < np.inf for value in values):
        return float(values[0]), float(values[1])  # type: ignore[arg-type]
    return None
