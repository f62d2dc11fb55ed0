"""Received messages whose topic turned out not to be public, or to be: they, and what they gave, as if that had been known.

Closed: a target that such messages made, and that no public one speaks of, becomes their groups'. What they gave to a target
that others see is taken off it and waits with its message. Opened: what waited for its audience is placed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.conf import settings
from tom_targets.models import Target

from tom_hermes import audience, datums, keeping, settling
from tom_hermes.intake import intake
from tom_hermes.models import Received, Unplaced
from tom_scimma.models import Message
from tom_scimma.targets import share

Waits = Unplaced.State
WORDS = "its topic turned out not to be public, and the target is seen by others than those who may see this message"


def follow(messages: Collection[int]) -> None:
    """Gives what was received the audience that its stored message has now. In the caller's transaction."""
    found = Received.objects.filter(message__in=messages).select_related("message")
    rows = list(found.prefetch_related("message__groups"))
    for row in rows:
        message: Message = row.message
        row.public = message.public
        row.groups.set(message.groups.all())
    Received.objects.bulk_update(rows, ["public"])
    exposed: set[int] = set()
    for row in rows:
        if row.public and row.unplaced.filter(state=Waits.WAITING, reason="audience").exists():
            _again([row])
        elif not row.public:
            exposed |= _close(row)
    others = Received.objects.filter(targets__in=exposed, public=True, repeated__gt=0, retracted=False)
    _again(others.distinct())  # these said the same, and it is theirs as well


def _close(row: Received) -> set[int]:
    """Takes what a message gave out of the sight of others; the targets that lost data."""
    wanted, groups = intake(row.topic), frozenset(row.groups.values_list("pk", flat=True))
    if wanted.attach == "any" or wanted.permissions in (Target.Permissions.OPEN, Target.Permissions.PUBLIC):
        return set()
    for target in row.targets.exclude(permissions=Target.Permissions.PRIVATE):
        if row.made and target.created >= row.received and not target.hermes_received.filter(public=True).exists():
            target.permissions = Target.Permissions.PRIVATE
            target.save(update_fields=["permissions"])
            share(target, row.groups.all())
    targets = set(row.targets.values_list("pk", flat=True))
    exposed = {pk for pk in targets if not audience.contained(pk, groups)}
    if not getattr(settings, "TARGET_PERMISSIONS_ONLY", True):
        for rows in datums.given(row, targets - exposed):
            datums.close(rows, groups)
    return exposed if exposed and _take_off(row, exposed) else set()


def _take_off(row: Received, exposed: Iterable[int]) -> bool:
    """What a message gave to these targets waits with it; False where the message itself is no longer kept."""
    if settling.document_of(row) is None:
        return False
    row.data -= sum(rows.delete()[0] for rows in datums.given(row, exposed))
    placed = row.unplaced.filter(target__in=exposed).exclude(state=Waits.DISMISSED)
    placed.update(state=Waits.WAITING, reason="audience", words=WORDS, due=None)
    row.targets.remove(*exposed)
    keeping.sum_up(row)
    settling.again(row)
    return True


def _again(rows: Iterable[Received]) -> None:
    for row in rows:
        if settling.document_of(row) is not None:
            settling.again(row)
