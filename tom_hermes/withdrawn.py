"""Messages that were retracted in HERMES' archive, or shown again: marked here too, those received and our own.

The stream never tells of it; the archive does, of every message that it gives (`annotations.retracted`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from tom_hermes import accounts, searching
from tom_hermes.conf import conf
from tom_hermes.models import Received, SharedMessage

#: so many pages of so many messages of the archive are read at a turn
PAGES, PAGE = 20, 100


def look() -> int:
    """Job of the worker: asks the archive about what came in, or was sent, in the last days. Returns how many changed.

    Raises DeliveryError where HERMES does not answer; what was read until then counts.
    """
    if not conf.RETRACTED_DAYS:
        return 0
    now = timezone.now()
    since = now - timedelta(days=conf.RETRACTED_DAYS)
    topics = _topics(since)
    return sum(_mark(said, now) for said in _pages(topics, since)) if topics else 0


def _topics(since: datetime) -> list[str]:
    received = Received.objects.filter(received__gte=since, uuid__isnull=False).order_by().values_list("topic")
    sent = SharedMessage.objects.filter(sent__gte=since).order_by().values_list("topic")
    return sorted({topic for (topic,) in [*received.distinct(), *sent.distinct()]})


def _pages(topics: list[str], since: datetime) -> Iterator[dict[str, bool]]:
    """Page by page, the newest first: whether a message is retracted, by its uuid."""
    page = ""
    with accounts.client(conf.TOKEN) as hermes:
        for _ in range(PAGES):
            answer = hermes.archive(topics=topics, start=since, page=page, limit=PAGE)
            yield {row.uuid: row.retracted for row in map(searching.found, answer.messages) if row.sent_id}
            page = answer.next
            if not page:
                return


def _mark(said: dict[str, bool], asked: datetime) -> int:
    gone = [uuid for uuid, retracted in said.items() if retracted]
    here = [uuid for uuid, retracted in said.items() if not retracted]
    received, sent = Received.objects.order_by(), SharedMessage.objects.order_by()
    changed = received.filter(uuid__in=gone, retracted=False).update(retracted=True)
    changed += received.filter(uuid__in=here, retracted=True).update(retracted=False)
    changed += sent.filter(uuid__in=gone, retracted=False).update(retracted=True, retracted_at=asked)
    # what this TOM retracted since it asked may not be known there yet
    back = sent.filter(uuid__in=here, retracted=True, retracted_at__lt=asked)
    return changed + back.update(retracted=False, retracted_at=None)
