"""What was sent and is otherwise now: compared by hash, flagged, and sent again with reference to the first.

differing(delivery)       keys of its items that have changed or are gone
run()                     the worker's job, which flags them
again(delivery, user)     a draft that says it anew and cites the first, or says what did not leave in other words
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.utils import timezone

from tom_scimma import acts
from tom_scimma.compose import drafts
from tom_scimma.compose.carried import carrier, chosen
from tom_scimma.compose.gather import gather
from tom_scimma.compose.items import items
from tom_scimma.compose.rights import owners
from tom_scimma.compose.selection import CANDIDATE, KINDS, TARGET, Selection
from tom_scimma.models import Candidate, Delivery, Draft, SharedItem

#: what was sent longer ago is not compared any more by itself
LONG_AGO = timedelta(days=180)
#: so many objects are compared in one round
ROUND = 20_000
PLACE = "tom_scimma.compose.compared"
State = Delivery.State
#: the service does not have what is in one of these: there is nothing to refer to
NOT_THERE = (State.HELD, State.QUEUED, State.REJECTED, State.EXPIRED, State.CANCELLED)


def _everything() -> Any:
    """Eyes that see all: the comparison tells nobody what it saw."""
    return get_user_model()(is_superuser=True, is_active=True)


def _there(kind: str, keys: list[int], eyes: Any) -> list[int]:
    if kind == CANDIDATE:
        return list(Candidate.objects.filter(pk__in=keys).values_list("pk", flat=True))
    if kind == TARGET:
        from tom_targets.models import Target

        return list(Target.objects.filter(pk__in=keys).values_list("pk", flat=True))
    return list(owners(kind, keys, eyes))


def differing(delivery: Delivery) -> set[int]:
    """Keys of the delivery's SharedItems whose objects have other values now, or are gone."""
    eyes, found = _everything(), chosen(delivery)
    there = {kind: tuple(_there(kind, found[kind], eyes)) for kind in KINDS if found.get(kind)}
    now = {(item.kind, item.number): item.digest for item in items(gather(Selection(chosen=there), eyes))}
    rows = SharedItem.objects.filter(delivery=carrier(delivery)).values_list("pk", "kind", "number", "digest")
    return {pk for pk, kind, number, digest in rows if now.get((kind, number)) != digest}


def flag(delivery: Delivery) -> int:
    """Flags what has changed since, and unflags what is as it was again; how many are otherwise."""
    changed = differing(delivery)
    rows = SharedItem.objects.filter(delivery=delivery)
    rows.filter(pk__in=changed, changed=None).update(changed=timezone.now())
    rows.exclude(changed=None).exclude(pk__in=changed).update(changed=None)
    return len(changed)


def run() -> None:
    """Compares some of what was delivered, the next ones the next time."""
    since, last = timezone.now() - LONG_AGO, cache.get(PLACE, 0)
    rows = Delivery.objects.filter(state=Delivery.State.DELIVERED, share__number=1, created__gt=since, pk__gt=last)
    left = ROUND
    for row in rows.order_by("pk").defer("payload")[:500]:
        left -= row.items.count()
        flag(row)
        last = row.pk
        if left <= 0:
            break
    else:
        last = 0
    cache.set(PLACE, last, None)


def word(delivery: Delivery, user: Any) -> str:
    """What the button says that opens such a draft; "" where nobody can tell yet what became of the first, or it is another's."""
    if not hasattr(delivery, "share") or not acts.may_act(delivery, user):
        return ""
    if delivery.state == State.DELIVERED:
        return "Say it anew, with reference to this"
    return "Edit it" if delivery.state in NOT_THERE else ""


def again(delivery: Delivery, user: Any) -> Draft:
    """A draft with the same choice, words and sink, which refers to the first where that was delivered. Raises Unseen."""
    share = delivery.share
    keys = {kind: tuple(numbers) for kind, numbers in chosen(delivery).items()}
    event = delivery.event.name if delivery.event is not None else ""
    form = share.draft.form if share.draft is not None and share.draft.user_id == user.pk else {}
    selection = Selection(event, {kind: keys[kind] for kind in KINDS if kind in keys})
    there = delivery.state == State.DELIVERED
    return drafts.opened(selection, user, after=delivery, corrects=there, form=form, to=[delivery.destination])
