"""How likely a telescope's visits see a source that is there, by place: for fields worth the probability of detection.

The source is that of detection.py: its absolute magnitude lies evenly between two values and fades from its onset on. A
visit of limit m sees it up to the distance at which m = M(u) + fading + 5 log10(D / 10 pc) + extinction; of several filters
the one that sees farthest counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from tom_scimma.skymap import distance
from tom_treasuremap import exposure
from tom_treasuremap.detection import NODES, Source
from tom_treasuremap.planning.pieces import See
from tom_treasuremap.planning.problem import Visits
from tom_treasuremap.telescopes.telescope import Telescope

if TYPE_CHECKING:
    from tom_scimma.skymap import SkyMap


@dataclass(frozen=True)
class Sight:
    """What a telescope's visits see of a source. Raises exposure.NotKnown, when asked, for a filter without depths."""

    telescope: Telescope
    visits: Visits
    source: Source
    when: datetime | None = None  #: about when it looks; None: the source does not fade
    airmass: float = 1.2
    moon: tuple[float, float] | None = None  #: (lit part, altitude in degrees)

    def after(self, seconds: float | None) -> See:
        """The chance in each pixel with exposures of so many seconds; None: as the visits say."""
        limits = self._limits(seconds)

        def see(sky: SkyMap, row: np.ndarray, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
            if sky.mu is None or sky.sigma is None:
                raise ValueError("this map has no distance, so that nobody can say how faint the source would be")
            known = np.isfinite(sky.mu[row]) & (len(limits) > 0)
            row, ra, dec = row[known], ra[known], dec[known]
            chance = np.zeros(len(known))
            nodes, weights = np.polynomial.legendre.leggauss(NODES)
            dim = {band: self._dimmed(band, ra, dec) for band in limits}
            for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
                reach = np.full(len(row), -np.inf)
                for band, limit in limits.items():
                    bright, faint = self.source.magnitudes[band]
                    reach = np.maximum(reach, limit - dim[band] - (bright + node * (faint - bright)))
                found = distance.within(sky.mu[row], sky.sigma[row], 10 ** (reach / 5 - 5))  # 10 pc is 1e-5 Mpc
                chance[known] += weight * found
            return np.clip(chance, 0, 1)

        return see

    def _limits(self, seconds: float | None) -> dict[str, float]:
        """The deepest AB magnitude of each band that the source is known in."""
        found: dict[str, float] = {}
        for one in (item for block in self.visits.blocks for item in block):
            own = replace(one, seconds=seconds) if seconds is not None else one
            kind = self.telescope.filters[own.filter]
            if kind.band is not None and kind.band in self.source.magnitudes:
                # so many exposures together are as deep as one that is the square root of them deeper
                limit = exposure.depth(kind, own.seconds, airmass=self.airmass, moon=self.moon)
                limit += 1.25 * float(np.log10(own.count))
                found[kind.band] = max(found.get(kind.band, -np.inf), limit)
        return found

    def _dimmed(self, band: str, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
        days = 0.0
        if self.when is not None and self.source.onset is not None:
            days = max((self.when - self.source.onset).total_seconds() / 86400, 0.0)
        dust = 0.0 if self.source.extinction is None else self.source.extinction(band, ra, dec)
        return np.zeros(len(ra)) + self.source.decline * days + dust
