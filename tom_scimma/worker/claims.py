"""Taking up work: each piece is one worker's, and the claim is committed before anything is done.

On PostgreSQL rows are locked and skipped while others look (SKIP LOCKED); on SQLite transactions are IMMEDIATE, one at a
time. Either way a claim is one UPDATE of a row that still is as it was.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet

from tom_scimma.models import Attempt, Delivery, Job, Reaction, Stop

State = Delivery.State
#: what those that wait for it may follow
ARRIVED = (State.DELIVERED, State.DRY)
#: an asking for the next reaction looks at so many
LOOKED_AT = 20


def due(now: datetime, time: str = "not_before") -> Q:
    """Rows whose time has come."""
    return Q(**{time: None}) | Q(**{f"{time}__lte": now})


def ready(now: datetime) -> QuerySet[Delivery]:
    """Deliveries that may go now, the oldest first."""
    free = Q(after=None) | Q(after__state__in=ARRIVED)
    return Delivery.objects.filter(due(now), free, state=State.QUEUED).order_by("pk")


def lost(now: datetime) -> QuerySet[Delivery]:
    """Deliveries whose reply was lost and that should be looked up now."""
    return Delivery.objects.filter(state=State.UNKNOWN, not_before__lte=now).order_by("pk")


def waits(service: str, now: datetime) -> bool:
    """Whether a service has anything to send: asked before a transaction, which on SQLite is in everybody's way."""
    return ready(now).filter(service=service).exists()


def first(service: str, now: datetime) -> Delivery | None:
    """The next delivery of a service, locked until the end of the transaction; None while all is stopped."""
    moving = ~Exists(Stop.objects.filter(in_force=True))
    rows = ready(now).filter(moving, service=service).select_related("after", "by", "event")
    return rows.select_for_update(skip_locked=True, of=("self",)).first()


def take(delivery: Delivery, process: str, now: datetime) -> Attempt | None:
    """Claims a delivery for sending: in the transaction that locked it. None: somebody else has it."""
    change = {"state": State.SENDING, "worker": process, "claimed": now, "attempts": F("attempts") + 1}
    rows = Delivery.objects.filter(pk=delivery.pk, state=State.QUEUED, attempts=delivery.attempts)
    if not rows.update(**change):
        return None
    delivery.state, delivery.worker, delivery.claimed = State.SENDING, process, now
    delivery.attempts += 1
    return Attempt.objects.create(
        delivery=delivery, what=Attempt.What.SEND, number=delivery.attempts, by_name=process, started=now
    )


def look(service: str, now: datetime, lease: datetime) -> Delivery | None:
    """A delivery with a lost reply that this worker looks up; others leave it alone until `lease`."""
    if not lost(now).filter(service=service).exists():  # on SQLite a transaction is in everybody's way
        return None
    with transaction.atomic():
        rows = lost(now).filter(service=service).select_for_update(skip_locked=True, of=("self",))
        delivery = rows.select_related("by").first()
        if delivery is not None:
            Delivery.objects.filter(pk=delivery.pk).update(not_before=lease)
    return delivery


def open_reactions(now: datetime) -> QuerySet[Reaction]:
    """Reactions that may be done now: none of their event is being done, and none before them was never tried.

    By event and not by alert: what an update sets off must not come before what the alert before it did.
    """
    same = Reaction.objects.filter(alert__event=OuterRef("alert__event"))
    running = same.filter(state=Reaction.State.RUNNING)
    earlier = same.filter(pk__lt=OuterRef("pk"), state=Reaction.State.QUEUED, attempts=0)
    rows = Reaction.objects.filter(due(now), state=Reaction.State.QUEUED)
    return rows.filter(~Exists(running), ~Exists(earlier)).order_by("pk")


def reaction(process: str, now: datetime, without: Collection[int] = ()) -> Reaction | None:
    """The next reaction, claimed. `without` are those that this process still has in hand."""
    for pk, event in open_reactions(now).exclude(pk__in=without).values_list("pk", "alert__event")[:LOOKED_AT]:
        with transaction.atomic():
            if not _alone_with(event):
                continue
            claimed = open_reactions(now).filter(pk=pk).select_related("alert").defer("alert__document").first()
            if claimed is None:
                continue
            claimed.state, claimed.worker, claimed.started = Reaction.State.RUNNING, process, now
            claimed.attempts += 1  # counted before it is done: one that kills the worker is a failure too
            claimed.save(update_fields=["state", "worker", "started", "attempts"])
            return claimed
    return None


def _alone_with(event: int) -> bool:
    """Locks an event's reactions, by the first of them, against other workers; False when one is at them."""
    rows = Reaction.objects.filter(alert__event=event)
    first = rows.aggregate(first=Min("pk"))["first"]
    return Reaction.objects.filter(pk=first).select_for_update(skip_locked=True).values_list("pk").first() is not None


def job(process: str, now: datetime, names: Collection[str]) -> Job | None:
    """The next job that is due and that nobody is at, claimed."""
    for found in Job.objects.filter(due__lte=now, worker="", name__in=names).order_by("due"):
        if Job.objects.filter(pk=found.pk, worker="", due=found.due).update(worker=process, started=now):
            found.worker, found.started = process, now
            return found
    return None
