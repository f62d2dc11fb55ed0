"""Sky maps made from a function, on BAYESTAR's adaptive grid.

Singer & Price 2016 (doi:10.1103/PhysRevD.93.024013), section VI; as ligo.skymap.moc.bayestar_adaptive_grid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tom_scimma.errors import BadSkyMap
from tom_scimma.skymap import grid
from tom_scimma.skymap.sphere import separation

Field = Callable[[np.ndarray, np.ndarray], np.ndarray]


def make(
    density: Field,
    *,
    distance: tuple[float | Field, float | Field] | None = None,
    order: int = 4,
    rounds: int = 7,
    meta: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The fields of a SkyMap of `density(ra, dec)`, degrees, on any scale.

    Starts from all pixels of `order` and `rounds` times divides the most probable quarter of that number: 19,200 rows
    from order 4 to order 11 by default, as BAYESTAR's; 8 rounds give 21,504. `distance` is (mu, sigma) in Mpc, each a
    number or a function of (ra, dec). Raises BadSkyMap where the function gives nothing to normalise.
    """
    count = 12 << (2 * order)
    split = count // 4
    uniq = grid.uniq_of(order, np.arange(count))
    value = _evaluate(density, uniq)
    for _ in range(rounds):
        rank = np.argpartition(value * grid.pixel_area(grid.order_of(uniq)), uniq.size - split)
        kept, divided = rank[:-split], uniq[rank[-split:]]
        children = (4 * divided[:, None] + np.arange(4)).ravel()  # uniq of a child is 4 uniq + 0..3
        uniq = np.concatenate((uniq[kept], children))
        value = np.concatenate((value[kept], _evaluate(density, children)))
    sort = np.argsort(grid.spans(uniq)[1])
    uniq, value = uniq[sort], value[sort]
    total = float(np.sum(value * grid.pixel_area(grid.order_of(uniq))))
    if not 0 < total < np.inf:
        raise BadSkyMap(f"the total probability is {total:g}; there is nothing to normalise")
    made = {"uniq": uniq, "density": value / total, "meta": dict(meta or {})}
    return {**made, **_distance(uniq, *distance)} if distance else made


def _evaluate(field: float | Field, uniq: np.ndarray) -> np.ndarray:
    found = field(*grid.centres(uniq)) if callable(field) else field
    return np.broadcast_to(np.asarray(found, np.float64), uniq.shape).copy()


def _distance(uniq: np.ndarray, mu: float | Field, sigma: float | Field) -> dict[str, np.ndarray]:
    from tom_scimma.skymap import distance

    means, spreads = _evaluate(mu, uniq), _evaluate(sigma, uniq)
    return {"mu": means, "sigma": spreads, "norm": distance.moments(means, spreads)[2]}


def gaussian(ra: float, dec: float, sigma_deg: float, **options: Any) -> dict[str, Any]:
    """The fields of a SkyMap of exp(-(1 - cos angle) / sigma**2), the sphere's Gaussian (von Mises-Fisher).

    A `sigma_deg` far below the finest pixel would vanish between pixel centres: the grid goes deeper by itself, to
    1/4 of sigma.
    """
    if not (np.isfinite(ra) and abs(dec) <= 90 and 0 < sigma_deg <= 360):
        raise ValueError(f"no position and error: ra {ra}, dec {dec}, sigma {sigma_deg} degrees")
    sigma = np.radians(sigma_deg)
    order = options.setdefault("order", 4)
    needed = int(np.ceil(np.log2(np.sqrt(np.pi / 3) / (sigma / 4))))
    options.setdefault("rounds", min(max(7, needed - order), grid.MAX_ORDER - order))

    def density(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        x = 2 * np.square(np.sin(np.radians(separation(lon, lat, ra, dec)) / 2) / sigma)
        return np.exp(-x) + 1e-30 / np.square(1 + x)  # the faint wings show the refinement the way from afar

    return make(density, **options)
