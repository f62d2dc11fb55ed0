"""Template filters of the Streams page."""

from __future__ import annotations

from django import template

from tom_scimma import lights
from tom_scimma.models import Detector

register = template.Library()


@register.filter
def ago(then, now) -> str:
    """The time since in one or two units; a dash when it never happened."""
    return lights.ago(then, now) or "–"


@register.filter
def stale(listener, now) -> bool:
    """True for a consumer that shows no sign of life."""
    return not lights.lively(listener, now)


@register.filter
def last_line(text: str) -> str:
    """The last line of a traceback, which says what went wrong."""
    return text.strip().rpartition("\n")[2]


@register.simple_tag(takes_context=True)
def detectors_heard(context) -> bool:
    """Whether this user may see a supernova detector; asked once a request."""
    request = context.get("request")
    user = getattr(request, "user", None) or context.get("user")
    if request is None:
        return bool(Detector.objects.all().places(user))
    if not hasattr(request, "_scimma_detectors"):
        request._scimma_detectors = bool(Detector.objects.all().places(user))
    return request._scimma_detectors
