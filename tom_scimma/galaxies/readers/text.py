"""Text: GLADE+ as it is published, and tables with a head line between commas, tabs, semicolons or bars."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

from tom_scimma.errors import BadCatalog
from tom_scimma.galaxies.layouts import GLADE, GLADE_COLUMNS, GLADE_TEXTS, NULLS, TEXTS, table
from tom_scimma.galaxies.readers import Block, Place, numbers, opened

DELIMITERS = ",\t;|"


def looks_like_glade(head: bytes) -> bool:
    """Whether the first whole line has GLADE+'s columns: a number, names, Q or G, and so on."""
    line = head.decode("utf-8", "replace").splitlines()[0].split()
    return len(line) >= GLADE_COLUMNS and line[0].isdigit() and line[7] in ("Q", "G")


class Lines:
    """A text file as blocks of lines; a place is a byte."""

    edition = ""
    rows: int | None = None

    def __init__(self, path: str):
        self.path, self.start = path, {"byte": 0}
        self._size = Path(path).stat().st_size
        with Path(path).open("rb") as file:
            # how far a gzipped file is read is guessed: these tables shrink to about a third
            self._size *= 3 if file.read(2) == b"\x1f\x8b" else 1

    def part(self, place: Place) -> float:
        return min(place["byte"] / self._size, 1.0) if self._size else 1.0

    def lines(self, place: Place, size: int) -> Iterator[tuple[list[str], int]]:
        """(lines, byte after them), until the end."""
        with opened(self.path) as file:
            file.seek(place["byte"])
            at = place["byte"]
            while taken := list(islice(file, size)):
                at += sum(map(len, taken))
                yield [line.decode("utf-8", "replace") for line in taken], at


class GladeText(Lines):
    """GLADE+ as published: 39 columns or more between blanks."""

    layout = GLADE

    def blocks(self, place: Place, size: int) -> Iterator[Block]:
        for lines, at in self.lines(place, size):
            rows = [line.split() for line in lines if line.strip()]
            good = [row for row in rows if len(row) >= GLADE_COLUMNS]
            if len(good) < 0.5 * len(rows):
                raise BadCatalog(f"{self.path} has lines of {len(rows[0])} columns; GLADE+ has {GLADE_COLUMNS} or more")
            yield Block(_columns(good, GLADE.columns, GLADE_TEXTS), len(good), {"byte": at}, len(rows) - len(good))


class CsvTable(Lines):
    """A table whose first line names the columns; lines that begin with # are left out."""

    def __init__(self, path: str, chosen: Mapping[str, str] | None = None):
        super().__init__(path)
        with opened(path) as file:
            line, begin = _head(file)
        self._delimiter = max(DELIMITERS, key=line.count)
        names = [name.strip().strip('"') for name in next(csv.reader([line], delimiter=self._delimiter))]
        try:
            self.layout = table(names, chosen)
        except ValueError as error:
            raise BadCatalog(f"{path}: {error}") from error
        self._places = {ours: names.index(str(theirs)) for ours, theirs in self.layout.columns.items()}
        self._width, self.start = len(names), {"byte": begin}

    def blocks(self, place: Place, size: int) -> Iterator[Block]:
        for lines, at in self.lines(place, size):
            told = [line for line in lines if line.strip() and not line.startswith("#")]
            rows = list(csv.reader(told, delimiter=self._delimiter))
            good = [row for row in rows if len(row) >= self._width]
            yield Block(_columns(good, self._places, TEXTS), len(good), {"byte": at}, len(rows) - len(good))


def _head(file: IO[bytes]) -> tuple[str, int]:
    """The line that names the columns, and the byte after it."""
    at = 0
    for line in file:
        at += len(line)
        text = line.decode("utf-8-sig", "replace").strip()
        if text and not text.startswith("#"):
            return text, at
    raise BadCatalog("the file has no line that names its columns")


def _columns(rows: Sequence[Sequence[str]], places: Mapping[str, str | int], texts: frozenset[str]) -> dict:
    taken = list(zip(*rows, strict=False)) if rows else []
    return {
        ours: [("" if value.strip().lower() in NULLS else value.strip()) for value in taken[int(at)]]
        if ours in texts
        else numbers(list(taken[int(at)]))
        for ours, at in places.items()
        if taken
    }
