"""What a query would have told, had it been a subscription: the same verdicts on what has been heard. Acts on nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from tom_scimma import history
from tom_scimma.fold import REPORTED
from tom_scimma.models import Alert, Event
from tom_scimma.query import memory, understand
from tom_scimma.query.binding import named
from tom_scimma.query.seen import Audience, Seen
from tom_scimma.verdict import verdict

#: how far one looks back, how many events at once, and how many lines are enough
MONTH = timedelta(days=30)
AT_ONCE = 200
MOST = 500


@dataclass(frozen=True)
class Told:
    """One thing that would have been told."""

    event: Event
    alert: Alert
    why: str
    change: str


@dataclass(frozen=True)
class Hindsight:
    """All of it, newest first, and how far back it reaches."""

    told: list[Told]
    since: datetime
    alerts: int  #: how many were looked at
    complete: bool  #: False: time or lines ran out, and it reaches back to `since` only


def would_have_told(
    query: str, user, now: datetime, *, seconds: float, back: timedelta = MONTH, **options: bool
) -> Hindsight:
    """What a query of this user would have told since then. Raises QueryError.

    `options` are those of a Subscription: tests, reports, follow. Events are looked at from the newest on until time runs
    out. Values are those of each moment; what others may see, candidates and annotations are as they are now.
    """
    tree, audience, since = understand(query), Audience.of(user), now - back
    until = monotonic() + seconds
    told: list[Told] = []
    looked = 0
    reached, complete = since, True
    for event, alerts in _events(user, since, bool(options.get("tests"))):
        if monotonic() > until or len(told) > MOST:
            reached, complete = event.latest, False
            break
        visible = [alert for alert in alerts if _sees(audience, alert)]
        looked += sum(alert.order > since for alert in visible)
        told += _of_event(event, alerts, {alert.pk for alert in visible}, since, query, tree, audience, options)
    told.sort(key=lambda item: (item.alert.order, item.alert.pk), reverse=True)
    return Hindsight(told[:MOST], reached, looked, complete)


def _events(user, since: datetime, tests: bool) -> Iterator[tuple[Event, list[Alert]]]:
    """Events that were spoken of since, newest word first, with all their alerts."""
    rows = Event.objects.visible_to(user).filter(latest__gt=since).order_by("-latest", "-pk")
    rows = rows.filter(role="test") if tests else rows.exclude(role="test")
    keys = list(rows.values_list("pk", flat=True))
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        found, alerts = Event.objects.in_bulk(some), history.alerts_of(some)
        for key in some:
            if key in found:
                yield found[key], alerts.get(key, [])


def _sees(audience: Audience, alert: Alert) -> bool:
    if alert.public or audience.everything:
        return True
    return bool(audience.groups & {group.pk for group in alert.message.groups.all()})


def _of_event(
    event: Event,
    alerts: list[Alert],
    visible: set[int],
    since: datetime,
    query: str,
    tree: Any,
    audience: Audience,
    options: dict,
) -> Iterator[Told]:
    """What would have been told of one event: every alert counts for what was told before, those since then are listed."""
    seen, asked, told = Seen(event), named(tree), ""
    for step in history.steps(event, alerts):
        alert = step.alert
        if alert.pk not in visible or (step.change == REPORTED and not options.get("reports")):
            continue
        holds = memory.holds(tree, seen.as_it_was(step.values).subject(audience, asked), alert.order)
        why = verdict(step.change, holds=holds, told=told, follow=options.get("follow", True), query=query)
        if why:
            told = why
            if alert.order > since:
                yield Told(event, alert, why, step.change)
