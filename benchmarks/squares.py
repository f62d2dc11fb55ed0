"""Sides for the union of footprints: ours, and mocpy's, on the same 10,000 one-degree squares and the same map."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.side import serve


def places(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(ra, dec, position angle) in degrees, evenly over the sky; the same for the same count."""
    rng = np.random.default_rng(count)
    return rng.uniform(0, 360, count), np.degrees(np.arcsin(rng.uniform(-1, 1, count))), rng.uniform(0, 360, count)


class Sides:
    """What a side keeps between questions."""

    def ours(self, path: str, count: int) -> dict:
        """Map parsed, squares placed, union: all of it timed."""
        from tom_scimma import skymap
        from tom_scimma.skymap import footprint
        from tom_scimma.skymap.union import union

        data, at = Path(path).read_bytes(), places(count)
        begun = time.perf_counter()
        found = union(skymap.read(data), footprint.rectangle(1, 1).at(*at))
        return {"seconds": time.perf_counter() - begun, "probability": found.probability, "error": found.error}

    def mocpy(self, path: str, count: int, depth: int) -> dict:
        """MOCs of the squares, their union, its probability; corners, SkyCoords and the table are there before."""
        from mocpy import MOC

        polygons, table = self._corners(count), self._table(path)
        begun = time.perf_counter()
        mocs = MOC.from_polygons(polygons, max_depth=depth)
        probability = mocs[0].union(*mocs[1:]).probability_in_multiordermap(table)
        return {"seconds": time.perf_counter() - begun, "probability": probability}

    def _corners(self, count: int) -> list:
        from astropy.coordinates import SkyCoord

        from tom_scimma.skymap import footprint

        if not hasattr(self, "_kept"):
            placed = footprint.rectangle(1, 1).at(*places(count))
            self._kept = [SkyCoord(ra, dec, unit="deg") for ((ra, dec),) in placed.polygons]
        return self._kept

    def _table(self, path: str):
        from astropy.table import Table

        table = Table.read(path, format="fits")
        table["PROBDENSITY"].unit = "sr-1"
        return table[["UNIQ", "PROBDENSITY"]]


if __name__ == "__main__":
    sides = Sides()
    serve({"ours": sides.ours, "mocpy": sides.mocpy})
