"""Content as one JSON document, and as text for people. Pure.

    document(content, title="...", text="...") -> {"type": "share", "event": {...}, "targets": [...], "photometry": [...]}

What is not known is left out. Raises Unsaid for a number that is none (NaN, infinity): JSON has no word for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timezone
from functools import cache
from operator import attrgetter
from typing import Any

from tom_scimma.compose.content import Content
from tom_scimma.errors import Unsaid
from tom_scimma.notice import iso

#: keys of this TOM's tables say nothing to anybody else; a person's address is nobody's but theirs
OWN = {"pk", "email"}
#: rows of data that may be divided among messages
DIVIDED = ("photometry", "spectra", "astrometry")


def document(content: Content, **more: Any) -> dict[str, Any]:
    """The document."""
    return {"type": "share", **more, **plain(content)}


def plain(value: Any) -> Any:
    """A value as JSON has it, without what is empty."""
    if isinstance(value, str) or value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Unsaid(f"{value} is no number that JSON can say; correct it or leave its row out.")
        return value
    if isinstance(value, datetime):
        return iso(value)
    if is_dataclass(value):
        return dict(_said(value))
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items() if not _is_empty(one)}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return str(value)


def _said(value: Any) -> Iterator[tuple[str, Any]]:
    """The fields of one of our shapes that are not empty; the common kinds without a call each, for there are many rows."""
    names, read = _names(type(value))
    for name, one in zip(names, read(value), strict=True):
        kind = type(one)
        if kind is str:
            if one:
                yield name, one
        elif kind is float and one - one == 0.0:  # finite
            yield name, one
        elif not _is_empty(one):
            yield name, plain(one)


def _is_empty(value: Any) -> bool:
    return value is None or (not isinstance(value, (bool, int, float)) and not value)


@cache
def _names(shape: type) -> tuple[tuple[str, ...], attrgetter]:
    names = tuple(item.name for item in fields(shape) if item.name not in OWN)
    return names, attrgetter(*names)


def halves(content: Content) -> tuple[Content, Content] | None:
    """The same in two, each with half of the data and all of the rest; None where there is nothing to divide."""
    counts = {name: len(getattr(content, name)) for name in DIVIDED}
    if sum(counts.values()) < 2:
        return None
    name = max(counts, key=lambda one: counts[one])
    if counts[name] < 2:  # one row of each: the first kind here, the others there
        first = next(one for one in DIVIDED if counts[one])
        others = {one: () for one in DIVIDED if one != first}
        return replace(content, **others), replace(content, **{first: ()})
    rows, middle = getattr(content, name), counts[name] // 2
    rest = {one: () for one in DIVIDED if one != name}
    return replace(content, **{name: rows[:middle]}), replace(content, **{name: rows[middle:], **rest})


def tables(content: Content) -> str:
    """Targets, candidates and data as tables of text."""
    found = []
    if content.event is not None:
        found.append(f"Event: {content.event.name}")
    if content.references:
        found.append("\n".join(f"Refers to: {_cited(one)}" for one in content.references))
    found.append(_table("Targets", ("name", "ra", "dec"), [(b.name, b.ra, b.dec) for b in content.targets]))
    found.append(
        _table(
            "Candidates", ("target", "status", "reason"), [(c.target, c.status, c.reason) for c in content.candidates]
        )
    )
    rows = [
        (p.target, _when(p.time), _brightness(p), p.unit, p.bandpass, p.telescope, p.instrument)
        for p in content.photometry
    ]
    found.append(
        _table("Photometry", ("target", "time (UTC)", "brightness", "unit", "band", "telescope", "instrument"), rows)
    )
    spectra = [(s.target, _when(s.time), f"{len(s.flux)} points", s.telescope, s.instrument) for s in content.spectra]
    found.append(_table("Spectra", ("target", "time (UTC)", "length", "telescope", "instrument"), spectra))
    positions = [(a.target, _when(a.time), a.ra, a.dec) for a in content.astrometry]
    found.append(_table("Astrometry", ("target", "time (UTC)", "ra", "dec"), positions))
    observed = [(o.target, o.facility, o.observation_id, o.status) for o in content.observations]
    found.append(_table("Observations", ("target", "facility", "id", "status"), observed))
    return "\n\n".join(filter(None, found))


def _cited(reference: Mapping[str, str]) -> str:
    return " ".join(filter(None, (reference.get(name) for name in ("source", "citation", "url"))))


def _when(time: datetime) -> str:
    return time.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def _brightness(row: Any) -> str:
    if row.brightness is None:
        return f"> {row.limit:.10g}" if row.limit is not None else ""
    return f"{row.brightness:.10g} ± {row.error:.10g}" if row.error is not None else f"{row.brightness:.10g}"


def _table(title: str, heads: tuple[str, ...], rows: list[tuple]) -> str:
    if not rows:
        return ""
    texts = [tuple("" if cell is None else str(cell) for cell in row) for row in rows]
    widths = [max(len(head), *(len(row[place]) for row in texts)) for place, head in enumerate(heads)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (heads, *texts)
    ]
    return "\n".join([title, *lines])
