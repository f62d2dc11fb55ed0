"""The TOM target of what is looked at for an event and is no target itself: a field of a tiling."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from tom_scimma.models import Event
from tom_scimma.targets import share


def event_target(event: Event) -> Any:
    """The event's own target; made at its most probable place where there is none yet, and seen by whoever sees the event.

    None where nobody said where the event is.
    """
    from tom_targets.models import Target

    if event.target_id is not None:
        return event.target
    if event.ra is None or event.dec is None:
        return None
    with transaction.atomic():
        locked = Event.objects.select_for_update().get(pk=event.pk)
        if locked.target_id is None:
            locked.target = Target.objects.filter(name=event.name).first() if event.public else None
            if locked.target is None:
                locked.target, locked.target_made = _made(event), True
            locked.save(update_fields=["target", "target_made"])
    event.refresh_from_db(fields=["target", "target_made"])
    return event.target


def _made(event: Event) -> Any:
    from tom_targets.models import Target

    permissions = Target.Permissions.PUBLIC if event.public else Target.Permissions.PRIVATE
    target = Target(name=event.name, type=Target.SIDEREAL, ra=event.ra, dec=event.dec, permissions=permissions)
    target.save()
    if not event.public:
        share(target, event.groups.all())
    return target
