"""`manage.py listen`: every source's lanes, each in a thread that is started again when it dies, until told to stop.

listen(sources().values(), ingest=ingest, stop=threading.Event())
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from tom_scimma import retry
from tom_scimma.errors import ScimmaError
from tom_scimma.lane import Lane
from tom_scimma.roll import Roll, Status
from tom_scimma.sources import Source
from tom_scimma.watch import Watch

logger = logging.getLogger("tom_scimma.listen")

BEAT = 2.0  #: seconds between signs of life
GRACE = 10.0  #: seconds for lanes to finish what is in hand
PATIENCE = 3.0  #: seconds for watches to hear the answer to a question
SOUND = 60.0  #: a thread that lived so long starts again without much ado


class Kept:
    """A thread that is started again, later each time, when it ends before it was told to."""

    def __init__(self, name: str, run: Callable[[], None], status: Status, stop: threading.Event):
        self.name, self._run, self.status, self._stop = name, run, status, stop
        self._thread: threading.Thread | None = None
        self._failures, self._due, self._began = 0, 0.0, 0.0

    def tend(self) -> None:
        """Starts the thread when there is none and it is time."""
        if self._stop.is_set() or self.alive:
            return
        now = time.monotonic()
        if self._thread is not None and self._due < self._began:  # found dead just now
            self._failures = 1 if now - self._began > SOUND else self._failures + 1
            self._due = now + retry.delay(self._failures, first=1, cap=60)
            if self.status.state != "failed":
                self.status.fail("failed", f"{self.name} ended without a word")
            logger.error(
                "thread=%s ended; started again in %.0f s: %s", self.name, self._due - now, self.status.last_error
            )
        if now >= self._due:
            self.status.restarts += self._thread is not None
            self._began = now
            self._thread = threading.Thread(target=self._guard, name=self.name, daemon=True)
            self._thread.start()

    @property
    def alive(self) -> bool:
        """True while the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def join(self, seconds: float) -> bool:
        """Waits for the thread to end; False when it does not in time."""
        if self._thread is not None:
            self._thread.join(max(0.0, seconds))
        return not self.alive

    def _guard(self) -> None:
        try:
            error = caught(self._run)
            if error is not None:
                self.status.fail("failed", f"{type(error).__name__}: {error}" if _odd(error) else str(error))
                logger.error("thread=%s %s", self.name, error, exc_info=error if _odd(error) else None)
        finally:
            connections.close_all()


def caught(work: Callable[[], None]) -> Exception | None:
    """Does some work and returns the exception that ended it, or None. The outermost net: nothing stops the stream."""
    try:
        work()
    except Exception as error:  # noqa: BLE001  whatever it is, it is stored, shown, and what it hit is tried again
        return error
    return None


def _odd(error: Exception) -> bool:
    """True for what nobody foresaw, which deserves its type and traceback."""
    return not isinstance(error, (ImproperlyConfigured, ScimmaError))


class Post:
    """One source: its watch and the lanes that have something to hear."""

    def __init__(self, source: Source, ingest: Callable, stop: threading.Event, roll: Roll, rewind: datetime | None):
        self.source, self._ingest, self._stop, self._roll, self._rewind = source, ingest, stop, roll, rewind
        self.watch = Watch(source, stop, roll)
        self.lanes: dict[str, Lane] = {}
        self.threads = [Kept(f"watch {source.name}", self.watch.run, self.watch.status, stop)]

    def tend(self) -> None:
        """Starts lanes that became needed and threads that died."""
        for name in sorted(self.watch.lanes - set(self.lanes)):
            lane = Lane(
                *(self.watch, name, self._ingest, Status()),
                guarded=caught,
                answered=lambda: self._roll.written,
                rewind=self._rewind,
            )
            self.lanes[name] = lane
            self.threads.append(Kept(f"listen {self.source.name}/{name}", lane.run, lane.status, self._stop))
        for thread in self.threads:
            thread.tend()

    def statuses(self) -> dict[tuple[str, str], Status]:
        """How each lane does; what keeps the watch from working keeps its lanes from hearing."""
        for lane in self.lanes.values():
            watch = self.watch.status
            if watch.state in ("failed", "waiting") and watch.last_error and lane.status.last_error != watch.last_error:
                lane.status.fail(lane.status.state, watch.last_error)
        return {(self.source.name, name): lane.status for name, lane in self.lanes.items()}

    def quiet(self, seconds: float) -> bool:
        """True when every topic wanted is subscribed to and nothing has come for so long."""
        lanes = [lane for name, lane in self.lanes.items() if self.watch.chosen.get(name)]
        return bool(lanes) and all(
            lane.status.state == "listening" and time.monotonic() - lane.quiet_since >= seconds for lane in lanes
        )


def listen(
    found: Iterable[Source],
    *,
    ingest: Callable,
    stop: threading.Event,
    rewind: datetime | None = None,
    until_quiet: float | None = None,
) -> bool:
    """Listens to all until `stop` is set, or nothing has come for `until_quiet` seconds. False: a lane did not end.

    `ingest(records, via="listen")` stores a batch of Records, see `Lane`. `rewind` reads again from that time, whatever
    was committed.
    """
    roll = Roll()
    posts = [Post(source, ingest, stop, roll, rewind) for source in found]
    beat = 0.0
    while not stop.is_set():
        for post in posts:
            post.tend()
        if time.monotonic() - beat >= BEAT:
            beat = time.monotonic()
            roll.call({place: status for post in posts for place, status in post.statuses().items()})
        if until_quiet is not None and all(post.quiet(until_quiet) for post in posts):
            stop.set()
        stop.wait(0.2)
    return _end(posts, roll)


def _end(posts: list[Post], roll: Roll) -> bool:
    """Waits for the threads to finish what is in hand. A watch has only a question, which may take long."""
    end, patience = time.monotonic() + GRACE, time.monotonic() + PATIENCE
    late = [lane.name for post in posts for lane in post.threads[1:] if not lane.join(end - time.monotonic())]
    for post in posts:
        post.threads[0].join(patience - time.monotonic())
        for status in post.statuses().values():
            status.state = "stopped"
        roll.call(post.statuses())
    for name in late:
        logger.error("thread=%s did not end within %.0f s; what it had not committed comes again", name, GRACE)
    return not late
