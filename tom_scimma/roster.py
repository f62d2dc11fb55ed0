"""Whose event is it: notices find their Event by name and id, make it, or make one of several. Called inside ingest's transaction.

What counts is the set of notices, never their order: events that a public authority's notice names together are one, and
an event is called by the best of its names (meeting.rank). Protected notices meet by their own name alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from django.db import connection
from django.db.models import Q

from tom_scimma import bulk, meeting, merging
from tom_scimma.models import Alias, Event, NoticeId
from tom_scimma.statements import Statement

#: first half of the keys of PostgreSQL's advisory locks that are ours to use for names; second half of that for all names
_TURNS, _ALL = 0x746F6D, 0
#: so many names are locked one by one; more would fill the table that a server has for all its locks (6,400 by default)
_MANY = 500


def resolve(statements: list[Statement]) -> list[Event]:
    """Gives each statement its event and returns the events that are new, not yet saved. Existing ones are locked."""
    keys = {key for statement in statements for key in _keys(statement)}
    _wait_for_turn(keys)
    book = Book(keys)
    for number, statement in enumerate(statements):
        found = book.events_of(statement)
        event = found[0] if found else book.new(statement)
        for other in found[1:]:
            event = book.join(event, other, statement, statements[:number])
        statement.event = event
        event.opened = event.opened or statement.public
        book.call(event, statement)
        for key in _taught(statement, event):
            book.keep(key, event)
    return book.made


def _wait_for_turn(keys: Iterable[str]) -> None:
    """Until the transaction ends, nobody else makes an event of these names or teaches one of them.

    Rows that are not there yet cannot be locked: without this a name became an event at one listener and another event's alias at
    a second. Whoever has very many names has all. SQLite has one writer at a time anyway.
    """
    if connection.vendor != "postgresql":
        return
    numbers = sorted({zlib.crc32(key.encode("utf-8", "surrogatepass")) % (2**31 - 1) + 1 for key in keys})
    with connection.cursor() as cursor:
        if len(numbers) > _MANY:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_TURNS, _ALL])
            return
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [_TURNS, _ALL])
        cursor.execute("SELECT pg_advisory_xact_lock(%s, turn) FROM unnest(%s::int4[]) AS turn", [_TURNS, numbers])


def lock(events: Iterable[int], statements: Iterable[Statement]) -> None:
    """Locks these events and those that statements name, in the order in which everybody locks them."""
    keys = {key for statement in statements for key in _keys(statement)}
    _wait_for_turn(keys)
    named = Q(name__in=keys) | Q(aliases__name__in=keys) | Q(notice_ids__name__in=keys)
    found = list(Event.objects.filter(Q(pk__in=list(events)) | named).values_list("pk", flat=True))
    list(Event.objects.select_for_update().filter(pk__in=found).order_by("pk").values_list("pk"))


def add_aliases(statements: Iterable[Statement]) -> None:
    """Stores the names and ids that statements teach. Raises IntegrityError where another listener taught one meanwhile."""
    taught: dict[str, Event] = {}
    for item in sorted(statements, key=lambda item: not links(item)):  # what is said to all goes before what is not
        for key in (*_taught(item, item.event), *item.event.formerly):
            taught.setdefault(key, item.event)
    names = {key: event for key, event in taught.items() if not meeting.is_id(key) and key != event.name}
    ids = {key: event for key, event in taught.items() if meeting.is_id(key)}
    _store(Alias, names, _named(names))
    _store(NoticeId, ids, set())


def _named(names: Iterable[str]) -> set[str]:
    """Those that are an event's own name: a name belongs to one event."""
    return {name for (name,) in bulk.find(Event, ["name"], name=list(names))}


def _store(model, taught: dict[str, Event], not_these: set[str]) -> None:
    if not taught:
        return
    known = dict(bulk.find(model, ["name", "event"], name=taught))
    for name, event in taught.items():
        if name in known and known[name] != event.pk and is_open(event):  # a protected topic had taught it
            model.objects.filter(name=name, event__public=False).update(event=event)
    new = [name for name in taught if name not in known and name not in not_these]
    model.objects.bulk_create([model(event=taught[name], name=name) for name in new])


def links(statement: Statement) -> bool:
    """Whether its notice may say which names are one event's: an authority's, to all, of something real."""
    return statement.authority and statement.public and statement.notice.role != "test"


def names(statement: Statement) -> set[str]:
    """By what its event is known from now on, as far as this statement says."""
    return {meeting.own(statement.notice), statement.event.name, *_taught(statement, statement.event)}


def _keys(statement: Statement) -> tuple[str, ...]:
    """What its event may be known by already."""
    notice = statement.notice
    more = (*meeting.others(notice), *meeting.ids(notice)) if links(statement) else ()
    return (meeting.own(notice), *more)


def _taught(statement: Statement, event: Event) -> tuple[str, ...]:
    """Names this statement teaches: an authority's. What a protected topic says teaches a public event nothing."""
    if links(statement):
        return _keys(statement)
    if statement.authority and not statement.public and not is_open(event):
        return (meeting.own(statement.notice), *meeting.others(statement.notice))
    return ()


class Book:
    """The events of a batch by their names and ids."""

    def __init__(self, keys: set[str]):
        self.made: list[Event] = []
        self.named: dict[str, Event] = {}  #: by their own names
        self.known: dict[str, Event] = {}  #: by other names and ids
        self._look(keys)
        if connection.vendor == "postgresql":  # an event that was waited for may go by another name by now
            self._look({key for key in keys if key not in self.named and key not in self.known}, again=True)

    def _look(self, keys: set[str], *, again: bool = False) -> None:
        names = dict(bulk.find(Alias, ["name", "event"], name=keys))
        names.update(bulk.find(NoticeId, ["name", "event"], name=[key for key in keys if meeting.is_id(key)]))
        if again and not names:
            return
        wanted = Q(name__in=keys) | Q(pk__in=set(names.values()))
        by_id = {row.pk: row for row in Event.objects.select_for_update(no_key=True).filter(wanted).order_by("pk")}
        by_id.update({row.pk: row for row in (*self.named.values(), *self.known.values())})  # one object an event
        self.named.update({row.name: row for row in by_id.values()})
        self.known.update({name: by_id[pk] for name, pk in names.items() if pk in by_id})

    def find(self, key: str) -> Event | None:
        """The event of that name, or a public one that is also called so."""
        event = self.named.get(key)
        if event is None:
            event = self.known.get(key)
            if event is not None and not is_open(event):  # its other names are its groups' to know
                return None
        return event

    def events_of(self, statement: Statement) -> list[Event]:
        """Its own name's event first, then those of the other names it gives."""
        found = [event for key in _keys(statement) if (event := self.find(key)) is not None]
        return list({id(event): event for event in found}.values())

    def new(self, statement: Statement) -> Event:
        """An event that nobody spoke of before."""
        notice = statement.notice
        name = meeting.own(notice)
        event = Event(
            name=name, kind=notice.kind, role=notice.role, latest=statement.order, public=statement.public
        )  # fmt: skip
        event.standing = _standing(statement)
        self.made.append(event)
        self.named[name] = event
        return event

    def keep(self, key: str, event: Event) -> None:
        if self.find(key) is None:
            self.known[key] = event

    def join(self, event: Event, other: Event, statement: Statement, earlier: list[Statement]) -> Event:
        """The one of two events that stays, with what the other had; two that a person holds apart stay two."""
        if event.pk and other.pk and merging.apart(event, other):
            return event
        best, rest = sorted((event, other), key=lambda row: (not is_open(row), standing(row), meeting.rank(row.name)))
        keep, gone = (rest, best) if rest.pk and not best.pk else (best, rest)
        known = min(standing(best), standing(rest)) if is_open(rest) else standing(best)
        if gone.pk:
            merging.join(keep, gone, because=_because(statement))
            keep.anew = True
        else:
            self.made.remove(gone)
        for item in earlier:
            item.event = keep if item.event is gone else item.event
        for table in (self.named, self.known):
            table.update({name: keep for name, row in table.items() if row is gone})
        keep.formerly = (*keep.formerly, *gone.formerly, gone.name)
        if keep is not best:
            self.rename(keep, best.name)
        keep.standing = known
        return keep

    def call(self, event: Event, statement: Statement) -> None:
        """Gives the event the statement's name, where that is the better one."""
        name, known = meeting.own(statement.notice), standing(event)
        said = _standing(statement) if statement.public or not is_open(event) else meeting.REPORT
        if name != event.name and (said, meeting.rank(name)) < (known, meeting.rank(event.name)):
            self.rename(event, name)
        event.standing = min(said, known)

    def rename(self, event: Event, name: str) -> None:
        self.known[event.name] = event
        self.named.pop(event.name, None)
        self.named[name] = event
        event.formerly = (*event.formerly, event.name)
        event.name = name
        if event.pk:
            Event.objects.filter(pk=event.pk).update(name=name)


def is_open(event: Event) -> bool:
    """Whether all may see the event, once this batch is stored."""
    return event.public or event.opened


def standing(event: Event) -> int:
    """Whose words name the event so far, see meeting.REAL."""
    if event.standing is None:
        if event.folded is None:
            return meeting.REPORT
        return meeting.TEST if event.role == "test" else meeting.REAL
    return event.standing


def _standing(statement: Statement) -> int:
    if not statement.authority:
        return meeting.REPORT
    return meeting.TEST if statement.notice.role == "test" else meeting.REAL


def _because(statement: Statement) -> str:
    notice = statement.notice
    return f"{notice.source} names them together in its notice of {meeting.own(notice)}"[:300]
