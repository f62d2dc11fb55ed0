"""What no plan can exceed: first the sum of the best fields that fit, then a linear programme. See docs/planning.md."""

from __future__ import annotations

import numpy as np

from tom_treasuremap.planning.draft import Setting


def sum_of_best(setting: Setting) -> float:
    """The best fields by worth in their time, until the time of all telescopes is full; the last one in part.

    Every overhead counts as the readout only, what fields share counts twice, and never more than there is.
    """
    worth = setting.worth.alone()
    some = np.flatnonzero(setting.usable & (worth > 0))
    whole = float(setting.worth.mass[np.unique(setting.worth.piece[np.isin(setting.worth.looker, some)])].sum())
    total = 0.0
    for number, ground in enumerate(setting.grounds):
        mine = some[some // max(setting.count, 1) == number]
        mine = mine[np.argsort(-worth[mine] / setting.time[mine], kind="stable")]
        readout = int(np.ceil(ground.reach.telescope.readout))
        room = min(setting.problem.horizon, ground.reach.budget or setting.problem.horizon) + readout
        before = np.concatenate(([0], np.cumsum(setting.time[mine])))[:-1]
        share = np.clip((room - before) / setting.time[mine], 0, 1)
        total += float(share @ worth[mine])
    return min(total, whole)


def linear(setting: Setting) -> float:
    """The linear programme's optimum: with more time, fewer constraints or one more telescope it never falls."""
    from tom_treasuremap.planning import relaxed
    from tom_treasuremap.planning.solver import Solver

    found = [sum_of_best(setting)]
    Solver(relaxed.of(setting)).linear(found.append, lambda: "")
    return found[-1]
