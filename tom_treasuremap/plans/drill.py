"""What a fire drill does with plans: makes one, approves it, writes the requests down. Its transaction is never committed."""

from __future__ import annotations

from typing import Any

from tom_scimma.models import Event
from tom_treasuremap.models import Plan
from tom_treasuremap.plans import approving, making, presets


def plan(event: Event, user: Any) -> str:
    """A first plan of the event with the TOM's own telescopes. Raises RuntimeError where there is none."""
    row = making.ask(presets.question(presets.FIRST, event), by=user, event=event)
    row.state = Plan.State.WORKING
    row.save(update_fields=["state"])
    row = making.first(row)
    if row.state != Plan.State.READY:
        raise RuntimeError(row.error)
    return f"{row.visits.count()} exposures by {', '.join(row.telescopes)}, worth {row.worth} of at most {row.most}"


def approve(event: Event, user: Any) -> str:
    """Its approval, and the requests that would leave. Raises RuntimeError where there is nothing to approve."""
    row = Plan.objects.filter(event=event, state=Plan.State.READY).order_by("-pk").first()
    if row is None:
        raise RuntimeError("there is no plan to approve")
    if not row.visits.exists():
        return "nothing of it is up tonight: there is nothing to send"
    row = approving.approve(row, user, reports=False)
    asked = row.visits.exclude(observation=None)
    queued = asked.exclude(observation__asked__submission=None).values("observation").distinct().count()
    return f"{asked.values('observation').distinct().count()} requests, {queued} of them would leave by themselves"
