"""The only worker: sends what is queued, does what alerts set off, and the jobs that apps want done now and then.

    work(crew, stop)        until `stop` is set; one lane (a thread) a service, some for reactions, one for jobs

A service that hangs holds up its own lane alone. One look a fifth of a second wakes the lanes that have something to do.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime

from django.db import connections, reset_queries
from django.utils import timezone

from tom_scimma import destinations, memory
from tom_scimma.conf import conf
from tom_scimma.models import Job, Reaction
from tom_scimma.worker import claims, reacting
from tom_scimma.worker.chores import Chores, lane_of, post
from tom_scimma.worker.crew import Crew
from tom_scimma.worker.lane import Lane, caught
from tom_scimma.worker.reacting import Reactor
from tom_scimma.worker.sending import Sender
from tom_scimma.worker.sweep import sweep

logger = logging.getLogger("tom_scimma.deliver")

LOOK = 0.2  #: seconds between looks for work
NEWS = 0.05  #: and at least
BEAT = 1.0  #: between signs of life
SWEEP = 5.0  #: between looks for what others left
TRIM = 30.0  #: between times that free memory is given back
GRACE = 30.0  #: for lanes to finish what is in hand
#: lanes left alone with work that does not end, from which this process is better started anew
LEFT_ALONE = 8

REACTIONS, JOBS = "reactions", "jobs"


class Exhausted(RuntimeError):
    """Too much hangs; whoever watches over this process should start it again."""


class Desk:
    """The lanes of this process, and the look that wakes them."""

    def __init__(self, crew: Crew, stop: threading.Event):
        self.crew, self.stop, self._news = crew, stop, threading.Event()
        self._chores = Chores(crew)
        apart = sorted({lane for lane in map(lane_of, self._chores.jobs.values()) if lane})
        self._lane_of_job = {name: called(lane_of(entry)) for name, entry in self._chores.jobs.items()}
        self.lanes = [
            *self._senders(),
            *self._reactors(),
            self._lane(called(""), self._chores.turn, conf.REACTION_SECONDS, news=True),
            *(self._lane(called(lane), Chores(crew, lane).turn, conf.REACTION_SECONDS, news=True) for lane in apart),
        ]
        self.abandoned: list[Lane] = []
        self._swept = self._beaten = self._trimmed = float("-inf")

    def _senders(self) -> list[Lane]:
        found = []
        for name, service in sorted(destinations.services().items()):
            turn = Sender(name, self.crew, self.stop).turn
            found += [self._lane(name, turn, service.seconds * 1.5) for _ in range(service.parallel)]
        return found

    def _reactors(self) -> list[Lane]:
        turn = Reactor(self.crew).turn
        return [
            self._lane(REACTIONS, turn, conf.REACTION_SECONDS, news=True) for _ in range(max(1, conf.REACTION_THREADS))
        ]

    def _lane(self, name: str, turn, limit: float, *, news: bool = False) -> Lane:
        """`news`: what it does may make work for another lane."""
        done = self._news.set if news else lambda: None
        return Lane(name, turn, self.stop, limit=limit, noted=self.crew.fail, done=done)

    def open(self) -> None:
        """First what was left by others, then the lanes."""
        self._tidy()
        for lane in self.lanes:
            lane.start()

    def look(self) -> None:
        """One look: signs of life, what others left, lanes that hang, work to be done."""
        now = timezone.now()
        if time.monotonic() - self._beaten >= BEAT:
            self._beaten = time.monotonic()
            self.crew.state = "waiting" if any(lane.away for lane in self.lanes) else "working"
            self.crew.beat([(lane.task.what, lane.task.since) for lane in self._all() if lane.task])
        if time.monotonic() - self._swept >= SWEEP:
            self._tidy()
        if time.monotonic() - self._trimmed >= TRIM:
            self._trimmed = time.monotonic()
            memory.give_back()
        self._tend(now)
        due = self.wanted(now)
        for lane in self.lanes:
            if lane.name in due:
                lane.wake.set()

    def wanted(self, now: datetime) -> set[str]:
        """Names of the lanes that have something to do. Four questions, each answered by an index."""
        found = set(claims.ready(now).order_by().values_list("service", flat=True).distinct())
        found.update(claims.lost(now).order_by().values_list("service", flat=True).distinct())
        if Reaction.objects.filter(claims.due(now), state=Reaction.State.QUEUED).exists():
            found.add(REACTIONS)
        names = Job.objects.filter(due__lte=now, worker="").values_list("name", flat=True)
        return found.union(self._lane_of_job[name] for name in names if name in self._lane_of_job)

    def _tidy(self) -> None:
        self._swept = time.monotonic()
        post(self._chores.jobs)
        sweep(self.crew, timezone.now())

    def _all(self) -> list[Lane]:
        return [*self.lanes, *self.abandoned]

    def _tend(self, now: datetime) -> None:
        """Puts a new lane in the place of one that hangs or has died."""
        self.abandoned = [lane for lane in self.abandoned if lane.alive]
        for place, lane in enumerate(self.lanes):
            if self.stop.is_set() or (lane.alive and not lane.overdue(now)):
                continue
            if lane.alive:
                self._leave_alone(lane)
            self.lanes[place] = lane.again().start()
        if len(self.abandoned) > LEFT_ALONE:
            raise Exhausted(f"{len(self.abandoned)} pieces of work do not end: {self.abandoned[-1].task}")

    def _leave_alone(self, lane: Lane) -> None:
        task, self.abandoned = lane.task, [*self.abandoned, lane]
        said = f"{task.what} has been going on for more than {lane.limit:g} s; left alone, the rest goes on"
        self.crew.fail(said)
        logger.error(said)
        if lane.name == REACTIONS:
            found = Reaction.objects.filter(pk=task.pk, state=Reaction.State.RUNNING).first()
            if found is not None:
                reacting.put_back(found, said, at_least=lane.limit)
        else:
            self.crew.deliveries.discard(task.pk)  # the sweep takes it for a lost reply

    def pause(self) -> None:
        """Until the next look is due, or a lane may have made work for another."""
        self.stop.wait(NEWS)  # however much is done, looks leave it time
        self._news.wait(LOOK - NEWS)
        self._news.clear()

    def close(self) -> list[str]:
        """Waits for the lanes to finish what is in hand; what did not end in time."""
        for lane in self.lanes:
            lane.wake.set()
        end = time.monotonic() + GRACE
        late = [lane.task.what for lane in self.lanes if not lane.join(end - time.monotonic()) and lane.task]
        self.crew.state = "stopped"
        caught(self.crew.beat)
        return late


def called(lane: str) -> str:
    """What the lane of jobs is called that jobs name so; empty: that of most."""
    return f"{JOBS} {lane}".strip()


def work(crew: Crew, stop: threading.Event, *, until_idle: bool = False) -> list[str]:
    """Works until `stop` is set (or nothing is left to do); what did not end in time. Raises Exhausted."""
    memory.few_pools()
    desk = Desk(crew, stop)
    desk.open()
    try:
        while not stop.is_set():
            error = caught(desk.look)
            if isinstance(error, Exhausted):
                raise error
            if error is not None:
                connections.close_all()
                crew.fail(f"{type(error).__name__}: {error}")
                logger.error("look failed: %s", error)
                stop.wait(1.0)
            reset_queries()
            if until_idle and error is None and idle(desk):
                stop.set()
            desk.pause()
    finally:
        stop.set()
        late = desk.close()
    return late


def idle(desk: Desk) -> bool:
    """True when nothing is due and nobody is at anything."""
    return not any(lane.task for lane in desk.lanes) and not desk.wanted(timezone.now())
