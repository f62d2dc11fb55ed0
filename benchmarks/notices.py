"""Figure 2: small notices by the hundred, from the polled bytes to the commit, at few and at many targets."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import mix
from benchmarks.bench import Bench
from benchmarks.figure import Figure, middle, same
from benchmarks.side import Side

DATABASES = {"postgresql": 1500, "sqlite": 800}
NAMES = tuple(
    f"{what}:{database}" for database in DATABASES for what in ("notices", "notices-many-targets", "new-targets")
)
FEW, MANY = 100, 100_000
ONLY_TARGETS = {mix.PLACED: 1.0}


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """Two TOMs in turn, one with 100 and one with 100,000 targets; the limit is the same notices kept by bare.py."""
    for database, least in DATABASES.items():
        names = {what: f"{what}:{database}" for what in ("notices", "notices-many-targets", "new-targets")}
        if not wanted & set(names.values()):
            continue
        few = ground.ours(database, FEW)
        many = ground.ours(database, MANY) if names["notices-many-targets"] in wanted else None
        bare = ground.side("bare", ground.database("bare")) if database == "postgresql" else None
        rates = _rates(ground, few, many, bare)
        if names["notices"] in wanted:
            ours, limit = middle(rates["few"]), middle(rates["bare"]) if bare else None
            yield Figure(names["notices"], "/s", ours, f">= {least}", ours, limit=limit)
        if many:
            pairs = [few / many for few, many in zip(rates["few"], rates["many"], strict=True)]
            note = f"time of a notice at {MANY:,} targets by that at {FEW}"
            yield Figure(
                names["notices-many-targets"],
                "/s",
                middle(rates["many"]),
                "<= 1.2",
                middle(pairs),
                limit=middle(rates["few"]),
                note=note,
            )
        if names["new-targets"] in wanted:
            count = 200 if ground.quick else 500
            rate = middle([_rate(few, 900 + number, count, ONLY_TARGETS) for number in range(3)])
            yield Figure(names["new-targets"], "/s", rate, ">= 100", rate)


def _rates(ground: Bench, few: Side, many: Side | None, bare: Side | None) -> dict[str, list[float]]:
    """Notices a second of each side, in turn; the first turn warms up and lets the planner know its tables."""
    rounds, count = (3, 1000) if ground.quick else (7, 3000)
    rates: dict[str, list[float]] = {"few": [], "many": [], "bare": []}
    for number in range(rounds + 1):
        for name, side in (("few", few), ("many", many), ("bare", bare)):
            if side is None:
                continue
            rate = _rate(side, number, count)
            if number:
                rates[name].append(rate)
            elif side is not bare:
                side("settle")
    return rates


def _rate(side: Side, seed: int, count: int, shares: dict[str, float] | None = None) -> float:
    """Notices a second, once it is sure that every one became what it should."""
    said = side("notices", seed=seed, count=count, shares=shares)
    same("rows", said["made"], said["wanted"])
    return count / said["seconds"]
