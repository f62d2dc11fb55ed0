"""Two versions of one event's map: how much they have in common, how much probability moved, and who gained or lost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skymap import grid
from tom_scimma.skymap.footprint import Fields
from tom_scimma.skymap.joint import joint

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap

LEVELS = (0.5, 0.9)


@dataclass(frozen=True, eq=False)
class Comparison:
    """What changed from `old` to `new`."""

    old: SkyMap
    new: SkyMap

    @cached_property
    def _joint(self) -> tuple[np.ndarray, ...]:
        """(steradians, row before, row after, density before, density after) of pieces of the sky."""
        first, end, (before, after) = joint(self.old.uniq, self.new.uniq)
        area = (end - first) * float(grid.pixel_area(grid.MAX_ORDER))
        density = [np.where(row >= 0, sky.density[row], 0.0) for sky, row in ((self.old, before), (self.new, after))]
        return area, before, after, *density

    @cached_property
    def moved(self) -> float:
        """Part of the probability that lies elsewhere now, 0..1: the total variation distance, half the integral of |p - q|.

        Levin, Peres & Wilmer, Markov Chains and Mixing Times (2009), proposition 4.2. It is the most by which the
        probability of any region changed.
        """
        area, _, _, before, after = self._joint
        return min(float(np.abs(after - before) @ area) / 2, 1.0)

    @cached_property
    def overlap(self) -> float:
        """How alike the maps are, 0..1: the Bhattacharyya coefficient, the integral of sqrt(p q); 1 for equal maps.

        Bhattacharyya 1943, Bull. Calcutta Math. Soc. 35, 99. (That of independent maps is SkyMap.overlap.)
        """
        area, _, _, before, after = self._joint
        return min(float(np.sqrt(before * after) @ area), 1.0)

    def areas(self, level: float = 0.9) -> tuple[float, float]:
        """Area in deg2 of the credible region, before and after."""
        return self.old.area(level), self.new.area(level)

    def shared(self, level: float = 0.9) -> float:
        """Area that lies in both credible regions, in parts of what lies in either, 0..1; whole pixels."""
        area, before, after, _, _ = self._joint
        inside = []
        for sky, row in ((self.old, before), (self.new, after)):
            region = np.zeros(len(sky) + 1, bool)
            region[sky.region(level)] = True
            inside.append(region[row])  # row -1, no pixel, is the last place
        return float(area[inside[0] & inside[1]].sum() / area[inside[0] | inside[1]].sum())

    def levels(self, ra: Any, dec: Any) -> tuple[Any, Any]:
        """Credible levels of positions in degrees, before and after; as SkyMap.level_at."""
        return self.old.level_at(ra, dec), self.new.level_at(ra, dec)

    def gained(self, ra: Any, dec: Any, level: float = 0.9) -> Any:
        """Whether positions have come into the credible region: bool, or bool[n]."""
        before, after = self.levels(ra, dec)
        return ~(np.asarray(before) <= level) & (np.asarray(after) <= level)

    def lost(self, ra: Any, dec: Any, level: float = 0.9) -> Any:
        """Whether positions have left the credible region: bool, or bool[n]."""
        before, after = self.levels(ra, dec)
        return (np.asarray(before) <= level) & ~(np.asarray(after) <= level)

    def fields(self, fields: Fields) -> tuple[np.ndarray, np.ndarray]:
        """Probability in each footprint, before and after, float64[k] each."""
        return self.old.inside(fields), self.new.inside(fields)


def compare(old: SkyMap, new: SkyMap) -> Comparison:
    """What changed from one version of a map to the next; each figure is worked out when it is asked for."""
    return Comparison(old, new)
