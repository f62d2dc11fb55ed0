"""HERMES messages from the polled bytes to the commit: at few and at many targets, new targets apart, beside tom-hermes."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import bench
from benchmarks.bench import Bench
from benchmarks.figure import Figure, Skipped, middle, same
from benchmarks.side import Side

FEW, MANY = 100, 100_000
#: tom-hermes is measured with as many targets as this besides FEW; at more a message takes it minutes
SEVERAL = 10_000
NAMES = (
    "hermes-in:messages",
    "hermes-in:many-targets",
    "hermes-in:new-targets",
    f"hermes-in:tom_hermes-{FEW}",
    f"hermes-in:tom_hermes-{SEVERAL}",
)
REQUIREMENTS = ("tom-hermes==0.2.1", "tomtoolkit==3.1.0", "psycopg[binary]")
#: one in five is about a new target
NEW = 0.2
#: at least so many times as fast as the peer, at FEW and at SEVERAL targets
BARS = {FEW: 5, SEVERAL: 100}


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure | Skipped]:
    """Messages a second on PostgreSQL in batches of 100, three rows of photometry each."""
    if wanted & set(NAMES[:3]):
        yield from _ours(ground, wanted)
    for targets in (FEW, SEVERAL):
        name = f"hermes-in:tom_hermes-{targets}"
        if name in wanted:
            yield _beside(ground, name, targets)


def _ours(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """Two TOMs in turn. `messages` are about targets that are there; `new-targets` are the mix, with one in five new."""
    few, many = ground.ours("hermes", FEW), ground.ours("hermes", MANY)
    rounds, count = (3, 500) if ground.quick else (7, 2000)
    rates: dict[str, list[float]] = {"few": [], "many": [], "mixed": []}
    for number in range(rounds + 1):
        for name, side, new in (("few", few, 0), ("many", many, 0), ("mixed", few, NEW)):
            rate = _rate(side, 10 * number + (new > 0), count, new)
            if number:
                rates[name].append(rate)
            elif side is many or new:
                side("settle")
    if NAMES[0] in wanted:
        yield Figure(NAMES[0], "/s", middle(rates["few"]), ">= 500", middle(rates["few"]))
    if NAMES[1] in wanted:
        pairs = [few / many for few, many in zip(rates["few"], rates["many"], strict=True)]
        note = f"time of a message at {MANY:,} targets by that at {FEW}"
        yield Figure(
            NAMES[1], "/s", middle(rates["many"]), "<= 1.2", middle(pairs), limit=middle(rates["few"]), note=note
        )
    if NAMES[2] in wanted:
        # what the messages about new targets took, had the others taken what they take alone
        plain, mixed = middle(rates["few"]), middle(rates["mixed"])
        apart = NEW / max(1 / mixed - (1 - NEW) / plain, 1e-9)
        note = f"the mix, one in five new: {mixed:.0f} messages a second"
        yield Figure(NAMES[2], "/s", apart, ">= 100", apart, note=note)


def _beside(ground: Bench, name: str, targets: int) -> Figure | Skipped:
    """Ours and tom-hermes in turn, each on a database of its own with the same targets, the same mix of messages."""
    try:
        python = bench.peer("hermes", *REQUIREMENTS)
    except bench.Unavailable as error:
        return Skipped(name, str(error))
    ours = ground.ours("hermes", targets)
    peer = ground.side("peer_hermes", ground.database("peer"), python)
    peer("migrate")
    same("targets", peer("targets", rows=ours("every_target")), targets)
    known = ours("known")
    rounds, count, theirs = (1, 200, 5) if ground.quick else (3, 1000, 100 if targets == FEW else 10)
    mine, others = [], []
    for number in range(rounds + 1):
        rate = _rate(ours, 10 * number, count, NEW)
        said = peer("hermes", seed=10 * number, count=theirs, new=NEW, known=known)
        same("rows of the peer", said["made"], said["wanted"])
        if number:
            mine.append(rate)
            others.append(theirs / said["seconds"])
    ratio = middle(mine) / middle(others)
    note = f"{targets:,} targets, one message in five about a new one"
    return Figure(name, "/s", middle(mine), f">= {BARS[targets]}", ratio, peer=middle(others), note=note)


def _rate(side: Side, seed: int, count: int, new: float) -> float:
    """Messages a second, once it is sure that every one became what it should."""
    said = side("hermes", seed=seed, count=count, new=new)
    same("rows", said["made"], said["wanted"])
    return count / said["seconds"]
