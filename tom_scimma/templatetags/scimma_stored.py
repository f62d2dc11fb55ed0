"""Results of the data service, looked up again for who looks at them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import template
from django.contrib.auth.models import AnonymousUser

from tom_scimma.archive.records import Meta
from tom_scimma.archive.rows import identity
from tom_scimma.dataservice import why_not
from tom_scimma.models import Alert, Event, Message
from tom_scimma.times import parse

register = template.Library()


@register.simple_tag(takes_context=True)
def stored_events(context, results) -> list[dict[str, Any]]:
    """The events of results that the user may see now, each with the newest message on it that they may see."""
    request = context.get("request")
    user = getattr(request, "user", None) or AnonymousUser()
    keys = [result["event"] for result in results if isinstance(result, dict) and "event" in result]
    events = {event.pk: event for event in Event.objects.visible_to(user).filter(pk__in=keys)}
    newest: dict[int, Any] = {}
    alerts = Alert.objects.visible_to(user).filter(event__in=events).defer("document")
    for alert in (
        alerts.select_related("message")
        .defer("document", "message__headers", "message__traceback")
        .order_by("order", "pk")
    ):
        newest[alert.event_id] = alert.message
    return [
        {
            "id": result["id"],
            "event": events[result["event"]],
            "message": newest.get(result["event"]),
            "why_not": why_not(events[result["event"]]),
        }
        for result in results
        if isinstance(result, dict) and result.get("event") in events
    ]


@register.simple_tag(takes_context=True)
def archived_messages(context, results) -> list[dict[str, Any]]:
    """The archive's messages of results, each with the message here where the user may see it."""
    request = context.get("request")
    user = getattr(request, "user", None) or AnonymousUser()
    found = [dict(result) for result in results if isinstance(result, dict) and "archived" in result]
    for row in found:
        row["identity"] = identity(row["source"], Meta(UUID(row["archived"]), row["topic"], 0))
        row["sent"] = parse(row["sent"]).time
    wanted = [row["identity"] for row in found]
    here = {row.uid: row for row in Message.objects.visible_to(user).filter(uid__in=wanted).only("uid")}
    return [{**row, "message": here.get(row["identity"])} for row in found]
