"""One target of a message of the archive -> a target and data of this TOM, for whoever asked.

By the code that takes in what comes by the stream, once with it. Whether everybody may read the message is asked of HERMES,
without a token: if not, what it gives is seen by its reader (and by the groups of its topic, where TOM_SCIMMA["TOPICS"] has
some) alone, and goes to no target that others see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils import timezone
from guardian.shortcuts import assign_perm
from tom_dataservices.dataservices import QueryServiceError
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tom_hermes import audience, datums, finding, receive
from tom_hermes.arrived import Arrived, given_id, identity
from tom_hermes.intake import KEEP, Intake, intake
from tom_hermes.said import Said, SaidTarget
from tom_hermes.searching import Found
from tom_scimma.policies import policy_of
from tom_scimma.targets import share


class CannotTake(QueryServiceError, NotImplementedError):
    """A result that cannot be taken in; the text says why. Both of what the host's pages catch and show."""


@dataclass(frozen=True)
class Reader:
    """Who asks, and how to ask HERMES for a message without a token: the message, or None."""

    user: Any  #: None: the TOM itself, which takes what everybody may read
    openly: Callable[[str], Found | None]


def unsaved(message: Found, index: int) -> Target:
    """The target that a message describes there, with the host's default permissions. Raises CannotTake."""
    return finding.unsaved(_described(message.said, index))


def target(message: Found, index: int, reader: Reader) -> Target:
    """The target: the one that is here, else a new one. Raises CannotTake."""
    said = _described(message.said, index)
    arrival = _arrival(message, Said(targets=(said,)), reader)
    known = finding.Known([arrival])
    pk = known.named(said.names)
    if pk is not None and known.elsewhere(pk, said):
        raise CannotTake(f"A target called {known.name(pk)} is elsewhere on the sky; rename one of them.")
    if pk is None and said.ra is not None and not said.moving:
        pk = known.near(said)
    if pk is None:
        return _made(said, arrival, reader.user)
    seen = Target.objects.filter(pk=pk)
    found = (seen if reader.user is None else targets_for_user(reader.user, seen, "view_target")).first()
    if found is None:
        raise CannotTake(f"A target of the name or place of {said.name} is here already; ask its owner to share it.")
    return found


def _described(said: Said, index: int) -> SaidTarget:
    found = next((item for item in said.targets if item.index == index), None)
    if found is None or (found.ra is None and not found.moving):
        raise CannotTake("The message has no usable position of that target.")
    return found


def _made(said: SaidTarget, arrival: Arrived, user: Any) -> Target:
    if arrival.protected and audience.everywhere(arrival.groups, user):
        raise CannotTake("There are people who see every target of this TOM, and may not see this message.")
    try:
        with transaction.atomic():
            made = finding.unsaved(said)
            if arrival.protected:
                made.permissions = Target.Permissions.PRIVATE
            made.save(extras=said.extras)
            finding.name(made, said.aliases)
            _give(made, arrival, user)
            return made
    except IntegrityError:  # somebody made it at this very moment
        raise CannotTake(f"A target called {said.name} is here by now; search again.") from None


def _give(made: Target, arrival: Arrived, user: Any) -> None:
    """A new target is the user's and, as the host does it, their groups'; of a protected message its groups' instead."""
    if user is not None:
        made.give_user_access(user)
    if arrival.protected:
        share(made, Group.objects.filter(pk__in=arrival.groups))
    elif user is not None:
        for group in user.groups.all():
            for action in ("view_target", "change_target", "delete_target"):
                assign_perm(f"{made._meta.app_label}.{action}", group, made)


def data(target: Target, message: Found, index: int, reader: Reader) -> list[Any]:
    """The typed datums that a message gives a target, stored; what was here already too. Raises CannotTake."""
    if (
        reader.user is not None
        and not targets_for_user(reader.user, Target.objects.filter(pk=target.pk), "change_target").exists()
    ):
        raise CannotTake(f"You may not change {target.name}.")
    said = message.said
    name = next((item.name for item in said.targets if item.index == index), "")
    arrival = _arrival(message, _of_one(said, name), reader)
    if (
        arrival.protected
        and arrival.intake.attach != "any"
        and not audience.contained(target.pk, arrival.groups, reader.user)
    ):
        raise CannotTake(f"{target.name} is seen by others than those who may see that message.")
    arrival.home(name, target.pk)
    try:
        receive.take(arrival)
    except IntegrityError:
        raise CannotTake("The same was taken in at this very moment; search again.") from None
    return datums.stored(arrival)


def _of_one(said: Said, name: str) -> Said:
    return replace(
        said,
        targets=tuple(item for item in said.targets if item.name == name),
        data=tuple(item for item in said.data if item.target == name),
        unread=tuple(item for item in said.unread if item.target == name),
    )


def _arrival(message: Found, said: Said, reader: Reader) -> Arrived:
    """The message as it is placed. Raises CannotTake for what only some may read, where there is nobody to read it for."""
    policy = policy_of(message.topic)
    openly = reader.openly(message.uuid)
    protected = policy.protected or openly is None
    if protected and reader.user is None:
        raise CannotTake(f"not everybody may read {message.topic}; a person has to search for it")
    sent_id = message.sent_id or given_id(message.document)
    wanted = intake(message.topic)
    return Arrived(
        said,
        message.topic,
        replace(wanted, targets=Intake().targets) if wanted.targets == KEEP else wanted,
        key=identity(sent_id, message.document),
        uuid=sent_id,
        sent=message.sent or timezone.now(),
        document=message.document,
        protected=protected,
        groups=frozenset(Group.objects.filter(name__in=policy.groups).values_list("pk", flat=True)),
        by=reader.user,
    )
