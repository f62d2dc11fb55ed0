"""Merging at constant cost: a small notice with 100 and with 100,000 events in the TOM. Bar: 1.5 times."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.figure import Figure, middle, same

FEW, MANY = 100, 100_000
NAMES = ("merging:sqlite",)
#: notices a round: bursts by two instruments, the third notice of each joins the two events
BURSTS = 60


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """Two TOMs, one with few and one with many events, in turn (A B A B), each notice in a transaction of its own."""
    sides = {count: ground.ours(f"sqlite-{count}") for count in (FEW, MANY)}
    for count, side in sides.items():
        same("events", side("crowd", count=count) >= count, True)
    times: dict[int, list[float]] = {count: [] for count in sides}
    for number in range(2 if ground.quick else 7):
        for count, side in sides.items():
            answer = side("bursts", count=BURSTS, start=number * BURSTS)
            same("two events joined a burst", answer["merged"], BURSTS)
            times[count].append(answer["seconds"] / (3 * BURSTS))
    few, many = (1000 * middle(times[count]) for count in (FEW, MANY))
    note = f"{FEW} and {MANY:,} events; {BURSTS} merges a round"
    yield Figure(NAMES[0], "ms", many, "<= 1.5", many / few, peer=few, note=note)
