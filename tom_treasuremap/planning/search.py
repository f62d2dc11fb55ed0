"""The search: a plan at once, then better ones and lower bounds, until it is proved, asked to stop, or at its limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np

from tom_treasuremap.planning import bounds, draft, exact, improve, reasons, solver, written
from tom_treasuremap.planning.draft import Draft
from tom_treasuremap.planning.problem import Problem
from tom_treasuremap.visits import Plan

#: a plan this near to its bound, as a part of it, is called optimal
PROVED = 1e-6


class Search:
    """One search. `best` is the plan in hand at any time; it is never replaced by a worse one."""

    def __init__(
        self,
        problem: Problem,
        on_better: Callable[[Plan], None] | None = None,
        seconds: float | None = None,
        stop: Callable[[], bool] | None = None,
        known: Mapping[str, str] | None = None,
    ) -> None:
        self.problem, self.on_better, self.seconds, self.stop = problem, on_better, seconds, stop
        self.known, self.begun = known or {}, time.monotonic()
        self.setting = problem.setting
        self.bound, self.nodes = bounds.sum_of_best(self.setting), 0
        self.best = Draft(self.setting)

    def run(self, nodes: int, start: Plan | None = None) -> Plan:
        """The Plan after so many nodes."""
        self.offer(draft.first(self.setting))
        if start is not None:
            self.offer(written.read(self.setting, start))
        if nodes > 0 and exact.small(self.setting):
            self.offer(exact.best(self.setting))
            self.lower(self.best.value)
        if nodes <= 0 or self.proved:
            return self.plan("optimal" if self.proved else "greedy")
        return self.plan(improve.improve(self, nodes))

    @property
    def proved(self) -> bool:
        """Whether no plan can be better."""
        return self.best.value >= self.bound * (1 - PROVED) - 1e-12

    def offer(self, some: Draft) -> bool:
        """Takes a plan if it is better than the one in hand."""
        if some.value <= self.best.value * (1 + 1e-12) + 1e-15 and len(self.best.lookers):
            return False
        self.best = some.copy()
        self.tell()
        return True

    def lower(self, bound: float) -> None:
        """Takes a bound if it is lower than the one in hand."""
        if bound < self.bound:
            self.bound = max(bound, self.best.value)
            self.tell()

    def ended(self) -> str:
        """Why to stop now; empty: go on."""
        if self.proved:
            return "optimal"
        if self.stop is not None and self.stop():
            return "asked"
        return "time" if self.seconds is not None and time.monotonic() - self.begun > self.seconds else ""

    def tell(self) -> None:
        """Hands on what there is."""
        if self.on_better is not None:
            self.on_better(self.plan(""))

    def plan(self, stopped: str) -> Plan:
        """The plan in hand, with its reasons once the search has ended."""
        visits = written.visits(self.best)
        bound = max(self.bound, self.best.value)
        how = {
            "nodes": self.nodes,
            "seconds": round(time.monotonic() - self.begun, 3),
            "seed": improve.SEED,
            "numpy": np.__version__,
            "highs": solver.version() if self.nodes else "",
        }
        why = reasons.reasons(self.best, self.known) if stopped else {}
        return Plan(visits, self.best.value, bound, why, stopped, how)
