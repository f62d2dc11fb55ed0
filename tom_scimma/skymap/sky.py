"""SkyMap: the questions a sky map answers, each worked out in the file that its answer is named after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skymap import grid
from tom_scimma.skymap.pixels import Pixels

if TYPE_CHECKING:
    from mocpy import MOC


@dataclass(frozen=True, eq=False)
class SkyMap(Pixels):
    """A probability map of the sky, with distance or without."""

    @cached_property
    def distance(self) -> tuple[float, float] | None:
        """(mean, standard deviation) of the distance in Mpc, as the sender said or worked out; None without."""
        if self.stated_distance is not None or self.mu is None or self.sigma is None:
            return self.stated_distance
        from tom_scimma.skymap import distance

        return distance.marginal(self.density * self.pixel_area, self.mu, self.sigma)

    def distance_at(self, ra: Any, dec: Any) -> Any:
        """(mean, standard deviation) of the distance in Mpc along lines of sight: two floats, or float64 like `ra`.

        NaN where the map has no distance, or does not know it there.
        """
        from tom_scimma.skymap import distance

        return distance.conditional(self, ra, dec)

    def distance_pdf(self, r: Any) -> Any:
        """Probability density per Mpc of the distance, over the whole map, at `r` in Mpc; NaN without distance."""
        from tom_scimma.skymap import distance

        return distance.marginal_pdf(self, r)

    def distance_pdf_at(self, ra: float, dec: float, r: Any) -> Any:
        """Probability density per Mpc of the distance along one line of sight, at `r` in Mpc; NaN if not known."""
        from tom_scimma.skymap import distance

        return distance.conditional_pdf(self, ra, dec, r)

    def volume_density_at(self, ra: Any, dec: Any, dist_mpc: Any) -> Any:
        """Probability density per Mpc^3 at positions and distances; shaped as they are together.

        0 where the map has no pixel or knows no distance; NaN for a map without distance, and for what is no place.
        """
        from tom_scimma.skymap import volume

        return volume.density_at(self, ra, dec, dist_mpc)

    def moc(self, level: float) -> MOC:
        """The smallest region that holds at least `level` of the probability, as a mocpy MOC."""
        from mocpy import MOC

        rows = self.region(level)
        order, start, _ = self.spans
        depth = order[rows]
        top = int(depth.max())
        return MOC.from_healpix_cells(
            (start[rows] >> (2 * (grid.MAX_ORDER - depth))).astype(np.uint64), depth.astype(np.uint8), top
        )

    def contours(self, levels: Sequence[float]) -> list[list[list[tuple[float, float]]]]:
        """For each level a list of closed rings of (ra, dec) in degrees; see contours.py for their orientation."""
        from tom_scimma.skymap import contours

        return [contours.rings(self, level) for level in levels]

    def pack(self) -> bytes:
        """The stored form: compact, lossless, read back by `unpack` in milliseconds."""
        from tom_scimma.skymap import pack

        return pack.pack(self)

    def to_fits(self) -> bytes:
        """A multi-order FITS file of the map that ligo.skymap, healpy and astropy read."""
        from tom_scimma.skymap import write

        return write.multiorder(self)
