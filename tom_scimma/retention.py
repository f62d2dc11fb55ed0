"""What may be forgotten: messages older than their topic's `days` that nothing needs any more.

expired(now)             -> [Expired, ...]        by topic: how many messages, how many bytes
remove(now)              -> the number removed    in batches, each a transaction of its own
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum

from tom_scimma.conf import topic_policy
from tom_scimma.ingest import refold
from tom_scimma.models import Alert, Candidate, Delivery, Event, Message, Reaction, Telling

BATCH = 500
UNDONE = (Reaction.State.QUEUED, Reaction.State.RUNNING)


def _kept() -> QuerySet[Candidate]:
    people = Q(decided_at__isnull=False) | Q(because=Candidate.Because.PERSON)
    return Candidate.objects.filter(people).order_by().values("pk")


def _lasting() -> QuerySet[Delivery]:
    """What was said, but to people's own channels and over: else whoever is told of everything keeps everything."""
    return Delivery.objects.exclude(service="people", state__in=Delivery.FINAL).order_by().values("pk")


def _waiting() -> QuerySet[Telling]:
    return Telling.objects.waiting().order_by().values("pk")


#: why all that was said of an event stays: words, and the events it holds for. A new reason is one more line
NEEDED: list[tuple[str, Callable[[], QuerySet[Event]]]] = [
    ("the event has a target", lambda: Event.objects.filter(target__isnull=False)),
    ("a person decided on a candidate of it, or added one", lambda: Event.objects.filter(candidates__in=_kept())),
    ("something was sent about it", lambda: Event.objects.filter(deliveries__in=_lasting())),
    ("somebody is still to be told of it", lambda: Event.objects.filter(alerts__tellings__in=_waiting())),
    ("a reaction to it is not done", lambda: Event.objects.filter(alerts__reactions__state__in=UNDONE)),
]


@dataclass(frozen=True)
class Expired:
    """What one topic has that may go."""

    source: str
    topic: str
    days: int
    messages: int
    bytes: int  #: as received; stored compressed
    needed: int  #: messages as old that stay, for a reason of NEEDED or as quarantined


def expired(now: datetime, *, quarantined: bool = False, topic: str | None = None) -> list[Expired]:
    """What would be removed at `now`, by topic; topics that are kept for ever do not appear."""
    found = []
    for (source, name), days, old in _old(now, topic):
        count = old.count()
        going = _unneeded(old, quarantined, _staying(now, topic)).aggregate(count=Count("pk"), bytes=Sum("size"))
        if count:
            found.append(Expired(source, name, days, going["count"], going["bytes"] or 0, count - going["count"]))
    return found


def remove(now: datetime, *, quarantined: bool = False, topic: str | None = None) -> int:
    """Removes them, with their alerts and maps; events without any alert left go too, others are folded anew."""
    total = 0
    for _, _, old in _old(now, topic):
        while count := _remove_batch(old, quarantined, _staying(now, topic)):
            total += count
    return total


def needed() -> QuerySet[Alert]:
    """Alerts whose message stays, because somebody needs the event that they speak of."""
    condition = Q(pk__in=[])
    for _, events in NEEDED:
        condition |= Q(event__in=events().order_by().values("pk"))
    return Alert.objects.filter(condition).order_by()


def _old(now: datetime, only: str | None):
    """(source, topic), days and messages that are older, for each topic that is not kept for ever."""
    places = Message.objects.order_by("source", "topic").values_list("source", "topic").distinct()
    for source, topic in places.filter(topic=only) if only else places:
        days = topic_policy(topic, source).days
        if days is not None:
            before = now - timedelta(days=days)
            yield (source, topic), days, Message.objects.filter(source=source, topic=topic, received__lt=before)


def _staying(now: datetime, only: str | None) -> QuerySet[Alert]:
    """Alerts of messages that stay. Their events stay whole: without an old retraction an event would come to life again."""
    going = Q(pk__in=[])
    for (source, topic), days, _ in _old(now, only):
        going |= Q(message__source=source, message__topic=topic, message__received__lt=now - timedelta(days=days))
    return Alert.objects.exclude(going).order_by()


def _unneeded(old: QuerySet[Message], quarantined: bool, staying: QuerySet[Alert]) -> QuerySet[Message]:
    rows = old if quarantined else old.exclude(state=Message.State.QUARANTINED)
    whole = Alert.objects.filter(event__in=staying.values("event")).order_by()
    return rows.exclude(pk__in=needed().values("message")).exclude(pk__in=whole.values("message"))


@transaction.atomic
def _remove_batch(old: QuerySet[Message], quarantined: bool, staying: QuerySet[Alert]) -> int:
    """Removes up to BATCH messages; 0 when none is left.

    Their events are locked before it is asked again who needs them: a target made meanwhile keeps its event's messages.
    """
    ids = list(_unneeded(old, quarantined, staying).order_by("received", "pk").values_list("pk", flat=True)[:BATCH])
    events = list(Event.objects.filter(alerts__message__in=ids).order_by("pk").values_list("pk", flat=True).distinct())
    list(Event.objects.select_for_update().filter(pk__in=events).order_by("pk").values_list("pk"))
    going = list(_unneeded(old.filter(pk__in=ids), quarantined, staying).values_list("pk", flat=True))
    Message.objects.filter(pk__in=going).delete()
    refold(events)
    return len(going)
