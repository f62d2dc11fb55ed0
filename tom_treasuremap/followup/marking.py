"""What a person says became of a request, on the night page: observed, failed, skipped."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from tom_treasuremap import telescopes
from tom_treasuremap.followup import cancelling, following, reach, written
from tom_treasuremap.followup.request import State
from tom_treasuremap.models import Asked

STATES = {"observed": "COMPLETED", "failed": "FAILED", "skipped": "WINDOW_EXPIRED", "begun": "IN_PROGRESS"}


def may_mark(row: Asked, user: Any) -> bool:
    """Whoever may cancel it, and whoever may arm telescopes: the observers."""
    return cancelling.may_cancel(row.record, user) or (
        user.has_perm("tom_treasuremap.arm_telescope") and Asked.objects.visible_to(user).filter(pk=row.pk).exists()
    )


@transaction.atomic
def mark(
    row: Asked, what: str, by: Any, *, why: str = "", start: datetime | None = None, depth: float | None = None
) -> bool:
    """Writes what a person saw; False where it had ended already, and not by a person's word. Raises KeyError for another word.

    What was observed is taken to have been observed as it was asked; `start` by default now, less the time that takes. What
    is over and has not left does not leave any more.
    """
    marked = _marked(row, what, by, why=why, start=start, depth=depth)
    if marked and what != "begun":
        cancelling.drop([row], by, f"{by.get_username()} marked it as {what}.")
    return marked


def _marked(row: Asked, what: str, by: Any, *, why: str, start: datetime | None, depth: float | None) -> bool:
    state, now = STATES[what], timezone.now()
    request = written.from_json(row.request)
    known = telescopes.telescopes().get(row.telescope)
    length = timedelta(seconds=reach.seconds(request, known) if known is not None else row.seconds)
    name = by.get_username()
    if what in ("failed", "skipped"):
        return following.apply(row, State(state, message=why or f"{name} marked it as {what}."), by=name)
    begun = row.record.scheduled_start if row.record.status == "IN_PROGRESS" else None
    start = start or begun or (now if what == "begun" else now - length)
    if what == "begun":
        return following.apply(row, State(state, start=start, end=start + length, message=f"{name}: begun."), by=name)
    done = tuple(
        {
            "start": start, "filter": one.filter, "seconds": one.seconds, "count": one.count, "depth": depth,
            "ra": request.ra, "dec": request.dec, "pos_angle": request.pos_angle,
        }
        for one in request.exposures
    )  # fmt: skip
    words = f"{name} marked it as observed."
    return following.apply(row, State(state, start=start, end=start + length, message=words, observed=done), by=name)
