"""Figure 5: a million galaxies ranked from the column file, as the event page does it: opened, ranked, the best thousand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench import Bench
from benchmarks.figure import Figure, middle, same

NAMES = ("galaxies-ranked:everywhere", "galaxies-ranked:500deg2")
COUNT = 1_000_000
#: seconds
BAR = "<= 1"


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """A map that has probability everywhere, so that every galaxy counts, and one of 500 square degrees."""
    from tom_scimma import skymap
    from tom_scimma.galaxies import ranking, sheet

    path = ground.folder / "million.galaxies"
    universe = _universe(path)
    skies = {
        "everywhere": skymap.make(lambda ra, dec: 1 + 0.5 * np.sin(np.radians(dec)), distance=(150.0, 60.0)),
        "500deg2": skymap.from_gaussian(130.0, 25.0, 5.9, distance=(150.0, 30.0)),
    }
    for name in NAMES:
        if name not in wanted:
            continue
        sky = skymap.unpack(skies[name.partition(":")[2]].pack())
        ours, limit = [], []
        for number in range(-1, 3 if ground.quick else 15):
            packed = sky.pack()
            begun = time.perf_counter()
            fresh = skymap.unpack(packed)
            found = ranking.rank(fresh, sheet.open_sheet(path), "mass")
            seconds = time.perf_counter() - begun
            begun = time.perf_counter()
            score = _by_hand(skymap.unpack(packed), universe)
            bare = time.perf_counter() - begun
            if number >= 0:
                ours.append(seconds)
                limit.append(bare)
        same("the best galaxy's share", float(found.score[0]), float(score.max()), within=2e-3)
        same("galaxies ranked", len(found), 1000)
        note = (
            f"{found.looked_at:,} of {COUNT:,} galaxies in the region, {len(sky):,} pixels, unpacking and opening "
            "included; limit: all of them in memory by SkyMap.volume_density_at"
        )
        yield Figure(name, "s", middle(ours), BAR, middle(ours), limit=middle(limit), note=note)


def _by_hand(sky: Any, universe: dict[str, np.ndarray]) -> np.ndarray:
    density = sky.volume_density_at(universe["ra"], universe["dec"], universe["distance"])
    score = density * universe["mass"]
    np.argpartition(score, -1000)
    return score / score.sum()


def _universe(path: Path) -> dict[str, np.ndarray]:
    """A million galaxies with exact distances, written as a column file; the same as arrays."""
    from tom_scimma.galaxies import sheet
    from tom_scimma.skymap import grid

    chance = np.random.default_rng(1)
    ra, dec = chance.uniform(0, 360, COUNT), np.degrees(np.arcsin(chance.uniform(-1, 1, COUNT)))
    index = grid.pixel_of(ra, dec, sheet.ORDER)
    order = np.argsort(index)
    nothing = np.full(COUNT, np.nan, np.float32)
    columns = {name: nothing for name in sheet.COLUMNS} | {
        "hpx14": index[order],
        "pk": np.arange(COUNT),
        "ra": ra[order],
        "dec": dec[order],
        "distance": (600 * np.cbrt(chance.random(COUNT))).astype(np.float32),
        "mass": (10 ** chance.uniform(8, 11, COUNT)).astype(np.float32),
    }
    with sheet.writing(path, COUNT, catalog="million", edition="") as out:
        for start in range(0, COUNT, 100_000):
            out.write({name: values[start : start + 100_000] for name, values in columns.items()})
    return {name: columns[name].astype(np.float64) for name in ("ra", "dec", "distance", "mass")}
