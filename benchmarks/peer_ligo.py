"""ligo.skymap's side: `postprocess.crossmatch`, its table and coordinates made before the clock starts."""

from __future__ import annotations

import time
from functools import cache

import numpy as np
from astropy import units
from astropy.coordinates import SkyCoord
from ligo.skymap.io import read_sky_map
from ligo.skymap.postprocess import crossmatch

from benchmarks import side


def levels(sky: str, places: str, volume: bool, answer: str) -> float:
    """Seconds for the levels of all positions."""
    table, at = _table(sky), _coordinates(places, volume)
    begun = time.perf_counter()
    found = crossmatch(table, at)
    seconds = time.perf_counter() - begun
    np.save(answer, found.searched_prob_vol if volume else found.searched_prob)
    return seconds


@cache
def _table(path: str):
    return read_sky_map(path, moc=True)


@cache
def _coordinates(path: str, volume: bool) -> SkyCoord:
    with np.load(path) as stored:
        far = {"distance": stored["far"] * units.Mpc} if volume else {}
        return SkyCoord(stored["ra"] * units.deg, stored["dec"] * units.deg, **far)


if __name__ == "__main__":
    side.serve({"levels": levels})
