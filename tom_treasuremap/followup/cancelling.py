"""Taking requests back: what has not left never leaves; what has left is cancelled at the telescope, where it can be.

cancel(records, by, why)    -> what could not be, in words, by observation id
due()                       the job: what is to be taken back as soon as it can, or after its grace time
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from tom_observations.models import DynamicCadence, ObservationRecord

from tom_scimma import acts, outbox
from tom_scimma.conf import conf as trunk
from tom_scimma.models import Delivery, Event
from tom_scimma.targets import own
from tom_treasuremap import telescopes
from tom_treasuremap.followup import asking, following
from tom_treasuremap.followup.request import TERMINAL, State
from tom_treasuremap.models import Asked, Plan, PlanVisit
from tom_treasuremap.transports import transport

Sent = Delivery.State
WAITING = (Sent.QUEUED, Sent.HELD)
#: of what is being observed while somebody cancels it
MAY_FINISH = "What is being exposed usually runs to its end; the telescope is asked all the same."


def may_cancel(record: ObservationRecord, user: Any) -> bool:
    """Whoever asked for it, and whoever may change its target, while they may see it."""
    if user is None or not user.is_authenticated or not user.is_active:
        return False
    if not Asked.objects.visible_to(user).filter(record=record).exists():
        return False
    if user.is_superuser or record.user_id == user.pk:
        return True
    target = own(record.target)
    return user.has_perm(f"{target._meta.app_label}.change_target", target) or user.has_perm(
        f"{target._meta.app_label}.change_{target._meta.model_name}", target
    )


def cadences(record: ObservationRecord) -> QuerySet[DynamicCadence]:
    """The host's cadences that go on after an observation, and take one that was cancelled for one that failed: they ask again."""
    return DynamicCadence.objects.filter(observation_group__observation_records=record, active=True)


def end_cadences(record: ObservationRecord, user: Any) -> bool:
    """Ends them, where this user may cancel the observation; whether there was one to end."""
    return may_cancel(record, user) and bool(cadences(record).update(active=False))


def cancel(
    records: Iterable[ObservationRecord], by: Any, why: str = "", *, unsent_only: bool = False
) -> dict[str, str]:
    """Takes back these observations; {} where all could be. `by` None: this TOM itself. In a transaction of its own.

    What is at the telescope stays as it is until the telescope says that it is cancelled; with `unsent_only` nothing is
    asked of a telescope, also where a worker was faster.
    """
    left: dict[str, str] = {}
    rows = Asked.objects.filter(record__in=[record.pk for record in records]).order_by("pk")
    rows = rows.select_related("record", "submission", "cancellation", "by")
    gone = drop([row for row in rows if row.record.status not in TERMINAL], by, why)
    for row in rows.exclude(pk__in=gone).all():  # as they are now
        with transaction.atomic():
            words = _cancel(row, by, why, unsent_only)
        if words:
            left[row.request_id] = words
    return left


def _cancel(row: Asked, by: Any, why: str, unsent_only: bool) -> str:
    """What stands in the way, or nothing."""
    if row.record.status in TERMINAL:
        return f"It is {row.record.status.lower().replace('_', ' ')} already."
    if row.submission is None:
        following.apply(row, State("CANCELED", message=why or "Cancelled."), by=_name(by))
        return ""
    return "It has left meanwhile." if unsent_only else _recalled(row, by, why)


def drop(rows: Iterable[Asked], by: Any, why: str) -> set[int]:
    """Keys of those that have not left and now never leave; what was to go with them goes without them, once.

    Not among them: what has left, or where a worker was faster.
    """
    together: dict[int, list[Asked]] = defaultdict(list)
    for row in rows:
        if row.submission is not None and row.submission.state in WAITING:
            together[row.submission.pk].append(row)
    gone: set[int] = set()
    for group in together.values():
        with transaction.atomic():
            if _drop(group, by, why):
                gone.update(row.pk for row in group)
    return gone


def _drop(group: list[Asked], by: Any, why: str) -> bool:
    """The same for some of one delivery."""
    first, submission = group[0], group[0].submission
    others = Asked.objects.filter(submission=submission).exclude(pk__in=[row.pk for row in group])
    others = [one for one in others.select_related("record") if one.record.status not in TERMINAL]
    kept = {"not_before": submission.not_before, "deadline": submission.deadline} if first.armed_by else {}
    try:
        acts.cancel(submission, by, why)
    except acts.NotNow:
        return False
    known = telescopes.telescopes().get(first.telescope)
    if others and known is not None:
        asking.submit(known, others, **kept)
    for row in group:
        following.apply(row, State("CANCELED", message=why or "Cancelled before it left."))
    return True


def _recalled(row: Asked, by: Any, why: str) -> str:
    telescope = telescopes.telescopes().get(row.telescope)
    if telescope is None:
        return f"{row.telescope} is no longer known here: tell the observers, then mark it."
    way = transport(telescope)
    if way.cancel is None:
        return f"{telescope.label} has it and cannot be told from here: tell the observers, then mark it on the night page."
    Asked.objects.filter(pk=row.pk).update(cancel_reason=why)
    if row.submission.state in (Sent.SENDING, *WAITING):  # its fate will be known in a moment
        Asked.objects.filter(pk=row.pk, cancel_after=None).update(cancel_after=timezone.now())
        return ""
    if row.cancellation is not None and row.cancellation.state not in Delivery.FINAL:
        return ""  # asked already
    there = way.cancels(telescope)
    payload = way.withdraw([row.request_id], telescope, why)
    turn = 1 if row.cancellation is None else row.cancellation.generation + 1
    key = outbox.key_of(there, f"request:{row.request_id}", b"cancel", turn)
    row.cancellation = outbox.queue(
        there, payload, key=key, by=by or row.by, subject=f"observation:{row.record_id}", event=row.event
    )
    Asked.objects.filter(pk=row.pk).update(cancellation=row.cancellation, cancel_after=None)
    return ""


def running(rows: Iterable[Asked]) -> set[str]:
    """Ids of those that are being observed as they are now: most telescopes take no such one back."""
    going = Asked.objects.filter(pk__in=[row.pk for row in rows], record__status="IN_PROGRESS")
    return set(going.values_list("request_id", flat=True))


def due() -> None:
    """The job: cancels what was to be cancelled as soon as its fate is known, and what this TOM takes back after its grace time."""
    _outlasted()
    rows = Asked.objects.open().filter(cancel_after__lte=timezone.now())
    for row in rows.select_related("record", "event", "arming__by", "arming__rule"):
        why = _kept(row) if row.grace else ""
        if why:
            Asked.objects.filter(pk=row.pk).update(cancel_after=None, grace=False, message=why)
        else:
            cancel([row.record], None, row.cancel_reason)


def _outlasted() -> None:
    """What this TOM asked for by itself and has not left does not leave once nobody's word stands for it any more."""
    from tom_treasuremap.followup.arming import over

    rows = Asked.objects.open().exclude(armed_by="").filter(submission__state__in=WAITING, submission__resend_of=None)
    ended: dict[str, list[ObservationRecord]] = defaultdict(list)
    for row in rows.select_related("record", "arming__by", "arming__rule__owner"):
        why = over(row.arming)
        if why:
            ended[why].append(row.record)
    for why, records in ended.items():
        cancel(records, None, why, unsent_only=True)


def _kept(row: Asked) -> str:
    """Why this TOM does not take it back by itself, after all."""
    if row.record.status == "IN_PROGRESS":
        return "It was being observed when it was to be taken back: a running exposure is not stopped."
    if timezone.now() - row.cancel_after > trunk.ACT_AGE:
        return f"It stays: it was to be taken back more than {trunk.ACT_AGE} ago."
    if _is_wanted(row):
        return "It stays: the event was reinstated."
    if row.arming is None or not row.arming.is_in_force or not row.arming.cancels:
        return "It stays: the telescope is not armed for taking back any more."
    return ""


def _is_wanted(row: Asked) -> bool:
    """Whether what it was asked for still stands: its event, and the plan that it is part of."""
    if row.event is None:
        return True
    if row.event.state == Event.State.RETRACTED:
        return False
    visits = PlanVisit.objects.filter(observation=row.record)
    return not row.plan or visits.filter(plan__state__in=Plan.ACTING).exists()


def _name(by: Any) -> str:
    return by.get_username() if by is not None else ""
