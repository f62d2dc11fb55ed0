"""Links to files of what the page shows."""

from __future__ import annotations

from django import template

from tom_scimma.translate import FORMS

register = template.Library()


@register.inclusion_tag("tom_scimma/partials/downloads.html")
def downloads(event, alert=None) -> dict:
    """Links to an alert in every form; without one a menu for the event's newest."""
    return {"event": event, "alert": alert, "forms": FORMS}
