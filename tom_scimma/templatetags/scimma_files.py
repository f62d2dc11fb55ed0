"""Links to files of what the page shows."""

from __future__ import annotations

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from tom_scimma import hooks
from tom_scimma.translate import FORMS

register = template.Library()


@register.inclusion_tag("tom_scimma/partials/downloads.html")
def downloads(event, alert=None) -> dict:
    """Links to an alert in every form; without one a menu for the event's newest."""
    return {"event": event, "alert": alert, "forms": FORMS}


@register.simple_tag(takes_context=True)
def candidate_buttons(context, candidate) -> str:
    """What other apps add beside a candidate."""
    said = {"candidate": candidate}
    parts = [render_to_string(one["partial"], said, context.get("request")) for one in hooks.candidate_buttons()]
    return mark_safe("".join(parts))
