"""The target that stands for an event itself: a counterpart of others, never of its own event."""

from __future__ import annotations

from tom_scimma.models import Event


def targets_of(event: Event) -> set[int]:
    """The event's own target, as a set of at most one: made for it, of its name, or, of an optical transient, at its place.

    A target that was there before and lies in the error circle of a burst or a neutrino may be its counterpart, though
    the event's name became another name of it.
    """
    from tom_targets.models import Target

    if event.target_id is None:
        return set()
    if event.target_made or event.kind == "OT":
        return {event.target_id}
    names = [event.name, *event.aliases.values_list("name", flat=True)[:500]]
    return set(Target.objects.filter(pk=event.target_id, name__in=names).values_list("pk", flat=True))
