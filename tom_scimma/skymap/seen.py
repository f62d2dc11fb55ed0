"""How often places were seen, and by which footprints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tom_scimma.skymap.footprint import Fields
from tom_scimma.skymap.kinds import kinds
from tom_scimma.skymap.sphere import vectors

#: (place, footprint) pairs in one go
BATCH = 1 << 20


def seen(fields: Fields, ra: Any, dec: Any) -> Any:
    """How many of the footprints each position lies in: int, or int64 shaped as positions in degrees."""
    point = vectors(np.asarray(ra, np.float64), np.asarray(dec, np.float64)).reshape(-1, 3)
    total = np.zeros(len(point), np.int64)
    for place, _ in pairs(fields, point):
        total += np.bincount(place, minlength=len(point))
    return int(total[0]) if np.ndim(ra) == np.ndim(dec) == 0 else total.reshape(np.broadcast(ra, dec).shape)


def pairs(fields: Fields, point: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(place, footprint), int64[n] each, in batches: which of the unit vectors float64[p, 3] lie in which footprints."""
    from scipy.spatial import cKDTree

    good = np.flatnonzero(np.isfinite(point).all(axis=1))
    tree = cKDTree(point[good])
    reach = np.array([shape.reach for shape in fields.shapes])[fields.shape]
    for kind, shapes in kinds(fields):
        mine = np.flatnonzero(shapes[fields.shape])
        near = tree.query_ball_point(fields.axes[mine, 0], 2 * np.sin(reach[mine] / 2) + 1e-12, return_length=True)
        for some in np.split(mine, np.flatnonzero(np.diff(np.cumsum(near) // BATCH)) + 1):
            found = tree.query_ball_point(fields.axes[some, 0], 2 * np.sin(reach[some] / 2) + 1e-12)
            field = np.repeat(some, [len(one) for one in found])
            place = good[np.concatenate([np.asarray(one, np.int64) for one in found])]
            turned = np.einsum("nij,nj->in", fields.axes[field], point[place])
            held = kind.holds(fields.shape[field], list(turned))
            yield place[held], field[held]
