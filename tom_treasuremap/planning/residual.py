"""What is left to look at: the map times what nobody would have seen, of everybody's pointings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tom_scimma.errors import BadSkyMap
from tom_scimma.skymap import masks, union
from tom_treasuremap import coverage, detection
from tom_treasuremap.pointings import Pointing

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap
    from tom_scimma.skymap.footprint import Fields, Footprint


@dataclass(frozen=True, eq=False)
class Residual:
    """A map of where it may still be, and how much of the whole that is."""

    sky: SkyMap  #: normalised
    left: float = 1.0  #: probability that is left, of the whole map's
    pointings: tuple[Pointing, ...] = ()  #: those that were taken off and have a footprint
    fields: Fields | None = None  #: their footprints

    def covered_by(self, ra: float, dec: float) -> Pointing | None:
        """The pointing in which a place (deg) lies: one that was made before one that is planned, the deepest, the first."""
        from tom_scimma.skymap import seen, sphere

        if self.fields is None:
            return None
        point = sphere.vectors(np.array([ra]), np.array([dec]))
        here = [at for _, which in seen.pairs(self.fields, point) for at in which.tolist()]
        return min((self.pointings[at] for at in here), key=_rank, default=None)


def _rank(one: Pointing) -> tuple:
    depth = detection.ab_limit(one)
    return (one.status != "completed", -(depth or 0.0), one.time is None, one.time.timestamp() if one.time else 0.0)


def residual(
    sky: SkyMap,
    pointings: Sequence[Pointing],
    cameras: Mapping[int, Footprint] | None = None,
    *,
    planned: float = 1.0,
    detect: detection.Source | None = None,
) -> Residual:
    """The posterior times (1 - probability that it was detected already).

    Completed pointings count wholly, or, with `detect`, by the chance that they saw such a source (those whose depth nobody
    said take nothing off). Planned ones count `planned` times, 0 to 1: so much they are believed. Cancelled ones never.
    """
    if not 0 <= planned <= 1:
        raise ValueError(f"planned pointings count 0 to 1 times, not {planned}")
    made = [one for one in pointings if one.status == "completed"]
    meant = [one for one in pointings if one.status == "planned"] if planned else []
    left, rest, counted = 1.0, sky, []
    fields, placed = coverage.on_sky(made, cameras or {})
    if len(placed) and detect is not None and sky.mu is not None:
        seen = detection.detected(sky, [made[at] for at in placed], fields, detect)
        if seen.left is None:
            return Residual(sky, 0.0, tuple(made[at] for at in placed), fields)
        left, rest = 1 - seen.probability, seen.left
    elif len(placed):
        left, rest = _without(rest, fields, 1.0, left)
    counted += [made[at] for at in placed]
    ahead, placed = coverage.on_sky(meant, cameras or {})
    if len(placed) and left > 0:
        left, rest = _without(rest, ahead, planned, left)
        counted += [meant[at] for at in placed]
    from tom_scimma.skymap import footprint

    both = footprint.together([fields, ahead]) if counted else None
    return Residual(rest, left, tuple(counted), both)


def further(rest: Residual, pointings: Sequence[Pointing]) -> Residual:
    """What is left once these completed pointings, which have footprints of their own, are taken off wholly, too."""
    from tom_scimma.skymap import footprint

    more = residual(rest.sky, pointings)
    fields = [one for one in (rest.fields, more.fields) if one is not None]
    return Residual(
        more.sky,
        rest.left * more.left,
        (*rest.pointings, *more.pointings),
        footprint.together(fields) if fields else None,
    )


def _without(sky: SkyMap, fields: Fields, times: float, left: float) -> tuple[float, SkyMap]:
    """(probability that is left, normalised map) once these are taken off so many times."""

    def shares(some: SkyMap) -> masks.Shares:
        uniq, share = union.union(some, fields, edge=masks.SEEN).pixels
        return uniq, share * times

    try:
        found = masks.remove(sky, masks.Mask("pointings", shares))
    except BadSkyMap:
        return 0.0, sky
    return left * (1 - found.removed), found.sky
