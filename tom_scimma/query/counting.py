"""How many candidates of one event each audience sees, without a question to the database for each of them.

The rules are those of `Candidate.objects.visible_to` and of the host's `targets_for_user`: a target that is not private is
seen by everybody who is logged in, a private one by the groups and users with a permission on it. Who has a permission of
his own is asked for by himself.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from guardian.shortcuts import get_objects_for_group
from guardian.utils import get_user_obj_perms_model
from tom_targets.models import Target

from tom_scimma.models import Candidate, CandidateLevel, Event

if TYPE_CHECKING:
    from tom_scimma.query.seen import Audience

#: keys in one list of a statement
CHUNK = 500
EVERYBODY: frozenset[int] = frozenset()


class Counting:
    """The candidates of one event; what is read is read once."""

    def __init__(self, event: Event):
        self.event = event
        self._counts: dict[tuple, int] = {}
        self._of_group: dict[int, set[int]] = {}

    def key(self, audience: Audience) -> tuple:
        """What decides of the number."""
        alone = audience.user.pk if self._asks_alone(audience) else None
        return (audience.everything, audience.groups, alone)

    def count(self, audience: Audience) -> int:
        """How many this audience sees."""
        key = self.key(audience)
        if key not in self._counts:
            self._counts[key] = self._asked(audience) if self._asks_alone(audience) else self._counted(audience)
        return self._counts[key]

    def _asks_alone(self, audience: Audience) -> bool:
        return audience.everything or not audience.user.is_authenticated or audience.user.pk in self._privileged

    def _asked(self, audience: Audience) -> int:
        return Candidate.objects.filter(event=self.event).visible_to(audience.user).count()

    def _counted(self, audience: Audience) -> int:
        private = set().union(*(self._private_of(group) for group in audience.groups)) if self._private else set()
        return sum(
            (target not in self._private or target in private) and (public or bool(groups & audience.groups))
            for target, public, groups in self._rows
        )

    @cached_property
    def _rows(self) -> list[tuple[int, bool, frozenset[int]]]:
        """Target, whether everybody may know why it is a candidate, and else the groups that may."""
        rows = list(Candidate.objects.filter(event=self.event).values_list("pk", "target_id", "because"))
        known = {pk for pk, _, because in rows if because == Candidate.Because.PERSON}
        levels = CandidateLevel.objects.filter(candidate__event=self.event, inside=True)
        known.update(levels.filter(alert__public=True).values_list("candidate_id", flat=True))
        groups: dict[int, set[int]] = {}
        hidden = levels.filter(alert__public=False).values_list("candidate_id", "alert__message__groups")
        for candidate, group in hidden:
            groups.setdefault(candidate, set()).add(group)
        return [(target, pk in known, frozenset(groups.get(pk, EVERYBODY))) for pk, target, _ in rows]

    @cached_property
    def _private(self) -> frozenset[int]:
        """Those targets that only some people see."""
        return frozenset(self._private_targets.values_list("pk", flat=True))

    @property
    def _private_targets(self):
        rows = Target.objects.filter(permissions=Target.Permissions.PRIVATE)
        return rows.filter(pk__in=Candidate.objects.filter(event=self.event).values("target_id"))

    def _private_of(self, group: int) -> set[int]:
        """The private ones that members of a group see."""
        if group not in self._of_group:
            action = f"{Target._meta.app_label}.view_target"  # a TOM's own target model has its own
            allowed = get_objects_for_group(Group(pk=group), action, self._private_targets)
            self._of_group[group] = set(allowed.values_list("pk", flat=True))
        return self._of_group[group]

    @cached_property
    def _privileged(self) -> frozenset[int]:
        """Users with permissions of their own, on a private target of these or in general."""
        if not self._private:
            return frozenset()
        private, found = sorted(map(str, self._private)), set()
        for start in range(0, len(private), CHUNK):
            own = get_user_obj_perms_model().objects.filter(object_pk__in=private[start : start + CHUNK])
            found.update(own.values_list("user_id", flat=True))
        found.update(get_user_model().user_permissions.through.objects.values_list("user_id", flat=True))
        return frozenset(found)
