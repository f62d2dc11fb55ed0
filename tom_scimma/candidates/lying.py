"""The events in whose region a target lies, or of which it is a candidate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.db.models import OuterRef, Subquery

from tom_scimma import eventmaps, places
from tom_scimma.candidates.distances import distances
from tom_scimma.candidates.levels import levels
from tom_scimma.conf import conf
from tom_scimma.errors import BadSkyMap
from tom_scimma.models import Candidate, CandidateLevel, Event, Placement, TargetPlace

#: events that are looked through for a target that is no candidate of theirs, the newest
LOOKED_THROUGH = 500
#: so many of those are shown: an all-sky map holds everything
SHOWN = 30


@dataclass(frozen=True)
class Lying:
    """A target in one event."""

    event: Event
    level: float | None
    volume_level: float | None
    candidate: Candidate | None  #: None: it lies there, and is too old or too new to be one by itself


def events_of(target, user) -> list[Lying]:
    """The events that this user may see in which the target lies, newest first. The caller has checked the target."""
    mine = Candidate.objects.filter(target=target.pk).visible_to(user).select_related("event", "decided_by")
    found = [_candidate(row, user) for row in mine.order_by("-event__latest")[:200]]
    known = [one.event.pk for one in found]
    place = TargetPlace.objects.filter(target=target.pk).first()
    if place is not None:
        found += _others(place, user, known)
    return sorted(found, key=lambda one: (one.event.latest, one.event.pk), reverse=True)


def _candidate(row: Candidate, user) -> Lying:
    """With the level in the map that the user sees, which may not be the event's own."""
    if row.level is not None or row.event.public:
        return Lying(row.event, row.level, row.volume_level, row)
    shown = eventmaps.current(row.event, user)
    kept = CandidateLevel.objects.filter(candidate=row, alert=shown.alert_id).first() if shown else None
    return Lying(row.event, kept and kept.level, kept and kept.volume_level, row)


def _others(place: TargetPlace, user, known: list[int]) -> list[Lying]:
    """Events of late in whose standing map the target lies, but for those known."""
    placements = Placement.objects.visible_to(user).filter(alert__event=OuterRef("pk")).order_by("-alert__order", "-pk")
    newest = Event.objects.visible_to(user).exclude(role="test").exclude(pk__in=known)
    rows = newest.annotate(region=Subquery(placements.values("region")[:1])).order_by("-latest", "-pk")
    found = []
    for pk, region in rows.values_list("pk", "region")[:LOOKED_THROUGH]:
        ranges = np.frombuffer(bytes(region or b""), np.int64).reshape(-1, 2)
        if len(found) < SHOWN and places.covers(ranges, np.array([place.hpx14])).any():
            found += _in(Event.objects.get(pk=pk), place, user)
    return found


def _in(event: Event, place: TargetPlace, user) -> list[Lying]:
    shown = eventmaps.current(event, user)
    if shown is None:
        return []
    here = np.array([place.ra]), np.array([place.dec]), distances(np.array([place.target_id]))
    try:
        level, volume = (float(value[0]) for value in levels(shown.sky, *here))
    except BadSkyMap:
        return []
    return [Lying(event, level, None if volume != volume else volume, None)] if level <= conf.CANDIDATE_LEVEL else []
