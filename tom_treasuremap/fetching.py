"""One event's pointings from the Treasure Map into rows, and how it went."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from tom_scimma import retry, storable
from tom_scimma.errors import DeliveryError, Refused, Rejected, Unavailable
from tom_scimma.models import Event
from tom_treasuremap import instruments, naming, pace
from tom_treasuremap.client import TreasureMap
from tom_treasuremap.conf import conf
from tom_treasuremap.keeping import keep
from tom_treasuremap.models import FetchState, Pointing
from tom_treasuremap.service import service, why_not_asked
from tom_treasuremap.sources import Found
from tom_treasuremap.sources.treasuremap import found

SOURCE = Pointing.Source.TREASUREMAP
LATE = timedelta(
    days=2
)  #: reports of what was done may come so late and still be seen by a fetch that does not read all
IDS = 200  #: asked for at once
WRITTEN = ("due", "tried", "fetched", "complete", "seconds", "count", "new", "changed", "vanished", "failures", "error")
QUOTED = 5  #: problems that are told in full


class Problems(list):
    """What was wrong with rows, in words."""

    def told(self) -> str:
        more = f" ... and {len(self) - QUOTED} more" if len(self) > QUOTED else ""
        return f"{len(self)} row(s) could not be read: {'; '.join(self[:QUOTED])}{more}" if self else ""


def fetch(event: Event, *, whole: bool = False) -> FetchState:
    """Asks once and writes what came; how it went is in the row that is returned, and nothing of the world is raised.

    Raises Refused when the server is not to be asked about this event.
    """
    reason = why_not_asked(event)
    if reason:
        raise Refused(reason)
    asking, now, began = service(), timezone.now(), time.monotonic()
    state, _ = FetchState.objects.get_or_create(event=event, source=SOURCE, origin=asking.origin)
    problems = Problems()
    try:
        _fetch(asking, event, state, now, problems, whole)
    except DeliveryError as error:
        _failed(state, now, error)
    else:
        state.failures, state.error, state.fetched = 0, problems.told(), now
        _next(state, now)
    state.tried, state.seconds = now, time.monotonic() - began
    state.save(update_fields=WRITTEN)  # not what a page may have written meanwhile
    return state


def _fetch(
    asking: TreasureMap, event: Event, state: FetchState, now: datetime, problems: Problems, whole: bool
) -> None:
    name = naming.named(asking, event, now)
    if not name.graceid:
        state.count = state.new = state.changed = state.vanished = 0
        state.complete = now
        problems.clear()
        return
    whole = (
        whole or state.complete is None or state.count <= conf.WHOLE_ROWS or now - state.complete >= conf.WHOLE_EVERY
    )
    _rest()
    rows = asking.pointings(name.graceid) if whole else _recent(asking, event, name.graceid, now)
    kept = keep(event, SOURCE, asking.origin, _read(rows, event, problems), now, whole=whole)
    state.new, state.changed, state.vanished = kept.new, kept.changed, kept.vanished
    if whole:
        state.count, state.complete = kept.count, now
    else:
        state.count += kept.new
    used = Pointing.objects.filter(event=event, source=SOURCE).exclude(instrument_id=None)
    _rest()
    instruments.renew(asking, now, set(used.order_by().values_list("instrument_id", flat=True).distinct()))


def _read(rows: Iterable[dict[str, Any]], event: Event, problems: Problems) -> Iterator[Found]:
    for row in rows:
        try:
            yield found(row, event.name)
        except ValueError as error:
            problems.append(str(error))


def _recent(asking: TreasureMap, event: Event, graceid: str, now: datetime) -> Iterator[dict[str, Any]]:
    """What may have changed since: all that is planned, what was completed lately, and what was planned and is so no more."""
    mine = Pointing.objects.filter(event=event, source=SOURCE, origin=asking.origin, vanished=None)
    left = set(mine.filter(status=Pointing.Status.PLANNED).values_list("source_id", flat=True))
    since = (now - LATE).replace(tzinfo=None, microsecond=0)
    for filters in ({"status": "planned"}, {"completed_after": since}):
        for row in asking.pointings(graceid, **filters):
            left.discard(str(row.get("id")))
            yield row
        _rest()
    gone = sorted(int(identity) for identity in left)
    for begin in range(0, len(gone), IDS):
        yield from asking.pointings(graceid, ids=gone[begin : begin + IDS])
        _rest()


def _rest() -> None:
    """The server is everybody's."""
    time.sleep(conf.PAUSE_SECONDS)


def _failed(state: FetchState, now: datetime, error: DeliveryError) -> None:
    """What was known stays; the next try comes later with each failure, as late as the server asks for."""
    state.failures, state.error = state.failures + 1, storable.text(str(error))
    again = retry.delay(state.failures, first=60 if isinstance(error, Unavailable) else 900, cap=6 * 3600)
    again = max(again, getattr(error, "retry_after", None) or 0)
    if state.due is not None or not isinstance(error, Rejected):
        state.due = now + timedelta(seconds=again)


def _next(state: FetchState, now: datetime) -> None:
    """When it is due again: by its age while it is followed, else when somebody asks."""
    again = now + pace.pause(now, state.event.time or state.event.latest, conf.EVERY)
    state.due = again if followed(state, now) else None


def wanted(now: datetime) -> Q:
    """Events that are followed without being asked for: of our kinds, active, young, no tests, none that is protected."""
    since = now - timedelta(days=conf.FOLLOW_DAYS)
    found = Q(time__gte=since) | Q(time=None, latest__gte=since)
    found &= Q(kind__in=list(conf.FOLLOW_KINDS), state=Event.State.ACTIVE)
    if not conf.FOLLOW_TESTS:
        found &= ~Q(role="test")
    return found if conf.PRIVATE else found & Q(public=True)


def followed(state: FetchState, now: datetime) -> bool:
    """True while an event is fetched again by itself."""
    return state.followed or (conf.FOLLOW and Event.objects.filter(wanted(now), pk=state.event_id).exists())
