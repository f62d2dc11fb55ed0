"""Figure: what 10,000 looks of a camera like DECam cover of a real map, 1,700 of one like ZTF, one look more, and the tab of 5,000."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import alert
from benchmarks.bench import Bench
from benchmarks.figure import Figure, middle, same

#: name: (camera, teams, bar in seconds)
FIGURES = {
    "coverage-decam:union": ("decam", 1, "<= 2"),
    "coverage-decam:teams": ("decam", 5, "<= 2"),
    "coverage-ztf:teams": ("ztf", 5, "<= 5"),
}
PEER, MORE, TABS = "coverage-decam:pixels", "coverage-more", ("coverage-tab:postgresql", "coverage-tab:sqlite")
NAMES = (*FIGURES, PEER, MORE, *TABS)
TOTAL, SHOWN = 10_000, 5_000


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """Each by itself; ours and the lists of pixels in turn, answers compared first."""
    path = str(ground.folder / "coverage.fits")
    (ground.folder / "coverage.fits").write_bytes(alert.skymap())
    count = 1_000 if ground.quick else TOTAL
    if wanted & {*FIGURES, PEER, MORE}:
        ours = ground.side("looks", {})
        ours("ours", path=path, camera="decam", count=10, teams=1)  # imports
        yield from _cameras(ours, path, count, ground.quick, wanted)
        if PEER in wanted:
            yield _pixels(ours, ground.side("looks", {}), path, count)
    for name in TABS:
        if name in wanted:
            yield _tab(ground, name)


def _cameras(ours, path: str, count: int, quick: bool, wanted: set[str]) -> Iterator[Figure]:
    more = []
    for name, (camera, teams, bar) in FIGURES.items():
        if name not in wanted and not (MORE in wanted and camera == "decam"):
            continue
        found = [ours("ours", path=path, camera=camera, count=count, teams=teams) for _ in range(1 if quick else 5)]
        more += [one["more"] for one in found if camera == "decam"]
        if name in wanted:
            seconds = middle([one["seconds"] for one in found])
            note = f"{found[0]['count']:,} looks, {teams} teams; probability {found[0]['probability']:.4f}"
            yield Figure(name, "s", seconds, bar, seconds, note=note)
    if MORE in wanted:
        seconds = middle(more)
        yield Figure(MORE, "s", seconds, "<= 0.2", seconds, note=f"one look after {count:,}")


def _pixels(ours, theirs, path: str, count: int) -> Figure:
    """The pixels' edges are ragged, so that the two answers differ by some thousandths."""
    asked = {"path": path, "camera": "decam", "count": count, "teams": 5}
    mine, other = ours("ours", **asked), theirs("pixels", **asked)
    same("union probability", mine["probability"], other["probability"], within=0.01)
    for team, probability in mine["teams"].items():
        same(f"probability of {team}", probability, other["teams"][team], within=0.01)
    off = other["probability"] / mine["probability"] - 1
    return Figure(
        PEER,
        "s",
        mine["seconds"],
        ">= 1",
        other["seconds"] / mine["seconds"],
        peer=other["seconds"],
        note=f"{count:,} looks of 62 CCDs; pixels' probability {off:+.2%}",
    )


def _tab(ground: Bench, name: str) -> Figure:
    """Warm: the answer was worked out and the page was asked for before."""
    ours, path = ground.ours(name.partition(":")[2]), ground.folder / "coverage.json"
    path.write_bytes(alert.message(alert.skymap(), "S261121b"))
    ours("alert", path=str(path))
    worked = ours("covered", total=SHOWN)
    times = []
    for number in range(-3, 5 if ground.quick else 30):
        page = ours("tab")
        same("status", page["status"], 200)
        same("probability shown", page["shown"], True)
        if number >= 0:
            times.append(page["seconds"])
    seconds = middle(times)
    note = f"{SHOWN:,} pointings, worked out before in {worked['seconds']:.1f} s; {page['queries']} queries"
    return Figure(name, "s", seconds, "<= 0.5", seconds, note=note)
