"""What versions of a plan have done already: fields that had all their visits, and those that wait for their next one.

A field counts once all its visits are made. What is left of one that had some of them are the others, as far from the last one as was
asked; where that time is over it is begun anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from tom_treasuremap.models import Plan, PlanVisit
from tom_treasuremap.planning import problem as problems
from tom_treasuremap.planning.problem import Problem, Reach, Visits
from tom_treasuremap.planning.question import Question
from tom_treasuremap.visits import Field

#: observations that look now or have looked
SEEN = ("IN_PROGRESS", "COMPLETED")
#: what the rule is called that keeps a field until its next visit may begin
WAITS = "its next visit is not due"

Key = tuple[str, str]  #: telescope, field


@dataclass(frozen=True)
class Done:
    """How often a telescope looked at a field for a plan."""

    count: int  #: visits
    last: datetime  #: when the last of them began
    target: int | None = None
    observations: frozenset[int] = frozenset()


def of(line: Plan | None, question: Question, *, whole: bool) -> dict[Key, Done]:
    """By telescope and field: those that had all their visits, or (`whole` False) some of them."""
    if line is None:
        return {}
    turns: dict[Key, set[int]] = {}
    found: dict[Key, Done] = {}
    visits = PlanVisit.objects.filter(plan__line=line, observation__status__in=SEEN).order_by("start")
    for one in visits.only("telescope", "field", "turn", "start", "target", "observation"):
        key = (one.telescope, one.field)
        turns.setdefault(key, set()).add(one.turn)
        before = found[key].observations if key in found else frozenset()
        found[key] = Done(len(turns[key]), one.start, one.target_id, before | {one.observation_id})
    return {key: one for key, one in found.items() if (one.count >= question.turns) is whole}


def begun(line: Plan | None, question: Question) -> dict[Key, Done]:
    """Those of which the next visit is still in time."""
    if question.turns == 1:
        return {}
    now, most = timezone.now(), question.gap_max
    return {
        key: one
        for key, one in of(line, question, whole=False).items()
        if most is None or one.last + timedelta(minutes=most) > now
    }


def rest(some: Problem, done: Mapping[Key, Done]) -> Problem:
    """The problem in which fields that were begun have their other visits only, the next of them when it is due."""
    return replace(some, reaches=tuple(_rest(some, reach, done) for reach in some.reaches)) if done else some


def _rest(some: Problem, reach: Reach, done: Mapping[Key, Done]) -> Reach:
    open_, waits, sequences = reach.open.copy(), np.zeros_like(reach.open), list(reach.sequences)
    seconds = some.step * np.arange(some.steps)
    for at, field in enumerate(some.fields):
        one = done.get((reach.telescope.name, field.name))
        if one is None or one.count >= len(sequences[at].blocks):
            continue
        sequences[at] = left = replace(sequences[at], blocks=sequences[at].blocks[one.count :])
        waits[at] = _early_or_late(seconds, (one.last - some.start).total_seconds(), left, reach)
        open_[at] &= ~waits[at]
    stops = {**reach.stops, WAITS: waits} if waits.any() else reach.stops
    return replace(reach, open=open_, sequences=tuple(sequences), stops=stops)


def _early_or_late(seconds: np.ndarray, last: float, left: Visits, reach: Reach) -> np.ndarray:
    """When the next visit of a field does not go on, bool[n]: too soon after the last one, or too late."""
    found: np.ndarray = seconds < last + left.min_gap
    if left.max_gap is not None:
        found = found | (seconds > last + left.max_gap + problems.seconds(reach.telescope, left.blocks[0]))
    return found


def to_json(done: Mapping[Key, Done]) -> list[list[Any]]:
    """Those of a plan that were begun, for its row."""
    return [[*key, one.count, one.last.isoformat()] for key, one in sorted(done.items())]


def from_json(row: Plan) -> dict[Key, Done]:
    """Those that were begun when a plan was made."""
    rows: Iterable[Any] = row.standing.get("begun", ())
    return {(name, field): Done(count, datetime.fromisoformat(last)) for name, field, count, last in rows}


def finished(fields: Mapping[Key, Done], telescope: str, question: Question) -> dict[int, tuple[str, Done]]:
    """{target: (which telescope, how)} of targets that a telescope need not look at any more."""
    return {
        one.target: (name, one)
        for (name, _), one in fields.items()
        if one.target is not None and (question.shared or name == telescope)
    }


def said(some: Iterable[tuple[str, Field]], made: Any) -> dict[str, str]:
    """{key of a field: who has done it} of targets with nothing left."""
    from tom_treasuremap.planning.covered import DONE

    found = {}
    for key, field in some:
        had = finished(made.had, field.telescope, made.question).get(field.target) if field.target else None
        if had is not None and field.weight <= 0:
            found[key] = f"{DONE} {had[0]} for this plan at {had[1].last:%H:%M} on {had[1].last:%d %b}"
    return found
