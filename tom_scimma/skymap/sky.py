"""SkyMap: the questions a sky map answers, each worked out in the file that its answer is named after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tom_scimma.skymap import grid
from tom_scimma.skymap.pixels import Pixels

if TYPE_CHECKING:
    from mocpy import MOC

    from tom_scimma.skymap.credible import Table
    from tom_scimma.skymap.footprint import Fields
    from tom_scimma.skymap.masks import Mask


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

    @cached_property
    def volume_table(self) -> Table | None:
        """Credible volume level by density per Mpc^3; None without distance."""
        from tom_scimma.skymap import credible

        return credible.table(self)

    def volume_level_at(self, ra: Any, dec: Any, dist_mpc: Any) -> Any:
        """Credible volume level (0..1): the probability of all places that are denser than these; shaped as they are.

        1 where the map has no pixel or knows no distance; NaN for a map without distance, and for what is no place.
        """
        from tom_scimma.skymap import credible

        return credible.level_at(self, ra, dec, dist_mpc)

    def probability_in_cone(self, ra: Any, dec: Any, radius_deg: Any) -> Any:
        """Probability within a radius of positions, degrees: float, or float64 shaped as they are together."""
        from tom_scimma.skymap import cones

        return cones.probability(self, ra, dec, radius_deg)

    def inside(self, footprints: Fields | Iterable[Fields]) -> np.ndarray:
        """Probability in each footprint, float64[k]; see footprint.py for how they are made, inside.py for how well."""
        from tom_scimma.skymap import footprint, inside

        return inside.inside(self, footprint.together(footprints))

    def union(self, footprints: Fields | Iterable[Fields]) -> float:
        """Probability in the union of footprints, to 1e-4; union.py says more, of groups of them and of the error."""
        from tom_scimma.skymap import footprint, union

        return union.union(self, footprint.together(footprints)).probability

    def without(self, mask: Mask) -> SkyMap:
        """The map without what a mask removes (masks.py), normalised; `notes` and `meta["REMOVED"]` say how much.

        Raises errors.BadSkyMap where nothing is left.
        """
        from tom_scimma.skymap import masks

        return masks.remove(self, mask).sky

    def times(self, other: SkyMap) -> SkyMap:
        """The normalised product with an independent map: where the source is, if both saw the same one.

        Raises errors.BadSkyMap where the two exclude each other. Distances: see combine.py.
        """
        from tom_scimma.skymap import combine

        return SkyMap(**combine.times(self, other))

    def overlap(self, other: SkyMap) -> float:
        """Spatial Bayes factor, 4 pi times the integral of the product: above 1 speaks for one common position.

        Ashton et al. 2018, doi:10.3847/1538-4357/aabfd2; in the plane of the sky only.
        """
        from tom_scimma.skymap import combine

        return combine.overlap(self, other)

    def chance_rate(self, other: SkyMap, far_hz: float, rate_hz: float, window_s: float, **more: Any) -> float:
        """How often, in Hz, chance alone makes a pair as close in time and place; formula in combine.chance_rate."""
        from tom_scimma.skymap import combine

        return combine.chance_rate(self.overlap(other), far_hz, rate_hz, window_s, **more)

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

    def geojson(self, levels: Sequence[float]) -> dict[str, Any]:
        """Credible regions as a GeoJSON FeatureCollection, fit to draw in the plane: longitude is RA, -180..180."""
        from tom_scimma.skymap import outlines

        return outlines.geojson(self, levels)

    def stcs(self, level: float) -> str:
        """A credible region as STC-S: Polygon, or Union and Difference of polygons, ICRS."""
        from tom_scimma.skymap import outlines

        return outlines.stcs(self, level)

    def pack(self) -> bytes:
        """The stored form: compact, lossless, read back by `unpack` in milliseconds."""
        from tom_scimma.skymap import pack

        return pack.pack(self)

    def to_fits(self) -> bytes:
        """A multi-order FITS file of the map that ligo.skymap, healpy and astropy read."""
        from tom_scimma.skymap import write

        return write.multiorder(self)

    def to_flat_fits(self, nside: int) -> bytes:
        """A flat FITS file (nested, implicit) of PROB and the distance columns, for healpy and older tools."""
        from tom_scimma.skymap import rasters

        return rasters.flat_fits(self, nside)
