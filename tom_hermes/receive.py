"""HERMES messages from the stream -> targets and typed data of this TOM, with what could not be placed kept beside.

    received(pairs)     the trunk calls it with a batch of (Message, Document), inside ingest's transaction
    place(arrivals)     the same of messages however they came; the only writer of Received and Unplaced

They are reports: nothing here touches an event. Once a message, whichever way it comes; again for the same stored message
("try again", replay), which places what waits and repeats nothing. No I/O but the database's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from tom_hermes import datums, finding, keeping, own, reading, signals
from tom_hermes.arrived import Arrived, given_id, identity
from tom_hermes.intake import KEEP, Intake, intake
from tom_hermes.models import Received
from tom_hermes.said import Unread
from tom_scimma import bulk


def received(pairs: Sequence[tuple[Any, Any]]) -> None:
    """Takes in a batch of stored messages with what was decoded of them; what is no HERMES message is left alone."""
    wanted: dict[str, Intake] = {}
    arrivals = []
    for message, document in pairs:
        content = document.content if document is not None else None
        if not reading.recognises(content):
            continue
        if message.topic not in wanted:
            wanted[message.topic] = intake(message.topic)
        arrivals.append(_arrival(message, content, wanted[message.topic]))
    _protect([arrival for arrival in arrivals if arrival.protected])
    place(arrivals)


received.many = True  # type: ignore[attr-defined]  # see hooks.message_receivers


def _arrival(message: Any, content: Any, wanted: Intake) -> Arrived:
    sent_id = message.sent_id or given_id(content)
    return Arrived(
        reading.read(content),
        message.topic,
        wanted,
        key=identity(sent_id, content),
        uuid=sent_id,
        sent=message.published,
        message=message,
        protected=not message.public,
    )


def _protect(arrivals: Sequence[Arrived]) -> None:
    """Gives protected messages the groups that may see them."""
    if not arrivals:
        return
    through = arrivals[0].message.groups.through
    groups: dict[int, set[int]] = defaultdict(set)
    ids = [arrival.message.pk for arrival in arrivals]
    for message, group in through.objects.filter(message_id__in=ids).values_list("message_id", "group_id"):
        groups[message].add(group)
    for arrival in arrivals:
        arrival.groups = frozenset(groups[arrival.message.pk])


def place(arrivals: Sequence[Arrived]) -> list[Arrived]:
    """Places what arrivals say and returns those that were new, or placed again, each with its row. In one transaction."""
    with transaction.atomic():
        fresh = _fresh(arrivals)
        own.mark(fresh)
        taken = [arrival for arrival in fresh if not arrival.own and arrival.intake.targets != KEEP]
        for arrival in taken:
            arrival.unplaced.extend(arrival.said.unread)
        finding.find(taken)
        made = datums.write(taken)
        for arrival in taken:
            arrival.unplaced.extend(_targets_without_home(arrival))
        keeping.keep(fresh)
        tell(taken, made)
    return fresh


def take(arrival: Arrived) -> None:
    """The same of a part of a message that somebody chose, whose targets are known. In one transaction."""
    with transaction.atomic():
        arrival.row = Received.objects.filter(key=arrival.key).first()
        own.mark([arrival])
        made = []
        if not arrival.own:
            arrival.unplaced.extend(arrival.said.unread)
            made = datums.write([arrival])
        keeping.keep([arrival])
        tell([arrival], made)


def tell(arrivals: Sequence[Arrived], made: Sequence[Any]) -> None:
    """Lets others know after the commit what is new; the host's own signals do not fire for what is written in bulk."""
    if not made and not any(arrival.made for arrival in arrivals):
        return
    data: dict[str, list[int]] = defaultdict(list)
    for datum in made:
        data[datum.model._meta.model_name].append(datum.pk)
    targets = {pk for arrival in arrivals if arrival.made for pk in arrival.homes.values()}
    said = {"targets": sorted(targets | {datum.target for datum in made}), "data": dict(data)}
    transaction.on_commit(lambda: signals.data_received.send_robust(sender=Received, **said))


def _fresh(arrivals: Sequence[Arrived]) -> list[Arrived]:
    """The first of equals, of messages that are new or that are read again; what a person settled is left out of these."""
    known = {row.key: row for row in bulk.having(Received.objects.all(), key={arrival.key for arrival in arrivals})}
    fresh, seen = [], set()
    for arrival in arrivals:
        arrival.row = known.get(arrival.key)
        if arrival.key not in seen and (arrival.row is None or _again(arrival)):
            seen.add(arrival.key)
            fresh.append(arrival)
    return fresh


def _again(arrival: Arrived) -> bool:
    """Whether a message that is here is to be placed again: the same stored one, or one that was known from the archive."""
    return arrival.message is None or arrival.row.message_id in (None, arrival.message.pk)


def _targets_without_home(arrival: Arrived) -> list[Unread]:
    return [
        Unread("targets", target.index, *arrival.refused[target.name], target.name, None)
        for target in arrival.said.targets
        if target.name in arrival.refused
    ]
