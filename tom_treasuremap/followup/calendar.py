"""Scheduled visits in the TOM's calendar, which everybody who uses the TOM sees: what is protected is not named there."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.urls import reverse

from tom_treasuremap import telescopes
from tom_treasuremap.models import Asked

#: shown while it may happen, and once it did
SHOWN = ("SCHEDULED", "IN_PROGRESS", "COMPLETED")


def keep(row: Asked) -> None:
    """Makes the calendar's entry of one observation what the observation is now; none where it does not take place."""
    if not apps.is_installed("tom_calendar"):
        return
    from tom_calendar.models import CalendarEvent

    record = row.record
    there = CalendarEvent.objects.filter(pk=row.calendar).first() if row.calendar else None
    if record.status not in SHOWN or record.scheduled_start is None:
        if there is not None:
            there.delete()
            Asked.objects.filter(pk=row.pk).update(calendar=None)
        return
    values = _entry(row)
    if there is None:
        if row.calendar and record.status == "COMPLETED":
            return  # somebody took it off the calendar
        there = CalendarEvent.objects.create(**values)
        Asked.objects.filter(pk=row.pk).update(calendar=there.pk)
        row.calendar = there.pk
    elif any(getattr(there, name) != value for name, value in values.items()):
        CalendarEvent.objects.filter(pk=there.pk).update(**values)


def _is_open(target: Any) -> bool:
    """Whether whoever sees the calendar sees this target's observations: a public target is seen by those who have logged in."""
    if not getattr(settings, "TARGET_PERMISSIONS_ONLY", True):
        return False
    locked = getattr(settings, "AUTH_STRATEGY", "READ_ONLY") == "LOCKED"
    return target.permissions == "OPEN" or (target.permissions == "PUBLIC" and locked)


def _entry(row: Asked) -> dict[str, Any]:
    record = row.record
    known = telescopes.telescopes().get(row.telescope)
    label = known.label if known is not None else row.telescope
    open_to_all = _is_open(record.target) and (row.event is None or row.event.public)
    what = f"{record.target.name} at {label}" if open_to_all else f"{label}: a protected target"
    about = row.request.get("name", "") if open_to_all else ""
    return {
        "title": what[:200],  # the month shows 16 characters of it
        "description": f"{record.status.replace('_', ' ').capitalize()}. {about}".strip(),
        "start_time": record.scheduled_start,
        "end_time": record.scheduled_end or record.scheduled_start,
        "url": reverse("tom_observations:detail", kwargs={"pk": record.pk}),
        "user": record.user.get_username() if record.user_id and open_to_all else "",
        "telescope": label[:200],
    }
