"""New versions of a plan: of what remains, after a new map, a retraction, somebody's pointings, clouds or a late start.

again(row, why)          -> the next version; what is at telescopes stays there until somebody approves it
compare(row)                what changed against the version that is being observed, or the one before
mapped(alert, change)       the reaction to a new map
withdrawn(alert, change)    the reaction to a retraction
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tom_scimma import eventmaps, wording
from tom_scimma.models import Alert, Delivery, Event
from tom_treasuremap.models import Plan, PlanVisit
from tom_treasuremap.planning.question import Question
from tom_treasuremap.plans import changed, making

State = Plan.State
#: deliveries that have not left us
WAITING = (Delivery.State.QUEUED, Delivery.State.HELD)
#: a plan that could not be made, such as for want of a map, is made when one comes within so long
WAITS = timedelta(hours=24)


@transaction.atomic
def again(row: Plan, why: str, *, cause: str = "", question: Question | None = None, by: Any = None) -> Plan | None:
    """Asks for the next version of a plan. `cause` names what brought it about: a second time it changes nothing (None).

    A version that nobody has approved gives way at once; one that telescopes are at stays until the new one is approved.
    """
    line = Plan.objects.select_for_update().get(pk=row.line_id)
    key = hashlib.sha256(f"{line.pk} {cause}".encode()).hexdigest() if cause else None
    if key is not None and Plan.objects.filter(key=key).exists():
        return None
    last = Plan.objects.filter(line=line).order_by("-version")[0]
    asked = question or last.asks
    made = making.ask(
        asked, by=by or last.asked_by, event=last.event, name=last.name, why=why, subscription=last.subscription, key=key,
        before=last,
    )  # fmt: skip
    Plan.objects.filter(line=line, state__in=Plan.OPEN).exclude(pk=made.pk).update(
        state=State.SUPERSEDED, improving=False, ended=timezone.now()
    )
    return made


def living(rows: QuerySet[Plan] | None = None) -> list[Plan]:
    """The newest versions of plans that somebody may still approve or that telescopes are at; one that could not be made is none."""
    some = Plan.objects.all() if rows is None else rows
    newest = some.newest(made=True).filter(state__in=(*Plan.OPEN, *Plan.ACTING))
    return list(newest.select_related("event", "asked_by", "line").order_by("pk"))


def failed(rows: QuerySet[Plan] | None = None) -> QuerySet[Plan]:
    """The newest versions that could not be made lately, and may be when what was in the way has gone."""
    some = Plan.objects.all() if rows is None else rows
    lately = some.newest().filter(state=State.FAILED, asked__gte=timezone.now() - WAITS)
    return lately.select_related("event", "asked_by", "line").order_by("pk")


def acting(row: Plan) -> Plan | None:
    """The version of the same plan that telescopes are at."""
    return Plan.objects.filter(line=row.line_id, state__in=Plan.ACTING).order_by("-version").first()


def remaining(row: Plan, after: Any = None) -> list[PlanVisit]:
    """Visits of a version that nobody has begun and whose time is still to come, or after a time."""
    return [one for one in unbegun(row) if one.start > (after or timezone.now())]


def lost(row: Plan) -> list[PlanVisit]:
    """Visits of a version that a telescope was asked for and did not make, as when it was closed: they are still wanted."""
    return list(row.visits.filter(observation__status__in=("WINDOW_EXPIRED", "FAILED")).order_by("order"))


def unbegun(row: Plan) -> list[PlanVisit]:
    """Visits of a version that nobody has begun, whatever their time."""
    rows = row.visits.select_related("observation")
    return [
        one
        for one in rows.order_by("order")
        if one.observation is None or one.observation.status in ("", "PENDING", "SCHEDULED")
    ]


def before(row: Plan) -> Plan | None:
    """What a version is compared with: the one that telescopes are at, else the one before."""
    earlier = Plan.objects.filter(line=row.line_id, version__lt=row.version)
    found = earlier.filter(state__in=Plan.ACTING).order_by("-version").first()
    return found or earlier.exclude(value=None).order_by("-version").first()


def compare(row: Plan) -> None:
    """Writes what a version changes."""
    other = before(row)
    if other is None:
        return
    first = row.visits.order_by("order").first()
    old = [*remaining(other, min(filter(None, [first and first.start, timezone.now()]))), *lost(other)]
    row.changes = {
        "version": other.version,
        **changed.found(old, row.visits.all(), _unnamed(row, other)),
        "value": [other.value, row.value],
    }
    row.save(update_fields=["changes"])


def _unnamed(row: Plan, other: Plan) -> set[str]:
    """Fields of another version that readers of this one may not know: of targets that it does not speak of."""
    visits = other.visits.exclude(target=None).exclude(target__in=row.targets.values("pk"))
    return set(visits.values_list("field", flat=True))


def made(row: Plan) -> None:
    """After a version was made: what a subscription that asked for it wants done with it."""
    from tom_treasuremap.plans import automatic

    automatic.made(row)


# --- what an alert does


def mapped(alert_id: int, change: str) -> None:
    """The reaction to a new map: a new version of every plan of the event that stands on an older one."""
    alert = Alert.objects.select_related("event").filter(pk=alert_id).first()
    if alert is None:
        return
    words = wording.ALERT_TYPES.get(alert.alert_type, alert.alert_type)
    rows = Plan.objects.about(alert.event)
    for row in {one.line_id: one for one in [*failed(rows), *living(rows)]}.values():
        if row.state == State.ASKED:
            continue  # it will be made on the newest map anyway
        found = eventmaps.current(alert.event, row.asked_by)
        known = {row.alert_id, *row.maps.values_list("pk", flat=True)}
        if row.asks.version is None and found is not None and found.alert_id not in known:
            of = f" of {alert.event.name}" if alert.event_id != row.event_id else ""
            again(row, f"A new map{of} ({words}) came.", cause=f"map {found.alert_id}")


def withdrawn(alert_id: int, change: str) -> None:
    """The reaction to a retraction: plans are withdrawn; what has not left never leaves. What has left waits for a person."""
    alert = Alert.objects.select_related("event").filter(pk=alert_id).first()
    if alert is not None and alert.event.state == Event.State.RETRACTED:
        name = alert.event.name
        withdraw(Plan.objects.filter(event=alert.event), f"{name} was retracted.")
        for row in living(Plan.objects.about(alert.event)):
            rest = {key: value for key, value in row.asks.also.items() if key != str(alert.event_id)}
            again(row, f"{name} was retracted.", question=row.asks.but(also=rest), cause=f"retracted {alert_id}")


@transaction.atomic
def withdraw(rows: QuerySet[Plan], why: str, by: Any = None) -> int:
    """Withdraws plans that are not over; how many. What waits to leave for them is cancelled."""
    from tom_treasuremap.followup import cancelling

    some = list(rows.filter(state__in=(*Plan.OPEN, *Plan.ACTING)).select_for_update())
    for row in some:
        cancelling.cancel(waiting(row), by, why, unsent_only=True)
        Plan.objects.filter(pk=row.pk).update(state=State.WITHDRAWN, error=why, improving=False, ended=timezone.now())
    return len(some)


def waiting(row: Plan) -> list[Any]:
    """Observations of a plan that have not left this TOM."""
    return [one for one in asked_for(row) if _waits(one)]


def out(row: Plan) -> list[Any]:
    """Observations of a plan, of whatever version, that telescopes have and that are not over; never one that is being taken,
    nor what is being taken back."""
    return [one for one in _there(row) if not _recalled(one)]


def recalled(row: Plan) -> list[Any]:
    """Those of which telescopes were told that they are taken back, and that they still have."""
    return [one for one in _there(row) if _recalled(one)]


def _there(row: Plan) -> list[Any]:
    from tom_treasuremap.followup.request import TERMINAL

    over = (*TERMINAL, "IN_PROGRESS")
    return [one for one in asked_for(row) if one.status not in over and not _waits(one)]


def _recalled(record: Any) -> bool:
    asked = getattr(record, "asked", None)
    told = asked.cancellation if asked is not None else None
    failed = told is not None and told.state in Delivery.FINAL and told.state != Delivery.State.DELIVERED
    return asked is not None and (asked.cancel_after is not None or (told is not None and not failed))


def asked_for(row: Plan) -> list[Any]:
    """The observations of all versions of a plan, each once."""
    visits = PlanVisit.objects.filter(plan__line=row.line_id).exclude(observation=None)
    asked = ("observation__asked__submission", "observation__asked__cancellation")
    rows: Iterable[PlanVisit] = visits.select_related(*asked).order_by("pk")
    return list({one.observation_id: one.observation for one in rows}.values())


def _waits(record: Any) -> bool:
    asked = getattr(record, "asked", None)
    return asked is not None and asked.submission is not None and asked.submission.state in WAITING
