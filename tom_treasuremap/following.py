"""Which events' pointings are fetched, and when: the worker's job, and a person's button."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from tom_scimma.models import Event
from tom_treasuremap.conf import conf
from tom_treasuremap.fetching import SOURCE, fetch, wanted
from tom_treasuremap.models import FetchState
from tom_treasuremap.service import service, why_not_asked

TURN = 60.0  #: seconds after which no further event is begun, so that a job ends


def follow() -> None:
    """The job: events that are followed get a row, those that are due are fetched, one after another."""
    if not conf.BASE_URL:
        return
    begin(timezone.now())
    until, done = time.monotonic() + TURN, set()
    while time.monotonic() < until:
        state = due(timezone.now(), done)
        if state is None:
            return
        done.add(state.pk)
        if why_not_asked(state.event):
            FetchState.objects.filter(pk=state.pk).update(due=None)
            continue
        fetch(state.event)


def begin(now: datetime) -> int:
    """Makes a row for each event that is to be followed and has none yet; how many."""
    if not conf.FOLLOW:
        return 0
    origin = service().origin
    met = FetchState.objects.filter(source=SOURCE, origin=origin).values("event")
    new = [
        FetchState(event=event, source=SOURCE, origin=origin, due=now)
        for event in Event.objects.filter(wanted(now)).exclude(pk__in=met)
    ]
    return len(FetchState.objects.bulk_create(new, ignore_conflicts=True))


def due(now: datetime, done: set[int]) -> FetchState | None:
    """The row to fetch next: what somebody asked for first, then what waits longest."""
    rows = FetchState.objects.filter(source=SOURCE, origin=service().origin, due__lte=now).exclude(pk__in=done)
    return rows.select_related("event").order_by(F("asked").desc(nulls_last=True), "due").first()


def ask(event: Event, user: Any, *, followed: bool | None = None) -> FetchState:
    """Queues a fetch for the worker; with `followed`, also whether the event is followed from now on."""
    now = timezone.now()
    state, _ = FetchState.objects.get_or_create(event=event, source=SOURCE, origin=service().origin)
    state.due, state.asked, state.asked_by = now, now, user if user is not None and user.is_authenticated else None
    if followed is not None:
        state.followed = followed
    state.save(update_fields=["due", "asked", "asked_by", "followed"])
    return state
