"""Our side of the sky maps' figures: `tom_scimma.skymap` alone, no Django."""

from __future__ import annotations

import resource
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks import side
from tom_scimma import skymap


def levels(sky: str, places: str, volume: bool, answer: str = "") -> float:
    """Seconds from the bytes of the file to the levels of all positions."""
    data, at = Path(sky).read_bytes(), _places(places)
    begun = time.perf_counter()
    made = skymap.read(data)
    found = made.volume_level_at(at["ra"], at["dec"], at["far"]) if volume else made.level_at(at["ra"], at["dec"])
    seconds = time.perf_counter() - begun
    if answer:
        np.save(answer, found)
    return seconds


def stored_levels(sky: str, places: str, answer: str) -> float:
    """Seconds from the stored form of a map to the 2D levels of all positions."""
    data, at = skymap.read(Path(sky).read_bytes()).pack(), _places(places)
    begun = time.perf_counter()
    found = skymap.unpack(data).level_at(at["ra"], at["dec"])
    seconds = time.perf_counter() - begun
    np.save(answer, found)
    return seconds


def peak() -> float:
    """Most memory this process has had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)


@cache
def _places(path: str) -> dict[str, np.ndarray]:
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


if __name__ == "__main__":
    side.serve({"levels": levels, "stored_levels": stored_levels, "peak": peak})
