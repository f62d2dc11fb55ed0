"""Binary tables of FITS files, read a block of rows at a time: a row is a fixed number of bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tom_scimma.errors import BadCatalog
from tom_scimma.galaxies.layouts import NEDLVS, OPTIONAL, TEXTS, Layout, table
from tom_scimma.galaxies.readers import Block, Place, opened

NUMBERS = {"D": ">f8", "E": ">f4", "K": ">i8", "J": ">i4", "I": ">i2", "B": "u1", "L": "S1"}
WIDTHS = {"A": 1, "X": 1 / 8, "P": 8, "Q": 16, "C": 8, "M": 16}


class FitsTable:
    """The first binary table of a FITS file that has rows."""

    def __init__(self, path: str, layout: str = "", chosen: Mapping[str, str] | None = None):
        from astropy.io import fits

        self.path, self.start = path, {"row": 0}
        try:
            with fits.open(path, memmap=False, lazy_load_hdus=True) as file:
                self.edition = str(file[0].header.get("VERSION", "")).strip()
                hdu = next((hdu for hdu in file if hdu.header.get("XTENSION", "").strip() == "BINTABLE"), None)
                if hdu is None:
                    raise BadCatalog(f"{path} is FITS without a binary table")
                self._header, self._begin = hdu.header.copy(), hdu.fileinfo()["datLoc"]
        except (OSError, EOFError, ValueError, TypeError) as error:
            raise BadCatalog(f"{path} is not FITS that can be read: {error}") from error
        self.rows: int | None = int(self._header["NAXIS2"])
        self._count = self.rows
        self._dtype = _row(self._header)
        names = list(self._dtype.names or ())
        if layout == "nedlvs" or (not layout and not chosen and {"objname", "DistMpc", "z_tech"} <= set(names)):
            self.layout = _nedlvs(names)
        else:
            self.layout = _named(path, names, chosen)
        self._scales = _scales(self._header, names)

    def part(self, place: Place) -> float:
        return place["row"] / self._count if self._count else 1.0

    def blocks(self, place: Place, size: int) -> Iterator[Block]:
        row, width = place["row"], self._dtype.itemsize
        with opened(self.path) as file:
            file.seek(self._begin + row * width)
            while row < self._count:
                count = min(size, self._count - row)
                data = file.read(count * width)
                if len(data) < count * width:
                    raise BadCatalog(
                        f"{self.path} ends after row {row + len(data) // width} of {self._count}: fetch it again"
                    )
                row += count
                read = np.frombuffer(data, self._dtype)
                columns = {ours: self._column(read, ours, theirs) for ours, theirs in self.layout.columns.items()}
                yield Block(columns, count, {"row": row})

    def _column(self, read: np.ndarray, ours: str, theirs: Any) -> Any:
        values = read[theirs]
        if values.dtype.kind == "S" and ours in TEXTS:
            return [value.decode("utf-8", "replace").strip() for value in values.tolist()]
        if values.dtype.kind == "S":
            logical = values.dtype.itemsize == 1
            return _logical(values) if logical else np.array([_float(value) for value in values.tolist()])
        scale, zero, null = self._scales[theirs]
        found = values.astype(np.float64)
        if null is not None and values.dtype.kind in "iu":
            found[values == null] = np.nan
        found = found * scale + zero
        return [f"{value:.0f}" for value in found] if ours in TEXTS else found


def _row(header: Any) -> np.dtype:
    """The type of one row; columns of a kind that no field can be are bytes."""
    fields: list[tuple[str, str]] = []
    for number in range(1, header["TFIELDS"] + 1):
        name, form = str(header.get(f"TTYPE{number}", f"col{number}")).strip(), str(header[f"TFORM{number}"]).strip()
        parts = re.match(r"(\d*)([A-Z])", form)
        if parts is None:
            raise BadCatalog(f"column {name!r} has a format that is not FITS: {form!r}")
        count, code = int(parts[1] or 1), parts[2]
        if code in NUMBERS and count == 1:
            fields.append((name, NUMBERS[code]))
        elif code == "A":
            fields.append((name, f"S{count}"))
        else:
            width = np.dtype(NUMBERS[code]).itemsize if code in NUMBERS else WIDTHS.get(code, 1)
            fields.append((name, f"V{int(np.ceil(count * width))}"))
    found = np.dtype([(name, kind) for name, kind in fields if kind not in ("S0", "V0")])
    if found.itemsize != header["NAXIS1"]:
        raise BadCatalog(f"a row has {header['NAXIS1']} bytes by the header and {found.itemsize} by its columns")
    return found


def _scales(header: Any, names: list[str]) -> dict[str, tuple[float, float, int | None]]:
    numbers = {
        str(header.get(f"TTYPE{number}", f"col{number}")).strip(): number for number in range(1, header["TFIELDS"] + 1)
    }
    return {
        name: (
            float(header.get(f"TSCAL{numbers[name]}", 1)),
            float(header.get(f"TZERO{numbers[name]}", 0)),
            header.get(f"TNULL{numbers[name]}"),
        )
        for name in names
    }


def _nedlvs(names: list[str]) -> Layout:
    missing = [theirs for ours, theirs in NEDLVS.columns.items() if theirs not in names and ours not in OPTIONAL]
    if missing:
        raise BadCatalog(f"a NED-LVS file has {', '.join(map(str, missing))}; this one does not")
    return Layout(
        "nedlvs", {ours: theirs for ours, theirs in NEDLVS.columns.items() if theirs in names}, NEDLVS.catalog
    )


def _named(path: str, names: list[str], chosen: Mapping[str, str] | None) -> Layout:
    try:
        return table(names, chosen)
    except ValueError as error:
        raise BadCatalog(f"{path}: {error}") from error


def _logical(values: np.ndarray) -> np.ndarray:
    return np.where(values == b"T", 1.0, np.where(values == b"F", 0.0, np.nan))


def _float(value: bytes) -> float:
    try:
        return float(value)
    except ValueError:
        return np.nan
