"""The optimum of a small problem, by its subsets: the earliest end of each set of fields for each field that may come last.

Held & Karp 1962, doi:10.1137/0110015. For one telescope, one visit a field, and ways that do not depend on the time.
"""

from __future__ import annotations

import numpy as np

from tom_treasuremap.planning.draft import Draft, Setting
from tom_treasuremap.planning.problem import NEVER
from tom_treasuremap.planning.timeline import Ground, Line

#: fields at most
FEW = 12


def small(setting: Setting) -> bool:
    """Whether a problem is one of these."""
    if len(setting.grounds) != 1:
        return False
    ground = setting.grounds[0]
    return (
        ground.turns == 1
        and ground.ways is not None
        and ground.reach.budget is None
        and 0 < np.count_nonzero(setting.usable & (setting.worth.alone() > 0)) <= FEW
    )


def best(setting: Setting) -> Draft:
    """The plan that no other exceeds."""
    ground = setting.grounds[0]
    fields = np.flatnonzero(setting.usable & (setting.worth.alone() > 0))
    ends, before = _ends(ground, fields)
    possible = np.flatnonzero((ends < NEVER).any(axis=1))
    values = np.array([setting.worth.value(_members(fields, one)) for one in possible])
    if not len(possible):
        return Draft(setting)
    early = ends[possible].min(axis=1)
    chosen = int(possible[np.lexsort((early, -np.round(values, 12)))[0]])
    order, last, mask = [], int(np.argmin(ends[chosen])), chosen
    while last >= 0:
        order.append(int(fields[last]))
        mask, last = mask & ~(1 << last), int(before[mask, last])
    return _draft(setting, np.array(order[::-1], np.int64))


def _members(fields: np.ndarray, mask: int) -> np.ndarray:
    return fields[[at for at in range(len(fields)) if mask >> at & 1]]


def _ends(ground: Ground, fields: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(earliest end of each set of fields with each as its last one, NEVER where impossible; the one before it, -1)."""
    count = len(fields)
    ends, before = np.full((1 << count, count), NEVER), np.full((1 << count, count), -1)
    way = ground.between(fields[:, None], fields[None])
    for at in range(count):
        ends[1 << at, at] = _end(ground, fields[at], np.zeros(1, np.int64))[0]
    masks = np.arange(1 << count)
    size = np.array([int(one).bit_count() for one in masks])
    for many in range(1, count):
        here = masks[size == many]
        for at in range(count):
            some = here[(here >> at & 1) == 0]
            free = ends[some] + way[:, at][None]
            last = np.argmin(free, axis=1)
            found = _end(ground, fields[at], free[np.arange(len(some)), last])
            ends[some | 1 << at, at] = found
            before[some | 1 << at, at] = np.where(found < NEVER, last, -1)
    return ends, before


def _end(ground: Ground, field: int, free: np.ndarray) -> np.ndarray:
    """When a field's visit ends that begins as soon as the telescope is free."""
    found = np.full(free.shape, NEVER)
    for low, high in zip(ground.low[field][::-1], ground.high[field][::-1], strict=True):
        start = np.maximum(free, low)
        found = np.where(start <= high, start + ground.length[field], found)
    return found


def _draft(setting: Setting, order: np.ndarray) -> Draft:
    """A draft of fields in this order, each as early as it can."""
    some, ground = Draft(setting), setting.grounds[0]
    low, high, free = [], [], 0
    for at, field in enumerate(order):
        start = free + (int(ground.between(order[at - 1 : at], order[at : at + 1])[0]) if at else 0)
        run = int(np.argmax(np.maximum(start, ground.low[field]) <= ground.high[field]))
        low.append(ground.low[field, run])
        high.append(ground.high[field, run])
        free = max(start, int(low[-1])) + int(ground.length[field])
    line = Line(ground, order, np.array(low, np.int64), np.array(high, np.int64)).settled()
    if line is not None:
        some.lines[0] = line
        for field in order:
            some.left.take(int(field))
    return some
