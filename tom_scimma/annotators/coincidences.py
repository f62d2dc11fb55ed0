"""What else happened near in time and on the sky: other events of this TOM, each told to those who may see both.

Two events are a pair when the one happened within the window of the other that COINCIDENCE_WINDOWS has for their kinds and
their maps do not speak against one place (spatial Bayes factor of at least 1, SkyMap.overlap). An event that nobody placed is
near in time alone. A pair is never joined by itself; two of one kind, within a minute and in one place, are proposed, unless
one authority numbered them apart; a supernova's neutrinos, which nobody may have placed, also by time alone. Of the words of
many detectors about one moment each is proposed once, with one of the others, and not every pair of them.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import repeat
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from tom_scimma import eventmaps, meeting, proposals, wording
from tom_scimma.annotators import Finding
from tom_scimma.conf import conf
from tom_scimma.errors import BadSkyMap
from tom_scimma.models import Alert, Annotation, Event
from tom_scimma.skymap import combine

#: so many events near in time are looked at, the nearest first
LOOKED_AT, KEPT = 100, 20
#: two of one kind no further apart, in one place, are proposed as one; seconds
SAME = 60.0
#: kinds of which no two happen within a minute, so that these need no place: a galaxy has a few supernovae a century
RARE = frozenset({"SN"})
#: how often a kind of event happens is counted over so many days
RATE_DAYS = 100


def annotate(event, map) -> list[Finding]:
    """The pairs, one finding an audience; an empty one for all where there is none."""
    pairs: dict[tuple[int, ...], list[dict[str, Any]]] = defaultdict(list, {(): []})
    rates: dict[str, float] = {}
    near = _near_in_time(event)
    for other, placed in zip(near, eventmaps.currents(near) if map is not None else repeat(None), strict=False):
        pair = _pair(event, other, _overlap(map, placed), rates)
        if pair is not None:
            pairs[_audience(other)].append(pair)
    return [Finding({"of": event.name, **_value(found)}, groups=groups) for groups, found in pairs.items()]


def _near_in_time(event: Event) -> list[Event]:
    """Other events within the window, nearest first: real ones of a real event, tests of a test."""
    if event.time is None:
        return []
    rows = Event.objects.filter(_within(event), role=event.role)
    rows = rows.exclude(pk=event.pk).exclude(state=Event.State.RETRACTED)
    before = rows.filter(time__lt=event.time).order_by("-time")[:LOOKED_AT]
    after = rows.filter(time__gte=event.time).order_by("time")[:LOOKED_AT]
    return sorted((*before, *after), key=lambda other: abs(other.time - event.time))[:LOOKED_AT]


def window(one: str, other: str) -> tuple[float, float]:
    """From how many seconds before an event of the one kind to how many after it one of the other kind is near it."""
    pairs = conf.COINCIDENCE_WINDOWS
    if f"{one}-{other}" in pairs:
        before, after = pairs[f"{one}-{other}"]
        return float(before), float(after)
    if f"{other}-{one}" in pairs:
        before, after = pairs[f"{other}-{one}"]
        return -float(after), -float(before)
    return -float(conf.COINCIDENCE_SECONDS), float(conf.COINCIDENCE_SECONDS)


def _within(event: Event) -> Q:
    """Events of each kind within the window that it has with this one."""
    windows = {kind: window(event.kind, kind) for kind in wording.KINDS}
    widest = min(before for before, _ in windows.values()), max(after for _, after in windows.values())
    found = Q()
    for limits in set(windows.values()):
        found |= Q(kind__in=[kind for kind in windows if windows[kind] == limits]) & _between(event, limits)
    return found & _between(event, widest)  # by which the index finds them


def _between(event: Event, limits: tuple[float, float]) -> Q:
    before, after = (event.time + timedelta(seconds=seconds) for seconds in limits)
    return Q(time__gte=before, time__lte=after)


def _audience(other: Event) -> tuple[int, ...]:
    """The groups that may see the other event; none: all."""
    return () if other.public else tuple(sorted(other.groups.values_list("pk", flat=True)))


def _pair(event: Event, other: Event, overlap: float | None, rates: dict[str, float]) -> dict[str, Any] | None:
    """What is said of a pair; None for one whose maps speak against one place. `rates` keeps those that were counted."""
    if overlap is not None and overlap < 1:
        return None
    seconds = (other.time - event.time).total_seconds()
    alike = event.kind == other.kind and abs(seconds) <= SAME and (overlap is not None or event.kind in RARE)
    if alike and not meeting.numbered_apart(event.name, other.name) and not proposals.tied(event, other):
        place = "" if overlap is None else " and in one place"
        proposals.propose(event, other, f"two of one kind, {wording.span(abs(seconds))} apart{place}")
    return {
        "event": other.name,
        "kind": other.kind,
        "seconds": seconds,
        "overlap": overlap,
        "chance_hz": chance(event, other, overlap, rates),
    }


def chance(event: Event, other: Event, overlap: float | None, rates: dict[str, float] | None = None) -> float:
    """How often chance alone makes a pair as near, Hz (combine.chance_rate); without places by time alone.

    The one's false-alarm rate, where it has one, else how often this TOM hears of its kind, times how often of the other's.
    """
    far = other.far_hz if event.far_hz is None else event.far_hz
    kind = event.kind if event.far_hz is None and other.far_hz is not None else other.kind
    rates = {} if rates is None else rates
    far = _rate(event.kind, rates) if far is None else far
    before, after = window(event.kind, other.kind)
    return combine.chance_rate(1.0 if overlap is None else overlap, far, _rate(kind, rates), after - before)


def _rate(kind: str, rates: dict[str, float]) -> float:
    """How often events of a kind happen, by what this TOM heard of late, Hz; counted once."""
    if kind not in rates:
        since = timezone.now() - timedelta(days=RATE_DAYS)
        count = Event.objects.filter(kind=kind, role="observation", latest__gte=since).order_by().count()
        rates[kind] = max(count, 1) / (RATE_DAYS * 86400.0)
    return rates[kind]


def _overlap(map, placed: eventmaps.EventMap | None) -> float | None:
    """The spatial Bayes factor of two maps; None where one of the events has none."""
    if placed is None:
        return None
    try:
        return float(map.overlap(placed.sky))
    except BadSkyMap:
        return None


def _value(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The nearest in time by itself, for predicates; the others in a list."""
    value: dict[str, Any] = {"count": len(found), "events": found[:KEPT]}
    if found:
        placed = [pair["overlap"] for pair in found if pair["overlap"] is not None]
        value |= {"seconds": found[0]["seconds"], "kinds": sorted({pair["kind"] for pair in found})}
        value |= {"overlap": max(placed)} if placed else {}
        value["chance_hz"] = min(pair["chance_hz"] for pair in found)
    return value


def words(value: dict[str, Any]) -> list[tuple[str, ...]]:
    """The findings as lines of an event's page."""
    lines: list[tuple[str, ...]] = []
    for pair in value.get("events", ()):
        when = f"{wording.span(abs(pair['seconds']))} {'earlier' if pair['seconds'] < 0 else 'later'}"
        where = ", near in time only" if pair["overlap"] is None else f", overlap {wording.number(pair['overlap'])}"
        if pair.get("chance_hz") is not None:
            where += f", by chance {wording.rate(pair['chance_hz'])}"
        address = reverse("tom_scimma:event-joint", kwargs={"name": value["of"], "other": pair["event"]})
        lines.append((wording.KINDS.get(pair["kind"], pair["kind"]), f"{pair['event']}, {when}{where}", address))
    return lines or [("Others", "none near in time and place")]


def renew(alert: Alert) -> list[int]:
    """The newest alerts (primary keys) of the events that are or were found near this one: it may change what was said of them."""
    notes = Annotation.objects.filter(annotator="coincidences")
    said = notes.filter(alert__event=alert.event_id).values_list("value", flat=True)
    names = {pair["event"] for value in said for pair in value.get("events", ())}
    rows = notes.filter(alert__event__name__in=names).order_by("alert__order", "alert_id")
    return list(dict(rows.values_list("alert__event_id", "alert_id")).values())


def withdraw(alert_id: int, change: str) -> None:
    """The reaction to a retraction: the event drops out of what was said of others. Harmless to repeat."""
    from tom_scimma.annotate import ask_again
    from tom_scimma.annotators import annotators

    (own,) = (one for one in annotators() if one.name == "coincidences")
    ask_again(own, Alert.objects.get(pk=alert_id))


annotate.label, annotate.words, annotate.renew = "near in time and on the sky", words, renew  # type: ignore[attr-defined]
annotate.version = "2"  # type: ignore[attr-defined]
