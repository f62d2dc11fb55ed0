"""Large messages whose server was away when their stubs came -> fetched when it is back. A job of the worker.

The message takes its stub's place as if it came through `listen` now: while it is young by its sender's and its broker's
time it is live (promise 8), later it only tells what happened.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache

from django.db import transaction
from django.utils.timezone import now as clock

from tom_scimma import ingest, offload, reading, retry
from tom_scimma.conf import reading_limits
from tom_scimma.models import Message
from tom_scimma.offload import AGAIN, Archive
from tom_scimma.policies import policy_of
from tom_scimma.record import Record
from tom_scimma.replay import note, replay
from tom_scimma.sources import sources

logger = logging.getLogger("tom_scimma.deliver")

#: asked for so long, at least and at most so many seconds apart; then only "try again" asks
LONGEST, SOON, CAP = timedelta(days=7), 20.0, 3600.0
#: after so many in a row that could not be had a run ends: the rest has its turn in the next
MISSES = 3


def fetch_due(now: datetime | None = None) -> int:
    """Fetches the large messages that are due; returns how many came."""
    now, came, missed = now or clock(), 0, 0
    where = cache(_archive)
    for message in list(_due(now)):
        if _fetch(message, where, now):
            came, missed = came + 1, 0
        else:
            missed += 1
        if missed == MISSES:
            break
    return came


def _archive(source: str) -> Archive:
    from tom_scimma.broker import archive  # the clients of Kafka and hop: not in a worker that needs neither

    return archive(sources()[source])


def _due(now: datetime) -> Iterator[Message]:
    """Stubs to ask for now, the newest first: only these can still be news."""
    rows = Message.objects.filter(state=Message.State.QUARANTINED, format=offload.FORMAT, via="listen")
    for message in rows.filter(received__gte=now - LONGEST, source__in=sources()).order_by("-received"):
        said = dict(map(tuple, message.headers)).get(AGAIN)
        if said is not None and _time(said) <= now:
            yield message


def _time(said: str) -> datetime:
    """When to ask again, by the header; at once where it says no time."""
    try:
        when = datetime.fromisoformat(said)
    except ValueError:
        when = datetime.min
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


def _fetch(message: Message, where: Callable[[str], Archive], now: datetime) -> bool:
    """Whether the message came; else its row says why not, and when it is asked for again."""
    from tom_scimma.broker import retrieve

    record = retrieve(message.record(), lambda: where(message.source), pauses=())
    came = not offload.is_stub(record)
    logger.info("message=%s %s", message.uid, "fetched" if came else "could not be fetched")
    with transaction.atomic():
        rows = Message.objects.select_for_update().filter(pk=message.pk, state=Message.State.QUARANTINED)
        if not rows.exists():  # somebody tried again by hand meanwhile
            return came
        if not came:
            note(message, reading.read(_postponed(record, message, now), **reading_limits()))
        elif message.public == (not policy_of(message.topic, message.source).protected):
            message.delete()  # with nothing but its own bytes: it said nothing yet
            ingest.ingest([record], via="listen")
        else:  # the topic was opened or protected since: those it was received for keep it, and nothing else happens
            replay([message])
    return came


def _postponed(record: Record, message: Message, now: datetime) -> Record:
    """A stub that is asked for again after as long as it has waited, where it is worth asking at all."""
    pause = retry.delay(1, first=max((now - message.received).total_seconds(), SOON), cap=CAP)
    due = (now + timedelta(seconds=pause)).isoformat().encode()
    return replace(record, headers=tuple((name, due if name == AGAIN else value) for name, value in record.headers))
