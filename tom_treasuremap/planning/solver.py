"""HiGHS on the relaxed problem: the linear programme with rows as they are needed, then branch and bound. One thread, fixed seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tom_treasuremap.planning.relaxed import Relaxed, Row

SEED = 1
#: rounds of adding intervals
ROUNDS = 200
#: rows from which on the first linear programme is solved by interior points: the simplex method may take minutes for fields
#: that overlap freely
LARGE = 5000


def version() -> str:
    """Of HiGHS."""
    from importlib.metadata import version as installed

    return installed("highspy")


class Solver:
    """A relaxed problem inside HiGHS."""

    def __init__(self, relaxed: Relaxed) -> None:
        import highspy

        self.relaxed, self.highs = relaxed, highspy.Highs()
        options: dict[str, Any] = {"output_flag": False, "threads": 1, "random_seed": SEED, "parallel": "off"}
        for name, value in options.items():
            self.highs.setOptionValue(name, value)
        count = len(relaxed.price)
        self.highs.addVars(count, np.zeros(count), np.ones(count))
        self.highs.changeColsCost(count, np.arange(count, dtype=np.int32), -relaxed.price)
        self.rows: list[Row] = []
        self.add(relaxed.rows)

    def add(self, rows: tuple[Row, ...] | list[Row]) -> None:
        """More rows."""
        if not rows:
            return
        begin = np.concatenate(([0], np.cumsum([len(row.column) for row in rows])))[:-1]
        column = np.concatenate([row.column for row in rows]).astype(np.int32)
        value = np.concatenate([row.value for row in rows])
        upper = np.array([row.upper for row in rows])
        below = np.full(len(rows), -np.inf)
        self.rows += rows
        self.highs.addRows(len(rows), below, upper, len(column), begin.astype(np.int32), column, value)

    def linear(self, on_bound: Callable[[float], None], ended: Callable[[], str]) -> np.ndarray | None:
        """Values of the columns at the linear programme's optimum; None where it did not get there.

        Every round's optimum is a bound, and handed on; where a round is cut short, what its prices prove.
        """
        value = None
        for turn in range(ROUNDS):
            self._limit(ended)
            self.highs.setOptionValue("solver", "ipm" if turn == 0 and len(self.rows) > LARGE else "choose")
            self.highs.run()
            on_bound(self.proved())
            if not self._optimal():
                return value
            value = np.array(self.highs.getSolution().col_value)
            rows = self.relaxed.broken(value)
            if not rows or ended():
                return value
            self.add(rows)
        return value

    def proved(self) -> float:
        """What the prices of the rows prove, optimal or not: u b + sum of max(0, c - u A), for any u >= 0 and 0 <= x <= 1."""
        dual = np.array(self.highs.getSolution().row_dual)
        if len(dual) != len(self.rows):
            return float(self.relaxed.price.sum())
        prices = np.maximum(-dual, 0.0)
        left = self.relaxed.price.copy()
        count = np.array([len(row.column) for row in self.rows], np.int64)
        if count.sum():
            column, value = (np.concatenate([row[part] for row in self.rows]) for part in (0, 1))
            left -= np.bincount(column, value * np.repeat(prices, count), len(left))
        bound = float(prices @ np.array([row.upper for row in self.rows])) + float(np.maximum(left, 0.0).sum())
        return bound * (1 + 1e-9)

    def _optimal(self) -> bool:
        import highspy

        return bool(self.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal)

    def _limit(self, ended: Callable[[], str]) -> None:
        for asked in (self.highs.cbSimplexInterrupt, self.highs.cbIpmInterrupt):
            asked.clear()
            asked += lambda event: event.interrupt() if ended() else None

    def branch(
        self,
        nodes: int,
        start: np.ndarray,
        on_chosen: Callable[[np.ndarray], None],
        on_bound: Callable[[float], None],
        ended: Callable[[], str],
    ) -> int:
        """Branch and bound from a plan's lookers (bool[x]); how many nodes it took.

        `on_chosen` gets each better choice, bool[x], `on_bound` each lower bound.
        """
        import highspy

        highs, count = self.highs, len(self.relaxed.lookers)
        whole = np.full(count, highspy.HighsVarType.kInteger)
        highs.setOptionValue("solver", "choose")
        highs.changeColsIntegrality(count, np.arange(count, dtype=np.int32), whole)
        for name, value in {"mip_max_nodes": nodes, "mip_rel_gap": 1e-6, "mip_abs_gap": 1e-12}.items():
            highs.setOptionValue(name, value)
        solution = highspy.HighsSolution()
        solution.col_value = self.relaxed.full(start).tolist()
        highs.setSolution(solution)

        def better(event: Any) -> None:
            on_chosen(np.array(event.data_out.mip_solution)[:count] > 0.5)

        def look(event: Any) -> None:
            bound = -float(event.data_out.mip_dual_bound)
            if np.isfinite(bound):
                on_bound(bound * (1 + 1e-9))
            if ended():
                event.interrupt()

        highs.cbMipImprovingSolution += better
        highs.cbMipInterrupt += look
        highs.run()
        found = highs.getInfo()
        if np.isfinite(found.mip_dual_bound):
            on_bound(-found.mip_dual_bound * (1 + 1e-9))
        return int(max(found.mip_node_count, 0))
