"""Figure: the probability in the union of 10,000 one-degree squares, on a map of 19,200 rows and on an even one."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import alert
from benchmarks.bench import Bench
from benchmarks.figure import Figure, middle, same

#: name: (map, mocpy's depth, bar)
FIGURES = {
    "footprints-union:mocpy-14": ("gaussian", 14, ">= 10"),
    "footprints-union:mocpy-10": ("gaussian", 10, ">= 1"),
    "footprints-union-even:mocpy-14": ("even", 14, ">= 10"),
    "footprints-union-even:mocpy-10": ("even", 10, ">= 1"),
}
NAMES = tuple(FIGURES)


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """Ours and mocpy in turn. The answers are compared first: a MOC takes every cell that its edges touch, so that its
    excess halves with each depth and twice depth 14 less depth 13 is what it tends to."""
    ours, theirs = ground.side("squares", {}), ground.side("squares", {})
    count, rounds = (1_000, 1) if ground.quick else (10_000, 5)
    paths = {"gaussian": ground.folder / "gaussian.fits", "even": ground.folder / "even.fits"}
    paths["gaussian"].write_bytes(alert.skymap())
    paths["even"].write_bytes(_even())
    limits: dict[str, float] = {}
    for name, (kind, depth, bar) in FIGURES.items():
        if name not in wanted:
            continue
        path = str(paths[kind])
        if kind not in limits:
            ours("ours", path=path, count=10)  # imports
            limits[kind] = _tends(theirs, path, count)
        times: dict[str, list[float]] = {"ours": [], "peer": []}
        for _ in range(rounds):
            mine, other = ours("ours", path=path, count=count), theirs("mocpy", path=path, count=count, depth=depth)
            same("union probability", mine["probability"], limits[kind], within=1e-3)
            times["ours"].append(mine["seconds"])
            times["peer"].append(other["seconds"])
        mine_s, peer_s = middle(times["ours"]), middle(times["peer"])
        off = other["probability"] / limits[kind] - 1
        note = f"{count:,} squares; mocpy's probability {off:+.1%}, ours {mine['probability'] / limits[kind] - 1:+.3%}"
        yield Figure(name, "s", mine_s, bar, peer_s / mine_s, peer=peer_s, note=note)


def _tends(theirs, path: str, count: int) -> float:
    fine, finer = (theirs("mocpy", path=path, count=count, depth=depth)["probability"] for depth in (13, 14))
    return 2 * finer - fine


def _even() -> bytes:
    import numpy as np

    from tom_scimma.skymap import SkyMap

    uniq = np.arange(4 << 12, 16 << 12)
    return SkyMap(uniq, np.full(uniq.size, 1 / (4 * np.pi))).to_fits()
