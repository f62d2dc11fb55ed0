"""Figure 4: the list of events, as a browser gets it, with ten thousand events and with ten."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.figure import Figure, middle, same

NAMES = ("events-page:postgresql", "events-page:sqlite")
FEW, MANY = 10, 10_000
#: no more than this many questions to the database
QUERIES = 12


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """Two TOMs in turn, one page each."""
    for name in NAMES:
        if name not in wanted:
            continue
        few, many = ground.ours(name.partition(":")[2]), ground.ours(name.partition(":")[2])
        for side, count in ((few, FEW), (many, MANY)):
            same("events", side("events", total=count), count)
        rounds = 15 if ground.quick else 60
        times: dict[str, list[float]] = {"few": [], "many": []}
        for number in range(-5, rounds):
            for key, side in (("few", few), ("many", many)):
                page = side("page", path="/events/")
                same("status", page["status"], 200)
                same("newest event shown", page["newest"], True)
                same("at most 12 queries", page["queries"] <= QUERIES, True)
                if number >= 0:
                    times[key].append(page["seconds"])
        ours, limit = middle(times["many"]), middle(times["few"])
        yield Figure(
            name,
            "s",
            ours,
            "<= 1.3",
            ours / limit,
            limit=limit,
            note=f"limit is the page with {FEW} events; {page['queries']} queries",
        )
