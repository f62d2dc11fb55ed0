"""Figures: plans of a night. Against astroplan; how soon the first one is there; how near the best it comes on ten maps."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from benchmarks.bench import Bench
from benchmarks.figure import Figure, Skipped, middle

LISTS = ("plan-priority:100", "plan-weight:100", "plan-list:1000")
FIRST = {"plan-first:one-telescope": (1, 1.0), "plan-first:three-telescopes": (3, 3.0)}
#: name: (kind of problem, largest gap to the bound)
GAPS = {"plan-gap:grid": ("grid", 0.02), "plan-gap:two-visits": ("two", 0.15), "plan-gap:free": ("free", 0.15)}
NAMES = (*LISTS, *FIRST, *GAPS)


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure | Skipped]:
    """Both sides are processes of their own and take turns."""
    if wanted & set(LISTS):
        yield from _lists(ground, wanted)
    for name, (telescopes, bar) in FIRST.items():
        if name in wanted:
            yield _first(ground, name, telescopes, bar)
    for name, (kind, most) in GAPS.items():
        if name in wanted:
            yield _gap(ground, name, kind, most)


def _lists(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    ours, theirs = ground.side("plans", {}), ground.side("plans", {})
    ours("listed", count=20, seed=99, step=300)
    ours("listed", count=20, seed=98, step=300, nodes=1)
    if wanted & set(LISTS[:2]):
        theirs("astroplan", count=10, seed=99, step=300)
        pairs = []
        for seed in range(2 if ground.quick else 20):
            mine = ours("listed", count=100, seed=seed, step=300)
            if mine["overlaps"] or mine["low"]:
                raise AssertionError(f"our plan of seed {seed} is not valid: {mine}")
            pairs.append((mine, theirs("astroplan", count=100, seed=seed, step=300)))
        mine_s, their_s = (middle([pair[at]["seconds"] for pair in pairs]) for at in (0, 1))
        mine_w, their_w = (fmean(pair[at]["weight"] for pair in pairs) for at in (0, 1))
        wrong = sum(pair[1]["overlaps"] + pair[1]["low"] for pair in pairs)
        note = f"100 targets, 5 min grid, slews; {len(pairs)} seeds; faults in astroplan's plans: {wrong}"
        if LISTS[0] in wanted:
            yield Figure(LISTS[0], "s", mine_s, ">= 50", their_s / mine_s, peer=their_s, note=note)
        if LISTS[1] in wanted:
            yield Figure(LISTS[1], "", mine_w, ">= 1", mine_w / their_w, peer=their_w, note="mean summed weight")
    if LISTS[2] in wanted:
        found = [ours("listed", count=1000, seed=seed, step=60) for seed in range(1 if ground.quick else 5)]
        seconds = middle([one["seconds"] for one in found])
        yield Figure(LISTS[2], "s", seconds, "<= 5", seconds, note="1,000 targets, 1 min grid, slews; first plan")


def _first(ground: Bench, name: str, telescopes: int, bar: float) -> Figure:
    ours = ground.side("plans", {})
    ours("tiled", count=100, telescopes=telescopes)
    found = [ours("tiled", count=1000, telescopes=telescopes) for _ in range(1 if ground.quick else 5)]
    _valid(name, found)
    seconds = middle([one["seconds"] for one in found])
    note = f"{found[0]['fields']} fields; value {found[0]['value']:.4f}, bound {found[0]['bound']:.4f}"
    return Figure(name, "s", seconds, f"<= {bar:g}", seconds, note=note)


def _gap(ground: Bench, name: str, kind: str, most: float) -> Figure:
    """The worst of ten maps, as the part by which it may miss the best; each may take 30 s."""
    ours = ground.side("plans", {})
    named = list(ours("maps").items())[: 2 if ground.quick else 10]
    found = {title: ours("best", name=title, path=path, kind=kind, seconds=30.0) for title, path in named}
    _valid(name, list(found.values()))
    below = [title for title, one in found.items() if one["value"] < one["first"] * (1 - 1e-9)]
    if below:
        raise AssertionError(f"{name}: worse than the first plan on {below}")
    gaps = {title: 1 - one["value"] / one["bound"] if one["bound"] else 0.0 for title, one in found.items()}
    note = "; ".join(f"{title}: {found[title]['value']:.4f}, gap {gap:.2%}" for title, gap in gaps.items())
    worst = max(gaps.values())
    return Figure(name, "", worst, f"<= {most:g}", worst, note=f"{note}; peak memory {ours('peak'):.0f} MB")


def _valid(name: str, found: list[dict]) -> None:
    for one in found:
        if one["faults"] or abs(one["value"] - one["said"]) > 1e-9:
            raise AssertionError(f"{name}: {one}")
