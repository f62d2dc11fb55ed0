"""Pointings as files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from tom_treasuremap.models import Pointing

COLUMNS = (
    "key", "event", "team", "telescope", "instrument_id", "ra", "dec", "pos_angle", "time", "status", "band", "central_wave",
    "bandwidth", "depth", "depth_err", "depth_unit", "doi", "submitter", "source", "origin", "first_seen", "changed", "vanished",
)  # fmt: skip


def values(row: Pointing) -> dict[str, Any]:
    """What a file or REST says of a pointing: None where nobody said, times in ISO, UTC."""
    found = {}
    for name in COLUMNS:
        value = row.event.name if name == "event" else getattr(row, name)
        found[name] = value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value
        if found[name] == "":
            found[name] = None
    return found


def to_csv(rows: Iterable[Pointing]) -> Iterator[str]:
    """CSV, a line at a time. What a sheet would take for a formula is quoted."""
    yield ",".join(COLUMNS) + "\r\n"
    for row in rows:
        line = io.StringIO()
        csv.writer(line).writerow([_cell(value) for value in values(row).values()])
        yield line.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return "" if value is None else value


def to_json(rows: Iterable[Pointing]) -> Iterator[str]:
    """A JSON list, a row at a time."""
    lead = "["
    for row in rows:
        yield f"{lead}\n{json.dumps(values(row))}"
        lead = ","
    yield "[]\n" if lead == "[" else "\n]\n"


FORMATS = {"csv": (to_csv, "text/csv; charset=utf-8"), "json": (to_json, "application/json")}
