"""Telescopes of plans that are closed: what a plan's page says of them, and what of a plan waits until they open again.

said(row, states)         what is closed now, in words
gone(row)                 since when each of its telescopes was left out, or closed after it was made
missed(row, since)        whether anything of it was not done because of that
keep(row, states)         what has not left for one that closed since it was sent does not leave
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from tom_scimma import outbox
from tom_treasuremap.models import Asked, Plan, PlanVisit, TelescopeState
from tom_treasuremap.plans import setting, standing
from tom_treasuremap.telescopes.states import STATES, Status

States = Mapping[str, Status]
#: what is kept back is looked at again before so long
WHILE = timedelta(minutes=1)


def names(row: Plan) -> set[str]:
    """The telescopes that a plan is for, also those that it left out."""
    return set(row.asks.telescopes or row.telescopes) | set(row.standing.get("closed", {}))


def shut(row: Plan, states: States) -> set[str]:
    """Those of them that are closed now."""
    return {name for name in names(row) if name in states and not states[name].can_observe}


def all_shut(row: Plan, states: States) -> bool:
    """Whether none is open, so that nothing can be planned."""
    return bool(names(row)) and names(row) == shut(row, states)


def said(row: Plan, states: States) -> list[str]:
    """What is closed now of what a plan is at, or is for, in words; what it has left out itself it says by itself."""
    if not (row.open or row.acting) or (row.state != Plan.State.ASKED and over(row)):
        return []
    out = row.standing.get("closed", {})
    return [f"{name} is {states[name].words}." for name in sorted(shut(row, states)) if name not in out]


def over(row: Plan) -> bool:
    """Whether no time is left of what a plan was made for."""
    window = row.standing.get("window")
    end = datetime.fromisoformat(window[1]) if window else row.asks.end
    return end is not None and end <= timezone.now() + setting.LEAD + timedelta(seconds=row.asks.lead)


def gone(row: Plan) -> dict[str, datetime]:
    """Since when each of a plan's telescopes was left out of it, or closed after it was made, whether or not it is open again."""
    at = row.standing.get("at")
    made = datetime.fromisoformat(at) if at else row.asked
    found = dict.fromkeys(row.standing.get("closed", {}), made)
    never = [name for name, (_, able) in STATES.items() if not able]
    rows = TelescopeState.objects.filter(telescope__in=names(row), state__in=never, since__gt=made).order_by("since")
    for one in rows:
        found.setdefault(one.telescope, one.since)
    return found


def missed(row: Plan, name: str, since: datetime) -> bool:
    """Whether something of a plan was not done since a telescope closed: of its own, or, where it was left out, of anything."""
    visits = row.visits.select_related("observation__asked__submission")
    if name not in row.standing.get("closed", {}):
        visits = visits.filter(telescope=name)
    elif not visits:
        return True  # it found nothing to look at without this one
    return any(_undone(one) for one in visits.filter(end__gt=since))


def waits(row: Plan, visits: Iterable[PlanVisit], states: States) -> bool:
    """Whether a plan whose observations are all over may still go on: where they were lost to a telescope that is closed, until it
    opens; and then until somebody approves the version that is made of the rest."""
    lost = {one.telescope for one in visits if one.observation is not None and _undone(one)}
    if not lost or over(row):
        return False
    return (
        bool(lost & shut(row, states))
        or row.line.all_versions.filter(version__gt=row.version, state__in=Plan.OPEN).exists()
    )


def _undone(one: PlanVisit) -> bool:
    """Nobody did it or is at it, and nobody took it back."""
    record = one.observation
    if record is None or record.status != "CANCELED":
        return record is None or record.status not in standing.SEEN
    asked = getattr(record, "asked", None)
    return asked is not None and asked.has_left and asked.cancellation_id is None and not asked.marked_by


def keep(row: Plan, states: States) -> None:
    """What was approved and has not left does not leave for a telescope that closed after that, until it opens."""
    for name in shut(row, states):
        since = states[name].since
        if row.sent is not None and since is not None and since > row.sent:
            asked = Asked.objects.open().filter(plan=f"plan:{row.line_id}", telescope=name)
            outbox.postpone(asked.exclude(submission=None).values("submission"), timezone.now() + WHILE)


def of_all(rows: Iterable[Plan], states: States) -> list[Any]:
    """Plans for a list, each with what is `shut` of it."""
    found = list(rows)
    for row in found:
        row.shut = said(row, states)
    return found
