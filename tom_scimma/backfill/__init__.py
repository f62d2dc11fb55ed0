"""The past, fetched again: a topic's retention, GraceDB's public API. Never live: nobody is told and nothing moves (promise 8).

A source of the past is a file here with a class that has

    source, topic, asked       which stretch of which past, as text
    batches(cursor)            (Records, cursor after them), in order, from where a cursor left off ({}: the beginning)
    stored(results), total(), tally, left  where it wants to hear what came of a batch, can say how much there is, counts, or
                                           knows how much is still to come

`run` stores each batch and then its cursor, so that a run that is cut short goes on, and one that is done finds nothing new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from tom_scimma import ingest
from tom_scimma.errors import DeliveryError, Refused
from tom_scimma.models import Backfill
from tom_scimma.policies import Policies
from tom_scimma.reading import QUARANTINED
from tom_scimma.record import Record
from tom_scimma.topics import member_of

Batch = tuple[list[Record], dict[str, Any]]
SHOWN = 10


class Past(Protocol):
    """A source of the past."""

    source: str
    topic: str
    asked: str

    def batches(self, cursor: dict[str, Any]) -> Iterator[Batch]: ...


def run(
    past: Past,
    tell: Callable[[Backfill], Any] = lambda row: None,
    *,
    again: bool = False,
    enough: Callable[[], bool] = lambda: False,
) -> Backfill:
    """Fetches and stores what is left of a stretch of the past; the row says what came of it.

    `tell` hears of the row after each batch. `again` begins at the beginning; once there is `enough` for now, the row stays
    queued and the next run goes on. Raises Rejected, Unavailable, Refused or ImproperlyConfigured (no credential) as the
    source does, after the row has noted it: what was stored stays, and the next run goes on.
    """
    row = _row(past, again)
    try:
        if hasattr(past, "total"):
            row.total = past.total()
        for records, cursor in past.batches(dict(row.cursor)):
            _store(row, past, records, cursor)
            tell(row)
            if enough():
                row.state = row.State.QUEUED
                row.save()
                return row
    except (DeliveryError, Refused, ImproperlyConfigured) as error:
        row.state, row.error, row.moved = row.State.FAILED, str(error)[:2000], timezone.now()
        row.save()
        raise
    row.state, row.error, row.moved = row.State.DONE, "", timezone.now()
    row.save()
    return row


def _row(past: Past, again: bool) -> Backfill:
    now = timezone.now()
    row, made = Backfill.objects.get_or_create(
        source=past.source, topic=past.topic, asked=past.asked[:255], defaults={"started": now, "moved": now}
    )
    if not made:
        if again or row.state == row.State.DONE:  # a new run, not the rest of one that was cut short
            row.started = now
            row.read = row.created = row.quarantined = row.seen = row.unopened = 0
        row.moved, row.state, row.error = now, row.State.RUNNING, ""
        if again:
            row.cursor = {}
        row.save()
    return row


@transaction.atomic
def _store(row: Backfill, past: Past, records: list[Record], cursor: dict[str, Any]) -> None:
    """The records and the cursor after them, together: cut off before, the same records come again."""
    results = ingest.ingest(records, via="backfill") if records else []
    if results and hasattr(past, "stored"):
        past.stored(results)
    for name, number in getattr(past, "tally", {}).items():
        setattr(row, name, getattr(row, name) + number)
    getattr(past, "tally", {}).clear()
    row.cursor, row.moved = cursor, timezone.now()
    row.read += len(results)
    row.created += sum(result.created for result in results)
    row.quarantined += sum(result.created and result.state == QUARANTINED for result in results)
    row.save()


def last(user: Any) -> list[Backfill]:
    """The newest stretches that were fetched, without those of topics that this user may not know of; at most SHOWN."""
    groups = member_of(user)
    rows = Backfill.objects.order_by("-moved", "-pk")[: 5 * SHOWN]
    policies = Policies()
    found = [(row, policies(row.topic, row.source)) for row in rows]
    return [row for row, policy in found if groups is None or not policy.protected or groups & set(policy.groups)][
        :SHOWN
    ]
