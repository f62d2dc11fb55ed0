"""Comma-separated rows with a header of the TNS's: its catalogue of public objects and its daily parts. Pure.

Format: https://www.wis-tns.org/content/tns-getting-started, "Public objects CSV": a line with the period may stand first.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

#: columns that tell such a table from text that has commas
_COLUMNS = {"name_prefix", "declination"}
MAX_ROWS = 20_000
_LONGEST_CELL = 100_000
_START = 4096
#: rows of each part of a long table: of a hundred messages, which are stored together, five thousand
PART = 50


def is_table(text: str) -> bool:
    """True where the first or the second line is the header of such a table."""
    return any(_COLUMNS <= set(_cells(line)) for line in text[:_START].splitlines()[:2])


def rows(text: str) -> list[dict[str, str]]:
    """The rows by column, empty cells left out; at most MAX_ROWS. Raises ValueError for more, and for a cell beyond reason."""
    lines = text.splitlines()
    start = 0 if _COLUMNS <= set(_cells(lines[0])) else 1
    reader = csv.DictReader(io.StringIO("\n".join(lines[start:])), strict=False)
    found: list[dict[str, str]] = []
    try:
        for row in reader:
            found.append(
                {
                    key.strip(): value.strip()
                    for key, value in row.items()
                    if isinstance(value, str) and key and value.strip()
                }
            )
            if len(found) > MAX_ROWS:
                raise ValueError(f"CSV: more than {MAX_ROWS:,} rows in one file; split it")
    except csv.Error as error:
        raise ValueError(f"CSV: {error}") from error
    return found


def parts(payload: bytes, most: int) -> Iterator[tuple[bytes, tuple[int, int] | None]]:
    """A table of more than `most` rows as tables of PART rows each, all under its header, with the first and the last of its rows
    counted from 1; anything else as it is, and None."""
    if payload.count(b"\n") <= most or not is_table(payload[:_START].decode("utf-8-sig", "replace")):
        yield payload, None
        return
    lines = io.BytesIO(payload)
    header = next(line for line in lines if _COLUMNS <= set(_cells(line.decode("utf-8-sig", "replace"))))
    part: list[bytes] = []
    quotes = rows = begun = 0
    for line in lines:
        part.append(line)
        quotes += line.count(b'"')
        rows += quotes % 2 == 0  # else the line ends inside of a cell
        if rows == begun + PART:
            yield header + b"".join(part), (begun + 1, rows)
            part, begun = [], rows
    if part:
        yield header + b"".join(part), (begun + 1, max(rows, begun + 1))


def _cells(line: str) -> list[str]:
    return [cell.strip().strip('"').strip() for cell in line[:_LONGEST_CELL].split(",")]
