"""Figures: a first plan of one night of ZTF on a wide map, against gwemopt's greedy plan of the same fields, night and overheads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from benchmarks.bench import Bench, Unavailable, peer
from benchmarks.figure import Figure, Skipped, middle

REQUIREMENTS = ("gwemopt==0.4.2",)
NAMES = ("plan-gwemopt:time", "plan-gwemopt:probability", "plan-gwemopt:memory")
BEGIN = datetime(2025, 11, 20, 20, tzinfo=timezone.utc)
#: what gwemopt takes for ZTF: deg, s, and the altitude of the Sun and of airmass 2.5
SIDE, SECONDS, SUN, AIRMASS = 6.86, 600.0, -12.0, 2.5


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure | Skipped]:
    """Both warm, in turn; its import is not counted and said beside."""
    try:
        python = peer("gwemopt", *REQUIREMENTS)
    except Unavailable as why:
        for name in NAMES:
            if name in wanted:
                yield Skipped(name, str(why))
        return
    from tom_scimma import skymap

    path = ground.folder / "wide.fits"
    path.write_bytes(skymap.from_gaussian(75.0, 30.0, 20.0).to_fits())
    ours, theirs = ground.side("gwemopts", {}), ground.side("peer_gwemopt", {}, python)
    fields = theirs("fields")
    mine, other = [], []
    for number in range(2 if ground.quick else 4):
        one = ours("plan", path=str(path), fields=fields)
        folder = ground.folder / f"gwemopt{number}"
        folder.mkdir()
        two = theirs(
            "plan", path=str(path), folder=str(folder), when=f"{BEGIN:%Y-%m-%dT%H:%M:%S}", seconds=SECONDS,
            airmass=AIRMASS,
        )  # fmt: skip
        if one["faults"]:
            raise AssertionError(f"our plan is not valid: {one['faults'][:3]}")
        if number:  # the first ones warm up
            mine.append(one)
            other.append(two)
    yield from _figures(wanted, ours, theirs, fields, str(path), mine, other)


def _figures(wanted: set[str], ours, theirs, fields, path: str, mine: list, other: list) -> Iterator[Figure]:
    mine_s, other_s = middle([one["seconds"] for one in mine]), middle([one["seconds"] for one in other])
    mine_p, other_p = (
        ours("worth", path=path, fields=fields, chosen=[visit[0] for visit in some[-1]["visits"]])
        for some in (mine, other)
    )
    counts = f"{len(mine[-1]['visits'])} exposures, gwemopt {len(other[-1]['visits'])}"
    if NAMES[0] in wanted:
        note = f"{counts}; its import, not counted, {other[-1]['import']:.1f} s, ours {mine[-1]['import']:.1f} s"
        yield Figure(NAMES[0], "s", mine_s, ">= 5", other_s / mine_s, peer=other_s, note=note)
    if NAMES[1] in wanted:
        yield Figure(NAMES[1], "", mine_p, ">= 1", mine_p / other_p, peer=other_p, note=f"union probability; {counts}")
    if NAMES[2] in wanted:
        mine_m, other_m = ours("peak"), theirs("peak")
        yield Figure(NAMES[2], " MB", mine_m, ">= 3", other_m / mine_m, peer=other_m, note="peak of each process")


def window() -> tuple[datetime, datetime]:
    """The day that both plan."""
    return BEGIN, BEGIN + timedelta(days=1)
