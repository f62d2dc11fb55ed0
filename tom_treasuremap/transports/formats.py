"""Requests as files: CSV, ECSV, JSON and an ACP plan, whole plans as well as one request, in the order given. Pure."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tom_treasuremap.followup.request import Request
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports import acp
from tom_treasuremap.transports.rules import sayable

#: of CSV and ECSV: name, type, unit, what it is. One row is one filter of one request
COLUMNS: tuple[tuple[str, type, str, str], ...] = (
    ("order", int, "", "place in the plan, from 1"),
    ("id", str, "", "of the request"),
    ("telescope", str, "", ""),
    ("name", str, "", "of the request, for people"),
    ("target", str, "", "target or field"),
    ("ra", float, "deg", "ICRS"),
    ("dec", float, "deg", "ICRS"),
    ("pos_angle", float, "deg", "from north through east"),
    ("start", str, "", "UTC, not before; when it begins where `fixed`"),
    ("end", str, "", "UTC, not after"),
    ("filter", str, "", "as the telescope calls it"),
    ("seconds", float, "s", "of one exposure"),
    ("count", int, "", "exposures"),
    ("kind", str, "", ""),
    ("priority", float, "", "higher first"),
    ("fixed", bool, "", "to begin at `start`"),
    ("event", str, "", "that it follows"),
    ("by", str, "", "who asked"),
)
NAMES = tuple(column[0] for column in COLUMNS)


@dataclass(frozen=True)
class File:
    """Something to be downloaded."""

    name: str
    kind: str  #: content type
    data: bytes


@dataclass(frozen=True)
class Format:
    """One way to write requests down."""

    label: str
    ending: str
    kind: str
    write: Callable[[Sequence[Request], Telescope], bytes]


def files(requests: Sequence[Request], telescope: Telescope, form: str, *, name: str = "") -> File:
    """A file of requests of one telescope.

    `form` is a key of FORMATS. Raises KeyError for another, ValueError for what cannot be written.
    """
    chosen = FORMATS[form]
    stem = re.sub(r"[^A-Za-z0-9._+-]+", "-", name or telescope.name).strip("-.") or "plan"
    return File(f"{stem}.{chosen.ending}", chosen.kind, chosen.write(requests, telescope))


def rows(requests: Sequence[Request]) -> list[dict[str, Any]]:
    """What a table says of them, a row for each filter of each."""
    found = []
    for order, request in enumerate(requests, 1):
        said = sayable(request)
        for exposure in said.pop("exposures"):
            values = {**said, **exposure, "order": order}
            found.append({name: values[name] for name in NAMES})
    return found


def to_csv(requests: Sequence[Request], telescope: Telescope) -> bytes:
    """CSV. What a sheet would take for a formula is quoted."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(NAMES)
    writer.writerows([_cell(value) for value in row.values()] for row in rows(requests))
    return text.getvalue().encode()


def to_ecsv(requests: Sequence[Request], telescope: Telescope) -> bytes:
    """ECSV, as astropy writes and reads it: with types, units and what the columns mean."""
    from astropy.table import Column, Table

    said = rows(requests)
    columns = [
        Column([row[name] for row in said], name=name, dtype=kind, unit=unit or None, description=words or None)
        for name, kind, unit, words in COLUMNS
    ]
    table = Table(columns, meta={"telescope": telescope.name, "label": telescope.label, "times": "UTC, ISO 8601"})
    text = io.StringIO()
    table.write(text, format="ascii.ecsv", delimiter=",")
    return text.getvalue().encode()


def to_json(requests: Sequence[Request], telescope: Telescope) -> bytes:
    """JSON, as `document.request_of` reads it back."""
    said = {"telescope": telescope.name, "requests": [sayable(request) for request in requests]}
    return (json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return str(value).lower() if isinstance(value, bool) else value


#: form -> how it is written
FORMATS: dict[str, Format] = {
    "csv": Format("CSV", "csv", "text/csv; charset=utf-8", to_csv),
    "ecsv": Format("ECSV (astropy)", "ecsv", "text/plain; charset=utf-8", to_ecsv),
    "json": Format("JSON", "json", "application/json", to_json),
    "acp": Format("ACP plan", "txt", "text/plain; charset=utf-8", acp.plan),
}
