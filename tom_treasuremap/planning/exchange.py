"""One field for another: each field of a plan gives way to the one that adds most in its place, until none is worth it."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from tom_treasuremap.planning.draft import NOTHING, Draft

#: others that are tried in the place of a field
OTHERS = 4
#: fields of several visits each up to which they are exchanged
LONG = 40
#: fields up to which every one and every two of a plan are taken out, to see what else fits
SHORT = 12


def exchanged(some: Draft, everything: np.ndarray, ended: Callable[[], str], rounds: int = 20) -> Draft:
    """The draft with fields exchanged one by one, those that give least for their time first; it is never worth less.

    A long plan of several visits a field stays as it is: there the time is better spent on filling parts of it anew.
    """
    if len(some.lookers) > LONG and any(ground.turns > 1 for ground in some.setting.grounds):
        return some
    for _ in range(rounds):
        before = some.value
        rate = np.array([some.left.loss(int(one)) for one in some.lookers]) / some.setting.time[some.lookers]
        for looker in some.lookers[np.argsort(rate, kind="stable")].tolist():
            if ended():
                return some
            some = _better(some, looker, everything) or some
        some = some.fill(everything, thorough=True)
        if some.value <= before * (1 + 1e-9):
            break
    return some


def _better(some: Draft, looker: int, everything: np.ndarray) -> Draft | None:
    """The draft with another field instead of one; None where no other adds more."""
    loss = some.left.loss(looker)
    floor = loss + NOTHING * float(some.setting.worth.alone().max(initial=0.0))
    without = some.copy().drop([looker])
    adds = without.left.adds[everything]
    for at in np.argsort(-adds, kind="stable")[:OTHERS]:
        other = int(everything[at])
        if adds[at] <= floor:
            break
        if other != looker and without.placed(other):
            return without
    return None


def regrouped(some: Draft, everything: np.ndarray, ended: Callable[[], str]) -> Draft:
    """The draft with what is best in the place of any one or two of its fields, which come back where there is room for them.

    For short plans; a longer one stays as it is.
    """
    lookers = some.lookers.tolist() if len(some.lookers) <= SHORT else []
    for out in (*itertools.combinations(lookers, 1), *itertools.combinations(lookers, 2)):
        if ended() or not np.isin(out, some.lookers).all():
            continue
        tried = some.copy().drop(out)
        others = everything[~np.isin(everything, out)]
        tried = tried.fill(others, thorough=True).fill(everything, thorough=True)
        if tried.value > some.value * (1 + 1e-9):
            some = tried
    return some
