"""Stretches of the archive that a person asked for on a page -> fetched by the worker, a piece each turn."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import now as clock

from tom_scimma import backfill
from tom_scimma.archive import access, look
from tom_scimma.backfill.archive import Archived, words
from tom_scimma.errors import DeliveryError, Refused
from tom_scimma.models import Backfill
from tom_scimma.sources import sources

logger = logging.getLogger("tom_scimma.deliver")
#: seconds of one turn; a piece is stored every few hundred milliseconds, so that a turn ends soon after
TURN = 60.0
#: a run whose row has not moved for so long was cut short, and goes on
CUT = timedelta(minutes=5)


def ask(source: str, topic: str, since: datetime, until: datetime, by: Any, *, whole: bool = False) -> Backfill:
    """Queues a stretch for the worker; asked for again while it waits or runs, it is the same."""
    now = clock()
    values = {"started": now, "moved": now, "since": since, "until": until, "by": by, "whole": whole, "state": "queued"}
    with transaction.atomic():
        row, made = Backfill.objects.select_for_update().get_or_create(
            source=source, topic=topic, asked=words(since, until)[:255], defaults=values
        )
        going = row.state == row.State.QUEUED or (row.state == row.State.RUNNING and row.moved > now - CUT)
        if not made and not going:
            fresh = dict.fromkeys(("read", "created", "quarantined", "seen", "unopened"), 0)
            for name, value in {**values, **fresh, "cursor": {}, "error": ""}.items():
                setattr(row, name, value)
            row.save()
    return row


def fetch_asked(now: datetime | None = None) -> int:
    """Job: fetches of what waits for so long as a turn lasts; returns how many messages were new."""
    now, end, new = now or clock(), time.monotonic() + TURN, 0
    while time.monotonic() < end and (row := _next(now)) is not None:
        before = row.created
        new += max(0, _fetch(row, end).created - before)
    return new


def _next(now: datetime) -> Backfill | None:
    rows = Backfill.objects.filter(since__isnull=False).order_by("pk")
    waiting = rows.filter(state=Backfill.State.QUEUED).first()
    return waiting or rows.filter(state=Backfill.State.RUNNING, moved__lt=now - CUT).first()


def _fetch(row: Backfill, end: float) -> Backfill:
    source = sources().get(row.source)
    if source is None or not access.url(source):
        row.state, row.error, row.moved = row.State.FAILED, f"there is no archive for {row.source} any more", clock()
        row.save()
        return row
    client = access.client(source)
    past = Archived(client, row.source, row.topic, row.since, row.until, whole=row.whole)
    try:
        row = backfill.run(past, enough=lambda: time.monotonic() > end)
        if row.state == row.State.DONE:
            look.recompare(row.source, row.topic, row.since, row.until)
            first, last = row.since.date(), (row.until - timedelta(milliseconds=1)).date()
            if last - first < timedelta(days=40):  # what the page shows is what is so
                look.compare(client, row.source, row.topic, first, last, clock())
    except (DeliveryError, Refused) as error:  # the row has it, or the next look compares
        logger.warning("backfill=%s %s", row.pk, error)
        row.refresh_from_db()
    return row
