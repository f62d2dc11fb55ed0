"""Figure 7: ten thousand people's subscriptions, no two alike, against one alert: until every match is committed."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import alert
from benchmarks.bench import Bench
from benchmarks.figure import Figure, middle, same

NAMES = ("subscriptions:first", "subscriptions:next")
TOTAL = 10_000
#: statements for all of them: some for each group whose members ask for candidates, none for each subscription
STATEMENTS = 120


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """One TOM. `first`: a worker that has never seen the queries; `next`: the alert after that."""
    ours = ground.ours("matching")
    same("subscriptions", ours("subscribed", total=TOTAL, seed=1)["queries"], TOTAL)
    path = ground.folder / "alert.json"
    path.write_bytes(alert.message(alert.skymap(5.9), "S261126m"))
    ours("alert", path=str(path))
    ours("settle")
    key = ours("newest_alert")
    times: dict[str, list[float]] = {name: [] for name in NAMES}
    for number in range(-1, 2 if ground.quick else 7):
        for name in NAMES:
            answer = ours("matched", alert=key, forget=name == NAMES[0])
            same("judged otherwise than by the database", answer["wrong"], 0)
            same(f"at most {STATEMENTS} statements", answer["statements"] <= STATEMENTS, True)
            same("some match and some do not", 0 < answer["matches"] < TOTAL, True)
            if number >= 0:
                times[name].append(answer["seconds"])
    for name in NAMES:
        if name in wanted:
            seconds = middle(times[name])
            note = f"{answer['matches']} of {TOTAL} match; {answer['statements']} statements"
            yield Figure(name, "s", seconds, "<= 2", seconds, note=note)
