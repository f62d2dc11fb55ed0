"""The plan of a night: which telescope looks where and when, what that is worth, and what no plan can exceed. Pure.

    best = plan.solve(fields, telescopes, (begin, end), visits=Visits.simple("r", 60), nodes=200)
    best.value, best.bound, best.gap, best.reasons["ztf-605"]

A valid plan is there at once; every better one goes to `on_better`, and none is ever replaced by a worse one. The same
input gives the same plan unless `seconds` or `stop` ends the search. docs/planning.md says what is solved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tom_treasuremap.planning import problem as problems
from tom_treasuremap.planning import search
from tom_treasuremap.planning.problem import Problem, Visits, Wanted
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.visits import Field, Plan

__all__ = ["Problem", "Visits", "best", "solve"]


def solve(
    fields: Sequence[Field],
    telescopes: Sequence[Telescope],
    window: tuple[datetime, datetime],
    *,
    visits: Wanted,
    nodes: int,
    start: Plan | None = None,
    on_better: Callable[[Plan], None] | None = None,
    seconds: float | None = None,
    stop: Callable[[], bool] | None = None,
    constraints: Mapping[str, Any] | None = None,
    budgets: Mapping[str, float] | None = None,
    step: int = problems.STEP,
    shared: bool = True,
    known: Mapping[str, str] | None = None,
) -> Plan:
    """The best plan found with so many nodes; 0: the first one that there is, at once.

    `start` is a plan to begin from, as far as it is still valid. `constraints` (by telescope) take the place of its standard
    rules, as in a what-if; `budgets` (by telescope) are the seconds it may spend, overheads included. `known` is why a field
    is worth nothing any more, such as what has covered it. `shared=False`: the same sky counts once for each telescope.

    Raises ValueError where the window is none or names repeat.
    """
    some = problems.of(
        fields, telescopes, window, visits=visits, step=step, constraints=constraints, budgets=budgets, shared=shared
    )
    return best(some, nodes=nodes, start=start, on_better=on_better, seconds=seconds, stop=stop, known=known)


def best(
    problem: Problem,
    *,
    nodes: int,
    start: Plan | None = None,
    on_better: Callable[[Plan], None] | None = None,
    seconds: float | None = None,
    stop: Callable[[], bool] | None = None,
    known: Mapping[str, str] | None = None,
) -> Plan:
    """The best plan of a Problem, as `solve`."""
    return search.Search(problem, on_better, seconds, stop, known or {}).run(nodes, start)
