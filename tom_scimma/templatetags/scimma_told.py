"""Template filters for what people were told."""

from __future__ import annotations

from django import template
from django.utils import timezone
from django.utils.html import format_html

from tom_scimma import wording
from tom_scimma.templatetags.scimma_words import aged, moment

register = template.Library()

COLOURS = {
    "told": "success", "waiting": "info", "on its way": "info", "not told": "danger", "perhaps told": "warning",
    "held": "warning", "dry run": "secondary", "cancelled": "secondary", "dropped": "secondary",
}  # fmt: skip


@register.filter
def outcome_badge(telling):
    """How far a telling came, as a badge, and why where it did not arrive."""
    outcome, delivery = telling.outcome, telling.delivery
    if outcome == "waiting":
        why = f"{telling.why} until {wording.utc(telling.due)[:16]}" if telling.due else ""
    elif outcome == "told":
        return format_html(
            '<span class="badge text-bg-success">told</span> {}',
            aged(delivery.finished if delivery is not None else telling.said),
        )
    else:
        why = telling.dropped or (delivery.reason if delivery is not None else "")
    badge = format_html('<span class="badge text-bg-{}">{}</span>', COLOURS[outcome], outcome)
    return format_html('{} <span class="small text-secondary wide">{}</span>', badge, wording.short(why, 160))


@register.filter
def seen_words(telling):
    """Who has seen it and when; "–" while nobody said so."""
    if telling.acknowledged is None:
        return wording.NOTHING
    return format_html("{}, {}", telling.acknowledged_name, moment(telling.acknowledged))


@register.filter
def rules_words(contact) -> str:
    """When a contact is told, in a few words."""
    rules = [contact.get_pace_display()]
    if contact.pace == contact.Pace.DAILY:
        rules[0] += f" at {contact.daily_at:%H:%M}"
    if contact.rules.quiet is not None:
        rules.append(f"quiet {contact.quiet_from:%H:%M}–{contact.quiet_until:%H:%M}")
    if contact.rules.quiet is not None or contact.pace == contact.Pace.DAILY:
        rules.append(f"{contact.zone} (now {contact.local(timezone.now()):%H:%M})")
    rules.append(f"at most {contact.per_hour} an hour")
    return ", ".join(rules)
