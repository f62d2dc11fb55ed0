"""Would it have been seen? The probability that pointings of known depth detected a source of some brightness. Pure.

The source's absolute magnitude in band b lies evenly between a brightest B_b and a faintest F_b, the same fraction u of
the way in every band; it fades by r magnitudes a day from the event's time on. A pointing of AB limit m at time t sees it
up to the distance D at which

    m = M_b(u) + r (t - t0) + 5 log10(D / 10 pc) + A_b,        M_b(u) = B_b + u (F_b - B_b)

(distance modulus; A_b: extinction, where a function for it is given). At each place the farthest D of all pointings that
lie there counts, and the probability of a distance below it is that of the map there (Singer et al. 2016,
doi:10.3847/2041-8205/829/1/L15):

    P = integral over u of  sum over the places of  p(place) P(distance < D_max(place, u))

which is what gwemopt's and Treasure Map's users call depth-aware or three-dimensional coverage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from tom_scimma.skymap import distance, grid, masks, seen, sphere, union
from tom_scimma.skymap.joint import joint, pixels
from tom_treasuremap.pointings import Pointing

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap
    from tom_scimma.skymap.footprint import Fields

#: nodes over the range of magnitudes, Gauss-Legendre
NODES = 16
#: AB magnitude of 1 Jy: Oke & Gunn 1983, doi:10.1086/160817
AB_OF_JY = 8.90

#: (band, ra[], dec[]) -> magnitudes of extinction
Extinction = Callable[[str, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Source:
    """What might have been there to see."""

    magnitudes: Mapping[str, tuple[float, float]]  #: absolute AB magnitude by band, brightest and faintest
    onset: datetime | None = None  #: when the event was; None: nothing fades
    decline: float = 0.0  #: mag a day
    extinction: Extinction | None = None  #: None: none is taken off

    def __post_init__(self) -> None:
        for band, (bright, faint) in self.magnitudes.items():
            if not (np.isfinite([bright, faint]).all() and bright <= faint):
                raise ValueError(
                    f"absolute magnitudes in {band}: first the brightest, then the faintest, not {bright}, {faint}"
                )


@dataclass(frozen=True, eq=False)
class Detected:
    """How likely the source would have been seen."""

    probability: float
    used: int  #: pointings that could tell
    unused: Mapping[str, int] = field(default_factory=dict)  #: why others could not, and how many
    unknown: float = 0.0  #: probability covered where the map knows no distance; it counts as not seen
    left: SkyMap | None = None  #: where it may still be, normalised; None where nowhere


def ab_limit(one: Pointing) -> float | None:
    """The depth of a pointing as an AB magnitude; None where nobody said one, or in a unit that is no such magnitude."""
    if one.depth is None or not np.isfinite(one.depth):
        return None
    if one.depth_unit == "ab_mag":
        return one.depth
    if one.depth_unit == "flux_jy" and one.depth > 0:
        return AB_OF_JY - 2.5 * float(np.log10(one.depth))
    return None


def detected(sky: SkyMap, pointings: Sequence[Pointing], fields: Fields, source: Source) -> Detected:
    """The probability that the source was seen in any of the pointings, whose footprints `fields` are.

    Raises ValueError for a map without distance: nobody can tell how faint the source would be.
    """
    if sky.mu is None or sky.sigma is None:
        raise ValueError("this map has no distance, so that nobody can say how faint the source would be")
    limits, unused = _limits(pointings, source)
    if not limits:
        return Detected(0.0, 0, unused, left=sky)
    usable = np.array(sorted(limits))
    some = fields[usable]
    uniq, row, share = _pieces(sky, some)
    mass = sky.density[row] * grid.pixel_area(grid.order_of(uniq)) * share
    ra, dec = grid.centres(uniq)
    reach = _reach(some, [limits[at] for at in usable.tolist()], ra, dec, source)
    known = np.isfinite(sky.mu[row])
    chance = np.zeros(len(row))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        chance[known] += weight * distance.within(sky.mu[row][known], sky.sigma[row][known], reach(node)[known])
    found = float(mass @ chance)
    left = _left(sky, uniq, share * chance)
    return Detected(min(found, 1.0), len(usable), unused, float(mass[~known].sum()), left)


def _limits(pointings: Sequence[Pointing], source: Source) -> tuple[dict[int, tuple[str, float]], dict[str, int]]:
    """({place of a pointing: (band, limit as if the source did not fade)}, {why not: how many})."""
    found: dict[int, tuple[str, float]] = {}
    unused: dict[str, int] = {}
    for at, one in enumerate(pointings):
        limit = ab_limit(one)
        why = ""
        if limit is None:
            why = "no depth as an AB magnitude"
        elif one.band not in source.magnitudes:
            why = f"band {one.band or 'not said'}"
        elif source.onset is not None and one.time is None:
            why = "no time"
        elif source.onset is not None and one.time is not None and one.time < source.onset:
            why = "before the event"
        if why:
            unused[why] = unused.get(why, 0) + 1
            continue
        days = (one.time - source.onset).total_seconds() / 86400 if source.onset and one.time else 0.0
        found[at] = (str(one.band), float(limit or 0.0) - source.decline * days)
    return found, unused


def _pieces(sky: SkyMap, fields: Fields) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(UNIQ, row of the map, share covered) of pieces of the map's pixels that footprints touch."""
    uniq, share = union.union(sky, fields, edge=masks.SEEN).pixels
    sort = np.argsort(grid.spans(uniq)[1])
    share = share[sort]
    first, end, (row, touched) = joint(sky.uniq, uniq[sort])
    some = (row >= 0) & (touched >= 0)
    made, run = pixels(first[some], end[some])
    return made, row[some][run], share[touched[some][run]]


def _reach(
    fields: Fields, limits: list[tuple[str, float]], ra: np.ndarray, dec: np.ndarray, source: Source
) -> Callable[[float], np.ndarray]:
    """Function of u: how far, in Mpc, the source would be seen at each place."""
    bands = sorted({band for band, _ in limits})
    band = np.array([bands.index(name) for name, _ in limits])
    limit = np.array([value for _, value in limits])
    deepest = np.full((len(bands), len(ra)), -np.inf)
    point = sphere.vectors(ra, dec)
    for place, which in seen.pairs(fields, point):
        np.maximum.at(deepest, (band[which], place), limit[which])
    missed = np.flatnonzero(~np.isfinite(deepest).any(axis=0))
    if len(missed):  # touched at the edge and not in the middle: as the nearest pointing
        from scipy.spatial import cKDTree

        _, near = cKDTree(fields.axes[:, 0]).query(point[missed])
        deepest[band[near], missed] = limit[near]
    if source.extinction is not None:
        deepest -= np.array([source.extinction(name, ra, dec) for name in bands])
    edges = np.array([source.magnitudes[name] for name in bands])

    def reach(u: float) -> np.ndarray:
        absolute = edges[:, 0] + u * (edges[:, 1] - edges[:, 0])
        modulus = (deepest - absolute[:, None]).max(axis=0)
        return 10 ** (modulus / 5 - 5)  # 10 pc is 1e-5 Mpc

    return reach


def _left(sky: SkyMap, uniq: np.ndarray, gone: np.ndarray) -> SkyMap | None:
    """The map with the probability that was seen taken off, normalised."""
    try:
        return masks.remove(sky, masks.Mask("detection", lambda _: (uniq, gone))).sky
    except masks.BadSkyMap:
        return None
