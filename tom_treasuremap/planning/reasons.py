"""Why each field is in the plan, or why it is not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tom_treasuremap.planning.draft import Draft
from tom_treasuremap.planning.problem import NEVER
from tom_treasuremap.visits import keys


def reasons(some: Draft, known: Mapping[str, str]) -> dict[str, str]:
    """{field, by its key: why it is in or out}; `known`, by the same keys, is what was known before, such as who has covered it."""
    setting = some.setting
    taken = {int(one) % setting.count: int(one) // setting.count for one in some.lookers}
    least = _least(some)
    found = {}
    for at, key in enumerate(keys(setting.problem.fields)):
        found[key] = inside(some, at, taken[at]) if at in taken else known.get(key) or _out(some, at, least)
    return found


def share(value: float) -> str:
    """A worth for people."""
    if 0 < value < 0.00005:
        return "under 0.0001"
    return f"{value:.4f}" if value < 0.1 else f"{value:.3g}"


def inside(some: Draft, at: int, number: int) -> str:
    """Why a field of a telescope is in: when it is looked at, and what the plan would lose without it."""
    line, field = some.lines[number], some.setting.problem.fields[at]
    order = int(np.flatnonzero(line.fields == at)[0]) + 1
    looker = number * some.setting.count + at
    loss = some.left.loss(looker)
    whole = float(some.setting.worth.alone()[looker])
    times = line.early[line.jobs // line.ground.turns == at]
    when = " and ".join(f"{some.setting.problem.when(second):%H:%M}" for second in times)
    what = "of the probability" if field.pieces and not some.setting.problem.weighed else "of the weight"
    shared = "" if whole - loss < 1e-6 * max(whole, 1e-12) else f", {share(whole)} with what other fields share"
    return f"number {order} of {line.ground.reach.telescope.label}, at {when}: {share(loss)} {what}{shared}"


def _least(some: Draft) -> list[float]:
    """By telescope, the least that one of its fields adds in a second."""
    setting, found = some.setting, []
    for number, line in enumerate(some.lines):
        lookers = [number * setting.count + int(field) for field in line.fields]
        found.append(min((some.left.loss(one) / setting.time[one] for one in lookers), default=0.0))
    return found


def _out(some: Draft, at: int, least: list[float]) -> str:
    """The nearest miss of all telescopes that might have looked."""
    setting = some.setting
    said = ""
    for number, ground in enumerate(setting.grounds):
        field = setting.problem.fields[at]
        if field.telescope not in ("", ground.reach.telescope.name):
            continue
        looker = number * setting.count + at
        if not ground.usable[at]:
            said = said or _closed(some, at, number)
            continue
        adds = float(some.left.adds[looker])
        if adds <= 1e-9 * max(float(setting.worth.alone().max()), 1e-300):
            worth = float(setting.worth.alone()[looker])
            return "nothing of the probability is left there" if worth <= 0 else "other fields of the plan cover it"
        rate = adds / setting.time[looker]
        if rate < least[number]:
            return f"worse than others: it would add {share(adds)}"
        return f"no time left while it is up ({_up(some, at, number)}): it would add {share(adds)}"
    return said or "no telescope of the plan looks at it"


def _up(some: Draft, at: int, number: int) -> str:
    ground, when = some.setting.grounds[number], some.setting.problem.when
    job = at * ground.turns
    runs = [
        f"{when(low):%H:%M} to {when(high + ground.length[job]):%H:%M}"
        for low, high in zip(ground.low[job], ground.high[job], strict=True)
        if low < NEVER
    ]
    return ", ".join(runs)


def _closed(some: Draft, at: int, number: int) -> str:
    """Which rule keeps a telescope from a field."""
    reach, problem = some.setting.grounds[number].reach, some.setting.problem
    label = reach.telescope.label
    open_ = int(reach.open[at].sum())
    if open_:
        need = int(some.setting.grounds[number].length.reshape(-1, reach.turns)[at].max())
        gap = reach.sequences[at].min_gap * (len(reach.sequences[at].blocks) - 1)
        return (
            f"{label} sees it for {max(open_ - 1, 0) * problem.step / 60:.0f} min only; "
            f"its visits need {(need + gap) / 60:.0f} min"
        )
    stops = {name: forbids[at] for name, forbids in reach.stops.items() if name}
    dark = ~stops.pop("daylight") if "daylight" in stops else np.ones(problem.steps, bool)
    if not dark.any():
        return f"{label}: no night within the window"
    often = {name: float(forbids[dark].mean()) for name, forbids in stops.items() if forbids[dark].any()}
    if not often:
        return f"{label} cannot look at it within the window"
    always = [name for name, part in often.items() if part == 1.0]
    names = always or sorted(often, key=lambda name: -often[name])[:3]
    return f"{label}: {' and '.join(names)} {'all night' if always else 'by turns, all night'}"
