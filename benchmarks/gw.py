"""Figure 1: a gravitational-wave alert of real size, from the polled bytes to the committed event with its areas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from benchmarks import alert, bench
from benchmarks.bench import Bench
from benchmarks.figure import Figure, Skipped, middle, same

PEER, BARE = "gw-alert:tom_nonlocalizedevents", "gw-alert:bare"
NAMES = (PEER, BARE)
REQUIREMENTS = ("tom-nonlocalizedevents==1.0.0", "psycopg2-binary")
#: the first alerts of a process pay for imports and plans, which a listener pays once
WARM = 2


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure | Skipped]:
    """Ours, bare and the peer in turn, each on a database of its own, the same alert about a fresh superevent each time."""
    ours, bare = ground.ours("gw"), ground.side("bare", ground.database("bare"))
    peer, reason = _peer(ground) if PEER in wanted else (None, "")
    if reason:
        yield Skipped(PEER, reason)
    rounds, peers = (5, 2) if ground.quick else (21, 5)
    fits, path = alert.skymap(), ground.folder / "alert.json"
    times: dict[str, list[float]] = {"ours": [], "bare": [], "peer": []}
    for number in range(-WARM, rounds):
        name = datetime.now(timezone.utc).strftime("S%y%m%d") + _letters(number + WARM)
        path.write_bytes(alert.message(fits, name))
        mine, least = ours("alert", path=str(path)), bare("alert", path=str(path))
        theirs = peer("alert", path=str(path)) if peer and 0 <= number < peers else None
        _check(name, mine, least, theirs)
        if number >= 0:
            for side, answer in (("ours", mine), ("bare", least), ("peer", theirs)):
                if answer:
                    times[side].append(answer["seconds"])
    mine, least = middle(times["ours"]), middle(times["bare"])
    if peer:
        theirs = middle(times["peer"])
        at_the_time = middle(times["ours"][:peers])  # the rounds that both ran
        yield Figure(PEER, "s", at_the_time, ">= 80", theirs / at_the_time, peer=theirs, limit=least)
    if BARE in wanted:
        yield Figure(BARE, "s", mine, "<= 3", mine / least, limit=least)


def _peer(ground: Bench):
    try:
        python = bench.peer("nonlocalizedevents", *REQUIREMENTS)
    except bench.Unavailable as error:
        return None, str(error)
    side = ground.side("peer_nonlocalizedevents", ground.database("peer"), python)
    side("migrate")
    return side, ""


def _check(name: str, ours: dict, bare: dict, peer: dict | None) -> None:
    """The same event and the same map; the same distance and, within the pixel at the edge, the same areas."""
    for side in filter(None, (ours, bare, peer)):
        same("event", side["name"], name)
        same("map", side["sha256"], ours["sha256"])
    if peer:
        same("pixels", peer["rows"], ours["pixels"])
        same("distance", ours["distance"], peer["distance"], within=1e-9)
        for level in ("area_50", "area_90"):
            same(level, ours[level], peer[level], within=2e-3)


def _letters(number: int) -> str:
    return chr(97 + number // 26) + chr(97 + number % 26)
