"""What a delivery is about, as one text "kind:identity", and who may see that.

    named(event) -> "event:S240422ed"; named(target) -> "target:12"
    visible(["target:12", "alert:3"], user) -> {"target:12"}        asked once a kind
    label("target:12", user) -> ("AT2026abc", "/targets/12/")

A kind is one line in KINDS. An app adds its own by `delivery_subjects() -> {"plan": "dotted.path(numbers, user) -> rows"}`:
the rows of those primary keys that the user may see; `user` None is the TOM itself, which may speak of what all may see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.module_loading import import_string

from tom_scimma import hooks
from tom_scimma.models import Alert, Event, Message

#: (identities, user or None) -> the rows of these that the user may see
Rows = Callable[[Collection[Any], Any], Any]


def _targets(numbers: Collection[int], user: Any) -> Any:
    """Targets, by the host's rules; nobody in person stands for everybody who is logged in."""
    from tom_targets.models import Target
    from tom_targets.permissions import targets_for_user

    rows = Target.objects.filter(pk__in=numbers)
    if user is None:
        return rows.filter(permissions__in=(Target.Permissions.OPEN, Target.Permissions.PUBLIC))
    return targets_for_user(user, rows, "view_target")


def _observations(numbers: Collection[int], user: Any) -> Any:
    """Observations, seen by those who see their targets, and with TARGET_PERMISSIONS_ONLY off only by those they are for."""
    from django.conf import settings
    from guardian.shortcuts import get_objects_for_user
    from tom_observations.models import ObservationRecord

    rows = ObservationRecord.objects.filter(pk__in=numbers)
    seen = _targets(set(rows.values_list("target_id", flat=True)), user)
    rows = rows.filter(target_id__in=set(seen.values_list("pk", flat=True)))
    if user is None or getattr(settings, "TARGET_PERMISSIONS_ONLY", True):
        return rows
    return get_objects_for_user(user, "tom_observations.view_observationrecord", rows)


KINDS: dict[str, Rows] = {
    "event": lambda names, user: Event.objects.visible_to(user).filter(name__in=names),
    "alert": lambda numbers, user: Alert.objects.visible_to(user).filter(pk__in=numbers).select_related("event"),
    "message": lambda numbers, user: Message.objects.visible_to(user).filter(pk__in=numbers),
    "target": _targets,
    "observation": _observations,
}


def named(thing: str | models.Model) -> str:
    """The text that stands for a thing: "event:NAME", "target:PK", ...; a text "kind:identity" stays as it is."""
    if isinstance(thing, str):
        if ":" not in thing:
            raise ValueError(f'subject {thing!r} is not "kind:identity", for example "event:S240422ed"')
        return thing
    if isinstance(thing, Event):
        return f"event:{thing.name}"
    kind = thing._meta.model_name or ""
    if any(base.__name__ == "BaseTarget" for base in type(thing).__mro__):
        kind = "target"
    return f"{'observation' if kind == 'observationrecord' else kind}:{thing.pk}"


def visible(subjects: Iterable[str], user: Any) -> set[str]:
    """Those of these subjects that a user may see. One or two queries a kind."""
    identities: dict[str, set[str]] = defaultdict(set)
    for subject in subjects:
        kind, _, identity = subject.partition(":")
        identities[kind].add(identity)
    return {f"{kind}:{name}" for kind, names in identities.items() for name in _seen(kind, names, user)}


def known(subject: str) -> bool:
    """Whether anybody here can tell who may see a subject of this kind."""
    return _rows_of(subject.partition(":")[0]) is not None


def label(subject: str, user: Any) -> tuple[str, str]:
    """What a page calls it, and the address of its page; ("", "") where this user may not know."""
    kind, _, identity = subject.partition(":")
    row = _seen(kind, {identity}, user if user is not None else AnonymousUser()).get(identity)
    if row is None:
        return ("", "")
    if isinstance(row, Alert):
        return (f"{row.source}'s word on {row.event.name}", row.event.get_absolute_url())
    return (str(row), row.get_absolute_url() if hasattr(row, "get_absolute_url") else "")


def _rows_of(kind: str) -> Rows | None:
    if kind in KINDS:
        return KINDS[kind]
    path = next((found[kind] for found in hooks.gather("delivery_subjects") if kind in found), None)
    return import_string(path) if path else None


def _seen(kind: str, names: set[str], user: Any) -> dict[str, models.Model]:
    """The rows of a kind that a user may see, by their identity."""
    rows = _rows_of(kind)
    if rows is None:
        return {}
    if kind == "event":
        return {row.name: row for row in rows(names, user)}
    numbers = {int(name) for name in names if name.isdecimal() and len(name) < 19}
    return {str(row.pk): row for row in rows(numbers, user)} if numbers else {}
