"""One consumer: reads one lane of a source, hands batches to ingest, and commits what is stored.

Nothing here gives up a message. What cannot be stored now is kept open: its offset, and all after it, stay uncommitted,
so that whoever reads the partition next gets it again; and again ends in the same rows.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone

from django.db import InterfaceError, OperationalError, connections

from tom_scimma import offload, retry
from tom_scimma.broker import archive, retrieve
from tom_scimma.offload import Archive
from tom_scimma.offsets import Offsets
from tom_scimma.record import Record
from tom_scimma.roll import Status
from tom_scimma.stream import Stream
from tom_scimma.watch import Watch

logger = logging.getLogger("tom_scimma.listen")

TURN = 0.1  #: seconds a turn waits for a first message
CROWD = 200  #: messages set aside or being fetched, from which no more are read
FETCHES = 4  #: large messages fetched at once
DOUBTS = 6  #: failures in a row from which a database that answers others is believed to be there
ARCHIVE_AGE = 600.0  #: seconds for which the broker's word on where large messages lie is believed


@dataclass
class Aside:
    """A message that ingest could not store, though the database is there."""

    record: Record
    attempts: int
    due: float  #: monotonic


class Lane:
    """The consumer of one source's topics of one lane. `run` is its thread.

    `ingest(records, via="listen")` stores a batch, or raises: OperationalError and InterfaceError mean that the
    database is away and nothing was written. `guarded(work)` does some work and returns the exception
    that ended it, or None.
    `answered()` is when (monotonic) the database last took a row from somebody else in this process.
    """

    def __init__(
        self,
        watch: Watch,
        name: str,
        ingest: Callable,
        status: Status,
        *,
        guarded: Callable[[Callable[[], None]], Exception | None],
        answered: Callable[[], float],
        rewind: datetime | None = None,
    ):
        self.watch, self.name, self.ingest, self.status = watch, name, ingest, status
        self.quiet_since = time.monotonic()  #: nothing has come and nothing is open since then
        self._stop, self._guarded, self._answered, self._rewind = watch.stop, guarded, answered, rewind
        self._archive: tuple[float, Archive] | None = None
        self._archive_lock = threading.Lock()

    def run(self) -> None:
        """Listens until told to stop; finishes and commits what is in hand."""
        self._offsets, self._asides, self._backlog = Offsets(), [], []
        self._fetched: queue.SimpleQueue[Record] = queue.SimpleQueue()
        self._fetching, self._couriers = 0, threading.Semaphore(FETCHES)
        with closing(Stream(self.watch.source, since=self.watch.since, rewind=self._rewind)) as self._stream:
            self.status.group = self._stream.group
            try:
                while not self._stop.is_set():
                    self._turn()
            finally:
                self.watch.subscribed[self.name] = frozenset()
                self._stream.commit(self._offsets.due(self._stream.assigned), wait=True)
        self._rewind = None

    def _turn(self) -> None:
        self._follow()
        crowded = len(self._asides) + self._fetching >= CROWD
        self._stream.hold() if crowded else self._stream.resume()
        records, self._backlog = self._backlog or self._read(TURN), []
        for record in records:
            if offload.is_stub(record):
                self._send_for(record)
        self._store([record for record in records if not offload.is_stub(record)])
        self._store(self._brought())
        self._again()
        self._commit()
        self._report(busy=bool(records))

    def _follow(self) -> None:
        """Subscribes to what is wanted now."""
        topics = self.watch.chosen.get(self.name, frozenset())
        self._stream.subscribe(topics)
        self.watch.subscribed[self.name] = topics

    def _read(self, seconds: float) -> list[Record]:
        records = self._stream.read(seconds)
        self._offsets.take(records)
        for topic in list(self._stream.complaints):
            self.watch.refuse(topic, self._stream.complaints.pop(topic))
        return records

    def _store(self, batch: Sequence[Record]) -> None:
        """Stores a batch, waiting as long as the database is away; or leaves it open when told to stop."""
        failures, results = 0, []
        while batch:
            error = self._guarded(lambda: results.extend(self.ingest(batch, via="listen")))
            if error is None:
                return self._stored(batch, results)
            if not isinstance(error, (OperationalError, InterfaceError)):
                return self._apart(
                    batch, error
                )  # ingest does not raise for a bad message: this is a bug, and costs no message
            failures += 1
            failed = time.monotonic()
            connections.close_all()
            self.status.fail("waiting", f"The database is away: {error}")
            logger.warning("source=%s lane=%s database away, attempt %d: %s", *self._names, failures, error)
            if not self._wait(retry.delay(failures, first=0.2, cap=10)):
                return
            if failures >= DOUBTS and self._answered() > failed:
                return self._apart(batch, error)

    @property
    def _names(self) -> tuple[str, str]:
        return self.watch.source.name, self.name

    def _wait(self, seconds: float) -> bool:
        """Waits without reading on, but polling, so that the group keeps us; False when told to stop."""
        self._stream.hold()
        end = time.monotonic() + seconds
        while not self._stop.is_set() and time.monotonic() < end:
            self._backlog += self._read(min(0.25, max(0.0, end - time.monotonic())))
        return not self._stop.is_set()

    def _apart(self, batch: Sequence[Record], error: Exception) -> None:
        """Stores the messages of a failed batch one by one, and sets aside the one that is to blame."""
        if len(batch) > 1:
            for record in batch:
                self._store([record])
            return
        connections.close_all()
        self._blame(Aside(batch[0], 0, 0.0), error)

    def _blame(self, aside: Aside, error: Exception) -> None:
        aside.attempts += 1
        aside.due = time.monotonic() + retry.delay(aside.attempts, first=1, cap=300)
        self._asides.append(aside)
        what = f"{aside.record.place} cannot be stored (attempt {aside.attempts}, kept and tried again)"
        text = f"{what}: {type(error).__name__}: {error}"
        self.status.fail("listening", text)
        logger.error("source=%s lane=%s uid=%s %s", *self._names, aside.record.uid, text, exc_info=error)

    def _again(self) -> None:
        """Tries what was set aside and is due; what went to another listener with its partition is that one's now."""
        due = [aside for aside in self._asides if aside.due <= time.monotonic()]
        self._asides = [aside for aside in self._asides if aside not in due]
        for aside in due:
            if not self._offsets.is_open(aside.record):
                continue
            error = self._guarded(
                lambda record=aside.record: self._stored([record], self.ingest([record], via="listen"))
            )
            if error is not None:
                connections.close_all()
                self._blame(aside, error)

    def _stored(self, batch: Sequence[Record], results: Sequence) -> None:
        """A batch is in the database: one line a message."""
        self._offsets.finish(batch)
        self.status.handled += len(batch)
        if not logger.isEnabledFor(logging.INFO):
            return
        now = datetime.now(timezone.utc)
        for record, result in zip(batch, results, strict=False):
            seconds = (now - (record.received or now)).total_seconds()
            logger.info(
                "uid=%s topic=%s place=%s state=%s new=%s seconds=%.3f",
                *(result.uid, record.topic, record.place, result.state, str(result.created).lower(), seconds),
            )

    def _send_for(self, record: Record) -> None:
        """Has a large message fetched by a thread of its own; the stream goes on meanwhile."""
        self._fetching += 1
        threading.Thread(target=self._fetch, args=(record, self._fetched, self._couriers), daemon=True).start()

    def _fetch(self, record: Record, fetched: queue.SimpleQueue, couriers: threading.Semaphore) -> None:
        found = record
        try:
            with couriers:
                found = retrieve(record, self._where, sleep=self._stop.wait)
        finally:  # whatever happened, the stub itself is better than nothing
            fetched.put(found)

    def _where(self) -> Archive:
        """Where large messages lie, asked of the broker now and then."""
        with self._archive_lock:
            now = time.monotonic()
            if self._archive is None or now > self._archive[0]:
                found = archive(self.watch.source)
                self._archive = (now + (ARCHIVE_AGE if found.endpoint else 60), found)
            return self._archive[1]

    def _brought(self) -> list[Record]:
        records = []
        while not self._fetched.empty():
            records.append(self._fetched.get())
            self._fetching -= 1
        return [record for record in records if self._offsets.is_open(record)]

    def _commit(self) -> None:
        self._stream.commit(self._offsets.due(self._stream.assigned))

    def _report(self, *, busy: bool) -> None:
        if busy or self._asides or self._fetching or self._backlog or not self._stream.joined:
            self.quiet_since = time.monotonic()
        trouble = self._stream.trouble.text
        if trouble and trouble != self.status.last_error:
            self.status.fail("waiting", trouble)
        well = bool(self.watch.subscribed[self.name]) and not trouble
        self.status.state = "listening" if well else "waiting"
