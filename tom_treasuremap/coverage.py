"""How much of an event's sky pointings cover: together, by team, over time; and what is left to look at. Pure.

    found = coverage(sky, pointings, cameras={47: camera})     cameras by Treasure Map's instrument id
    found.union, found.area, found.by_team["ZTF"].union
    found.curve          [(time, probability by then), ...]
    found.residual       SkyMap: what nobody has covered

Which pointings count (completed ones, one team's, one band's) is chosen before, by the rows' filter. Footprints are the
true ones, turned and with the gaps between CCDs; a pointing whose footprint nobody knows is left out and counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tom_scimma.skymap import footprint, gain, grid, masks, union
from tom_treasuremap import detection
from tom_treasuremap.pointings import Pointing

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap
    from tom_scimma.skymap.footprint import Fields, Footprint

#: points of a curve at most
STEPS = 40


@dataclass(frozen=True)
class Share:
    """What one team covers by itself."""

    union: float  #: probability
    error: float  #: five standard deviations
    area: float  #: deg2, where the map has any probability
    count: int  #: pointings with a footprint


@dataclass(frozen=True, eq=False)
class Coverage:
    """What pointings cover of a map. The costlier answers are worked out when they are asked for."""

    sky: SkyMap
    pointings: tuple[Pointing, ...]  #: those with a footprint, in the order they came
    fields: Fields  #: theirs
    union: float  #: probability
    error: float  #: five standard deviations
    area: float  #: deg2, where the map has any probability
    by_team: Mapping[str, Share]
    unplaced: tuple[Pointing, ...] = ()  #: those whose footprint nobody knows
    detect: detection.Source | None = field(default=None, repr=False)

    @cached_property
    def curve(self) -> list[tuple[datetime, float]]:
        """Probability covered by each of some times, ascending; pointings without a time count in `union` alone."""
        return curve(self.sky, self.pointings, self.fields)

    @cached_property
    def residual(self) -> SkyMap | None:
        """The map without what is covered, normalised; None where nothing is left."""
        if not self.pointings:
            return self.sky
        try:
            return masks.remove(self.sky, masks.footprint(self.fields)).sky
        except masks.BadSkyMap:
            return None

    @cached_property
    def detected(self) -> detection.Detected | None:
        """The probability that the source would have been seen; None where no source was described."""
        return detection.detected(self.sky, self.pointings, self.fields, self.detect) if self.detect else None


def coverage(
    sky: SkyMap,
    pointings: Sequence[Pointing],
    *,
    cameras: Mapping[int, Footprint] | None = None,
    detect: detection.Source | None = None,
) -> Coverage:
    """What these pointings cover of a map, together and by team."""
    fields, placed = on_sky(pointings, cameras or {})
    kept = tuple(pointings[at] for at in placed)
    taken = set(placed.tolist())
    unplaced = tuple(one for at, one in enumerate(pointings) if at not in taken)
    if not kept:
        return Coverage(sky, kept, fields, 0.0, 0.0, 0.0, {}, unplaced, detect)
    teams = [one.team for one in kept]
    found = union.union(sky, fields, by=teams)
    count = {team: teams.count(team) for team in found.by}
    shares = {
        str(team): Share(part.probability, part.error, area(part), count[team]) for team, part in found.by.items()
    }
    ranked = dict(sorted(shares.items(), key=lambda pair: (-pair[1].union, pair[0])))
    return Coverage(sky, kept, fields, found.probability, found.error, area(found), ranked, unplaced, detect)


def on_sky(pointings: Sequence[Pointing], cameras: Mapping[int, Footprint]) -> tuple[Fields, np.ndarray]:
    """(footprints on the sky, place of each one's pointing, ascending) of all whose footprint is known.

    A pointing's own rings come before its instrument's camera. The Treasure Map's position angle runs from north to
    west, and counts as 0 where nobody said one.
    """
    groups: dict[int | None, list[int]] = defaultdict(list)
    for at, one in enumerate(pointings):
        if one.footprint:
            groups[None].append(at)
        elif one.instrument_id in cameras:
            groups[one.instrument_id].append(at)
    parts, order = [], []
    for instrument, places in groups.items():
        some = [pointings[at] for at in places]
        if instrument is None:
            parts.append(footprint.on_sky([[_ring(ring) for ring in one.footprint] for one in some]))
        else:
            ra, dec, angle = np.array([(one.ra, one.dec, -(one.pos_angle or 0.0)) for one in some]).T
            parts.append(cameras[instrument].at(ra, dec, angle))
        order += places
    which = np.array(order, np.int64)
    sort = np.argsort(which)
    return footprint.together(parts)[sort], which[sort]


def _ring(ring: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [ra for ra, _ in ring], [dec for _, dec in ring]


def area(found: union.Union) -> float:
    """deg2 that are covered of what the map has any probability in."""
    uniq, share = found.pixels
    return float(np.sum(grid.pixel_area(grid.order_of(uniq)) * share) * grid.DEG2_PER_SR)


def curve(sky: SkyMap, pointings: Sequence[Pointing], fields: Fields) -> list[tuple[datetime, float]]:
    """(time, probability covered until then), in no more than STEPS steps of equally many pointings each."""
    dated = sorted((one.time, at) for at, one in enumerate(pointings) if one.time is not None)
    found, before, total = [], np.zeros(0, np.int64), 0.0
    for some in np.array_split(np.arange(len(dated)), min(STEPS, len(dated)) or 1):
        if len(some):
            new = np.array([dated[at][1] for at in some])
            total += gain.gain(sky, fields[before], fields[new])
            before = np.concatenate((before, new))
            found.append((dated[some[-1]][0], min(total, 1.0)))
    return found


def more(found: Coverage, new: Sequence[Pointing], cameras: Mapping[int, Footprint]) -> float:
    """Probability that further pointings would add; only their surroundings are looked at."""
    fields, _ = on_sky(new, cameras)
    return gain.gain(found.sky, found.fields, fields) if len(fields) else 0.0
