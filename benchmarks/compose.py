"""Figures 11 and 12: ten thousand points of photometry composed for a topic, and the click that queues them."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.figure import Figure, middle, same

KINDS = ("postgresql", "sqlite")
NAMES = tuple(f"{figure}:{kind}" for figure in ("compose", "share-click") for kind in KINDS)
POINTS = 10_000
#: seconds that composing may take, and the click
COMPOSED, CLICKED = 1.0, 0.2


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """One TOM a database; each round shares all of it anew in other words."""
    for kind in KINDS:
        names = [name for name in NAMES if name.endswith(f":{kind}") and name in wanted]
        if not names:
            continue
        ours = ground.ours(kind)
        same("points", ours("points", total=POINTS)["points"], POINTS)
        times: dict[str, list[float]] = {"compose": [], "share-click": []}
        for number in range(-2, 5 if ground.quick else 15):
            answer = ours("shared", number=number)
            same("status", answer["status"], 302)
            same("points carried", (answer["chosen"], answer["carried"]), (POINTS, POINTS))
            same("messages queued", answer["queued"], answer["parts"])
            if number >= 0:
                times["compose"].append(answer["composed"])
                times["share-click"].append(answer["clicked"])
        for name in names:
            figure = name.partition(":")[0]
            bar, note = (
                (COMPOSED, "gathered, payloads and texts") if figure == "compose" else (CLICKED, "a whole request")
            )
            seconds = middle(times[figure])
            yield Figure(name, "s", seconds, f"<= {bar:g}", seconds, note=f"{POINTS} points; {note}; the ratio is in s")
