"""From state to state: one delivery's move, what it means for those behind it, and the record of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from tom_scimma import storable
from tom_scimma.models import Attempt, Delivery

State = Delivery.State

#: states in which a person should look; an UNKNOWN one only once the service was asked in vain
ATTENTION = {State.HELD, State.REJECTED, State.EXPIRED}
#: ends that those which wait for it cannot follow
DEAD_ENDS = {State.REJECTED, State.CANCELLED, State.EXPIRED}


def move(
    delivery: Delivery,
    state: str,
    *,
    reason: str = "",
    from_states: Collection[str] | None = None,
    attempts: int | None = None,
    **values: Any,
) -> bool:
    """Moves a delivery, if it still is where it was; those behind a dead end are held. False: somebody moved it before.

    `from_states` are those it may be moved from (by default the one it is in), `attempts` the try that this is about.
    """
    state = str(state)
    change = {
        "state": state,
        "reason": storable.text(reason),
        "needs_person": state in ATTENTION,
        "finished": timezone.now() if state in Delivery.FINAL else None,
        **values,
    }
    with transaction.atomic(savepoint=False):
        rows = Delivery.objects.filter(pk=delivery.pk, state__in=from_states or [delivery.state])
        if attempts is not None:
            rows = rows.filter(attempts=attempts)
        if not rows.update(**change):
            return False
        if state in DEAD_ENDS:
            _hold_followers(delivery, state)
    for name, value in change.items():
        setattr(delivery, name, value)
    return True


def note(
    delivery: Delivery,
    what: str,
    text: str,
    *,
    by: Any = None,
    by_name: str = "",
    answer: str = "",
    started: datetime | None = None,
    traceback: str = "",
) -> Attempt:
    """One line in the record of a delivery, of something that is over."""
    now = timezone.now()
    return Attempt.objects.create(
        delivery=delivery,
        what=what,
        text=storable.text(text),
        by=by,
        by_name=by_name or (by.get_username() if by is not None else ""),
        answer=answer,
        started=started or now,
        ended=now,
        traceback=traceback,
    )


def _hold_followers(delivery: Delivery, state: str) -> None:
    words = State(state).label
    reason = f"#{delivery.pk}, which this waits for, was {words}. Release it to send it all the same, or cancel it."
    for follower in delivery.followers.filter(state=State.QUEUED):
        if move(follower, State.HELD, reason=reason):
            note(follower, Attempt.What.CHECK, reason, answer="held")
