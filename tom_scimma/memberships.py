"""SCiMMA's groups as Django groups: who joins and leaves what, and which memberships are ours to end.

A membership that follows from SCiMMA has a Membership row. One that was made by hand has none, and is never ended here.
"""

from __future__ import annotations

import fnmatch
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from tom_scimma.models.identity import AccessChange, Kind, Membership

logger = logging.getLogger(__name__)


def wanted(names: Iterable[str], table: Mapping[str, str]) -> dict[str, str]:
    """Django group -> the group at SCiMMA that it follows from, for somebody in the groups `names`."""
    names, found = tuple(names), {}
    for pattern, group in table.items():
        because = next((name for name in names if fnmatch.fnmatchcase(name, pattern)), None)
        if because is not None:
            found.setdefault(group, because)
    return found


def follow(user: Any, kind: Kind, names: Iterable[str], table: Mapping[str, str], *, by: str) -> list[str]:
    """Puts a user into the Django groups that follow from SCiMMA's `names`, and out of those that followed and do no more.

    What changed, in words. Without a change: three queries.
    """
    wants = wanted(names, table)
    return apply(user, kind, wants, by=by)


def apply(
    user: Any, kind: Kind, wants: Mapping[str, str], *, by: str, within: Iterable[str] | None = None
) -> list[str]:
    """The same for groups known already; `within`: only these Django groups are spoken of, the others stay as they are."""
    with transaction.atomic():
        rows = list(Membership.objects.select_related("group").filter(user=user))
        ours = {row.group.name: row for row in rows if row.kind == kind}
        others = {row.group.name for row in rows if row.kind != kind}
        member = set(user.groups.values_list("name", flat=True))
        scope = None if within is None else set(within)
        gone = [row for name, row in ours.items() if name not in wants and (scope is None or name in scope)]
        stale = [row for name, row in ours.items() if name in wants and row.because != wants[name]]
        # a membership that is there without any row was made by hand, and stays so
        fresh = [name for name in wants if name not in ours and (name not in member or name in others)]
        back = [name for name in wants if name in ours and name not in member]
        joins = [name for name in fresh if name not in member] + back
        leaves = [row for row in gone if row.group.name not in others]
        for row in stale:
            row.because = wants[row.group.name][:255]
        Membership.objects.bulk_update(stale, ["because"])
        groups = groups_named([*fresh, *back])
        Membership.objects.bulk_create(
            [Membership(user=user, group=groups[name], kind=kind, because=wants[name][:255]) for name in fresh]
        )
        user.groups.add(*(groups[name] for name in joins))
        user.groups.remove(*(row.group for row in leaves))
        Membership.objects.filter(pk__in=[row.pk for row in gone]).delete()
        words = [f"joins {name}: in {wants[name]} ({kind.label})" for name in joins]
        words += [f"leaves {row.group.name}: no longer in {row.because} ({kind.label})" for row in leaves]
        AccessChange.objects.bulk_create(
            [AccessChange(user=user, text=f"{user.get_username()} {text}"[:500], by=by) for text in words]
        )
    if hasattr(user, "_scimma_groups"):
        del user._scimma_groups
    for text in words:
        logger.info("%s: %s %s", by, user.get_username(), text)
    return words


def groups_named(names: Iterable[str]) -> dict[str, Group]:
    """Django groups by name; those that are not there are made."""
    names = set(names)
    if not names:
        return {}
    have = set(Group.objects.filter(name__in=names).values_list("name", flat=True))
    Group.objects.bulk_create([Group(name=name) for name in sorted(names - have)], ignore_conflicts=True)
    return {group.name: group for group in Group.objects.filter(name__in=names)}
