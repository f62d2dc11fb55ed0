"""What becomes of plans while the night goes on: the job that follows their observations, and asks for a new version where it must.

watch()      the job; wakened when pointings of an event change
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from tom_scimma.models import Event
from tom_treasuremap import coverage, working
from tom_treasuremap.followup.request import TERMINAL
from tom_treasuremap.models import Plan, PlanVisit, Pointing
from tom_treasuremap.plans import making, standing, versions

JOB = "plans watched"
State = Plan.State
#: between two versions that others' pointings bring about
PAUSE = timedelta(minutes=2)
#: an approved visit that has not begun so long after its time is late; so is a plan that nobody approved
LATE = timedelta(minutes=10)
#: versions that lateness alone may bring about
LATE_VERSIONS = 3
#: a plan whose last visit is so long over is done, whatever became of its observations
OVER = timedelta(hours=12)


def changed(sender: Any, event: Any, **more: Any) -> None:
    """The signal: pointings of an event came or changed."""
    if Plan.objects.filter(event=event, state__in=(*Plan.OPEN, *Plan.ACTING)).exists():
        making.wake(JOB)


def watch() -> None:
    """The job: progress of what telescopes are at, and what calls for a new version."""
    for row in Plan.objects.filter(state__in=(State.SENT, State.RUNNING)).order_by("pk"):
        follow(row)
    for row in versions.living():
        if row.state in (State.READY, *Plan.ACTING):
            renew(row)


def follow(row: Plan) -> Plan:
    """The state of a plan by what became of its observations."""
    visits = list(row.visits.select_related("observation").order_by("order"))
    states = [one.observation.status for one in visits if one.observation is not None]
    last = max((one.end for one in visits), default=None)
    over = last is not None and timezone.now() > last + OVER
    if (states and all(state in TERMINAL for state in states)) or over:
        _become(row, State.DONE, ended=timezone.now())
    elif any(state in standing.SEEN for state in states):
        _become(row, State.RUNNING)
    return row


def _become(row: Plan, state: str, **values: Any) -> None:
    if row.state != state:
        Plan.objects.filter(pk=row.pk, state=row.state).update(state=state, **values)
        row.state = state


def renew(row: Plan) -> Plan | None:
    """The next version of a plan, where something has come up; None where it stands."""
    rest = versions.remaining(row)
    for look in (_clouds, _others, _late):
        found = look(row, rest)
        if found is not None:
            why, cause = found
            return versions.again(row, why, cause=cause)
    return None


def _clouds(row: Plan, rest: Sequence[PlanVisit]) -> tuple[str, str] | None:
    """A telescope that closed, or opened again."""
    from tom_treasuremap import telescopes

    states = telescopes.statuses()
    asked = set(row.asks.telescopes or row.telescopes)
    shut = {name for name in asked if name in states and not states[name].can_observe}
    was = set(row.standing.get("closed", {}))
    closed = {name for name in shut - was if any(one.telescope == name for one in rest)}
    opened = {name for name in was - shut if name in states}
    if closed and asked - shut:
        name = sorted(closed)[0]
        return f"{name} is {states[name].label}. {states[name].why}".strip(), f"closed {name} {states[name].since}"
    if opened and rest:
        name = sorted(opened)[0]
        return f"{name} is open again.", f"opened {name} {states[name].since}"
    return None


def _others(row: Plan, rest: Sequence[PlanVisit]) -> tuple[str, str] | None:
    """Pointings that came since, where this plan means to look."""
    if row.event is None or not rest or not row.asks.residual or timezone.now() - row.asked < PAUSE:
        return None
    events = [row.event, *Event.objects.filter(pk__in=[int(key) for key in row.asks.also])]
    if not Pointing.objects.filter(event__in=events).exists():
        return None
    rows = [one for event in events for one in standing.pointings(event, row.asked_by, row.line)]
    known, since = set(row.standing.get("pointings", ())), row.standing.get("changed", "")
    new = [one for one in rows if one.pk not in known or one.changed.isoformat() > since]
    mine = set(row.line.all_versions.exclude(visits__observation=None).values_list("visits__observation", flat=True))
    new = [one for one in new if one.observation_id is None or one.observation_id not in mine]
    hit = _overlapping(new, rest)
    if not hit:
        return None
    who = sorted({one.team or one.telescope or "somebody" for one in hit})
    verb = "looked" if any(one.status == "completed" for one in hit) else "plan to look"
    return f"{' and '.join(who[:3])} {verb} where it means to.", f"pointings {standing.newest(rows)} {len(rows)}"


def _overlapping(new: Sequence[Pointing], rest: Sequence[PlanVisit]) -> list[Pointing]:
    """Of these pointings, those in whose footprint a visit's centre lies."""
    from tom_scimma.skymap import seen, sphere

    looks = [one.as_pointing() for one in new]
    if not looks:
        return []
    fields, placed = coverage.on_sky(looks, working.cameras(looks))
    if not len(fields):
        return []
    ra, dec = np.array([(one.ra, one.dec) for one in rest]).T
    found: set[int] = set()
    for _, which in seen.pairs(fields, sphere.vectors(ra, dec)):
        found.update(np.unique(which).tolist())
    return [new[placed[at]] for at in sorted(found)]


def _late(row: Plan, rest: Sequence[PlanVisit]) -> tuple[str, str] | None:
    """A start that was missed: of a plan that nobody has approved yet, or of visits that telescopes were asked for."""
    now = timezone.now()
    if Plan.objects.filter(line=row.line, why__startswith="It is late").count() >= LATE_VERSIONS:
        return None
    if row.state == State.READY:
        first = row.visits.order_by("order").first()
        if first is not None and first.start < now - LATE and rest:
            return "It is late: nobody has approved the version before.", f"late {row.pk}"
        return None
    if row.state in (State.SENT, State.RUNNING) and rest:
        waiting = row.visits.filter(start__lt=now - LATE, observation__status__in=("PENDING", "SCHEDULED"))
        waiting = waiting.exclude(observation__asked__submission=None)  # of a download nobody says that it begins
        if waiting.exists():
            return "It is late: its visits did not begin in time.", f"late {row.pk}"
    return None
