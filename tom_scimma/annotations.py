"""What annotators said of an event, in words, for its page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tom_scimma import wording
from tom_scimma.annotate import AGAIN, BEGUN
from tom_scimma.annotators import Annotator, annotators
from tom_scimma.models import Annotation, Event

#: at most so many lines of one annotation are shown
SHOWN = 30


@dataclass(frozen=True)
class Shown:
    """One annotation, made ready to be read."""

    annotation: Annotation
    label: str
    lines: tuple[tuple[str, str, str], ...]  #: (what, value, link or "")
    outdated: bool  #: made by another version of the annotator, or by one that is no more
    renewed: bool = False  #: is being worked out again, after something else was heard


def shown(event: Event, user) -> list[Shown]:
    """The newest annotations of an event that this user may see, in the order of the annotators."""
    known = {one.name: one for one in annotators()}
    order = {name: place for place, name in enumerate(known)}
    rows = Annotation.objects.visible_to(user).filter(alert__event=event).latest()
    rows.sort(key=lambda row: (order.get(row.annotator, len(order)), row.audience))
    shown = (_shown(row, known.get(row.annotator)) for row in rows if row.value or row.error)
    return [one for one in shown if one.lines or one.annotation.error]


def _shown(row: Annotation, annotator: Annotator | None) -> Shown:
    renewed = annotator is not None and row.version in (AGAIN, BEGUN)
    current = annotator is not None and (renewed or annotator.version == row.version)
    words = getattr(annotator.run, "words", None) if current else None  # it need not know its older answers
    lines = [(*line, "")[:3] for line in (_worded(words, row.value, renewed) if words else _plain(row.value))]
    label = annotator.label if annotator else row.annotator
    return Shown(row, label, tuple(lines[:SHOWN]), not current, renewed)


def _worded(words: Callable[..., Any], value: dict[str, Any], renewed: bool) -> Iterable[Sequence[str]]:
    """The annotator's words; plain ones where what waits to be worked out again is an answer of an older version."""
    try:
        return list(words(value))
    except (KeyError, TypeError, ValueError, AttributeError):
        if not renewed:
            raise
        return list(_plain(value))


def _plain(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, said in value.items():
        if isinstance(said, dict):
            said = ", ".join(f"{key} {wording.value(key, entry)}" for key, entry in list(said.items())[:10])
        elif isinstance(said, list):
            said = f"{len(said)}: " + ", ".join(str(entry) for entry in said[:5]) if said else "none"
        yield name.replace("_", " "), wording.short(wording.value(name, said), 300)
