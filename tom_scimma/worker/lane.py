"""One thread that does one kind of work again and again, and the net under it: whatever goes wrong costs that piece alone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, InterfaceError, connections, reset_queries
from django.utils import timezone

from tom_scimma import retry

logger = logging.getLogger("tom_scimma.deliver")

#: seconds that a lane without work sleeps when nobody wakes it: the worker's look does where there is any
SLEEP = 30.0


@dataclass(frozen=True)
class Task:
    """What a lane is at."""

    what: str
    since: datetime
    pk: int | None = None


def caught(work: Callable[[], object]) -> Exception | None:
    """Does some work and returns the exception that ended it, or None. The outermost net of the worker."""
    try:
        work()
    except Exception as error:  # noqa: BLE001  whatever it is, it is stored, shown, and costs this piece of work alone
        return error
    return None


class Lane:
    """A thread that calls `turn(lane)`, which does the next thing (True) or finds none (False: sleep until woken).

    `limit`: seconds that one turn may take; a lane that is over it is left alone with it and another takes its place.
    """

    def __init__(
        self,
        name: str,
        turn: Callable[[Lane], bool],
        stop: threading.Event,
        *,
        limit: float,
        noted: Callable[[str], None],
        done: Callable[[], None] = lambda: None,
    ):
        self.name, self.limit, self.wake = name, limit, threading.Event()
        self.task: Task | None = None
        self.abandoned = False
        self.away = False  #: the database could not be reached last time
        self._turn, self._stop, self._noted, self._done = turn, stop, noted, done
        self._thread = threading.Thread(target=self.run, name=f"deliver {name}", daemon=True)

    def start(self) -> Lane:
        self._thread.start()
        return self

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def join(self, seconds: float) -> bool:
        """Waits for it to end; False when it does not in time."""
        self._thread.join(max(0.0, seconds))
        return not self.alive

    def again(self) -> Lane:
        """A new lane in the place of this one, which goes no further than what it is at."""
        self.abandoned = True
        options = {"limit": self.limit, "noted": self._noted, "done": self._done}
        return Lane(self.name, self._turn, self._stop, **options)

    def begin(self, what: str, pk: int | None = None) -> None:
        """Notes what is being done now."""
        self.task = Task(what, timezone.now(), pk)

    def overdue(self, now: datetime) -> bool:
        """Whether it has been at one thing for longer than its limit."""
        task = self.task
        return task is not None and (now - task.since).total_seconds() > self.limit

    def run(self) -> None:
        """Works until told to stop."""
        failures = 0
        try:
            while not (self._stop.is_set() or self.abandoned):
                self.wake.clear()  # before looking: what comes meanwhile is seen at the next turn
                busy: list[bool] = []
                error = caught(lambda busy=busy: busy.append(self._turn(self)))
                self.task = None
                reset_queries()
                if error is None:
                    failures, self.away = 0, False
                    self._done() if busy[0] else self._rest()
                else:
                    failures += 1
                    self._failed(error, failures)
        finally:
            connections.close_all()

    def _rest(self) -> None:
        """Sleeps until woken. Who tells it to stop wakes it afterwards: that may have been before this turn began."""
        if not self._stop.is_set():
            self.wake.wait(SLEEP)

    def _failed(self, error: Exception, failures: int) -> None:
        connections.close_all()
        self.away = isinstance(error, (DatabaseError, InterfaceError))
        what = "the database is away" if self.away else f"{self.name} failed"
        self._noted(f"{what}: {type(error).__name__}: {error}")
        logger.error("lane=%s %s: %s", self.name, what, error, exc_info=None if self.away else error)
        self._stop.wait(retry.delay(failures, first=0.2, cap=30))
