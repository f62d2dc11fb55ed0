"""Which offsets may be committed: past everything that was handled, never past anything that is still open. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from tom_scimma.record import Record

Place = tuple[str, int]  #: topic and partition


class Offsets:
    """What one consumer has read and not yet finished, partition by partition."""

    def __init__(self):
        self._next: dict[Place, int] = {}
        self._open: dict[Place, set[int]] = {}
        self._said: dict[Place, int] = {}

    def take(self, records: Iterable[Record]) -> None:
        """These were read: nothing at or after them is committed until they are finished."""
        for record in records:
            place = (record.topic, record.partition)
            self._open.setdefault(place, set()).add(record.offset)
            if record.offset < self._said.get(place, 0):  # the broker went back (a rewind, a topic made anew)
                self._said.pop(place)
                self._next.pop(place, None)

    def finish(self, records: Iterable[Record]) -> None:
        """These are in the database. One that was forgotten meanwhile says nothing of what lies before it."""
        for record in records:
            if not self.is_open(record):
                continue
            place = (record.topic, record.partition)
            self._open[place].discard(record.offset)
            self._next[place] = max(self._next.get(place, 0), record.offset + 1)

    def is_open(self, record: Record) -> bool:
        """True while a record that was taken is neither finished nor forgotten."""
        return record.offset in self._open.get((record.topic, record.partition), ())

    def due(self, ours: Collection[Place]) -> dict[Place, int]:
        """Offsets to commit now: those that moved since they were last asked for, of partitions that are still ours.

        What is no longer ours is forgotten: whoever has it now reads from the last commit.
        """
        for place in [place for place in self._next if place not in ours]:
            self._forget(place)
        for place in [place for place in self._open if place not in ours]:
            self._forget(place)
        moved = {}
        for place in self._next:
            offset = self.committable(place)
            if offset is not None and offset != self._said.get(place):
                moved[place] = self._said[place] = offset
        return moved

    def committable(self, place: Place) -> int | None:
        """The offset up to which everything read from a partition is finished; None when nothing is."""
        opened = self._open.get(place)
        if opened:
            lowest = min(opened)
            return lowest if lowest <= self._next.get(place, 0) else self._next.get(place)
        return self._next.get(place)

    def _forget(self, place: Place) -> None:
        for table in (self._next, self._open, self._said):
            table.pop(place, None)


class Unsaid:
    """Commits that did not get through (a rebalance was under way, say), to be made again a second later."""

    def __init__(self):
        self._left: dict[Place, int] = {}
        self._due = 0.0

    def note(self, lost: Mapping[Place, int], now: float) -> None:
        """These were not taken."""
        if lost:
            self._left.update(lost)
            self._due = now + 1

    def added(self, offsets: Mapping[Place, int], ours: Collection[Place], now: float) -> dict[Place, int]:
        """What to commit now: these, and what was not taken before, is still ours, and is not overtaken by these."""
        self._left = {place: offset for place, offset in self._left.items() if place in ours and place not in offsets}
        if now < self._due:
            return dict(offsets)
        again, self._left = self._left, {}
        return {**again, **offsets}
