"""A sky map as a FITS file: what BAYESTAR writes, byte for byte of its structure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skymap.cards import BLOCK

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

#: column: TFORM, TUNIT
COLUMNS = {
    "UNIQ": ("K", ""),
    "PROBDENSITY": ("D", "sr-1"),
    "DISTMU": ("D", "Mpc"),
    "DISTSIGMA": ("D", "Mpc"),
    "DISTNORM": ("D", "Mpc-2"),
}


def multiorder(sky: SkyMap) -> bytes:
    """A multi-order FITS file: UNIQ, PROBDENSITY and the distance columns, rows by UNIQ."""
    columns = zip(COLUMNS, (sky.uniq, sky.density, sky.mu, sky.sigma, sky.norm), strict=True)
    arrays = {name: values for name, values in columns if values is not None}
    rows = np.empty(len(sky), [(name, ">i8" if COLUMNS[name][0] == "K" else ">f8") for name in arrays])
    sort = np.argsort(sky.uniq)
    for name, values in arrays.items():
        rows[name] = values[sort]
    cards: dict[str, Any] = {
        "PIXTYPE": "HEALPIX",
        "ORDERING": "NUNIQ",
        "COORDSYS": "C",
        "MOCORDER": int(sky.order.max()),
        "INDXSCHM": "EXPLICIT",
        **sky.meta,
    }
    if sky.distance:
        cards["DISTMEAN"], cards["DISTSTD"] = sky.distance
    return file(rows, {name: COLUMNS[name] for name in arrays}, cards)


def file(rows: np.ndarray, columns: Mapping[str, tuple[str, str]], cards: Mapping[str, Any]) -> bytes:
    """A FITS file of one binary table: big-endian structured rows, {column: (TFORM, TUNIT)}, further header cards."""
    body = rows.tobytes()
    return b"".join((head(rows.dtype.itemsize, rows.size, columns, cards), body, bytes(-len(body) % BLOCK)))


def head(width: int, rows: int, columns: Mapping[str, tuple[str, str]], cards: Mapping[str, Any]) -> bytes:
    """What stands before the rows of such a file."""
    table: dict[str, Any] = {"XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": width, "NAXIS2": rows}
    table |= {"PCOUNT": 0, "GCOUNT": 1, "TFIELDS": len(columns)}
    for number, (name, (form, unit)) in enumerate(columns.items(), start=1):
        table |= {f"TTYPE{number}": name, f"TFORM{number}": form} | ({f"TUNIT{number}": unit} if unit else {})
    return header({"SIMPLE": True, "BITPIX": 8, "NAXIS": 0, "EXTEND": True}) + header({**table, **cards})


def header(cards: Mapping[str, Any]) -> bytes:
    """A header unit, padded. Text that does not fit a card is cut; characters that FITS does not allow become `?`.

    Raises ValueError for a keyword that FITS does not allow.
    """
    wrong = [key for key in cards if not re.fullmatch("[A-Z0-9_-]{1,8}", key)]
    if wrong:
        raise ValueError(f"FITS keywords have up to 8 of A-Z 0-9 _ -, not {wrong[0]!r}")
    lines = [f"{key:<8}= {_text(value)}"[:80].ljust(80) for key, value in cards.items()]
    text = "".join([*lines, "END".ljust(80)])
    return text.ljust(-len(text) // BLOCK * -BLOCK).encode("ascii")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return f"{'T' if value else 'F':>20}"
    if isinstance(value, int):
        return f"{value:>20}"
    if isinstance(value, float):
        return f"{value!r:>20}".replace("e", "E") if np.isfinite(value) else "'NaN     '"
    plain = "".join(char if " " <= char <= "~" else "?" for char in str(value)).replace("'", "''")[:68]
    if (len(plain) - len(plain.rstrip("'"))) % 2:  # a doubled quote was cut in half
        plain = plain[:-1]
    return f"'{plain:<8}'"
