"""VOTables: rows written out as TABLEDATA are read as a stream; the binary forms by astropy, as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tom_scimma.errors import BadCatalog
from tom_scimma.galaxies.layouts import NULLS, TEXTS, table
from tom_scimma.galaxies.readers import Block, Place, numbers, opened

#: a binary VOTable is read as a whole; a larger one had better be FITS
MAX_WHOLE = 200 * 2**20


class VoTable:
    """The first table of a VOTable."""

    edition = ""
    rows: int | None = None

    def __init__(self, path: str, chosen: Mapping[str, str] | None = None):
        self.path, self.start, self._read = path, {"row": 0}, 0.0
        names, self._streamed = self._head()
        if not self._streamed and Path(path).stat().st_size > MAX_WHOLE:
            raise BadCatalog(f"{path} is a binary VOTable of over {MAX_WHOLE >> 20} MB: convert it to FITS first")
        try:
            self.layout = table(names, chosen)
        except ValueError as error:
            raise BadCatalog(f"{path}: {error}") from error
        self._places = {ours: names.index(str(theirs)) for ours, theirs in self.layout.columns.items()}

    def part(self, place: Place) -> float:
        return self._read if place["row"] else 0.0

    def _events(self, file: Any) -> Iterator[tuple[str, str, Any]]:
        """(start | end, tag without namespace, element)."""
        from xml.etree.ElementTree import ParseError

        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import iterparse

        try:
            for kind, element in iterparse(file, events=("start", "end")):
                yield kind, element.tag.rpartition("}")[2], element
        except (ParseError, DefusedXmlException) as error:
            raise BadCatalog(f"{self.path} is not XML that can be read: {error}") from error

    def _head(self) -> tuple[list[str], bool]:
        """The names of the columns, and whether the rows are TABLEDATA."""
        names: list[str] = []
        with opened(self.path) as file:
            for kind, tag, element in self._events(file):
                if (kind, tag) == ("end", "FIELD"):
                    names.append(element.get("name") or element.get("ID") or f"col{len(names) + 1}")
                elif tag in ("TABLEDATA", "BINARY", "BINARY2", "FITS"):
                    return names, tag == "TABLEDATA"
        raise BadCatalog(f"{self.path} is a VOTable without a table")

    def blocks(self, place: Place, size: int) -> Iterator[Block]:
        yield from (self._stream if self._streamed else self._whole)(place["row"], size)

    def _stream(self, first: int, size: int) -> Iterator[Block]:
        whole, row, held, parent = max(Path(self.path).stat().st_size, 1), 0, [], None
        with opened(self.path) as file:
            for kind, tag, element in self._events(file):
                if tag == "TABLEDATA":
                    parent = element
                    if kind == "end":
                        break
                if (kind, tag) != ("end", "TR"):
                    continue
                row += 1
                if row > first:
                    held.append([(cell.text or "").strip() for cell in element])
                if parent is not None:
                    parent.clear()  # what was read is not kept
                if len(held) == size:
                    self._read = min(file.tell() / whole, 1.0)
                    yield self._block(held, row)
                    held = []
            if held:
                self._read = 1.0
                yield self._block(held, row)

    def _block(self, held: list[list[str]], row: int) -> Block:
        width = max(self._places.values()) + 1
        good = [cells for cells in held if len(cells) >= width]
        columns: dict[str, Any] = {}
        for ours, at in self._places.items():
            values = [cells[at] for cells in good]
            columns[ours] = (
                ["" if value.lower() in NULLS else value for value in values] if ours in TEXTS else numbers(values)
            )
        return Block(columns, len(good), {"row": row}, len(held) - len(good))

    def _whole(self, first: int, size: int) -> Iterator[Block]:
        from astropy.io.votable import parse_single_table

        with opened(self.path) as file:
            read = parse_single_table(file).to_table(use_names_over_ids=True)
        for start in range(first, len(read), size):
            part = read[start : start + size]
            self._read = (start + len(part)) / len(read)
            columns = {ours: _column(part[str(name)], ours) for ours, name in self.layout.columns.items()}
            yield Block(columns, len(part), {"row": start + len(part)})


def _column(values: Any, ours: str) -> Any:
    if ours in TEXTS:
        return ["" if value is np.ma.masked else str(value).strip() for value in values]
    if values.dtype.kind in "OSU":
        return numbers(["" if value is np.ma.masked else str(value) for value in values])
    return np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)
