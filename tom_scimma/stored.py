"""Stored events by name, kind, time and place on the sky, as one user may see them. For the data service and whoever asks alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from tom_scimma import events as by_name
from tom_scimma import skymap
from tom_scimma.errors import BadSkyMap
from tom_scimma.filters import named
from tom_scimma.models import Event, Localization
from tom_scimma.query.errors import QueryError
from tom_scimma.skymap.sphere import separation

#: at most so many events have their place or map looked at, the newest
LOOKED_AT = 2000


@dataclass(frozen=True)
class Wanted:
    """What is looked for; what is None or empty is not asked. Angles in degrees, ICRS."""

    name: str = ""
    kind: str = ""
    since: datetime | None = None  #: of the event
    until: datetime | None = None
    cone: tuple[float, float, float] | None = None  #: ra, dec, radius
    inside: str = ""  #: name of an event: those that lie in its 90 % region
    tests: bool = False


def search(wanted: Wanted, user, limit: int = 100) -> list[Event]:
    """Events that this user may see, newest first. Raises QueryError for an event that is not there or has no map."""
    user = user or AnonymousUser()  # elsewhere no user means no limit
    rows = _asked(wanted, user)
    if wanted.cone is None and not wanted.inside:
        return list(rows[:limit])
    region = _region(wanted.inside, user) if wanted.inside else None
    found = []
    for event in rows[:LOOKED_AT].iterator(chunk_size=200):
        if (wanted.cone is None or _meets(event, wanted.cone, user)) and (region is None or _lies(event, region)):
            found.append(event)
        if len(found) == limit:
            break
    return found


def _asked(wanted: Wanted, user) -> QuerySet[Event]:
    rows = Event.objects.visible_to(user).order_by("-latest", "-pk")
    if wanted.name:
        rows = named(rows, wanted.name, user)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.since:
        rows = rows.filter(time__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(time__lte=wanted.until)
    if wanted.cone or wanted.inside:
        rows = rows.filter(Q(ra__isnull=False) | Q(localization__isnull=False))
    return rows if wanted.tests or wanted.name else rows.exclude(role="test")


def _region(name: str, user) -> tuple[int, skymap.SkyMap]:
    """The event of that name and its map. Raises QueryError."""
    event = by_name.named(name, user)
    if event is None:
        raise QueryError(f"There is no event {name!r} that you may see.")
    sky = _map(event, user)
    if sky is None:
        raise QueryError(f"{event.name} has no sky map that could be used.")
    return event.pk, sky


def _map(event: Event, user) -> skymap.SkyMap | None:
    row = Localization.objects.visible_to(user).filter(pk=event.localization_id, error="").first()
    try:
        return skymap.unpack(bytes(row.data)) if row is not None else None
    except BadSkyMap:
        return None


def _lies(event: Event, region: tuple[int, skymap.SkyMap]) -> bool:
    """Whether the event's position, or the most probable one, is in the 90 % region of another."""
    pk, sky = region
    return event.pk != pk and event.ra is not None and float(sky.level_at(event.ra, event.dec)) <= 0.9


def _meets(event: Event, cone: tuple[float, float, float], user) -> bool:
    """Whether the event's circle touches the cone; of an event with a map, whether its 90 % region holds the middle."""
    ra, dec, radius = cone
    if (event.ra is not None and event.radius_deg is not None) or event.localization_id is None:
        reach = radius + (event.radius_deg or 0.0)
        return event.ra is not None and float(separation(event.ra, event.dec, ra, dec)) <= reach
    sky = _map(event, user)
    return sky is not None and float(sky.level_at(ra, dec)) <= 0.9
