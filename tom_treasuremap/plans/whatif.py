"""What if: a plan's question asked otherwise and answered while a person waits. It claims nothing, and is kept nowhere.

found = whatif.answer(plan, whatif.asked(plan.asks, {"airmass": "2.5", "moon": "off"}, plan))
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tom_treasuremap import visits as values
from tom_treasuremap.models import Plan
from tom_treasuremap.planning.question import Question
from tom_treasuremap.plans import covered, done, setting


@dataclass(frozen=True)
class Answer:
    """What another question would give."""

    question: Question
    best: values.Plan
    seconds: float
    new: tuple[str, ...]  #: fields that the plan has not
    gone: tuple[str, ...]

    @property
    def fields(self) -> int:
        return len({(one.telescope, one.field) for one in self.best.visits})


def asked(question: Question, said: Mapping[str, Any], row: Plan) -> Question:
    """The question of a plan with what a person changed. Raises ValueError, in words, for what is no number."""
    changes: dict[str, Any] = {}
    for name, least, most in (("airmass", 1.0, 5.0), ("seconds", 0.1, 36000.0), ("budget", 0.01, 24.0)):
        if said.get(name):
            changes[name] = _number(name, said[name], least, most)
    if said.get("moon") in ("off", "on"):
        changes["moon"] = said["moon"] == "on"
    if said.get("yields") in ("off", "on"):
        changes["yields"] = said["yields"] == "on"
    if said.get("hours"):
        hours = _number("hours", said["hours"], -12, 12)
        end = question.end or _end(row)
        changes["end"] = end + timedelta(hours=hours) if end is not None else None
    if said.get("without"):
        names = used(row)
        sets = [
            tuple(name for name in some if name != said["without"])
            for some in (question.filters or names, *question.later)
        ]
        sets = [some for some in sets if some]
        if not sets:
            raise ValueError(f"Without {said['without']} no filter is left.")
        changes |= {"filters": sets[0], "later": tuple(sets[1:])}
    if said.get("visits"):
        changes["visits"] = int(_number("visits", said["visits"], 1, 10))
    return question.but(**changes)


def words(before: Question, after: Question) -> str:
    """What one question asks otherwise than another, for the version that is made of it."""
    said = {
        "airmass": lambda: f"airmass up to {after.airmass:g}",
        "moon": lambda: "the Moon's rule" if after.moon else "no Moon rule",
        "end": lambda: f"until {after.end:%H:%M} UTC",
        "budget": lambda: f"{after.budget:g} h of each telescope",
        "filters": lambda: f"in {', then '.join(', '.join(some) for some in (after.filters, *after.later))}",
        "seconds": lambda: f"{after.seconds:g} s",
        "visits": lambda: f"{after.visits} visit{'' if after.visits == 1 else 's'}",
        "yields": lambda: f"other plans' time {'is theirs' if after.yields else 'taken'}",
    }
    return ", ".join(say() for name, say in said.items() if getattr(before, name) != getattr(after, name))


def answer(row: Plan, question: Question) -> Answer:
    """A plan of another question at once, on the same fields: the first one, or what can stay of this plan filled up, whichever is
    worth more. Raises ValueError where there is none.
    """
    from tom_treasuremap import plan as planner

    began = time.monotonic()
    made = setting.of(question, row.event, row.asked_by, line=row.line, sky=False)
    made = replace(made, begun=done.from_json(row))  # as when its fields were laid
    fields = setting.fields_of(row)
    problem = setting.problem(made, fields)
    best = planner.best(problem, nodes=0, start=setting.plan_of(row), known=covered.known(row))
    before = {one.field for one in row.visits.all()}
    after = {one.field for one in best.visits}
    return Answer(
        question, best, time.monotonic() - began, tuple(sorted(after - before)), tuple(sorted(before - after))
    )


def used(row: Plan) -> list[str]:
    """Filters of a plan's visits, in the order of the question where it has one."""
    found = list(dict.fromkeys(row.visits.order_by("order").values_list("band", flat=True)))
    return [name for name in row.asks.filters if name in found] + [
        name for name in found if name not in row.asks.filters
    ]


def _end(row: Plan) -> Any:
    from datetime import datetime

    window = row.standing.get("window")
    return datetime.fromisoformat(window[1]) if window else None


def _number(name: str, text: Any, least: float, most: float) -> float:
    try:
        value = float(text)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is a number, not “{text}”.") from error
    if not least <= value <= most:
        raise ValueError(f"{name} is between {least:g} and {most:g}, not {value:g}.")
    return value
