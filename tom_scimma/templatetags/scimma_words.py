"""Template filters that put an event's numbers in words; see wording.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone as clock
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from tom_scimma import wording

register = template.Library()

for _name in ("number", "span", "rate", "percent", "area", "angle", "distance", "size", "listed"):
    register.filter(f"{_name}_words", getattr(wording, _name))


@register.filter
def arcsec_words(arcsec: float | None) -> str:
    """An angle given in arcseconds, in its natural unit."""
    return wording.angle(None if arcsec is None else arcsec / 3600)


@register.filter
def breakable(name: str) -> str:
    """A sender's `name_of_something` as written, which a narrow column may break behind the underscores alone."""
    return format_html_join(mark_safe("_<wbr>"), "{}", ((part,) for part in str(name).split("_")))


@register.filter
def kind_words(kind: str) -> str:
    """The name of a kind of event."""
    return wording.KINDS.get(kind, kind)


@register.filter
def type_words(alert_type: str) -> str:
    """The name of an alert type."""
    return wording.ALERT_TYPES.get(alert_type, alert_type)


@register.filter
def state_words(state: str) -> str:
    """The name of an event's state."""
    return wording.STATES.get(state, state)


@register.filter
def moment(time: datetime | None, digits: int = 0):
    """A <time> element: ISO, UTC, its age on hover; "–" for None."""
    if time is None:
        return wording.NOTHING
    date, _, hour = wording.utc(time, digits).partition(" ")
    age = wording.age(time, clock.now())
    return format_html(
        '<time datetime="{}" title="{}"><span>{}</span> <span>{}</span></time>', _stamp(time), age, date, hour
    )


@register.filter
def aged(time: datetime | None):
    """A <time> element that says how long ago; the time itself on hover."""
    if time is None:
        return wording.NOTHING
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>', _stamp(time), wording.utc(time), wording.age(time, clock.now())
    )


@register.filter
def clock_time(time: datetime | None, day: datetime | None):
    """A <time> element with the time of day, and the date where it is another than `day`."""
    if time is None:
        return ""
    date, _, hour = wording.utc(time, 1).partition(" ")
    shown = hour if day is not None and wording.utc(day).startswith(date) else f"{date} {hour}"
    return format_html('<time datetime="{}" title="{} UTC">{}</time>', _stamp(time), wording.utc(time, 3), shown)


@register.filter
def day_words(time: datetime | None) -> str:
    """The date in UTC; "–" for None."""
    return wording.utc(time)[:10]


def _stamp(time: datetime) -> str:
    return wording.utc(time).replace(" ", "T") + "Z"


@register.filter
def ago_words(time: datetime | None) -> str:
    """How long ago that was."""
    return wording.age(time, clock.now())


@register.filter
def width(probability) -> str:
    """A probability as the width of a bar, in percent without the sign, safe in CSS."""
    value = float(probability) if isinstance(probability, (int, float)) else 0.0
    return f"{min(max(value, 0.0), 1.0) * 100:.1f}"


@register.filter
def as_text(data: bytes) -> str:
    """Bytes as people read them."""
    return bytes(data).decode("utf-8", "replace")


@register.filter
def refusal_lines(delivery: Any) -> list[str]:
    """The last word on a delivery and what is wrong by field, as lines."""
    return wording.refusal(delivery.reason, delivery.errors)
