"""What a plan is worth and what is wrong with it, counted anew: nothing here is shared with what makes plans. Pure."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tom_treasuremap.planning.problem import Visits, Wanted, wanted
from tom_treasuremap.telescopes.telescope import Axis, Telescope
from tom_treasuremap.visits import Field, Visit

#: s by which times may differ from what they should be
TOLERANCE = 0.01

#: (telescope, ra, dec, time) -> whether it may look there then
Allowed = Callable[[Telescope, float, float, datetime], bool]


def value(fields: Iterable[Field], visits: Iterable[Visit], *, turns: int = 1, shared: bool = True) -> float:
    """What visits are worth together: pieces of sky once, and only of fields that had all their `turns`."""
    known = {(one.telescope, one.name): one for one in fields}
    had: dict[tuple[str, str], set[int]] = defaultdict(set)
    for one in visits:
        had[one.telescope, one.field].add(one.turn)
    sky: dict[Any, float] = {}
    for (telescope, name), seen in had.items():
        field = known.get((telescope, name)) or known[("", name)]
        if len(seen) < turns:
            continue
        pieces: Mapping[Any, float] = field.pieces or {(field.telescope, name): field.weight}
        for piece, weight in pieces.items():
            sky[piece if shared else (telescope, piece)] = max(weight, 0.0)
    return math.fsum(sky.values())


def faults(
    fields: Sequence[Field],
    telescopes: Sequence[Telescope],
    window: tuple[datetime, datetime],
    visits: Sequence[Visit],
    *,
    sequence: Wanted,
    allowed: Allowed | None = None,
    budgets: Mapping[str, float] | None = None,
) -> list[str]:
    """What is wrong with a plan, a sentence each; empty where it is valid.

    `allowed` is asked at the start, the middle and the end of each exposure.
    """
    known = {one.name: one for one in telescopes}
    places = {(one.telescope, one.name): one for one in fields}
    found = []
    for name, some in itertools.groupby(sorted(visits, key=lambda one: (one.telescope, one.start)), _telescope):
        mine = list(some)
        if name not in known:
            found.append(f"{name} is no telescope of this plan")
            continue
        found += [text for one in mine for text in _alone(places, known[name], window, one, allowed)]
        found += [text for pair in itertools.pairwise(mine) for text in _pair(known[name], *pair)]
        found += _sequences(places, known[name], mine, sequence)
        spent = (mine[-1].end - mine[0].start).total_seconds()
        busy = spent - sum(_idle(known[name], *pair) for pair in itertools.pairwise(mine))
        limit = (budgets or {}).get(name)
        if limit is not None and busy > limit + 1 + len(mine):
            found.append(f"{name} spends {busy:.0f} s of {limit:.0f}")
    return found


def _telescope(one: Visit) -> str:
    return one.telescope


def _field(places: Mapping[tuple[str, str], Field], one: Visit) -> Field | None:
    return places.get((one.telescope, one.field)) or places.get(("", one.field))


def _alone(
    places: Mapping[tuple[str, str], Field],
    telescope: Telescope,
    window: tuple[datetime, datetime],
    one: Visit,
    allowed: Allowed | None,
) -> list[str]:
    field, found = _field(places, one), []
    title = f"{one.field} by {one.telescope} at {one.start:%H:%M:%S}"
    if field is None:
        return [f"{title}: no such field"]
    if (field.ra, field.dec, field.pos_angle) != (one.ra, one.dec, one.pos_angle):
        found.append(f"{title}: looks elsewhere than its field")
    if one.start < window[0] or one.end > window[1]:
        found.append(f"{title}: outside the window")
    if abs((one.end - one.start).total_seconds() - one.exposure) > TOLERANCE:
        found.append(f"{title}: lasts otherwise than its exposure")
    if one.band not in telescope.filters:
        found.append(f"{title}: {one.telescope} has no filter {one.band}")
    middle = one.start + (one.end - one.start) / 2
    for when in (one.start, middle, one.end):
        if allowed is not None and not allowed(telescope, one.ra, one.dec, when):
            found.append(f"{title}: may not look there at {when:%H:%M:%S}")
    return found


def overhead(telescope: Telescope, one: Visit, other: Visit) -> float:
    """Seconds that must lie between two exposures of a telescope whose axes follow right ascension and declination."""
    way = 0.0
    if telescope.slew is not None and (one.ra, one.dec) != (other.ra, other.dec) and not telescope.slew.altaz:
        east = abs((one.ra - other.ra + 180) % 360 - 180)
        north = abs(one.dec - other.dec)
        axes = telescope.slew.axes
        way = max(_turn(axes[0], east), _turn(axes[1], north)) + telescope.slew.settle
    return max(way, telescope.readout) + (telescope.filter_change if one.band != other.band else 0.0)


def _turn(axis: Axis, degrees: float) -> float:
    if axis.acceleration <= 0:
        return degrees / axis.speed
    if degrees <= axis.speed**2 / axis.acceleration:
        return 2 * math.sqrt(degrees / axis.acceleration)
    return degrees / axis.speed + axis.speed / axis.acceleration


def _pair(telescope: Telescope, one: Visit, other: Visit) -> list[str]:
    free, need = (other.start - one.end).total_seconds(), overhead(telescope, one, other)
    if free < need - TOLERANCE:
        return [f"{telescope.name} has {free:.1f} s from {one.field} to {other.field} and needs {need:.1f}"]
    return []


def _idle(telescope: Telescope, one: Visit, other: Visit) -> float:
    return max((other.start - one.end).total_seconds() - overhead(telescope, one, other), 0.0)


def _sequences(
    places: Mapping[tuple[str, str], Field], telescope: Telescope, mine: Sequence[Visit], sequence: Wanted
) -> list[str]:
    """Exposures and gaps of each field, against what was wanted."""
    found = []
    groups: dict[str, list[Visit]] = defaultdict(list)
    for one in mine:
        groups[one.field].append(one)
    for name, some in groups.items():
        field = _field(places, some[0])
        if field is None:
            continue
        need: Visits = wanted(sequence, telescope, field)
        turns = [list(group) for _, group in itertools.groupby(some, lambda one: one.turn)]
        made = [[(one.band, one.exposure) for one in group] for group in turns]
        asked = [[(one.filter, one.seconds) for one in block for _ in range(one.count)] for block in need.blocks]
        if made != asked or [group[0].turn for group in turns] != list(range(1, len(asked) + 1)):
            found.append(f"{name}: visits are {made}, and should be {asked}")
        for before, after in itertools.pairwise(turns):
            gap = after[0].start - before[0].start
            if gap < timedelta(seconds=need.min_gap - TOLERANCE):
                found.append(f"{name}: {gap} between visits, at least {need.min_gap:.0f} s was wanted")
            if need.max_gap is not None and gap > timedelta(seconds=need.max_gap + TOLERANCE):
                found.append(f"{name}: {gap} between visits, at most {need.max_gap:.0f} s was wanted")
    return found
