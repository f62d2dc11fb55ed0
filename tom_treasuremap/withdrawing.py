"""When the map of an event changes, or it is retracted: what is queued of our pointings does not leave; what is there waits for a person.

shrunk(alert, change)      the reaction to a new map: queued pointings outside its 99 % region are cancelled, with the reason
planned_there(event)       our planned pointings that the Treasure Map has: one button cancels them

An armed telescope takes back the observation itself; what was told of it follows by its state, see observed.py.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from tom_scimma import eventmaps
from tom_scimma.course import DEAD_ENDS
from tom_scimma.errors import BadSkyMap
from tom_scimma.models import Alert, Event
from tom_treasuremap import cancelling
from tom_treasuremap.models import Report
from tom_treasuremap.service import origin

LEVEL = 0.99


def shrunk(alert_id: int, change: str) -> None:
    """Cancels what is queued of this event's planned pointings and lies outside the region of the new map."""
    alert = Alert.objects.select_related("event").get(pk=alert_id)
    event = alert.event
    waiting = Report.objects.filter(event=event, origin=origin(), wanted="planned", number=None)
    waiting = [row for row in waiting.select_related("posted") if row.posted and row.posted.state in cancelling.WAITING]
    sky = _sky(alert) if waiting else None
    if sky is None:
        return
    for row in waiting:
        if float(sky.level_at(row.said["ra"], row.said["dec"])) > LEVEL:
            reason = f"The new map of {event.name} has it outside its {LEVEL:.0%} region."
            cancelling.cancel([row], None, reason)


def _sky(alert: Alert) -> Any:
    found = eventmaps.current(alert.event)
    try:
        return found.sky if found is not None else None
    except BadSkyMap:
        return None  # what cannot be read says nothing about a place


def planned_there(event: Event) -> Any:
    """Our planned pointings that the Treasure Map has, or may have."""
    return (
        Report.objects.filter(event=event, origin=origin(), status="planned")
        .exclude(number=None)
        .exclude(Q(wanted="cancelled") & ~Q(cancelled__state__in=DEAD_ENDS))
    )


def panel(event: Event, user: Any) -> dict[str, Any]:
    """The card on the event's page: how many are planned there, and why one may want to cancel them."""
    mine = planned_there(event).filter(pk__in=Report.objects.visible_to(user).values("pk"))
    return {
        "event": event,
        "planned_count": mine.count() if user.is_authenticated else 0,
        "retracted": event.state == Event.State.RETRACTED,
    }
