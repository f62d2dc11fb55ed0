"""Figure 6: what a sky map is asked while a person waits: 2D levels and credible volumes of many positions.

Ours begins with the bytes of the FITS file; ligo.skymap's table is read, and its coordinates made, before its clock.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import bench
from benchmarks.bench import Bench
from benchmarks.figure import Differs, Figure, Skipped, middle
from benchmarks.gw import REQUIREMENTS

FLAT = {"levels:1000": (1_000, ">= 5"), "levels:1000000": (1_000_000, ">= 1.5")}
VOLUME = {"volume-levels:19200-rows": ("deep", ">= 60"), "volume-levels:100000-rows": ("large", ">= 20")}
MEMORY, PEER = "volume-levels:memory", "levels:tom_nonlocalizedevents"
NAMES = (*FLAT, *VOLUME, MEMORY, PEER)
#: MB of a process that reads the map of 100,000 rows and places 1,000 galaxies in it
MOST_MB = 500
PERCENTS = (25, 50, 75, 90, 95)


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure | Skipped]:
    """Ours and the peer's in turn, the same map and the same positions; answers are compared first."""
    folder = ground.folder
    _make(folder, ground.quick)
    ours = ground.side("maps", {})
    peers = {*FLAT, *VOLUME} & wanted
    if peers and find_spec("ligo.skymap") is None:
        yield from (Skipped(name, "there is no ligo.skymap for this Python") for name in NAMES if name in peers)
        peers = set()
    ligo = ground.side("peer_ligo", {}) if peers else None
    for name, (count, bar) in FLAT.items():
        if name in peers:
            rounds = 3 if ground.quick else 15
            times = _turns(ours, ligo, rounds, folder, "flat", count)
            yield Figure(name, "s", times[0], bar, times[1] / times[0], peer=times[1], note="map of 19,200 rows")
    for name, (sky, bar) in VOLUME.items():
        if name in peers:
            rounds = 1 if ground.quick or sky == "large" else 5
            times = _turns(ours, ligo, rounds, folder, sky, 1_000)
            yield Figure(name, "s", times[0], bar, times[1] / times[0], peer=times[1])
    if MEMORY in wanted:
        fresh = ground.side("maps", {})  # whose memory nothing else has raised
        fresh("levels", **_question(folder, "large", 1_000))
        peak = fresh("peak")
        yield Figure(MEMORY, " MB", peak, f"<= {MOST_MB}", peak, note="peak of the whole process")
    if PEER in wanted:
        yield _candidates(ground, ours)


def _make(folder: Path, quick: bool) -> None:
    """Three maps as files, and positions: half where the probability is, half anywhere."""
    from tom_scimma import skymap

    def density(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
        north = np.square((ra - 200) * np.cos(np.radians(dec)) / 9) + np.square((dec - 20 - (ra - 200) / 3) / 3)
        south = np.square((ra - 30) * np.cos(np.radians(dec)) / 6) + np.square((dec + 40) / 4)
        return np.exp(-north / 2) + 0.4 * np.exp(-south / 2) + 1e-9 * (2 + np.sin(ra + dec))

    distance = (lambda ra, dec: 150 + 0.5 * dec, lambda ra, dec: 40 + 0.1 * dec)
    meta = {"OBJECT": "benchmark", "DATE": "2026-11-26T00:00:00"}
    deep = skymap.make(density, distance=distance, meta=meta)
    (folder / "flat.fits").write_bytes(skymap.SkyMap(deep.uniq, deep.density).to_fits())
    (folder / "deep.fits").write_bytes(deep.to_fits())
    large = skymap.make(density, distance=distance, order=5, rounds=6 if quick else 10)
    (folder / "large.fits").write_bytes(large.to_fits())
    for count in (1_000, 1_000_000):
        chance = np.random.default_rng(count)
        weight = deep.density * deep.pixel_area
        rows = chance.choice(len(deep), count // 2, p=weight / weight.sum())
        ra, dec = skymap.grid.centres(deep.uniq[rows])
        ra = np.append(ra + chance.normal(0, 2, ra.size), chance.uniform(0, 360, count - ra.size)) % 360
        dec = np.append(dec, np.degrees(np.arcsin(chance.uniform(-1, 1, count - dec.size))))
        far = chance.normal(150, 45, count).clip(1)
        np.savez(folder / f"places-{count}.npz", ra=ra, dec=dec, far=far)


def _question(folder: Path, sky: str, count: int) -> dict[str, Any]:
    names = {"sky": folder / f"{sky}.fits", "places": folder / f"places-{count}.npz"}
    return {**{key: str(path) for key, path in names.items()}, "volume": sky != "flat"}


def _turns(ours: Any, peer: Any, rounds: int, folder: Path, sky: str, count: int) -> tuple[float, float]:
    """Median seconds of both sides; the first turn warms up and is compared."""
    asked = _question(folder, sky, count)
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(-1 if rounds > 1 else 0, rounds):
        if number <= 0:
            ours("levels", **asked)  # imports, once
        answers = []
        for side, name in ((ours, "ours"), (peer, "theirs")):
            answer = folder / f"{name}.npy"
            seconds = side("levels", answer=str(answer), **asked)
            answers.append(np.load(answer))
            if number >= 0:
                times[name == "theirs"].append(seconds)
        _compare(*answers, volume=asked["volume"])
    return middle(times[0]), middle(times[1])


def _compare(ours: np.ndarray, theirs: np.ndarray, *, volume: bool) -> None:
    """2D levels to 1e-6; volume levels to 0.03, for one in a hundred to 0.06: theirs come from a grid of voxels."""
    apart = np.abs(ours - np.minimum(theirs, 1))
    worst, usual = float(apart.max()), float(np.quantile(apart, 0.99))
    if worst > (0.06 if volume else 1e-6) or usual > (0.03 if volume else 1e-6):
        raise Differs(f"levels differ by up to {worst:.2g}, 99 % of them by less than {usual:.2g}")


def _candidates(ground: Bench, ours: Any) -> Figure | Skipped:
    """A thousand candidates of an event that is stored already: in which of its five regions does each lie?

    Theirs are its own rows and its own function, on PostgreSQL; ours reads the stored map back from its bytes.
    """
    try:
        python = bench.peer("nonlocalizedevents", *REQUIREMENTS)
    except bench.Unavailable as error:
        return Skipped(PEER, str(error))
    peer = ground.side("peer_nonlocalizedevents", ground.database("candidates"), python)
    peer("migrate")
    places = str(ground.folder / "places-1000.npz")
    peer("candidates", sky=str(ground.folder / "deep.fits"), places=places)
    asked = {"sky": str(ground.folder / "deep.fits"), "places": places, "answer": str(ground.folder / "ours.npy")}
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(3 if ground.quick else 7):
        seconds = ours("stored_levels", **asked)
        if number:
            times[0].append(seconds)
        if number < (1 if ground.quick else 3):
            found = peer("levels")
            times[1].append(found["seconds"])
    levels = np.load(ground.folder / "ours.npy")
    regions = np.select([levels <= percent / 100 for percent in PERCENTS], PERCENTS, 100)
    apart = np.mean(regions != np.array(found["percents"]))
    if apart > 0.005:  # a pixel at a region's edge
        raise Differs(f"{apart:.1%} of the candidates lie in other regions")
    mine, theirs = middle(times[0]), middle(times[1])
    return Figure(PEER, "s", mine, ">= 1000", theirs / mine, peer=theirs)


if __name__ == "__main__":
    sys.exit("run benchmarks/run.py --only 'levels:*' --only 'volume-levels:*'")
