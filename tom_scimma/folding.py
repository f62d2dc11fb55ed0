"""Keeps the Event rows what fold.py says of their alerts. Called inside ingest's transaction.

The usual case, a public authority's newest word, is folded onto the row. Everything else (late arrivals, protected
topics, a test's name taken by a real event) is worked out anew from all alerts of the event.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Prefetch, prefetch_related_objects

from tom_scimma import bulk, fold
from tom_scimma.fold import Map, Values
from tom_scimma.models import Alert, Event, Localization
from tom_scimma.statements import Statement

#: columns of Event that fold.Values has under the same name
COLUMNS = (
    "kind", "role", "state", "source", "time", "first_sent", "folded", "far_hz", "distance_mpc", "distance_sd_mpc", "ra", "dec",
    "radius_deg", "area_50", "area_90", "localization_id",
)  # fmt: skip
WRITTEN = (
    *COLUMNS,
    "instruments",
    "classification",
    "properties",
    "top_class",
    "top_probability",
    "latest",
    "alert_count",
)
FIELDS = tuple(name.removesuffix("_id") for name in WRITTEN)
#: what a report changes of an event that reports alone speak of
LEAST = ("kind", "role", "latest", "alert_count")


def start(new: Sequence[Event], statements: Sequence[Statement]) -> None:
    """Gives new events their values before they are stored; maps are not stored yet and follow in `finish`."""
    for event, own in _grouped(statements, new):
        if not _plain(event, own):
            continue
        _fold(event, own)
        event.localization_id = None


def finish(new: Sequence[Event], statements: Sequence[Statement]) -> None:
    """Brings the rows of all touched events up to date, and notes for each statement what it changed."""
    made = {id(event) for event in new}
    changed, anew = [], []
    for event, own in _grouped(statements):
        if id(event) in made and own[0].change is not None:  # folded by `start`
            if any(item.localizations for item in own):
                event.localization_id = _newest_map(own)
                changed.append(event)
        elif _plain(event, own):
            _fold(event, own)
            changed.append(event)
        else:
            anew.append((event, own))
    bulk.update([event for event in changed if event.folded is not None], FIELDS)
    bulk.update([event for event in changed if event.folded is None], LEAST)
    _refold_with(anew)


def refold(events: Sequence[Event]) -> None:
    """Works rows out anew from all their events' alerts, their audience too; deletes events without any."""
    alerts = _alerts_of(events)
    for event in events:
        if event.pk in alerts:
            _refold(event, alerts[event.pk])
        else:
            event.delete()
    bulk.update([event for event in events if event.pk in alerts], [*FIELDS, "public"])


def _refold(event: Event, alerts: list[Alert]) -> None:
    scope = _audience(event, alerts)
    judged = [alert for alert in scope if alert.authority]
    judged = [alert for alert in judged if alert.role != "test"] or judged
    values = reported(scope)
    if judged:
        values = fold.fold([(alert.order, alert.notice, stored_map(alert)) for alert in judged])
    _set(event, values)
    event.latest = max(alert.order for alert in scope or alerts)
    event.alert_count = len(scope)


def reported(scope: Sequence[Alert]) -> Values:
    """What is known of an event that only reports speak of."""
    said: Alert | Values | None = None
    for alert in scope:
        said = Values(**fold.least(said, alert))
    return said or Values()


def _alerts_of(events: Sequence[Event]) -> dict[int, list[Alert]]:
    """All alerts of these events in the sender's order, by event, with what folding needs and without the maps' bytes."""
    maps = Prefetch("localizations", Localization.objects.defer("data"))
    rows = Alert.objects.filter(event__in=events).order_by("order", "key").prefetch_related(maps)
    found: dict[int, list[Alert]] = {}
    for row in rows:
        found.setdefault(row.event_id, []).append(row)
    unseen = [row for own in found.values() if not any(row.public for row in own) for row in own]
    prefetch_related_objects(unseen, "message__groups")
    return found


def _grouped(
    statements: Sequence[Statement], events: Sequence[Event] | None = None
) -> list[tuple[Event, list[Statement]]]:
    """Statements by event, each event's in the sender's order."""
    wanted = None if events is None else {id(event) for event in events}
    groups: dict[int, tuple[Event, list[Statement]]] = {}
    for statement in statements:
        if wanted is None or id(statement.event) in wanted:
            groups.setdefault(id(statement.event), (statement.event, []))[1].append(statement)
    for _, own in groups.values():
        own.sort(key=lambda item: (item.order, item.key))
    return list(groups.values())


def _plain(event: Event, own: Sequence[Statement]) -> bool:
    """Whether these can simply be folded on: public, newest, and of the event's own role."""
    if event.anew or not event.public or not all(item.public for item in own):
        return False
    judged = [item for item in own if item.authority]
    if event.folded is not None and any(item.order <= event.folded for item in judged):
        return False
    roles = {item.notice.role == "test" for item in judged}
    if event.state != Event.State.REPORTED:
        roles.add(event.role == "test")
    return len(roles) < 2


def _fold(event: Event, own: Sequence[Statement]) -> None:
    values = Values() if event.folded is None else _values(event)
    for item in own:
        item.change = fold.REPORTED
        if item.authority:
            before, values = values, fold.fold([(item.order, item.notice, _map(item))], values)
            item.change = fold.change(before, values, fold.heard(before, item.notice).alert_type)
    if values.folded is not None:
        _set(event, values)
    else:  # reports alone, in any order
        for item in own:
            said = fold.least(event, item.notice)
            event.kind, event.role = said["kind"], said["role"]
    event.latest = max([event.latest, *(item.order for item in own)])
    event.alert_count += len(own)


def _refold_with(late: Sequence[tuple[Event, Sequence[Statement]]]) -> None:
    """Works events out anew; of the statements only the one that is now the newest word changed anything."""
    if not late:
        return
    before = [_values(event) for event, _ in late]
    refold([event for event, _ in late])
    for (event, own), was in zip(late, before, strict=True):
        now = _values(event)
        for item in own:
            item.change = fold.REPORTED
            if item.authority and item.order == now.folded and item.notice.role == event.role:
                item.change = fold.change(was, now, fold.heard(now, item.notice).alert_type)
            elif item.authority:
                item.change = aside(event, item)


def aside(event: Event, item: Statement) -> str:
    """What an authority's word did that is not the newest of those the event's row shows: to its own readers it may be news."""
    if item.public or not event.public or item.order < event.latest_word():
        return fold.LATE
    return fold.RETRACTED if item.notice.alert_type == "retraction" else fold.UPDATED


def _audience(event: Event, alerts: list) -> list:
    """Sets who may see the event; returns the alerts that its row may show (see Event)."""
    public = [alert for alert in alerts if alert.public]
    if public and not event.public:
        event.groups.clear()
    event.public = bool(public)
    if public:
        return public
    audiences = {frozenset(group.pk for group in alert.message.groups.all()) for alert in alerts}
    event.groups.set(frozenset().union(*audiences))
    return alerts if len(audiences) == 1 else []


def _map(item: Statement) -> Map | None:
    """The statement's own map, stored or not; combined maps are kept but do not place the event."""
    for position, read in enumerate(item.maps):
        if read.name == "skymap" and not read.error:
            row = item.localizations[position] if item.localizations else None
            return Map(row and row.pk, read.area_50, read.area_90, read.ra, read.dec, read.distance)
    return None


def stored_map(alert) -> Map | None:
    """The map with which a stored alert places its event; its localizations are fetched."""
    for row in alert.localizations.all():
        if row.name == "skymap" and not row.error:
            distance = None if row.distance_mpc is None else (row.distance_mpc, row.distance_sd_mpc)
            return Map(row.pk, row.area_50, row.area_90, row.ra, row.dec, distance)
    return None


def _newest_map(own: Sequence[Statement]) -> int | None:
    maps = [found.id for item in own if item.authority and (found := _map(item))]
    return maps[-1] if maps else None


def _values(event: Event) -> Values:
    return Values(
        **{name: getattr(event, name) for name in COLUMNS},
        instruments=tuple(event.instruments),
        classification=tuple(event.classification.items()),
        properties=tuple(event.properties.items()),
    )


def _set(event: Event, values: Values) -> None:
    for name in COLUMNS:
        setattr(event, name, getattr(values, name))
    event.source = event.source[:100]
    event.instruments = list(values.instruments)
    event.classification = dict(values.classification)
    event.properties = dict(values.properties)
    event.top_class, event.top_probability = values.top
    event.top_class = event.top_class[:60]
