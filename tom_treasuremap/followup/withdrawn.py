"""When an event is retracted: what was asked for it and has not left never leaves; for what has left there is one button.

retracted(alert, change)    the reaction
left(event, user)           what this user may cancel by that button
This TOM cancels at a telescope by itself only what it asked for by itself, where the telescope is armed for that, after
CANCEL_GRACE, and never what is being observed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from tom_scimma import switch
from tom_scimma.models import Alert, Event
from tom_treasuremap.conf import conf
from tom_treasuremap.followup import arming, cadences, cancelling
from tom_treasuremap.models import Asked

SHOWN = 20  #: on an event's card


def retracted(alert_id: int, change: str) -> None:
    """Takes back what has not left, and sets a time for what this TOM may take back by itself."""
    alert = Alert.objects.select_related("event").get(pk=alert_id)
    event = alert.event
    if event.state != Event.State.RETRACTED:  # it may have been reinstated since
        return
    why = f"{event.name} was retracted by {alert.source}."
    rows = Asked.objects.open().filter(event=event).select_related("record", "submission", "arming")
    waiting = [row.record for row in rows if row.submission is not None and not row.has_left]
    cancelling.cancel(waiting, None, why, unsent_only=True)
    if not arming.not_heard(alert, timezone.now() + conf.CANCEL_GRACE):
        later(rows.all(), why)  # as they are now: a worker may have been faster


def later(rows: QuerySet[Asked], why: str) -> None:
    """Sets a time for what of these this TOM may take back by itself at telescopes."""
    for row in rows.select_related("record", "submission", "arming__by"):
        if row.has_left and by_machine(row):
            values = {"cancel_after": timezone.now() + conf.CANCEL_GRACE, "grace": True, "cancel_reason": why}
            Asked.objects.filter(pk=row.pk, cancel_after=None).update(**values)


def by_machine(row: Asked) -> bool:
    """Whether this TOM may take it back: it asked by itself, is armed for taking back, and nothing is exposed."""
    if not row.is_automatic or row.arming is None or row.record.status == "IN_PROGRESS" or switch.stopped() is not None:
        return False
    return row.arming.is_in_force and row.arming.cancels


def left(event: Event, user: Any) -> list[Asked]:
    """What was asked for an event and is not over, of what this user may cancel."""
    rows = Asked.objects.open().filter(event=event).visible_to(user)
    rows = rows.select_related("record__target", "submission", "cancellation")
    return [row for row in rows if cancelling.may_cancel(row.record, user)]


def button(rows: Sequence[Asked]) -> str:
    """What the one button says of these: how many there are, and how many of them their telescopes have."""
    # what no worker takes there is taken there by a person, at any time
    there = sum(row.has_left or row.submission is None for row in rows)
    words = f"Cancel {len(rows)} request{'' if len(rows) == 1 else 's'}"
    if there == len(rows):
        return f"{words} at telescopes"
    return f"{words}, {there} of them at telescopes" if there else f"{words} not sent yet"


def keep(row: Asked, by: Any) -> None:
    """It stays, by a person's word, though the event was retracted."""
    words = f"{by.get_username()} keeps it."
    rows = Asked.objects.open().filter(pk=row.pk, grace=True).exclude(cancel_after=None)
    rows.update(cancel_after=None, grace=False, message=words)


def panel(event: Event, user: Any) -> dict[str, Any]:
    """The card on the event's page."""
    seen = Asked.objects.visible_to(user).filter(event=event).exclude(record=None)
    seen = seen.select_related("record__target", "submission", "cancellation", "by")
    rows = list(seen[: SHOWN + 1]) if user.is_authenticated else []
    count = len(rows) if len(rows) <= SHOWN else seen.count()
    rows, mine = rows[:SHOWN], left(event, user) if rows else []
    known = {row.pk for row in mine}
    for row in rows:
        row.cancellable = row.pk in known or row.is_stoppable
    return {
        "followup_event": event,
        "followup_rows": rows,
        "followup_count": count,
        "followup_left": button(mine) if mine else "",
        "followup_cadences": cadences.of_event(event, user) if rows else [],
        "followup_retracted": event.state == Event.State.RETRACTED,
        "followup_user": user,
    }
