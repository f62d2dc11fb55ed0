"""What a source offers, which of it this TOM wants, and how each topic does; kept current in TopicState.

One thread a source. It asks the broker and the database, reads no message, and tells the lanes what to subscribe to.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Collection
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connections
from django.utils import timezone

from tom_scimma import retry, rights
from tom_scimma.broker import Broker
from tom_scimma.conf import topic_policy
from tom_scimma.errors import ScimmaError
from tom_scimma.models import TopicState
from tom_scimma.roll import Roll, Status
from tom_scimma.sources import Source, absent, chosen

logger = logging.getLogger("tom_scimma.listen")

TURN, CLICKS, LOOK, LAG = 0.5, 2.0, 10.0, 15.0  #: seconds between turns; questions for clicks, for topics, for lag
SAID = ("listening", "offered", "lag", "last_error")  #: what we say of a topic in its row
LAG_AGE = 60.0  #: seconds after which a lag that did not change is written again, to show that it was measured
SETTLED = 30.0  #: a topic that was refused and brings no complaint for so long is readable again
CLOCKS = timedelta(minutes=1)  #: how far our clock and the broker's may differ


class Watch:
    """One source's topics."""

    def __init__(self, source: Source, stop: threading.Event, roll: Roll):
        self.source, self.stop, self.status = source, stop, Status()
        self.chosen: dict[str, frozenset[str]] = {}  #: lane -> topics it shall subscribe to
        self.lanes: set[str] = {"fast"}  #: lanes that something is wanted on, offered or not
        self.subscribed: dict[str, frozenset[str]] = {}  #: lane -> topics it is subscribed to; the lanes write it
        self._roll = roll
        self._clicked: set[str] = set()
        self._offered: dict[str, int] = {}
        self._known: dict[str, int] | None = None  #: topics and partitions when last seen; None: never
        self._looked: datetime | None = None
        self._since: dict[str, datetime] = {}
        self._refused: dict[str, tuple[int, float]] = {}  #: topic -> failures in a row, when to try again
        self._errors: dict[str, tuple[str, datetime | None]] = {}
        self._complaints: deque[tuple[str, str]] = deque()
        self._lag: dict[str, int] = {}
        self._rows: dict[str, dict[str, Any]] = {}  #: topic -> what its row says
        self._due = {"clicks": 0.0, "look": 0.0, "lag": LAG}
        self._failures, self._measured = 0, 0.0
        self._began = time.monotonic()

    def run(self) -> None:
        """Watches until told to stop."""
        while not self.stop.is_set() and not (self._roll.opened and self._tell_database(self._remember)):
            self.stop.wait(0.2)
        with closing(Broker(self.source)) as broker:
            self.status.group = broker.group
            while not self.stop.is_set():
                self._turn(broker)
                self.stop.wait(TURN)
        self._tell_database(self._leave)

    def since(self, topic: str) -> datetime | None:
        """From when to read a topic the group never committed: when we last looked without it; None: as `start`."""
        return self._since.get(topic)

    def refuse(self, topic: str, why: str) -> None:
        """A lane cannot read this topic: it is left out for a while, longer each time, and the others go on."""
        self._complaints.append((topic, why))  # taken note of in our own thread

    def _take_note(self) -> None:
        while self._complaints:
            topic, why = self._complaints.popleft()
            failures, until = self._refused.get(topic, (0, 0.0))
            if time.monotonic() < until:  # another partition of it
                continue
            self._refused[topic] = (failures + 1, time.monotonic() + retry.delay(failures + 1, first=30, cap=600))
            self._fault(topic, why)

    def _turn(self, broker: Broker) -> None:
        now = time.monotonic() - self._began
        if now >= self._due["clicks"] and self._tell_database(self._ask_clicks):
            self._due["clicks"] = now + CLICKS
        try:
            if now >= self._due["look"]:
                self._look(broker)
                self._tell_database(self._ask_whose)
                self._due["look"], self._failures, self.status.state = now + LOOK, 0, "listening"
                self._tell_database(self._read)
            if now >= self._due["lag"]:
                self._lag = broker.lag(self._all_chosen(), self._offered)
                self._due["lag"], self._measured = now + LAG, now
        except ScimmaError as error:
            self._failures += 1
            wait = retry.delay(self._failures, first=2, cap=60)
            self._due["look"] = self._due["lag"] = time.monotonic() - self._began + wait
            self.status.fail("waiting", str(error))
            logger.warning("source=%s %s", self.source.name, error)
        self._take_note()
        self._settle()
        self._choose()
        if not self.stop.is_set():  # the lanes that stop now do not mean that nobody listens
            self._tell_database(self._write)

    def _read(self) -> None:
        """What the rows say, since other listeners write them too."""
        for row in TopicState.objects.filter(source=self.source.name).values("topic", *SAID):
            self._rows.setdefault(row["topic"], {}).update({name: row[name] for name in SAID})

    def _remember(self) -> None:
        """What was known when this TOM last listened."""
        self._read()
        self._looked = self._roll.before.get(self.source.name)
        if self._looked is None:
            return
        self._known = {topic: 0 for topic, row in self._rows.items() if row["offered"]}
        heard = TopicState.objects.filter(source=self.source.name, last_message__isnull=False)
        self._since = dict.fromkeys(heard.values_list("topic", flat=True), self._looked - CLOCKS)

    def _ask_clicks(self) -> None:
        rows = TopicState.objects.filter(source=self.source.name, wanted=True)
        self._clicked = set(rows.values_list("topic", flat=True))

    def _look(self, broker: Broker) -> None:
        """Asks what is offered. What was not there before begins where we last looked, to miss nothing of it."""
        offered = broker.topics()
        now = timezone.now()
        if self._known is not None and self._looked is not None:
            for topic, partitions in offered.items():
                if topic not in self._known or 0 < self._known[topic] < partitions:
                    self._since[topic] = self._looked - CLOCKS
        self._known, self._looked, self._offered = {**(self._known or {}), **offered}, now, offered
        missing = absent({*self.source.topics, *self._clicked}, offered)
        for topic in missing:
            why_not = rights.taken(self.source, topic) or broker.why_not(topic)
            self._fault(topic, f"{why_not.rstrip('.')}; it is looked for again." if why_not else "")
        for topic in [topic for topic in self._errors if topic not in missing and topic not in self._refused]:
            self._fault(topic, "")

    def _ask_whose(self) -> None:
        """Before topics are heard: whether they are public is asked first, so that none is shown to those it is not for."""
        rights.ready(self.source, chosen(self.source.topics, self._offered, self._clicked))

    def _settle(self) -> None:
        """Forgets refusals that did not come again."""
        now = time.monotonic()
        for topic, (_, until) in list(self._refused.items()):
            if now > until + SETTLED:
                del self._refused[topic]
                self._fault(topic, "")

    def _choose(self) -> None:
        now = time.monotonic()
        topics = chosen(self.source.topics, self._offered, self._clicked)
        readable = {topic for topic in topics if self._refused.get(topic, (0, 0.0))[1] <= now}
        wanted = topics | absent(self.source.topics, self._offered)
        lane_of = {topic: topic_policy(topic, self.source.name).lane for topic in wanted}
        self.lanes = {"fast", *lane_of.values()}
        self.chosen = {lane: frozenset(topic for topic in readable if lane_of[topic] == lane) for lane in self.lanes}

    def _fault(self, topic: str, why: str) -> None:
        if self._errors.get(topic, ("", None))[0] != why:
            self._errors[topic] = (why, timezone.now() if why else None)
            if why:
                logger.warning("source=%s topic=%s %s", self.source.name, topic, why)

    def _all_chosen(self) -> set[str]:
        return set().union(*self.chosen.values())

    def _write(self) -> None:
        """Brings TopicState up to date, row by row: many at once could be locked in another order than ingest does."""
        heard = set().union(*self.subscribed.values())
        wanted = self._all_chosen() - heard  # another listener may hear what we do not, yet
        others = wanted if any(self._rows[topic]["listening"] for topic in wanted & set(self._rows)) else set()
        if others and self._roll.alone(self.source.name):
            others = set()
        self._make({*self._offered, *absent(self.source.topics, self._offered), *self._errors} - set(self._rows))
        for topic, row in self._rows.items():
            why, when = self._errors.get(topic, ("", None))
            lag = self._lag.get(topic) if topic in heard else None
            listening = topic in heard or (topic in others and row["listening"])
            # while the broker does not answer, what it offers is what it offered
            offered = topic in self._offered if self._offered else row["offered"]
            said = dict(zip(SAID, (listening, offered, lag, why[:2000]), strict=True))
            changed = {name: value for name, value in said.items() if row[name] != value}
            stale = lag is not None and self._measured - row.get("measured", 0.0) > LAG_AGE
            if not changed and not stale:
                continue
            times = {"lag_measured": timezone.now()} if stale or "lag" in changed else {}
            times |= {"last_error_at": when} if "last_error" in changed else {}
            TopicState.objects.filter(source=self.source.name, topic=topic).update(**changed, **times)
            row.update(said)
            if "lag_measured" in times:
                row["measured"] = self._measured

    def _make(self, topics: Collection[str]) -> None:
        """Rows for topics that have none."""
        fresh = [TopicState(source=self.source.name, topic=topic) for topic in sorted(topics) if len(topic) <= 255]
        TopicState.objects.bulk_create(fresh, ignore_conflicts=True)
        for state in fresh:
            self._rows[state.topic] = dict(zip(SAID, (False, False, None, ""), strict=True))

    def _leave(self) -> None:
        """When the last listener stops, nothing is listened to."""
        if self._roll.alone(self.source.name):
            TopicState.objects.filter(source=self.source.name, listening=True).update(listening=False)

    def _tell_database(self, work) -> bool:
        """Does some work on the database; False when that is away, to be tried at the next turn."""
        try:
            work()
        except (OperationalError, InterfaceError) as error:
            connections.close_all()
            self.status.fail("waiting", f"the database is away: {error}")
            return False
        return True
