"""A catalogue's file -> blocks of columns, from any place in it, in memory that does not grow with the file.

    source = readers.source("NEDLVS_20260424.fits")
    for block in source.blocks(source.start, 20_000): ...

Every reader takes gzipped files too. A place is a small dict that JSON can hold; a block knows the place after it.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tom_scimma.errors import BadCatalog
from tom_scimma.galaxies.layouts import Layout

Place = dict[str, int]


@dataclass(frozen=True)
class Block:
    """Rows as the file has them: float64 columns with NaN for what is not known, texts as lists of str."""

    columns: Mapping[str, Any]
    rows: int
    after: Place
    bad: int = 0  #: lines that cannot be read, not among the rows


class Source(Protocol):
    """An open question to one file."""

    layout: Layout
    edition: str  #: as the file says; may be empty
    rows: int | None  #: of the whole file, where it says so
    start: Place

    def blocks(self, place: Place, size: int) -> Iterator[Block]:
        """Blocks of at most `size` rows from that place on."""

    def part(self, place: Place) -> float:
        """How much of the file is behind that place, 0..1."""


def source(path: str, layout: str = "", chosen: Mapping[str, str] | None = None) -> Source:
    """The reader for a file, by what is in it; `layout` (nedlvs, glade+, table) where that must be said.

    Raises errors.BadCatalog, naming what is wrong.
    """
    try:
        with opened(path) as file:
            head = file.read(4096)
    except (OSError, EOFError) as error:
        raise BadCatalog(f"{path} cannot be read: {error}") from error
    if head.startswith(b"SIMPLE  ="):
        from tom_scimma.galaxies.readers.fits import FitsTable

        return FitsTable(path, layout, chosen)
    if b"<VOTABLE" in head or b":VOTABLE" in head:
        from tom_scimma.galaxies.readers.votable import VoTable

        return VoTable(path, chosen)
    if not head.strip() or b"\0" in head:
        raise BadCatalog(f"{path} is neither FITS, VOTable nor text: it begins with {head[:20]!r}")
    from tom_scimma.galaxies.readers.text import CsvTable, GladeText, looks_like_glade

    if layout == "glade+" or (not layout and not chosen and looks_like_glade(head)):
        return GladeText(path)
    return CsvTable(path, chosen)


def opened(path: str) -> Any:
    """A binary file opened for reading, unpacked if it is gzipped."""
    with Path(path).open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else open(path, "rb")


def numbers(values: list[str]) -> np.ndarray:
    """Texts as float64; what is empty, "null" or no number is NaN."""
    try:
        return np.array(values, dtype=np.float64)
    except ValueError:
        return np.array([_number(value) for value in values], dtype=np.float64)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return {"true": 1.0, "t": 1.0, "false": 0.0, "f": 0.0}.get(text.strip().lower(), np.nan)
