"""Better plans and lower bounds: parts taken out and filled anew, and the fields that HiGHS chooses put in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tom_treasuremap.planning import relaxed
from tom_treasuremap.planning.draft import Draft
from tom_treasuremap.planning.exchange import exchanged, regrouped
from tom_treasuremap.planning.solver import Solver

if TYPE_CHECKING:
    from tom_treasuremap.planning.search import Search

SEED = 1
#: rounds without a gain after which the same kind of change is tried no further
STALE = 40
#: a plan that is worth this part of the one in hand is worth exchanging fields in
SOUND = 0.9


def improve(search: Search, nodes: int) -> str:
    """Improves the plan in hand; why it ended."""
    rng = np.random.default_rng(SEED)
    if search.setting.worth.alone().max(initial=0.0) <= 0:
        return "optimal"
    search.offer(exchanged(search.best.copy(), everything(search), search.ended))
    search.offer(regrouped(search.best.copy(), everything(search), search.ended))
    some = relaxed.of(search.setting)
    solver = Solver(some)
    value = solver.linear(search.lower, search.ended)
    if value is not None and not search.ended():
        chosen(search, some.lookers, value[: len(some.lookers)])
    anew(search, rng, max(nodes // 2, 1))
    if not search.ended():
        branch(search, solver, some, nodes)
        anew(search, rng, max(nodes // 2, 1))
        search.offer(regrouped(search.best.copy(), everything(search), search.ended))
    return search.ended() or "nodes"


def branch(search: Search, solver: Solver, some: relaxed.Relaxed, nodes: int) -> None:
    """HiGHS chooses fields; each choice is put in order and filled up."""
    start = np.isin(some.lookers, search.best.lookers)
    search.nodes += solver.branch(
        nodes, start, lambda mine: chosen(search, some.lookers, mine.astype(float)), search.lower, search.ended
    )


def chosen(search: Search, lookers: np.ndarray, part: np.ndarray) -> None:
    """Offers a plan of the fields of which the larger part is chosen, float64[x] of 0 to 1, filled up with the others."""
    favour = np.full(search.setting.count * len(search.setting.grounds), 0.05)
    favour[lookers] += part
    some = Draft(search.setting).fill(lookers[part > 0.01], favour).fill(lookers, favour)
    search.offer(some)
    if some.value > SOUND * search.best.value:
        search.offer(exchanged(some, everything(search), search.ended))


def everything(search: Search) -> np.ndarray:
    """All lookers that could be of use."""
    return np.flatnonzero(search.setting.usable & (search.setting.worth.alone() > 0))


def anew(search: Search, rng: np.random.Generator, rounds: int) -> None:
    """Takes a part out of the plan and fills it anew, so many times; worse ones are dropped."""
    every, stale = everything(search), 0
    for turn in range(rounds):
        if stale > STALE or search.ended() or not len(search.best.lookers):
            return
        some = search.best.copy()
        some.drop(_part(some, rng, turn))
        favour = rng.uniform(0.7, 1.4, len(search.setting.usable)) if turn % 3 else None
        some = exchanged(some.fill(every, favour, thorough=True), every, search.ended, rounds=1)
        stale = 0 if search.offer(some) else stale + 1


def _part(some: Draft, rng: np.random.Generator, turn: int) -> np.ndarray:
    """Lookers to take out: a stretch of one telescope's night, those that give least for their time, or one telescope's all."""
    lookers = some.lookers
    if turn % 3 == 0:
        rate = np.array([some.left.loss(int(one)) for one in lookers]) / some.setting.time[lookers]
        rate *= rng.uniform(0.5, 1.5, len(rate))
        return lookers[np.argsort(rate, kind="stable")[: max(len(rate) // 5, 1)]]
    busy = [number for number, line in enumerate(some.lines) if len(line.jobs)]
    number = int(rng.choice(busy))
    fields = some.lines[number].fields
    if turn % 3 == 1 and len(some.lines) > 1:
        return number * some.setting.count + fields
    wide = int(rng.integers(1, max(len(fields) // 4, 1) + 1))
    begin = int(rng.integers(0, len(fields)))
    return number * some.setting.count + fields[begin : begin + wide]
