"""What else happened near in time and on the sky: other events of this TOM, each told to those who may see both.

Two events are a pair when their times are within COINCIDENCE_SECONDS of each other and their maps do not speak against
one place (spatial Bayes factor of at least 1, SkyMap.overlap). An event that nobody placed is near in time alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.urls import reverse

from tom_scimma import eventmaps, wording
from tom_scimma.annotators import Finding
from tom_scimma.conf import conf
from tom_scimma.errors import BadSkyMap
from tom_scimma.models import Alert, Annotation, Event

#: so many events near in time are looked at, the nearest first
LOOKED_AT, KEPT = 100, 20


def annotate(event, map) -> list[Finding]:
    """The pairs, one finding an audience; an empty one for all where there is none."""
    pairs: dict[tuple[int, ...], list[dict[str, Any]]] = defaultdict(list, {(): []})
    for other in _near_in_time(event):
        pair = _pair(event, map, other)
        if pair is not None:
            pairs[_audience(other)].append(pair)
    return [Finding(_value(found), groups=groups) for groups, found in pairs.items()]


def _near_in_time(event: Event) -> Iterator[Event]:
    """Other events within the window, nearest first: real ones of a real event, tests of a test."""
    if event.time is None:
        return
    window = timedelta(seconds=conf.COINCIDENCE_SECONDS)
    rows = Event.objects.filter(time__gte=event.time - window, time__lte=event.time + window, role=event.role)
    rows = rows.exclude(pk=event.pk).exclude(state=Event.State.RETRACTED)
    yield from sorted(rows[: 10 * LOOKED_AT], key=lambda other: abs(other.time - event.time))[:LOOKED_AT]


def _audience(other: Event) -> tuple[int, ...]:
    """The groups that may see the other event; none: all."""
    return () if other.public else tuple(sorted(other.groups.values_list("pk", flat=True)))


def _pair(event: Event, map, other: Event) -> dict[str, Any] | None:
    overlap = _overlap(map, other)
    if overlap is not None and overlap < 1:
        return None
    return {
        "event": other.name,
        "kind": other.kind,
        "seconds": (other.time - event.time).total_seconds(),
        "overlap": overlap,
    }


def _overlap(map, other: Event) -> float | None:
    """The spatial Bayes factor of two maps; None where one of the events has none."""
    found = eventmaps.current(other) if map is not None else None
    if found is None:
        return None
    try:
        return float(map.overlap(found.sky))
    except BadSkyMap:
        return None


def _value(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The nearest in time by itself, for predicates; the others in a list."""
    value: dict[str, Any] = {"count": len(found), "events": found[:KEPT]}
    if found:
        placed = [pair["overlap"] for pair in found if pair["overlap"] is not None]
        value |= {"seconds": found[0]["seconds"], "kinds": sorted({pair["kind"] for pair in found})}
        value |= {"overlap": max(placed)} if placed else {}
    return value


def words(value: dict[str, Any]) -> list[tuple[str, ...]]:
    """The findings as lines of an event's page."""
    lines: list[tuple[str, ...]] = []
    for pair in value.get("events", ()):
        when = f"{wording.span(abs(pair['seconds']))} {'earlier' if pair['seconds'] < 0 else 'later'}"
        where = "" if pair["overlap"] is None else f", overlap {wording.number(pair['overlap'])}"
        address = reverse("tom_scimma:event", kwargs={"name": pair["event"]})
        lines.append((wording.KINDS.get(pair["kind"], pair["kind"]), f"{pair['event']}, {when}{where}", address))
    return lines or [("Others", f"none within {wording.span(conf.COINCIDENCE_SECONDS)}")]


def renew(alert: Alert) -> Iterator[Alert]:
    """The newest alerts of the events that were found near this one: what was said of them may be another thing now."""
    rows = Annotation.objects.filter(alert=alert, annotator="coincidences").values_list("value", flat=True)
    names = {pair["event"] for value in rows for pair in value.get("events", ())}
    for name in sorted(names):
        notes = Annotation.objects.filter(alert__event__name=name, annotator="coincidences")
        newest = notes.order_by("-alert__order", "-alert_id").values_list("alert", flat=True).first()
        if newest is not None:
            yield Alert.objects.select_related("event").get(pk=newest)


annotate.label, annotate.words, annotate.renew = "near in time and on the sky", words, renew  # type: ignore[attr-defined]
