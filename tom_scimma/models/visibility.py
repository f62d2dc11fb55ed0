"""Who may see a row: one rule for pages, API, queries, plots and files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models


class VisibleQuerySet(models.QuerySet):
    """Rows with a flag that opens them to all and a path to the groups that may see the others."""

    #: lookup of the flag that is True for a row of public origin
    public_lookup = "public"
    #: lookup of the groups that may see the others
    groups_lookup = "groups"

    def visible_to(self, user) -> VisibleQuerySet:
        """Rows this user may see: everything for a superuser, public rows for all, the rest for members of their groups.

        Whether an anonymous visitor may come in at all is the TOM's own AUTH_STRATEGY.
        """
        if user is not None and user.is_active and user.is_superuser:
            return self.all()
        public = models.Q(**{self.public_lookup: True})
        if user is None or isinstance(user, AnonymousUser) or not user.is_active:
            return self.filter(public)
        groups = list(groups_of(user))
        if not groups:
            return self.filter(public)
        allowed = self.model._base_manager.filter(**{f"{self.groups_lookup}__in": groups}).values("pk")
        return self.filter(public | models.Q(pk__in=allowed))


def groups_of(user) -> dict[int, str]:
    """Primary keys and names of a user's groups.

    Remembered with the user object, as Django remembers permissions: each request has an object of its own and asks anew.
    """
    if not hasattr(user, "_scimma_groups"):
        user._scimma_groups = dict(user.groups.values_list("pk", "name"))
    return user._scimma_groups


def remember_groups(users: Iterable[Any]) -> None:
    """What `groups_of` would ask for each of these user objects, asked for all of them at once."""
    asked = [user for user in users if not hasattr(user, "_scimma_groups")]
    if not asked:
        return
    members = type(asked[0]).groups.through.objects.filter(
        **{f"{_user_field(asked[0])}__in": {user.pk for user in asked}}
    )
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for user, group, name in members.values_list(f"{_user_field(asked[0])}_id", "group_id", "group__name"):
        found[user][group] = name
    for user in asked:
        user._scimma_groups = found[user.pk]


def _user_field(user: Any) -> str:
    return user._meta.get_field("groups").m2m_field_name()
