"""The sky maps of an event: the one that stands for it, and its versions. Every event with a position has one.

    current(event, user)         -> EventMap | None       where the event is, as its page shows it
    currents(events)             -> EventMap | None, ...  the same of many events, without a user
    versions(event, user)        -> [EventMap, ...]       each alert that placed it, oldest first
    of_alert(alert)              -> EventMap | None       what one alert says

A map is the one that was sent, else made of the error region (`skymap.of_sky`). Nothing is unpacked before `.sky` is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Prefetch, QuerySet

from tom_scimma import fold, skymap
from tom_scimma.models import Alert, Event, Localization
from tom_scimma.notice import Sky

#: an event may have any number of alerts; its versions are looked for among so many, the newest
LOOKED_AT = 200
#: the maps of so many events are in memory at once
FETCHED = 5


@dataclass(frozen=True)
class EventMap:
    """Where an event is, as one alert says."""

    alert_id: int
    localization_id: int | None  #: the map that was sent; None: it is made of the error region
    error: Sky | None  #: the error region, where there is no map
    order: datetime  #: of the alert, by the sender's clock
    alert_type: str
    source: str
    data: bytes | None = field(default=None, repr=False, compare=False)  #: the map that was sent, where it is at hand

    @cached_property
    def sky(self) -> skymap.SkyMap:
        """The map. Raises BadSkyMap when what is stored cannot be read, or an error region makes no map."""
        if self.localization_id is not None:
            return skymap.unpack(self._data)
        try:
            made = skymap.of_sky(self.error)
        except ValueError as trouble:
            raise skymap.BadSkyMap(f"no map can be made of {self.error}: {trouble}") from trouble
        if made is None:
            raise skymap.BadSkyMap(f"no map can be made of {self.error}")
        return made

    @property
    def _data(self) -> bytes:
        rows = Localization.objects.values_list("data", flat=True)
        return self.data or bytes(rows.get(pk=self.localization_id))

    def by_itself(self) -> EventMap:
        """The same with nothing unpacked and its data at hand: for another process, which asks no database."""
        return replace(self, data=None if self.localization_id is None else self._data)


def current(event: Event, user=None) -> EventMap | None:
    """The map that stands for the event, if this user may see it; without a user, that of the event's own audience.

    It is the newest authoritative one, as `fold.py` takes it. An event that several protected topics speak of has none
    of its own: there it is the newest that the user may see. The caller has checked that they may see the event.
    """
    return next(_current([event], user))


def currents(events: Sequence[Event]) -> Iterator[EventMap | None]:
    """The same of each of many events, in their order, without a user: maps that were sent come some at a time, with their data."""
    for start in range(0, len(events), FETCHED):
        yield from _current(events[start : start + FETCHED], None, at_hand=True)


def versions(event: Event, user=None) -> list[EventMap]:
    """The event's maps that this user may see, oldest first: those of alerts that placed the event when they came.

    Without a user, all of them, for work whose result is shown to nobody who may not see its alert.
    """
    return list(_placing(list(_alerts(event, user)[:LOOKED_AT])[::-1]))


def of_alert(alert: Alert) -> EventMap | None:
    """The map of one alert, whatever its authority; None where it says no place."""
    return next(_maps(_with_maps(Alert.objects.filter(pk=alert.pk))), None)


def _current(events: Sequence[Event], user, *, at_hand: bool = False) -> Iterator[EventMap | None]:
    sent = {row.pk: row for row in _sent(events, user, at_hand)}
    for event in events:
        row = sent.get(event.localization_id)
        if event.localization_id is None:
            yield _made(event, user)
        elif row is None or not _speaks(row.alert, event):
            yield None
        else:
            about, data = row.alert, bytes(row.data) if at_hand else None
            yield EventMap(about.pk, row.pk, None, about.order, about.alert_type, about.source, data)


def _sent(events: Sequence[Event], user, at_hand: bool) -> QuerySet[Localization]:
    """The maps that were sent and stand for these events, of alerts that the user may see."""
    ids = [event.localization_id for event in events if event.localization_id is not None]
    rows = Localization.objects.filter(pk__in=ids, name="skymap", error="", alert__authority=True)
    if user is not None:
        rows = rows.filter(alert__in=Alert.objects.visible_to(user))
    rows = rows.select_related("alert").defer("alert__document")
    return rows if at_hand else rows.defer("alert__document", "data")


def _speaks(alert: Alert, event: Event) -> bool:
    """Whether the event's place may be this alert's: its own, public where it is, and of a test for a test alone."""
    return (
        alert.event_id == event.pk
        and (alert.public or not event.public)
        and (event.role == "test" or alert.role != "test")
    )


def _made(event: Event, user) -> EventMap | None:
    """The map of an event that was sent none: of its error region; or what an event of several audiences has for this one."""
    own = _alerts(event, user)
    if event.public:
        own = own.filter(public=True)
    if event.ra is not None:
        return next((found for found in _maps(own[:LOOKED_AT]) if _is_at(event, found)), None)
    return next(_maps(own[:LOOKED_AT]), None) if user is not None and not event.public else None


def _alerts(event: Event, user) -> QuerySet[Alert]:
    """What may place the event, newest first: its authorities' words, and those of tests for a test alone."""
    rows = Alert.objects.all() if user is None else Alert.objects.visible_to(user)
    rows = rows.filter(event=event, authority=True).order_by("-order", "-pk")
    return _with_maps(rows if event.role == "test" else rows.exclude(role="test"))


def _with_maps(alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    usable = Localization.objects.filter(name="skymap", error="").defer("data")
    return alerts.prefetch_related(Prefetch("localizations", usable))


def _maps(alerts: Iterable[Alert]) -> Iterator[EventMap]:
    for alert in alerts:
        found = _map(alert)
        if found is not None:
            yield found


def _map(alert: Alert) -> EventMap | None:
    row = next(iter(alert.localizations.all()), None)
    error = None if row else _error(alert.document)
    if row is None and error is None:
        return None
    return EventMap(alert.pk, row and row.pk, error, alert.order, alert.alert_type, alert.source)


def _error(document: Mapping[str, Any]) -> Sky | None:
    """The error region of a stored notice, where it has a centre; a point without a size is one too."""
    said = document.get("sky")
    if not said or said.get("ra_deg") is None or said.get("dec_deg") is None:
        return None
    if not (math.isfinite(said["ra_deg"]) and abs(said["dec_deg"]) <= 90):
        return None
    axes = said.get("semi_axes_deg")
    return Sky(**{**said, "semi_axes_deg": tuple(axes) if axes else None})


def _is_at(event: Event, found: EventMap) -> bool:
    error = found.error
    return error is not None and (error.ra_deg, error.dec_deg, error.radius_deg) == (
        event.ra,
        event.dec,
        event.radius_deg,
    )


def _placing(alerts: list[Alert]) -> Iterator[EventMap]:
    """The maps of those alerts, given in the sender's order, whose place became the event's."""
    values = fold.Values()
    for alert in alerts:
        found, row = _map(alert), next(iter(alert.localizations.all()), None)
        stored = row and fold.Map(row.pk, row.area_50, row.area_90, row.ra, row.dec, None)
        values = fold.fold([(alert.order, alert.notice, stored)], values)
        if found is None:
            continue
        if found.localization_id is not None and values.localization_id == found.localization_id:
            yield found
        elif values.localization_id is None and found.error is not None and _is_at(values, found):
            yield found
