"""Figure 8: deliveries a second by one worker and by two; from a committed alert to the channel; a worker's memory.

The service is a web server on loopback in this process, which answers at once; the worker is `manage.py deliver`.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from glob import glob
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figure import Figure, middle, same
from tests.ears import WebEar
from tests.outside.standin import Standin
from tests.outside.tom import Tom

ONE, TWO, HANDED, MEMORY = "deliveries:1-worker", "deliveries:2-workers", "alert-to-channel", "worker-memory"
NAMES = (ONE, TWO, HANDED, MEMORY)
MEGABYTE = 2**20
#: of the burst's maps one in so many is as large as they come
LARGE = 20


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """Each on a database of its own on PostgreSQL, with its default durability."""
    rates: dict[int, float] = {}
    for name, workers in ((ONE, 1), (TWO, 2)):
        if name in wanted:
            rates[workers] = _rate(ground, workers)
            note = f"{workers} of `manage.py deliver`, one service that answers at once; printed, held against nothing but life"
            yield Figure(name, "/s", rates[workers], ">= 20", rates[workers], limit=rates.get(1), note=note)
    if {HANDED, MEMORY} & wanted:
        yield from (figure for figure in _alerts(ground) if figure.name in wanted)


def _tom(ground: Bench, outside: Standin, **settings) -> Tom:
    database = ground.database("outbox")
    folder = ground.folder / f"worker{ground._number}"
    folder.mkdir()
    tom = ground.enter(Tom(folder, outside, database["DATABASE_URL"], **settings))
    tom.side("migrate")
    return tom


def _rate(ground: Bench, workers: int) -> float:
    """Deliveries a second, from the first arrival to the last."""
    count = 300 if ground.quick else 3000
    with Standin() as outside:
        tom = _tom(ground, outside)
        for start in range(0, count, 100):
            tom.side("queue", texts=[str(number) for number in range(start, start + 100)])
        crew = [tom.work() for _ in range(workers)]
        tom.wait("all", lambda: len(outside.parcels) >= count, 600)
        tom.wait("all written", lambda: tom.side("states") == {"delivered": count}, 60)
        same("sent once", len(set(outside.keys())), count)
        for worker in crew:
            tom.stop(worker)
        begun = [parcel["time"] for parcel in outside.parcels]
        # two workers do not start at the same moment: the middle half of the arrivals, when both are at it
        quarter = count // 4
        return 2 * quarter / (begun[3 * quarter] - begun[quarter])


def _alerts(ground: Bench) -> Iterator[Figure]:
    """One alert with a sky map after the other to a subscriber; then a burst to many people, with their usual rules."""
    rounds = 10 if ground.quick else 40
    ear = WebEar()
    try:
        with Standin() as outside:
            tom = _tom(ground, outside, NOTIFY_HOSTS=["127.0.0.1"])
            tom.side("person", address=f"json://127.0.0.1:{ear.port}/")
            worker = tom.ready(tom.work())
            waits = [_handed(tom, ear, number) for number in range(-2, rounds)][2:]
            yield Figure(
                HANDED,
                "s",
                middle(waits),
                "<= 1",
                middle(waits),
                note=f"commit to request at the channel; candidates and annotations before it; worst of {rounds}: {max(waits):.2f} s",
            )
            with Pss(worker.pid) as pss:
                said = _burst(tom, ear, *((50, 20) if ground.quick else (1000, 100)))
            high = _high_water(worker.pid) / MEGABYTE
            note = f"resident at most, after {said}; with the processes it has at its side {pss.most / MEGABYTE:.0f} MB"
            yield Figure(MEMORY, "MB", high, "<= 300", high, note=note)
    finally:
        ear.close()


def _burst(tom: Tom, ear: WebEar, count: int, crowd: int) -> str:
    """So many alerts at once to so many people, none of whom gets more messages than their rules say; in words."""
    most = tom.side("people", count=crowd, address=f"json://127.0.0.1:{ear.port}/observer/")
    begun = time.monotonic()
    tom.side("hear", begin=1000, count=count, apart=60.0, large=LARGE)
    tom.wait("the burst's reactions", lambda: tom.side("reactions").keys() == {"done"}, 7200)
    seconds = time.monotonic() - begun
    tom.wait("its messages", lambda: not {"queued", "sending"} & tom.side("states").keys(), 300)
    said = tom.side("said")
    heard = Counter(one["path"].removeprefix("/observer/") for one in list(ear.heard) if "/observer/" in one["path"])
    same("people told", len(heard), crowd)
    for whom, one in said.items():
        for first, last in zip(one["queued"], one["queued"][most:], strict=False):
            if last - first < 3600:
                raise AssertionError(f"over {most} messages within an hour to person {whom}, whose rules say {most}")
    # one that is tried again (its reply came too late) is heard again, and is still one message
    tries = {whom: one["attempts"] for whom, one in said.items()}
    same("people who heard more than they were sent", {whom for whom in heard if heard[whom] > tries[whom]}, set())
    messages = sum(len(one["queued"]) for one in said.values())
    again = sum(tries.values()) - messages
    return (
        f"{count} alerts to {crowd} people in {seconds:.0f} s, {messages} messages to them, none more than {most} an hour, "
        f"{again} tried again"
    )


def _handed(tom: Tom, ear: WebEar, number: int) -> float:
    """Seconds from an alert's commit to the request at the channel."""
    before = len(ear.heard)
    committed = tom.side("hear", begin=number + 10, count=1)
    tom.wait("the telling", lambda: len(ear.heard) > before, 60)
    handed = ear.heard[before]["time"]
    time.sleep(0.3)
    return handed - committed


def _high_water(pid: int) -> int:
    """The most memory that a process ever had resident, bytes (Linux)."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


class Pss:
    """The most memory that a process and its children had together, what they share counted once, bytes (Linux)."""

    def __init__(self, pid: int):
        self._pid, self._over, self.most = pid, threading.Event(), 0
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Pss:
        self._thread.start()
        return self

    def __exit__(self, *exc) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.25):
            self.most = max(self.most, sum(map(_share, _family(self._pid))))


def _family(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield pid
    for children in glob(f"/proc/{pid}/task/*/children"):
        with suppress(OSError):
            for child in Path(children).read_text().split():
                yield from _family(int(child))


def _share(pid: int) -> int:
    with suppress(OSError, StopIteration), open(f"/proc/{pid}/smaps_rollup") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return 0
