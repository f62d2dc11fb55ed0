"""Readings -> Message rows: identity, the topic's policy, counts. Called inside ingest's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from tom_scimma import bulk, offload, sieve
from tom_scimma.errors import Refused
from tom_scimma.models import Message, MessageBody, TopicState
from tom_scimma.models.messages import compress, header_text
from tom_scimma.policies import Policies, closed
from tom_scimma.policy import TopicPolicy
from tom_scimma.reading import PARSED, QUARANTINED, Reading
from tom_scimma.record import Record, printable


@dataclass
class Arrival:
    """One reading on its way into the database."""

    reading: Reading
    policy: TopicPolicy
    uid: UUID
    message: Message | None = None  #: None: dropped by the topic's policy
    created: bool = False  #: False: we had it already
    matched: bool = True  #: worth storing, where the topic keeps only that
    alerts: list[int] = field(default_factory=list)


def accept(readings: Sequence[Reading], via: str, now: datetime) -> list[Arrival]:
    """Stores what is new and kept; returns one Arrival a reading, in order."""
    known: dict[tuple[str, str], TopicPolicy] = {}
    look = Policies()
    arrivals = [Arrival(reading, _policy(reading.record, known, look), reading.record.uid) for reading in readings]
    _sift(arrivals, now)
    fresh = _new(arrivals, via, now)
    bulk.insert([arrival.message for arrival in fresh])
    bulk.insert(
        [MessageBody(message_id=arrival.message.pk, data=compress(arrival.reading.record.payload)) for arrival in fresh]
    )
    _protect(fresh)
    return arrivals


def _sift(arrivals: list[Arrival], now: datetime) -> None:
    """Asks, for topics that keep only what matches, what does; before anything is stored."""
    asked = [arrival for arrival in arrivals if arrival.policy.keep == "matched" and arrival.reading.notices]
    if not asked:
        return
    found = iter(sieve.matches([notice for arrival in asked for notice in arrival.reading.notices], now))
    for arrival in asked:
        arrival.matched = any([next(found) for _ in arrival.reading.notices])


def _policy(record: Record, known: dict[tuple[str, str], TopicPolicy], look: Policies) -> TopicPolicy:
    """The policy of the record's topic, looked up once a batch; a message that is not public is its topic's groups', or,
    where it has none, superusers' alone."""
    place = (record.topic, record.source)
    if place not in known:
        known[place] = look(*place)
    return closed(known[place], known[place].groups) if record.private else known[place]


def _new(arrivals: list[Arrival], via: str, now: datetime) -> list[Arrival]:
    """Those to be stored, with their rows: kept by policy, not stored yet, the first of equals in this batch."""
    kept = [arrival for arrival in arrivals if _kept(arrival)]
    known = _known([arrival.uid for arrival in kept])
    known.update(_known([arrival.reading.record.content_uid for arrival in _contested(kept, known)]))
    fresh = []
    for arrival in kept:
        record = arrival.reading.record
        twin = known.get(arrival.uid)
        if twin is not None and _another(twin, record):  # somebody else's message under the same `_id`
            arrival.uid = record.content_uid
            twin = known.get(arrival.uid)
        if twin is None:
            twin, arrival.created = _row(arrival, via, now), True
            known[arrival.uid] = twin
            fresh.append(arrival)
        arrival.message = twin
    return fresh


def _another(stored: Message, record: Record) -> bool:
    """Whether a stored message under the same `_id` is another one. A large message may come as its stub, and whole."""
    same_place = record.offset is not None and (stored.partition, stored.offset) == (record.partition, record.offset)
    return stored.sha256 != record.sha256 and not same_place and not _of_one_stub(stored, record)


def _of_one_stub(stored: Message, record: Record) -> bool:
    """Whether one is the stub and the other the large message out of the archive, that was fetched for this very stub."""
    fetched = record.header(offload.ADDRESS)
    try:
        if offload.is_stub(record):
            return dict(map(tuple, stored.headers)).get(offload.ADDRESS) == offload.address(record)
        if fetched is not None and stored.format == offload.FORMAT:
            return fetched.decode("utf-8", "replace") == offload.address(stored.record())
    except Refused:
        pass
    return False


def _contested(arrivals: list[Arrival], known: dict[UUID, Message]) -> list[Arrival]:
    """Those whose `_id` somebody else's message has or, in this batch, may have."""
    first: dict[UUID, str] = {uid: message.sha256 for uid, message in known.items()}
    return [
        arrival
        for arrival in arrivals
        if first.setdefault(arrival.uid, arrival.reading.record.sha256) != arrival.reading.record.sha256
    ]


def _kept(arrival: Arrival) -> bool:
    keep, state = arrival.policy.keep, arrival.reading.state
    return (
        (keep == "all" and not arrival.reading.is_beat)
        or (keep == "matched" and (state == QUARANTINED or (state == PARSED and arrival.matched)))
        or (keep == "none" and state == QUARANTINED)
    )


def _known(uids: list[UUID]) -> dict[UUID, Message]:
    rows = Message.objects.only("uid", "sha256", "state", "partition", "offset", "format", "via")
    return {message.uid: message for message in bulk.having(rows, uid=set(uids))}


def _row(arrival: Arrival, via: str, now: datetime) -> Message:
    reading, record = arrival.reading, arrival.reading.record
    return Message(
        uid=arrival.uid,
        source=record.source[:40],
        topic=record.topic[:255],
        partition=record.partition,
        offset=record.offset,
        headers=[[printable(name), header_text(value)] for name, value in record.headers],
        sent_id=record.sent_id,
        sender=record.sender,
        broker=printable(record.broker[:255]),
        format=reading.format,
        is_test=record.is_test,
        sha256=record.sha256,
        size=len(record.payload),
        via=via,
        published=record.published,
        received=record.received or now,
        stored=timezone.now(),
        state=reading.state,
        parser=reading.parser,
        error=reading.error,
        traceback=reading.traceback,
        public=not arrival.policy.protected,
    )


def _protect(fresh: list[Arrival]) -> None:
    """Opens messages of protected topics to the topic's groups; a group that does not exist opens nothing."""
    protected = [arrival for arrival in fresh if arrival.policy.groups]
    if not protected:
        return
    names = {name for arrival in protected for name in arrival.policy.groups}
    groups = dict(Group.objects.filter(name__in=names).values_list("name", "pk"))
    through = Message.groups.through
    through.objects.bulk_create(
        [
            through(message_id=arrival.message.pk, group_id=groups[name])
            for arrival in protected
            for name in set(arrival.policy.groups) & set(groups)
        ]
    )


def count(arrivals: list[Arrival], now: datetime) -> None:
    """Adds a batch to its topics' states, topic by topic in one order, so that no two listeners wait for each other's end.

    Meant to come last in the transaction: listeners that share a topic write the same row, one after the other.
    """
    by_topic: dict[tuple[str, str], list[Arrival]] = {}
    for arrival in arrivals:
        record = arrival.reading.record
        by_topic.setdefault((record.source[:40], record.topic[:255]), []).append(arrival)
    for (source, topic), batch in sorted(by_topic.items()):
        counts = (
            len(batch),
            sum(not _kept(arrival) and not arrival.reading.is_beat for arrival in batch),
            sum(arrival.created and arrival.reading.state == QUARANTINED for arrival in batch),
        )
        _add(source, topic, counts, _times(batch, now))


def _add(source: str, topic: str, counts: tuple[int, int, int], times: dict) -> None:
    """Adds to one topic's row, or makes it."""
    table, adapt = connection.ops.quote_name(TopicState._meta.db_table), connection.ops.adapt_datetimefield_value
    changes = [
        "received = received + %s",
        "dropped = dropped + %s",
        "quarantined = quarantined + %s",
        *(f"{name} = %s" for name in times),
    ]
    values = [value if isinstance(value, str) else adapt(value) for value in times.values()]
    query = f"UPDATE {table} SET {', '.join(changes)} WHERE source = %s AND topic = %s"
    with connection.cursor() as cursor:  # plain SQL: it is written with every message
        cursor.execute(query, [*counts, *values, source, topic])
        found = cursor.rowcount
    if not found:
        TopicState.objects.create(
            source=source,
            topic=topic,
            **times,
            **dict(zip(("received", "dropped", "quarantined"), counts, strict=True)),
        )


def _times(batch: list[Arrival], now: datetime) -> dict:
    """The last times to note for a topic, of what came in this batch."""
    latest = max(arrival.reading.record.received or now for arrival in batch)
    times: dict = {"last_message": latest}
    parsers = [arrival.reading.parser for arrival in batch if arrival.reading.parser]
    if parsers:
        times["parser"] = parsers[-1]
    if any(arrival.reading.state == PARSED for arrival in batch):
        times["last_parsed"] = latest
    if "heartbeat" in parsers:
        times["last_heartbeat"] = latest
    return times
