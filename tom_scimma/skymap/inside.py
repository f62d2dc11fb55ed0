"""The probability inside each of many footprints.

Pixels wholly inside count with all they hold. A pixel on the edge counts by the exact share of it that is covered
(share.py) once it is small enough that neither its shape nor the map inside it matters:

* it lies in one pixel of the map, or holds less than 1e-8, so that its density may be taken as even;
* its side is an eighth of the footprint's largest piece or less, and order 8 (0.23 deg) or finer. A pixel is taken as a
  parallelogram, which moves its edges by less than 1.3e-3 of its side at order 8, half of that at each further order;
  pixels that are more bent than that are cut five orders further.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tom_scimma.skymap import cells, grid
from tom_scimma.skymap.descent import Level, descend
from tom_scimma.skymap.footprint import Fields

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

COARSEST = 8
#: orders beyond which a bent pixel is cut no further
BENT_ORDERS = 5
#: so many pixels' sides to a piece's
PARTS = 8
#: what holds less may be taken as even; and what holds less than this is of no account at all
EVEN, NOTHING = 1e-8, 1e-15


def finest(fields: Fields) -> np.ndarray:
    """Order, int64[k], at which the pixels on the edge of each footprint are small enough."""
    grain = np.array([shape.grain for shape in fields.shapes])
    order = np.ceil(np.log2(np.sqrt(np.pi / 3) * PARTS / grain)).astype(np.int64)
    return np.clip(order, COARSEST, grid.MAX_ORDER - BENT_ORDERS)[fields.shape]


def inside(sky: SkyMap, fields: Fields) -> np.ndarray:
    """Probability in each footprint, float64[k]."""
    total, enough = np.zeros(len(fields)), finest(fields)

    def take(level: Level) -> np.ndarray:
        mass = level.mass[level.at]
        np.add.at(total, level.field[level.deep], mass[level.deep])
        cut = ~level.deep
        need = enough[level.field] + BENT_ORDERS * cells.bent(level.order, level.cell)[level.at]
        even = (level.single[level.at] | (mass < EVEN)) & (level.order >= need)
        done = np.flatnonzero(cut & (even | (mass < NOTHING)))
        share, _ = level.measure(done, area=True, samples=False)
        np.add.at(total, level.field[done], share * mass[done])
        cut[done] = False
        return cut

    descend(sky, fields, take)
    return np.minimum(total, 1.0)
