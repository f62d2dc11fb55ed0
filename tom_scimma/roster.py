"""Whose event is it: notices find their Event by name and alias, or make it. Called inside ingest's transaction."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from tom_scimma.models import Alias, Event
from tom_scimma.names import is_event
from tom_scimma.notice import Notice
from tom_scimma.statements import Statement


def resolve(statements: list[Statement]) -> list[Event]:
    """Gives each statement its event and returns the events that are new, not yet saved. Existing ones are locked."""
    events = _existing({name for statement in statements for name in _names(statement.notice)})
    new = []
    for statement in statements:
        statement.event = _find(events, statement)
        if statement.event is None:
            statement.event = _event(statement)
            new.append(statement.event)
        for name in (statement.notice.event, *_learned(statement)):
            events.setdefault(name, statement.event)
    return new


def lock(events: Iterable[int], statements: Iterable[Statement]) -> None:
    """Locks these events and those that statements name, in the order in which everybody locks them."""
    names = {name for statement in statements for name in _names(statement.notice)}
    wanted = Q(pk__in=list(events)) | Q(name__in=names) | Q(aliases__name__in=names)
    found = list(Event.objects.filter(wanted).values_list("pk", flat=True))
    list(Event.objects.select_for_update().filter(pk__in=found).order_by("pk").values_list("pk"))


def add_aliases(statements: Iterable[Statement]) -> None:
    """Stores the names that statements teach; a name that belongs to another event stays there."""
    learned = ((statement, name) for statement in reversed(list(statements)) for name in _learned(statement))
    names = {name: statement.event for statement, name in learned if name != statement.event.name}
    if not names:
        return
    taken = set(Alias.objects.filter(name__in=names).values_list("name", flat=True))
    taken |= set(Event.objects.filter(name__in=names).values_list("name", flat=True))
    Alias.objects.bulk_create(
        [Alias(event=event, name=name) for name, event in names.items() if name not in taken],
        ignore_conflicts=True,
    )


def _names(notice: Notice) -> tuple[str, ...]:
    """The names by which notices meet: the notice's own, and aliases that stand for one event and not for a source."""
    return (notice.event, *filter(is_event, notice.aliases))


def _existing(names: set[str]) -> dict[str, Event]:
    by_alias = dict(Alias.objects.filter(name__in=names).values_list("name", "event_id"))
    rows = (
        Event.objects.select_for_update(no_key=True)
        .filter(Q(name__in=names) | Q(pk__in=by_alias.values()))
        .order_by("pk")
    )
    by_id = {event.pk: event for event in rows}
    found = {name: by_id[pk] for name, pk in by_alias.items() if pk in by_id}
    found.update({event.name: event for event in by_id.values()})
    return found


def _find(events: dict[str, Event], statement: Statement) -> Event | None:
    """By the event's name; by an alias of either only where an authority says so, to the audience that knows the event."""
    event = events.get(statement.notice.event)
    if event is not None and event.name == statement.notice.event:
        return event
    names = _names(statement.notice) if statement.authority else (statement.notice.event,)
    return next((events[name] for name in names if name in events and _among(events[name], statement)), None)


def _among(event: Event, statement: Statement) -> bool:
    """Whether joining them tells nobody of an event that they may not see."""
    if event.public:
        return True
    if event.pk is None:
        return event.audience == statement.arrival.policy.groups
    return not statement.public and set(event.groups.values_list("name", flat=True)) == set(
        statement.arrival.policy.groups
    )


def _learned(statement: Statement) -> tuple[str, ...]:
    """Names this statement may teach: an authority's. What a protected topic says teaches a public event nothing."""
    event = statement.event
    if event is None or not statement.authority or (event.public and not statement.public):
        return ()
    return tuple(name for name in _names(statement.notice) if name and len(name) <= 200)


def _event(statement: Statement) -> Event:
    notice = statement.notice
    event = Event(
        name=notice.event, kind=notice.kind, role=notice.role, latest=statement.order, public=statement.public
    )
    event.audience = statement.arrival.policy.groups  # until it is stored, and its groups with it
    return event
