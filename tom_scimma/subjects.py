"""What a delivery is about, as one text "kind:identity", and who may see that.

    named(event) -> "event:S240422ed"; named(target) -> "target:12"
    may_see("target:12", user) -> bool; label("target:12", user) -> ("AT2026abc", "/targets/12/")

A kind is one line in KINDS; apps add theirs by `delivery_subjects() -> {"plan": "dotted.path(identity) -> queryset-like"}`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.module_loading import import_string

from tom_scimma import hooks
from tom_scimma.models import Alert, Event, Message

Rows = Callable[[str, Any], Any]


def _numbered(model: type[models.Model], name: str = "pk", kind: type = int) -> Rows:
    """The row of a model that has `visible_to`, by its number."""

    def rows(identity: str, user: Any) -> Any:
        try:
            return model.objects.visible_to(user).filter(**{name: kind(identity)})
        except ValueError:
            return model.objects.none()

    return rows


def _targets(identity: str, user: Any) -> Any:
    """A target, by the host's rules; nobody in person stands for everybody who is logged in."""
    from tom_targets.models import Target
    from tom_targets.permissions import targets_for_user

    if not identity.isdigit():
        return Target.objects.none()
    rows = Target.objects.filter(pk=int(identity))
    if user is None:
        return rows.filter(permissions__in=(Target.Permissions.OPEN, Target.Permissions.PUBLIC))
    return targets_for_user(user, rows, "view_target")


def _observations(identity: str, user: Any) -> Any:
    """An observation, which is seen by those who see its target, or as TARGET_PERMISSIONS_ONLY says."""
    from django.conf import settings
    from guardian.shortcuts import get_objects_for_user
    from tom_observations.models import ObservationRecord

    rows = ObservationRecord.objects.filter(pk=int(identity) if identity.isdigit() else None)
    row = rows.first()
    if row is None or not _targets(str(row.target_id), user).exists():
        return rows.none()
    if user is None or getattr(settings, "TARGET_PERMISSIONS_ONLY", True):
        return rows
    return get_objects_for_user(user, "tom_observations.view_observationrecord", rows)


#: kind -> (identity, user or None) -> the rows of that identity that the user may see: one or none
KINDS: dict[str, Rows] = {
    "event": _numbered(Event, "name", str),
    "alert": _numbered(Alert),
    "message": _numbered(Message),
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
    names = {"observationrecord": "observation", "basetarget": "target"}
    kind = thing._meta.model_name or ""
    if any(base.__name__ == "BaseTarget" for base in type(thing).__mro__):
        kind = "target"
    return f"{names.get(kind, kind)}:{thing.pk}"


def _rows(subject: str, user: Any) -> Any:
    kind, _, identity = subject.partition(":")
    known = KINDS.get(kind)
    if known is None:
        path = next((found[kind] for found in hooks.gather("delivery_subjects") if kind in found), None)
        known = import_string(path) if path else None
    return known(identity, user) if known is not None else None


def may_see(subject: str, user: Any) -> bool | None:
    """Whether a user may see what a delivery is about; None where the kind is not known, so that nobody can tell.

    `user` None is the TOM itself, which may speak of what everybody may see.
    """
    rows = _rows(subject, user)
    return None if rows is None else bool(rows.exists())


def label(subject: str, user: Any) -> tuple[str, str]:
    """What a page calls it, and the address of its page: ("", "") where this user may not know."""
    rows = _rows(subject, user if user is not None else AnonymousUser())
    if rows is None:
        return (subject, "")
    row = rows.first()
    if row is None:
        return ("", "")
    address = row.get_absolute_url() if hasattr(row, "get_absolute_url") else ""
    return (str(row), address)
