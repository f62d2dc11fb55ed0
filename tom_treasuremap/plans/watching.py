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
from tom_treasuremap import coverage, telescopes, working
from tom_treasuremap.followup.request import TERMINAL
from tom_treasuremap.models import Plan, PlanVisit, Pointing
from tom_treasuremap.plans import closed, making, standing, versions

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
    """The job: what calls for a new version, and progress of what telescopes are at."""
    states = telescopes.statuses()
    for row in versions.living():
        if row.state in (State.READY, *Plan.ACTING):
            renew(row, states)
    for row in versions.failed().filter(standing__has_key="closed").exclude(event__state=Event.State.RETRACTED):
        _opened(row, states)
    for row in Plan.objects.filter(state__in=(State.SENT, State.RUNNING)).select_related("line").order_by("pk"):
        closed.keep(row, states)
        follow(row, states)


def follow(row: Plan, states: closed.States) -> Plan:
    """The state of a plan by what became of its observations."""
    visits = list(row.visits.select_related("observation").order_by("order"))
    found = [one.observation.status for one in visits if one.observation is not None]
    last = max((one.end for one in visits), default=None)
    over = last is not None and timezone.now() > last + OVER
    ended = bool(found) and all(state in TERMINAL for state in found)
    if over or (ended and not closed.waits(row, visits, states)):
        _become(row, State.DONE, ended=timezone.now())
    elif any(state in standing.SEEN for state in found):
        _become(row, State.RUNNING)
    return row


def _become(row: Plan, state: str, **values: Any) -> None:
    if row.state != state:
        Plan.objects.filter(pk=row.pk, state=row.state).update(state=state, **values)
        row.state = state


def renew(row: Plan, states: closed.States) -> Plan | None:
    """The next version of a plan, where something has come up; None where it stands, and while no telescope of it is open."""
    if closed.all_shut(row, states):
        return None
    rest = versions.remaining(row)
    new = _opened(row, states) or _closed(row, rest, states)
    for look in (_others, _late):
        if new is None and (found := look(row, rest)) is not None:
            new = versions.again(row, found[0], cause=found[1])
    return new


def _closed(row: Plan, rest: Sequence[PlanVisit], states: closed.States) -> Plan | None:
    """The version without a telescope that closed, where others of its are open."""
    known = closed.shut(row, states) - set(row.standing.get("closed", {}))
    for name in sorted(known & {one.telescope for one in rest}):
        why = f"{name} is {states[name].label}. {states[name].why}".strip()
        return versions.again(row, why, cause=f"closed {name} {states[name].since}")
    return None


def _opened(row: Plan, states: closed.States) -> Plan | None:
    """The version of what was not done, where a telescope that it left out, or that closed since it was made, is open again."""
    if closed.over(row):
        return None
    out, shut = row.standing.get("closed", {}), closed.shut(row, states)
    for name, since in sorted(closed.gone(row).items()):
        if name in states and name not in shut and closed.missed(row, name, since):
            was = "" if name in out else f" It was closed from {since:%H:%M} UTC."
            why = f"{name} is open again.{was}"
            return versions.again(row, why, cause=f"opened {name} {states[name].since}")
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
