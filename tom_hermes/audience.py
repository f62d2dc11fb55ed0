"""Whether a target is seen by nobody but those who may know of a message: data of a protected topic go nowhere else.

A TOM's targets are OPEN (everybody), PUBLIC (everybody who is logged in) or PRIVATE: then those with the permission to
view it, given for this target or for all. All of these count but superusers, who see everything anyway.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from guardian.utils import get_group_obj_perms_model, get_user_obj_perms_model
from tom_targets.models import Target

CODENAME = "view_target"


def contained(target_id: int, groups: Set[int], by: Any = None) -> bool:
    """True when only members of these groups, `by` and superusers see the target."""
    if not Target.objects.filter(pk=target_id, permissions=Target.Permissions.PRIVATE).exists():
        return False
    kind = ContentType.objects.get_for_model(Target)
    here = {"object_pk": str(target_id), "content_type": kind, "permission__codename": CODENAME}
    if get_group_obj_perms_model().objects.filter(**here).exclude(group__in=groups).exists():
        return False
    people = get_user_obj_perms_model().objects.filter(**here).values("user_id")
    return not (_strangers(Q(pk__in=people), groups, by) or everywhere(groups, by))


def everywhere(groups: Set[int], by: Any = None) -> bool:
    """True when somebody besides these may view every target, by a permission that is not for one target."""
    everything = {"codename": CODENAME, "content_type": ContentType.objects.get_for_model(Target)}
    if (
        Group.objects.filter(**{f"permissions__{key}": value for key, value in everything.items()})
        .exclude(pk__in=groups)
        .exists()
    ):
        return True
    return _strangers(Q(**{f"user_permissions__{key}": value for key, value in everything.items()}), groups, by)


def _strangers(wanted: Q, groups: Set[int], by: Any) -> bool:
    """Whether any of these people is neither in one of the groups nor `by` nor a superuser."""
    people = User.objects.filter(wanted, is_superuser=False, is_active=True).exclude(groups__in=groups)
    return people.exclude(pk=by.pk if by is not None else None).exists()
