"""Parts of the sky that a source cannot lie in, or that need no more looking at; and a map without them.

masks.remove(sky, masks.earth(ra, dec, altitude_km=535))     what the Earth hid from a satellite
masks.remove(sky, masks.galactic_plane(10))
masks.remove(sky, masks.footprint(fields))                   what has been seen: the residual map
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tom_scimma.errors import BadSkyMap
from tom_scimma.skymap import grid, regions, sphere
from tom_scimma.skymap.footprint import Fields, together
from tom_scimma.skymap.joint import joint, pixels
from tom_scimma.skymap.union import union

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

#: mean radius (R1) of the Earth, km: IUGG 1980, Moritz 2000, doi:10.1007/s001900050278
EARTH_KM = 6371.0088
#: (ra, dec) in degrees of the north galactic pole in ICRS, as astropy has it (Reid & Brunthaler 2004's, J2000)
GALACTIC_POLE = (192.8594812065348, 27.12825118085622)
#: pixels on a mask's edge are divided until they hold no more than this
EDGE = 1e-7
#: the same for footprints, of which there may be many; they are thinned out there, not cut
SEEN = 1e-6

Shares = tuple[np.ndarray, np.ndarray]  #: (UNIQ int64[n], share of the pixel that is removed float64[n])


@dataclass(frozen=True)
class Mask:
    """A part of the sky."""

    name: str
    shares: Callable[
        [SkyMap], Shares
    ]  #: the pixels it removes, in parts; none overlap, those without probability may miss


class Remainder(NamedTuple):
    """What is left of a map."""

    sky: SkyMap  #: normalised
    removed: float  #: probability that was removed
    area: float  #: deg2 that were removed, of what the map has probability in


def earth(ra: float, dec: float, *, altitude_km: float | None = None, radius_deg: float | None = None) -> Mask:
    """What the Earth hides from a satellite: direction (degrees) of the Earth's centre as it sees it, and how large.

    The angular radius is given, or that of a sphere of 6371 km from `altitude_km` above it (67.3 degrees from Fermi).
    """
    if (altitude_km is None) == (radius_deg is None):
        raise ValueError("the Earth's size is told by its radius in degrees or by the satellite's altitude in km")
    if altitude_km is not None:
        if not altitude_km > 0:
            raise ValueError(f"a satellite flies above the ground, not at {altitude_km} km")
        radius_deg = float(np.degrees(np.arcsin(EARTH_KM / (EARTH_KM + altitude_km))))
    return Mask("Earth", _within(regions.cone(ra, dec, radius_deg or 0)))


def earth_from(position_km: Sequence[float]) -> Mask:
    """What the Earth hides from a satellite at (x, y, z) km from its centre, along the axes of ICRS."""
    place = np.asarray(position_km, np.float64)
    height = float(np.linalg.norm(place)) - EARTH_KM
    if place.shape != (3,) or not height > 0:
        raise ValueError(
            f"a satellite is at x, y, z in km, {EARTH_KM:.0f} km or more from the Earth's centre, not {position_km}"
        )
    ra, dec = sphere.degrees(-place)
    return earth(float(ra), float(dec), altitude_km=height)


def galactic_plane(b_deg: float) -> Mask:
    """What lies nearer to the galactic plane than `b_deg` degrees."""
    if not 0 < b_deg < 90:
        raise ValueError(f"a galactic latitude to cut at lies in 0..90 degrees, not {b_deg}")
    pole = sphere.vectors(*GALACTIC_POLE)

    def depth(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
        return b_deg - np.abs(np.degrees(np.arcsin(np.clip(sphere.vectors(ra, dec) @ pole, -1, 1))))

    return Mask(f"galactic plane, |b| < {b_deg:g}", _within(depth))


def footprint(fields: Fields | Iterable[Fields]) -> Mask:
    """What lies in any of the footprints."""
    seen = together(fields)
    return Mask(
        "footprint" if len(seen) == 1 else f"{len(seen)} footprints", lambda sky: union(sky, seen, edge=SEEN).pixels
    )


def remove(sky: SkyMap, mask: Mask) -> Remainder:
    """The map without what a mask removes, normalised; what was removed is said beside it, in `notes`, and in `meta`.

    Raises errors.BadSkyMap where nothing is left.
    """
    uniq, share = mask.shares(sky)
    sort = np.argsort(grid.spans(uniq)[1])
    share = share[sort]
    first, end, (row, touched) = joint(sky.uniq, uniq[sort])
    first, end, row, touched = (values[row >= 0] for values in (first, end, row, touched))
    made, run = pixels(first, end)
    row, lost = row[run], np.where(touched[run] >= 0, share[touched[run]] if len(share) else 0.0, 0.0)
    area = grid.pixel_area(grid.order_of(made))
    density = sky.density[row]
    removed = float(np.sum(density * lost * area))
    left = density * (1 - lost)
    total = float(np.sum(left * area))
    if total < 1e-12:
        raise BadSkyMap(f"{mask.name}: all of the map's probability lies there, nothing is left")
    columns = {
        name: None if (column := getattr(sky, name)) is None else column[row] for name in ("mu", "sigma", "norm")
    }
    rest = replace(
        sky,
        uniq=made,
        density=left / total,
        stated_distance=None,  # it was the whole map's
        notes=(*sky.notes, f"{mask.name}: {removed:.4f} of the probability removed"),
        meta={**sky.meta, "REMOVED": 1 - (1 - float(sky.meta.get("REMOVED", 0))) * (1 - removed)},
        **columns,
    )
    return Remainder(rest, removed, float(np.sum(area * lost * (density > 0)) * grid.DEG2_PER_SR))


def _within(depth: regions.Depth) -> Callable[[SkyMap], Shares]:
    """Pixels in which a depth (degrees inside the edge) is positive; those on the edge are divided, then counted in part."""

    def shares(sky: SkyMap) -> Shares:
        uniq, density = sky.uniq[sky.density > 0], sky.density[sky.density > 0]
        found: list[Shares] = []
        while len(uniq):
            order = grid.order_of(uniq)
            inside = depth(*grid.centres(uniq))
            reach = np.array([grid.radius(level) for level in range(grid.MAX_ORDER + 1)])[order]
            cut = np.abs(inside) < reach
            fine = (density * grid.pixel_area(order) < EDGE) | (order == grid.MAX_ORDER)
            found.append((uniq[~cut & (inside > 0)], np.ones(np.count_nonzero(~cut & (inside > 0)))))
            edge = uniq[cut & fine]
            found.append((edge, regions.softened(depth, edge)))
            left = cut & ~fine
            uniq = (4 * uniq[left][:, None] + np.arange(4)).ravel()
            density = np.repeat(density[left], 4)
        uniq, share = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return uniq[share > 0], share[share > 0]

    return shares
