"""Template tags that put an event's pictures on its page."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.templatetags.static import static

from tom_scimma import layers
from tom_scimma.conf import conf

register = template.Library()


@register.inclusion_tag("tom_scimma/partials/sky.html", takes_context=True)
def event_sky(context):
    """The picture of where the event is, with the same in words."""
    event, said = context["event"], context["sight"].words
    theme = _theme()
    alt = f"Sky map of {event.name}: " if context.get("localization") else f"Position of {event.name} on the sky: "
    return {
        "event": event,
        "localization": context.get("localization"),
        "words": said,
        "alt": alt + "; ".join(f"{name} {text}" for name, text in said[:4]),
        "theme": theme,
        "query": "?theme=dark" if theme == "dark" else "",
    }


@register.inclusion_tag("tom_scimma/partials/sky_live.html", takes_context=True)
def event_sky_live(context):
    """The sky that loads when somebody opens it; nothing where the event has no place or the TOM wants none."""
    known = bool(context["sight"].words)
    return {
        "event": context["event"],
        "library": _address(conf.ALADIN_URL) if known else "",
        "surveys": list(conf.SKY_SURVEYS.items()),
        "layers": layers.offered() if known else [],
    }


@register.inclusion_tag("tom_scimma/partials/reach.html", takes_context=True)
def event_reach(context):
    """The picture of how far away the event is, where its map says that."""
    sight = context["sight"]
    reach = [(name, text) for name, text in sight.words if "istance" in name]
    return {
        "event": context["event"],
        "reach": reach,
        "marks": sight.marks if reach else [],
        "query": "?theme=dark" if _theme() == "dark" else "",
    }


def _theme() -> str:
    """The host's own: its CSS_THEME setting is Dark or not there."""
    return "dark" if str(getattr(settings, "CSS_THEME", "") or "").lower() == "dark" else "light"


def _address(address: str) -> str:
    """An address as it is; a name without a slash before it is that of a static file."""
    return address if not address or "://" in address or address.startswith("/") else static(address)
