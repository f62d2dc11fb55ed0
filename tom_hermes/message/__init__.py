"""What a person chose to share -> the message that HERMES is to publish. Pure; raises Unsaid for what it cannot say.

    message = build(content, "hermes.test", title=..., text=..., authors=..., submitter=..., told=Told(...))

Nothing is dropped in silence: what HERMES has no key for goes directly under `data`, with its name. Nothing is null, every
number is finite, angles are decimal degrees, dates ISO 8601 with an offset.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tom_hermes.message import bodies, rows
from tom_hermes.message.problems import Problems
from tom_hermes.message.rows import Told
from tom_scimma.compose.content import Content

__all__ = ["Told", "build", "circular"]


def build(
    content: Content,
    topic: str,
    *,
    title: str,
    text: str,
    authors: str,
    submitter: str,
    told: Told | None = None,
    references: Iterable[Mapping[str, str]] = (),
) -> dict[str, Any]:
    """The message, as it is posted but for our mark."""
    told, problems, data = told or Told(), Problems(), {}
    if content.event is not None:
        data["event_id"] = content.event.name
        if content.event.aliases:
            data["event_aliases"] = list(content.event.aliases)
    cited = list(_once([*content.references, *references]))
    if cited:
        data["references"] = cited
    _section(data, "targets", content.targets, bodies.target, problems)
    for name, data_rows, make in (
        ("photometry", content.photometry, rows.photometry),
        ("spectroscopy", content.spectra, rows.spectrum),
        ("astrometry", content.astrometry, rows.position),
    ):
        _section(data, name, data_rows, _with(make, told), problems)
    _others(content, data)
    problems.end()
    return {
        "title": title.strip(),
        "topic": topic,
        "submitter": submitter.strip(),
        "authors": authors.strip(),
        "message_text": text,
        "data": data,
    }


def _with(make: Callable, told: Told) -> Callable:
    return lambda datum, index, problems: make(datum, index, told, problems)


def _section(data: dict, name: str, chosen: Sequence[Any], make: Callable, problems: Problems) -> None:
    """A section, and beside it what HERMES has no key for, by row or by name."""
    made, rests = [], []
    for index, item in enumerate(chosen):
        row, rest = make(item, index, problems)
        made.append(row)
        if rest:
            label = {"name": row["name"]} if name == "targets" else {"row": index}
            rests.append({**label, **{key: plain(value) for key, value in rest.items() if key not in label}})
    if made:
        data[name] = made
    if rests:
        data[f"{name}_extra"] = rests


def _others(content: Content, data: dict[str, Any]) -> None:
    """Candidates and observations, for which HERMES has no section."""
    if content.candidates:
        data["candidates"] = [
            _kept(target_name=row.target, status=row.status, reason=row.reason, credible_level=row.level)
            for row in content.candidates
        ]
    if content.observations:
        data["observations"] = [
            _kept(
                target_name=row.target,
                facility=row.facility,
                observation_id=row.observation_id,
                status=row.status,
                start=row.start.isoformat() if row.start else None,
                end=row.end.isoformat() if row.end else None,
            )
            for row in content.observations
        ]


def _kept(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "")}


def _once(references: Iterable[Mapping[str, str]]) -> Iterable[dict[str, str]]:
    seen = set()
    for one in references:
        said = {key: str(value).strip() for key, value in one.items() if str(value or "").strip()}
        key = json.dumps(said, sort_keys=True)
        if said and key not in seen:
            seen.add(key)
            yield said


def circular(number: int) -> dict[str, str]:
    """A GCN circular as a reference."""
    return {
        "source": "GCN",
        "citation": f"GCN Circ. {number}",
        "url": f"https://gcn.nasa.gov/circulars/{number}",
    }


def plain(value: Any) -> Any:
    """A value that JSON can say; what it cannot becomes text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} (no number)"
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
