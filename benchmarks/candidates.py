"""Figure 5: from alert bytes to areas, levels of 100,000 targets and candidates committed. All of them young, all with a distance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from benchmarks import alert
from benchmarks.bench import Bench
from benchmarks.figure import Figure, middle, same

#: name -> width of the Gaussian map in degrees, its 90 % area in deg2, and how long it may take, seconds
MAPS = {"candidates:500-deg2": (5.9, 500, 1), "candidates:10000-deg2": (26.6, 10_000, 5)}
NAMES = tuple(MAPS)
TARGETS = 100_000


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """One TOM, the two maps in turn, a fresh superevent each time."""
    ours = ground.ours("candidates", TARGETS)
    ours("distant", mpc=150.0)
    ours("settle")
    maps = {name: alert.skymap(MAPS[name][0]) for name in NAMES if name in wanted}
    times: dict[str, list[dict]] = {name: [] for name in maps}
    for number in range(-1, 2 if ground.quick else 5):
        for place, (name, fits) in enumerate(maps.items()):
            path = ground.folder / "alert.json"
            path.write_bytes(alert.message(fits, _name(2 * number + place + 2)))
            answer = ours("placed", path=str(path))
            _check(name, answer)
            if number >= 0:
                times[name].append(answer)
    for name, answers in times.items():
        seconds, stored = (middle([answer[key] for answer in answers]) for key in ("seconds", "stored"))
        note = f"{answers[0]['candidates']} candidates; {stored * 1000:.0f} ms of it until the alert and its areas are committed"
        yield Figure(name, "s", seconds, f"<= {MAPS[name][2]}", seconds, note=note)


def _name(number: int) -> str:
    return datetime.now(timezone.utc).strftime("S%y%m%d") + "c" + chr(97 + number)


def _check(name: str, answer: dict) -> None:
    """As many as the map says when it is asked for every target by itself."""
    same("targets", answer["targets"], TARGETS)
    same("area", answer["area_90"], MAPS[name][1], within=0.05)
    for what in ("candidates", "levels", "volume_levels"):
        same(what, answer[what], answer["wanted"])
