"""A worker's parts, called turn by turn in the test's own thread and database."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta

from django.utils import timezone

from tom_scimma import outbox
from tom_scimma.models import Delivery
from tom_scimma.worker.crew import Crew
from tom_scimma.worker.lane import Lane
from tom_scimma.worker.reacting import Reactor
from tom_scimma.worker.sending import Sender
from tom_scimma.worker.sweep import sweep

_number = itertools.count(1)


def crew(*, sole: bool = True) -> Crew:
    """A worker by itself; each has another name."""
    made = Crew(sole=sole)
    made.process = f"{made.process}{next(_number)}"
    return made


def lane(turn) -> Lane:
    """A lane that is not a thread."""
    return Lane("test", turn, threading.Event(), limit=60, noted=lambda text: None)


def deliver(service: str = "parcel", *, times: int = 50, by: Crew | None = None) -> int:
    """Does all that a service's lane finds to do now; how many turns that took."""
    sender = Sender(service, by or crew(), threading.Event())
    found = lane(sender.turn)
    for turn in range(times):
        if not sender.turn(found):
            return turn
    raise AssertionError(f"still busy after {times} turns")


def react(*, times: int = 50, by: Crew | None = None) -> int:
    """Does all the reactions that are due now."""
    reactor = Reactor(by or crew())
    found = lane(reactor.turn)
    for turn in range(times):
        if not reactor.turn(found):
            return turn
    raise AssertionError(f"still busy after {times} turns")


def tidy(*, by: Crew | None = None) -> None:
    """What a worker does now and then."""
    sweep(by or crew(), timezone.now())


def hurry(delivery: Delivery) -> Delivery:
    """As if the pause before the next try were over."""
    Delivery.objects.filter(pk=delivery.pk).update(not_before=timezone.now() - timedelta(seconds=1))
    return again(delivery)


def again(delivery: Delivery) -> Delivery:
    """The row as it is now."""
    return Delivery.objects.select_related("event", "by", "after").get(pk=delivery.pk)


def put(user, subject, text: str = "hello", *, to: str = "parcel", generation: int = 1, **more) -> Delivery:
    """Something queued."""
    key = outbox.key_of(to, subject, text, generation)
    return outbox.queue(to, text.encode(), key=key, by=user, subject=subject, **more)
