"""Figures: what a telescope can reach in a night, against astropy and astroplan; and the tab "Tonight" of an event."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks import alert
from benchmarks.bench import Bench
from benchmarks.figure import Differs, Figure, middle, same

ALTITUDES, TABLE, TAB = "visibility:astropy", "visibility:astroplan", "tonight-tab:sqlite"
NAMES = (ALTITUDES, TABLE, TAB)
#: arcsec; what is promised of the altitudes
WITHIN = 2.0
QUERIES = 40


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """Ours and the peer in turn; their altitudes are compared first."""
    count, rounds = (200, 1) if ground.quick else (1_000, 7)
    if ALTITUDES in wanted:
        yield _altitudes(ground, count, rounds)
    if TABLE in wanted:
        yield _table(ground, count, 1 if ground.quick else 3)
    if TAB in wanted:
        yield _tab(ground)


def _altitudes(ground: Bench, count: int, rounds: int) -> Figure:
    ours, theirs = ground.side("reaching", {}), ground.side("reaching", {})
    mine_path, their_path = str(ground.folder / "ours.npy"), str(ground.folder / "astropy.npy")
    ours("ours", count=count, keep=mine_path)
    theirs("astropy", count=count, keep=their_path)
    off = float(np.abs(np.load(mine_path) - np.load(their_path)).max()) * 3600
    if not off < WITHIN:
        raise Differs(f"altitudes differ by {off:.2f} arcsec")
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(rounds):
        times["ours"].append(ours("ours", count=count)["altitudes"])
        times["peer"].append(theirs("astropy", count=count)["seconds"])
    mine, peer = middle(times["ours"]), middle(times["peer"])
    note = f"{count:,} targets, 144 times; at most {off:.2f} arcsec apart"
    return Figure(ALTITUDES, "s", mine, ">= 20", peer / mine, peer=peer, note=note)


def _table(ground: Bench, count: int, rounds: int) -> Figure:
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    ours = ground.side("reaching", {})
    ours("ours", count=10)  # imports
    for _ in range(rounds):
        theirs = ground.side("reaching", {})  # a new process each time: astroplan keeps what it worked out
        mine, other = ours("ours", count=count), theirs("astroplan", count=count)
        # ours has an hour angle to hold as well, and a Moon that has set stops nothing
        same("targets ever observable", mine["ever"], other["ever"], within=0.05)
        times["ours"].append(mine["rules"])
        times["peer"].append(other["seconds"])
    mine_s, peer_s = middle(times["ours"]), middle(times["peer"])
    note = f"{count:,} targets, 144 times; all rules of LCO's 1 m, astroplan's without the hour angle"
    return Figure(TABLE, "s", mine_s, ">= 20", peer_s / mine_s, peer=peer_s, note=note)


def _tab(ground: Bench) -> Figure:
    side = ground.ours("sqlite")
    path = ground.folder / "alert.json"
    path.write_bytes(alert.message(alert.skymap(), "S261121c"))
    side("alert", path=str(path))
    times = []
    for number in range(-2, 5 if ground.quick else 30):
        page = side("tonight")
        same("status", page["status"], 200)
        same("telescopes shown", page["telescopes"] >= 7, True)
        same("few queries", page["queries"] <= QUERIES, True)
        if number >= 0:
            times.append(page["seconds"])
    mine = middle(times)
    note = f"the ratio is of half a second; {page['telescopes']} telescopes, {page['queries']} queries"
    return Figure(TAB, "s", mine, "<= 1", mine / 0.5, limit=0.5, note=note)
