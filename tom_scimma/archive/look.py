"""What the archive has of the topics we follow and we do not, day by day, and what is marked retracted there. A job of the worker.

Marks are shown and nothing else: no event changes, nobody is told (promise 8; only the topic itself may retract, promise 9).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise

from django.utils.timezone import now as clock

from tom_scimma.archive import access, rows
from tom_scimma.archive.client import Client
from tom_scimma.archive.records import Meta
from tom_scimma.conf import conf
from tom_scimma.errors import DeliveryError, Refused
from tom_scimma.models import ArchiveDay, ArchiveRecord
from tom_scimma.topics import Topic, survey

#: days so young are compared each time, older ones once a day
YOUNG, SELDOM = timedelta(days=2), timedelta(days=1)
#: seconds for one turn of the job; the rest has its turn in the next
TURN = 60.0
NEVER = datetime(1970, 1, 1, tzinfo=timezone.utc)


def followed(source: str, now: datetime) -> list[Topic]:
    """Topics of a source that this TOM means to hear and keeps something of."""
    found = survey(now, counts=False).topics
    return [topic for topic in found if topic.source == source and topic.wanted and topic.policy.keep != "none"]


def youngest(source: str, topic: str, now: datetime) -> datetime | None:
    """From when on messages of a topic are its listener's to bring, since they are live; None where nobody listens to it."""
    return now - conf.LIVE_AGE if any(item.name == topic for item in followed(source, now)) else None


def look(now: datetime | None = None) -> int:
    """Compares the days that are due; returns how many. Raises the last trouble once all topics had their turn."""
    now, end, compared = now or clock(), time.monotonic() + TURN, 0
    trouble: Exception | None = None
    for source in access.archived_sources().values() if conf.ARCHIVE_DAYS > 0 else ():
        topics = followed(source.name, now)
        try:
            client = access.client(source, pauses=())
            there = client.topics() if topics else set()
        except (DeliveryError, Refused) as error:
            trouble = error
            continue
        for topic in (topic for topic in topics if topic.name in there):
            for first, last in stretches(due(topic, now)):
                if time.monotonic() > end:
                    return compared
                try:
                    compared += compare(client, source.name, topic.name, first, last, now)
                except (DeliveryError, Refused) as error:
                    trouble = error
                    break
    if trouble is not None:
        raise trouble
    return compared


def due(topic: Topic, now: datetime) -> list[date]:
    """Days of a topic to compare now, the newest first; none of which `prune` forgets what we had."""
    count = min(conf.ARCHIVE_DAYS, conf.ARCHIVE_DAYS if topic.policy.days is None else topic.policy.days)
    today = now.astimezone(timezone.utc).date()
    days = [today - timedelta(days=number) for number in range(count)]
    looked = dict(_days(topic.source, topic.name, days[-1], today).values_list("day", "looked")) if days else {}
    young = (now - YOUNG).date()
    return [day for day in days if day > young or looked.get(day, NEVER) < now - SELDOM]


def stretches(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days that follow each other, together; at most a week, so that what was done is soon noted. The newest first."""
    found: list[list[date]] = []
    for day in sorted(days, reverse=True):
        if found and found[-1][0] - day == timedelta(days=1) and found[-1][1] - day < timedelta(days=7):
            found[-1][0] = day
        else:
            found.append([day, day])
    return [(first, last) for first, last in found]


def compare(client: Client, source: str, topic: str, first: date, last: date, now: datetime) -> int:
    """Compares these days of a topic and writes what came of it; returns how many days. Raises Unavailable, Refused."""
    counts: dict[date, ArchiveDay] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        counts[day] = ArchiveDay(source=source, topic=topic, day=day, looked=now)
    end = min(midnight(last + timedelta(days=1)), now - conf.LIVE_AGE)  # what is younger is still on its way
    for page in client.metas(topic, midnight(first), end) if end > midnight(first) else ():
        metas = [meta for meta in page if meta.topic == topic and meta.time.date() in counts]
        known = rows.here(source, metas)
        rows.note(source, client.url, metas, known, now)
        closed = _closed(source, [meta for meta in metas if meta.uuid not in known])
        for meta in metas:
            day = counts[meta.time.date()]
            day.archived += 1
            day.missing += meta.uuid not in known
            day.closed += meta.uuid in closed
            day.retracted += bool(meta.retracted)
    fields = ["archived", "missing", "closed", "retracted", "looked"]
    unique = ["source", "topic", "day"]
    ArchiveDay.objects.bulk_create(
        list(counts.values()), update_conflicts=True, unique_fields=unique, update_fields=fields
    )
    return len(counts)


def _closed(source: str, missing: list[Meta]) -> set:
    """Of those that are not here, the ones that did not open when they were asked for."""
    found: set = set()
    for piece in rows.pieces(missing):
        noted = ArchiveRecord.objects.filter(source=source, uuid__in=[meta.uuid for meta in piece], error__gt="")
        found.update(noted.values_list("uuid", flat=True))
    return found


def recompare(source: str, topic: str, since: datetime | None, until: datetime | None) -> int:
    """Makes days due again, since something of them was fetched."""
    first = (since or NEVER).astimezone(timezone.utc).date()
    last = (until or clock()).astimezone(timezone.utc).date()
    return _days(source, topic, first, last).update(looked=NEVER)


def midnight(day: date) -> datetime:
    """The beginning of a day, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=timezone.utc)


def _days(source: str, topic: str, first: date, last: date):
    return ArchiveDay.objects.filter(source=source, topic=topic, day__gte=first, day__lte=last)


def gaps(days: Iterable[ArchiveDay]) -> list[tuple[date, date, int]]:
    """Days in a row that lack something that may open: first, last, how many messages."""
    found: dict[date, int] = defaultdict(int)
    for row in days:
        if row.missing > row.closed:
            found[row.day] += row.missing - row.closed
    order = sorted(found)
    breaks = [0, *(n + 1 for n, (one, other) in enumerate(pairwise(order)) if other - one > timedelta(days=1))]
    parts = [order[begin:end] for begin, end in zip(breaks, [*breaks[1:], len(order)], strict=True)]
    return [(part[0], part[-1], sum(found[day] for day in part)) for part in parts if part]
