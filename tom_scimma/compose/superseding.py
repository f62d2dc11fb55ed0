"""What waits and is said anew in other words: the new one takes its place, so that a yes to each does not send both.

earlier(draft, parcels, cargo)      a person's own deliveries of just that, to the same places, that have not left
withdraw(rows, keys, by=user)       cancels those of them that the person chose; nothing that has left is touched
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import Q

from tom_scimma import acts, course
from tom_scimma.compose import drafts
from tom_scimma.compose.items import Cargo
from tom_scimma.compose.parcels import Parcel
from tom_scimma.errors import Unsaid
from tom_scimma.models import Attempt, Delivery, Draft, Share, SharedItem

State = Delivery.State
WAITS = (State.HELD, State.QUEUED)


def earlier(draft: Draft, parcels: Sequence[Parcel], cargo: Cargo) -> list[Delivery]:
    """What has not left and is the same objects, sent by the draft's owner, or is what the draft corrects; in other words than these."""
    same = {(kind, number) for kind, numbers in cargo.keys().items() for number in numbers}
    rows = Delivery.objects.filter(
        Q(by=draft.user_id, event_name=drafts.selection_of(draft).event, share__standing=None)
        | Q(pk=draft.corrects_id),
        state__in=WAITS,
        share__number=1,
        destination__in={one.destination for one in parcels},
    ).exclude(sha256__in={hashlib.sha256(one.payload).hexdigest() for one in parcels})
    mine = (row for row in rows.defer("payload").order_by("pk") if acts.may_act(row, draft.user))
    return [row for row in mine if row.pk == draft.corrects_id or _carried(row) == same]


def _carried(row: Delivery) -> set[tuple[str, int]]:
    return set(SharedItem.objects.filter(delivery=row).values_list("kind", "number"))


def withdraw(rows: Iterable[Delivery], keys: Collection[str], *, by: Any) -> list[Delivery]:
    """Cancels those with these keys, all their parts. Raises Unsaid where one has left since the person looked."""
    waiting = {str(row.pk): row for row in rows}
    gone = [key for key in keys if key not in waiting]
    if gone:
        raise Unsaid(f"#{gone[0]}, which this was to replace, does not wait any more. Look again.")
    chosen = [waiting[key] for key in dict.fromkeys(keys)]
    for row in chosen:
        parts = Delivery.objects.filter(pk__in=Share.objects.filter(first=row).values("pk"), state__in=WAITS)
        for part in parts.order_by("-pk"):
            try:
                acts.cancel(part, by, "Other words take its place.")
            except acts.NotNow as error:
                raise Unsaid(f"#{part.pk}, which this was to replace, is on its way. {error}") from error
    return chosen


def told(withdrawn: Iterable[Delivery], rows: Sequence[Delivery]) -> None:
    """Which took the place of which, in the record of both."""
    for old in withdrawn:
        new = next((row for row in rows if row.destination == old.destination), None)
        if new is not None:
            course.note(old, Attempt.What.PERSON, f"#{new.pk} takes its place.", by=new.by)
            course.note(new, Attempt.What.PERSON, f"It takes the place of #{old.pk}, which did not leave.", by=new.by)
            Delivery.objects.filter(pk=old.pk).update(reason=f"Cancelled. #{new.pk} takes its place.")
