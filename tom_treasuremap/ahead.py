"""What will be asked about coverage is asked ahead: after a new map, and after pointings came or changed."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from tom_scimma.models import Alert, Event
from tom_treasuremap.signals import pointings_changed


def connect() -> None:
    """Waits for pointings."""
    pointings_changed.connect(_changed, dispatch_uid="tom_treasuremap.coverage")


def react(alert_id: int, change: str) -> None:
    """The reaction `coverage`: the event's coverage, as everybody may see it, is asked for with its newest map."""
    alert = Alert.objects.select_related("event").filter(pk=alert_id).first()
    if alert is not None:  # else pruned meanwhile
        ask(alert.event)


def _changed(sender: Any, event: Event, **more: Any) -> None:
    ask(event)


def ask(event: Event) -> None:
    """Has the worker work out what everybody may see of an event's coverage, unless that is known.

    In a lane of its own: nobody is told of an event's next alert before the reactions to this one have ended.
    """
    from tom_treasuremap import covering
    from tom_treasuremap.models import Pointing

    if event.public and Pointing.objects.filter(event=event).exists():
        asked = covering.question(event, None, QueryDict())
        if asked.has_answer:
            covering.ask(asked)
