"""What became of messages -> rows of Received and Unplaced; the only writer of new ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone

from tom_hermes.arrived import Arrived
from tom_hermes.intake import KEEP
from tom_hermes.models import Received, Unplaced
from tom_hermes.rows import text
from tom_hermes.said import Unread
from tom_scimma import bulk

#: of one message at most so many rows are kept apart; the message itself is kept whole
MOST = 500
State, Waits = Received.State, Unplaced.State
OPEN = (Waits.WAITING, Waits.FETCHING)


def keep(arrivals: Sequence[Arrived]) -> None:
    """Stores the rows of messages, their targets and what waits; of those read again, what changed."""
    now = timezone.now()
    new = [arrival for arrival in arrivals if arrival.row is None]
    again = [arrival for arrival in arrivals if arrival.row is not None]
    for arrival in new:
        arrival.row = _row(arrival, now)
    bulk.insert([arrival.row for arrival in new])
    settled = _settled(again)
    bulk.insert([row for arrival in arrivals for row in _waiting(arrival, settled, now)])
    _link(new)
    _link_also(again)
    _open([arrival for arrival in arrivals if arrival.protected])
    for arrival in again:
        _learn(arrival)
        arrival.row.made += arrival.made
        arrival.row.data += arrival.data
        sum_up(arrival.row)


def _row(arrival: Arrived, now: datetime) -> Received:
    message, said = arrival.message, arrival.said
    return Received(
        key=arrival.key,
        uuid=arrival.uuid,
        topic=arrival.topic[:255],
        message_id=message.pk if message is not None else None,
        document=arrival.document,
        sent=arrival.sent,
        received=now if message is None else message.received,
        title=said.title,
        submitter=said.submitter,
        event=said.event,
        state=_state(arrival),
        made=arrival.made,
        data=arrival.data,
        repeated=arrival.repeated,
        open=min(len(arrival.unplaced), MOST),
        public=not arrival.protected,
    )


def _state(arrival: Arrived) -> str:
    if arrival.own:
        return State.OWN
    if arrival.intake.targets == KEEP:
        return State.KEPT
    return state_of(bool(arrival.homes or arrival.data), bool(arrival.unplaced))


def state_of(placed: bool, waits: bool) -> str:
    """The state of a message of which something was placed, and something waits."""
    if waits:
        return State.PARTLY if placed else State.UNPLACED
    return State.PLACED if placed else State.EMPTY


def _settled(again: Sequence[Arrived]) -> set[tuple[int, str, int]]:
    """Makes room for what waits now of messages read again; returns the rows that a person settled, or that are under way."""
    if not again:
        return set()
    rows = Unplaced.objects.filter(received__in=[arrival.row.pk for arrival in again])
    for arrival in again:
        rows.filter(received=arrival.row.pk, state=Waits.WAITING, name__in=_spoken_of(arrival)).delete()
    return set(rows.exclude(state=Waits.WAITING).values_list("received_id", "section", "index"))


def _spoken_of(arrival: Arrived) -> set[str]:
    """The names under which rows of an arrival may wait; it need not be the whole message."""
    said = arrival.said
    names = {item.name for item in said.targets} | {item.target for item in (*said.data, *said.unread)}
    return {text(name, 200) for name in names}


def _waiting(arrival: Arrived, settled: Collection[tuple[int, str, int]], now: datetime) -> Iterator[Unplaced]:
    for unread in arrival.unplaced[:MOST]:
        if (arrival.row.pk, unread.section, unread.index) not in settled:
            yield _unplaced(arrival, unread, now)


def _unplaced(arrival: Arrived, unread: Unread, now: datetime) -> Unplaced:
    target, reason, words = arrival.homes.get(unread.target), unread.reason, unread.words
    if target is None and unread.target in arrival.refused and reason == "file":
        reason, words = arrival.refused[unread.target]
    fetching = reason == "file" and target is not None
    return Unplaced(
        received_id=arrival.row.pk,
        section=unread.section,
        index=unread.index,
        name=text(unread.target, 200),
        reason=reason,
        words=words[:500],
        row=unread.row,
        state=Waits.FETCHING if fetching else Waits.WAITING,
        target_id=target,
        due=now if fetching else None,
    )


def _link(new: Sequence[Arrived]) -> None:
    """Notes which targets new messages are about."""
    pairs = [(arrival.row.pk, target) for arrival in new for target in dict.fromkeys(arrival.homes.values())]
    bulk.link(Received.targets.through, ("received", "basetarget"), pairs)


def _link_also(again: Sequence[Arrived]) -> None:
    """The same of messages that are here, some of whose targets may be noted."""
    for arrival in again:
        arrival.row.targets.add(*arrival.homes.values())


def _open(protected: Sequence[Arrived]) -> None:
    """Lets those see protected messages who may."""
    for arrival in protected:
        arrival.row.groups.add(*arrival.groups)
        if arrival.by is not None:
            arrival.row.readers.add(arrival.by)


def _learn(arrival: Arrived) -> None:
    """A message that was found in the archive, and now comes by the stream, is what the stream has."""
    row, message = arrival.row, arrival.message
    if message is not None and row.message_id is None:
        row.message, row.document, row.received, row.public = message, None, message.received, not arrival.protected
        row.save(update_fields=["message", "document", "received", "public"])
    elif not row.public and not arrival.protected and row.message_id is None:  # by now everybody may read it
        row.public = True
        row.save(update_fields=["public"])


def sum_up(row: Received) -> None:
    """Brings a message's state and its count of open rows up to date, and stores them."""
    counts = row.unplaced.aggregate(
        open=Count("pk", filter=Q(state__in=OPEN)), placed=Count("pk", filter=Q(state=Waits.PLACED))
    )
    row.open = counts["open"]
    if row.state != State.OWN:
        row.state = state_of(bool(row.data or row.made or counts["placed"] or row.targets.exists()), bool(row.open))
    row.save(update_fields=["open", "state", "made", "data"])
