"""Fields to look at, ranked by the probability that is left in them. Pure.

    where = tiling.grid(telescope) or tiling.covering(camera, sky)           places of its own grid, or a free covering
    rest = tiling.residual(sky, pointings, cameras, planned=0.5)             what nobody has seen
    fields = tiling.fields(rest, [tiling.Tiles(telescope, where)])           list[Field], pieces of sky counted once

and for narrow fields `targets` (galaxies, candidates), for a point alert `centred`. Lists may be added up; `events` does that
for several events, by priority.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skymap import footprint, seen, sphere
from tom_scimma.skymap import grid as grids
from tom_treasuremap.planning import pieces
from tom_treasuremap.planning.lists import events, merged
from tom_treasuremap.planning.residual import Residual, residual
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.visits import Field

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap
    from tom_scimma.skymap.footprint import Fields, Footprint

__all__ = [
    "Places", "Residual", "Tiles", "camera", "centred", "covering", "events", "fields", "grid", "merged", "reachable", "residual",
    "targets",
]  # fmt: skip

#: fields of each telescope at most, the best ones
MOST = 1000
#: probability that is none
NOTHING = 1e-7
#: s between times of the look at what can be reached at all
COARSE = 600


@dataclass(frozen=True, eq=False)
class Places:
    """Where a camera may be put."""

    names: tuple[str, ...]
    ra: np.ndarray  #: deg
    dec: np.ndarray
    pos_angle: np.ndarray

    def __getitem__(self, which: np.ndarray) -> Places:
        numbers = np.arange(len(self.names))[which]
        names = tuple(self.names[at] for at in numbers)
        return Places(names, self.ra[numbers], self.dec[numbers], self.pos_angle[numbers])


@dataclass(frozen=True, eq=False)
class Tiles:
    """A telescope and its places; with `see`, how likely it sees a source that is there. `choices` are exposures, s."""

    telescope: Telescope
    places: Places
    see: pieces.Chance | None = None
    choices: tuple[float, ...] = ()  #: each field once with each; `see` is then asked for each


def camera(telescope: Telescope) -> Footprint:
    """What a telescope sees at once. Raises ValueError where nobody said."""
    if not telescope.rings:
        raise ValueError(f"what {telescope.label} sees at once is not known")
    return footprint.mosaic([([x for x, _ in ring], [y for _, y in ring]) for ring in telescope.rings])


def grid(telescope: Telescope, pos_angle: float = 0.0) -> Places | None:
    """The places of a telescope's own grid; None where it has none."""
    if not telescope.grid:
        return None
    from tom_treasuremap.telescopes.grids import grid as placed

    names, ra, dec = placed(telescope.grid)
    return Places(tuple(f"{telescope.grid}-{name}" for name in names), ra, dec, np.full(len(ra), float(pos_angle)))


def covering(
    shape: Footprint,
    sky: SkyMap,
    *,
    middle: tuple[float, float] | None = None,
    pos_angle: float = 0.0,
    overlap: float = 0.05,
    dense: int = 1,
    most: int = 4 * MOST,
) -> Places:
    """Places that cover a map in rows, the `most` of them that hold most of it; the camera is turned by `pos_angle`.

    Rows run along the camera's own sides through `middle` (ra, dec in degrees; by default the map's peak), so that around it
    there are no gaps at any rotation. `overlap` is the part of a side that neighbours share; `dense` times as many rows and
    columns give fields that overlap freely.
    """
    wide, high = (side * (1 - overlap) / dense for side in _sides(shape))
    east, north = [], []
    rows = int(np.floor(90 / high))
    for row in range(-rows, rows + 1):
        lat = row * high
        across = max(float(np.cos(np.radians(max(abs(lat) - high / 2, 0.0)))), 1e-3)
        count = max(int(np.ceil(360 * across / wide)), 1)
        east.append((np.arange(count) + (row % 2) / 2) * 360 / count)
        north.append(np.full(count, lat))
    point = sphere.vectors(np.concatenate(east), np.concatenate(north))
    ra, dec = (np.asarray(one) for one in sphere.degrees(point @ shape.at(*(middle or _peak(sky)), pos_angle).axes[0]))
    best = _best(sky, shape.at(ra, dec, pos_angle), most)
    ra, dec = ra[best] % 360, dec[best]
    names = tuple(f"{one:.3f}{other:+.3f}" for one, other in zip(ra, dec, strict=True))
    return Places(names, ra, dec, np.full(len(ra), float(pos_angle)))


def _peak(sky: SkyMap) -> tuple[float, float]:
    ra, dec = grids.centres(sky.uniq[[int(np.argmax(sky.density))]])
    return float(ra[0]), float(dec[0])


def _sides(shape: Footprint) -> tuple[float, float]:
    """Width and height in degrees of a box around the boresight that the shape fills but for gaps between its CCDs."""
    corners = np.concatenate(shape.pieces)
    x, y = np.degrees(np.arctan2(corners[:, 1], corners[:, 0])), np.degrees(np.arcsin(np.clip(corners[:, 2], -1, 1)))
    wide, high = float(np.ptp(x)), float(np.ptp(y))
    near = np.linspace(0.38, 0.48, 6)
    east, north = (np.concatenate((side.ravel(), -side.ravel())) for side in np.meshgrid(near, np.append(near, -near)))
    for part in (1.0, 0.95, 0.9, 0.85, 0.8, 0.75):
        if np.mean(seen.seen(shape.at(0.0, 0.0), east * wide * part, north * high * part) > 0) > 0.85:
            return wide * part, high * part
    return wide * 0.7, high * 0.7


def fields(
    rest: Residual, tiles: Sequence[Tiles], *, most: int = MOST, open_: Mapping[str, np.ndarray] | None = None
) -> list[Field]:
    """The best `most` places of each telescope by the probability left there, best first.

    `open_` (bool by place, by telescope) leaves out what cannot be reached, before anything is worked out.
    """
    chosen = [_chosen(rest, one, most, (open_ or {}).get(one.telescope.name)) for one in tiles]
    shapes = [camera(one.telescope).at(at.ra, at.dec, at.pos_angle) for one, at in zip(tiles, chosen, strict=True)]
    copies = [max(len(one.choices), 1) for one in tiles]
    every = footprint.together([shape for shape, count in zip(shapes, copies, strict=True) for _ in range(count)])
    chances = [
        (len(at.names), None if one.see is None else one.see.after(seconds))
        for one, at in zip(tiles, chosen, strict=True)
        for seconds in one.choices or (None,)
    ]
    shares = pieces.pieces(rest.sky, every, chances, rest.left)
    found, place = [], 0
    for one, at in zip(tiles, chosen, strict=True):
        for seconds in one.choices or (None,):
            for row, name in enumerate(at.names):
                here = (float(at.ra[row]), float(at.dec[row]), float(at.pos_angle[row]))
                title = name if seconds is None else f"{name} {seconds:g} s"
                mine = shares[place]
                if mine:
                    weight = sum(mine.values())
                    found.append(Field(title, *here, weight, mine, one.telescope.name, None, seconds))
                place += 1
    return sorted(found, key=lambda one: -one.weight)


def _chosen(rest: Residual, one: Tiles, most: int, open_: np.ndarray | None) -> Places:
    """About the best places, of those that are open."""
    at = one.places if open_ is None else one.places[np.flatnonzero(open_)]
    if not len(at.names):
        return at
    return at[_best(rest.sky, camera(one.telescope).at(at.ra, at.dec, at.pos_angle), most)]


def _best(sky: SkyMap, fields: Fields, most: int) -> np.ndarray:
    """Numbers of the fields that hold most, the best first; those that hold nothing are left out."""
    inside = pieces.about(sky, fields)
    order = np.argsort(-inside, kind="stable")[:most]
    return order[inside[order] > NOTHING]


def reachable(telescope: Telescope, places: Places, window: tuple[datetime, datetime], rules: Any = None) -> np.ndarray:
    """Whether a telescope can look at each place at any time within a window, bool[places], on a grid of ten minutes."""
    from tom_treasuremap.planning import reach

    steps = max(int((window[1] - window[0]).total_seconds() // COARSE) + 1, 2)
    times = reach.mjd(window[0], COARSE, steps)
    stops = reach.stops(telescope, places.ra, places.dec, times, rules)
    return (~np.any(list(stops.values()), axis=0)).any(axis=1) if stops else np.ones(len(places.names), bool)


def targets(
    names: Sequence[str],
    ra: Sequence[float],
    dec: Sequence[float],
    weight: Sequence[float],
    *,
    telescope: Telescope | None = None,
    pks: Sequence[int | None] | None = None,
) -> list[Field]:
    """A field on each target, such as galaxies by score or candidates by level; those inside one field count together.

    Without a telescope, or where what it sees is not known, each counts by itself.
    """
    count = len(names)
    masses = np.asarray(weight, float)
    own = [{at: float(masses[at])} for at in range(count)]
    if telescope is not None and telescope.rings and count:
        shape = camera(telescope).at(ra, dec, 0.0)
        for place, which in seen.pairs(shape, sphere.vectors(np.asarray(ra, float), np.asarray(dec, float))):
            for target, field in zip(place.tolist(), which.tolist(), strict=True):
                own[field][target] = float(masses[target])
    name = telescope.name if telescope is not None else ""
    found = []
    for at in range(count):
        pk = pks[at] if pks is not None else None
        place_ = (float(ra[at]) % 360, float(dec[at]), 0.0)
        found.append(Field(names[at], *place_, sum(own[at].values()), own[at], name, pk))
    return found


def centred(name: str, ra: float, dec: float, *, weight: float = 1.0, pos_angle: float = 0.0) -> list[Field]:
    """The one field centred on a point alert."""
    return [Field(name, ra % 360, dec, pos_angle, weight, {0: weight})]
