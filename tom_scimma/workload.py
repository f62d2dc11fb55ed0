"""What waits to be sent or done, since when, and whether anybody works on it. Queries, for pages, health and metrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q
from django.db.models.functions import Coalesce

from tom_scimma.conf import conf
from tom_scimma.lights import ago
from tom_scimma.models import Delivery, Reaction, Stop, Worker
from tom_scimma.worker.claims import due, ready
from tom_scimma.worker.crew import FORGOTTEN, STALE

State = Delivery.State
#: nobody is missed before something has waited for so long, and nothing is late before it has waited for so long
MISSED, LATE = timedelta(seconds=30), timedelta(minutes=5)


@dataclass(frozen=True)
class Workload:
    """What there is to do at one time, and who does it."""

    now: datetime
    workers: tuple[Worker, ...]  #: those that did not end in order
    stop: Stop | None
    ready: int  #: deliveries that could go now
    oldest: datetime | None  #: since when the first of them could have gone
    reactions: int  #: reactions that could be done now
    oldest_reaction: datetime | None
    failed: int  #: reactions that failed for good in the last day

    @property
    def alive(self) -> tuple[Worker, ...]:
        """Workers that gave a sign of life lately."""
        return tuple(worker for worker in self.workers if self.now - worker.beat <= STALE)

    @property
    def since(self) -> datetime | None:
        """Since when the first thing waits that somebody should do now."""
        sending = None if self.stop else self.oldest
        return min(filter(None, (sending, self.oldest_reaction)), default=None)

    @property
    def reasons(self) -> Iterator[str]:
        """What is wrong, in words; nothing when all is well."""
        waited = self.now - self.since if self.since else timedelta(0)
        count = self.reactions + (0 if self.stop else self.ready)
        things = f"{count} thing{'' if count == 1 else 's'} to send or do"
        if not self.alive and waited > MISSED:
            yield f"{things} and no worker, for {ago(self.since, self.now)}: run manage.py deliver"
        elif waited > LATE:
            yield f"{things}, the first for {ago(self.since, self.now)}, though a worker runs"

    @property
    def ok(self) -> bool:
        return next(self.reasons, None) is None

    @property
    def dry(self) -> str:
        """What is in dry run, in words; "" for nothing."""
        if conf.DRY_RUN:
            return "nothing leaves this TOM"
        return f"nothing leaves for {', '.join(map(str, conf.DRY_DESTINATIONS))}" if conf.DRY_DESTINATIONS else ""


def workload(now: datetime) -> Workload:
    """What there is to do at `now`. Four queries."""
    workers = Worker.objects.filter(beat__gte=now - FORGOTTEN).exclude(state="stopped")
    waiting = ready(now).order_by().aggregate(count=Count("pk"), oldest=Min(Coalesce("not_before", "created")))
    undone = Q(due(now), state=Reaction.State.QUEUED)
    failed = Q(state=Reaction.State.FAILED, finished__gte=now - timedelta(days=1))
    reactions = Reaction.objects.filter(state__in=(Reaction.State.QUEUED, Reaction.State.FAILED)).aggregate(
        count=Count("pk", filter=undone),
        oldest=Min(Coalesce("not_before", "created"), filter=undone),
        failed=Count("pk", filter=failed),
    )
    return Workload(
        now=now,
        workers=tuple(workers),
        stop=Stop.objects.filter(in_force=True).first(),
        ready=waiting["count"],
        oldest=waiting["oldest"],
        reactions=reactions["count"],
        oldest_reaction=reactions["oldest"],
        failed=reactions["failed"],
    )


def attended(now: datetime) -> bool:
    """Whether a worker gave a sign of life lately: where none did, nobody does what a page waits for."""
    return Worker.objects.filter(beat__gte=now - STALE).exclude(state="stopped").exists()


def open_deliveries() -> list[tuple[str, str, int]]:
    """(service, state, count) of deliveries that are not over."""
    states = (State.HELD, State.QUEUED, State.SENDING, State.UNKNOWN)
    rows = Delivery.objects.filter(state__in=states).order_by("service", "state").values_list("service", "state")
    return list(rows.annotate(count=Count("pk")))
