"""What killed workers left, what came too late, and what nobody here can send."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from tom_scimma import course, destinations
from tom_scimma.decision import decide
from tom_scimma.errors import ReplyLost
from tom_scimma.models import Attempt, Delivery, Job, Reaction
from tom_scimma.worker import reacting
from tom_scimma.worker.crew import Crew

logger = logging.getLogger("tom_scimma.deliver")
State = Delivery.State
#: so many rows of one kind at a time; the rest at the next sweep
BATCH = 200


def sweep(crew: Crew, now: datetime) -> None:
    """Takes up again what dead workers had in hand, ends what is past its deadline."""
    alive = crew.alive(now)
    _sends(crew, alive, now)
    _reactions(crew, alive)
    _jobs(alive, now)
    _expired(now)
    _homeless()


def _left(rows, alive: Collection[str], mine: str, in_hand: Collection[int]):
    """Of rows that somebody is at: those of workers that are no more, and those of this one that it has not in hand."""
    dead = ~Q(worker__in=alive) | (Q(worker=mine) & ~Q(pk__in=list(in_hand)))
    return rows.filter(dead).order_by("pk")[:BATCH]


def _sends(crew: Crew, alive: Collection[str], now: datetime) -> None:
    """A send whose worker was killed: nobody knows whether it left. As if its reply had been lost."""
    for delivery in _left(Delivery.objects.filter(state=State.SENDING), alive, crew.process, crew.deliveries):
        there = _destination(delivery)
        lost = ReplyLost(f"The worker {delivery.worker} ended while it was sending; it may have arrived or not.")
        harmless = there is not None and there.repeat_is_harmless
        decision = decide(lost, attempts=delivery.attempts, now=now, deadline=delivery.deadline, harmless=harmless)
        unasked = decision.state == State.UNKNOWN and (there is None or not there.can_find)
        values = {"not_before": decision.not_before, **({"needs_person": True} if unasked else {})}
        with transaction.atomic():
            if course.move(delivery, decision.state, reason=decision.reason, attempts=delivery.attempts, **values):
                sends = Attempt.objects.filter(delivery=delivery, what=Attempt.What.SEND, number=delivery.attempts)
                sends.update(answer="reply lost", text=str(lost))
                logger.warning("delivery=%s %s", delivery.pk, lost)


def _reactions(crew: Crew, alive: Collection[str]) -> None:
    running = Reaction.objects.filter(state=Reaction.State.RUNNING)
    for reaction in _left(running, alive, crew.process, crew.reactions):
        said = f"the worker {reaction.worker} ended while it was at it"
        if reaction.attempts >= reacting.TRIES:
            reacting.put_back(reaction, said)
        else:  # at once: it holds its place before the later ones of its alert
            rows = Reaction.objects.filter(pk=reaction.pk, state=reaction.state, attempts=reaction.attempts)
            rows.update(state=Reaction.State.QUEUED, not_before=None, error=said)
        logger.warning("reaction=%s alert=%s %s", reaction.name, reaction.alert_id, said)


def _jobs(alive: Collection[str], now: datetime) -> None:
    Job.objects.exclude(worker="").exclude(worker__in=alive).update(worker="", due=now)


def _expired(now: datetime) -> None:
    for delivery in Delivery.objects.filter(state=State.QUEUED, deadline__lte=now).order_by("pk")[:BATCH]:
        tried = f"after {delivery.attempts} tries: {delivery.reason}" if delivery.attempts else "it was never tried"
        behind = f"; it waited for #{delivery.after_id}" if delivery.after_id else ""
        reason = f"Not sent in time, {tried}{behind}."
        if course.move(delivery, State.EXPIRED, reason=reason):
            course.note(delivery, Attempt.What.CHECK, reason, answer="expired")


def _homeless() -> None:
    known = list(destinations.services())
    for delivery in Delivery.objects.filter(state=State.QUEUED).exclude(service__in=known).order_by("pk")[:BATCH]:
        reason = f"No installed app brings the destination {delivery.service!r}."
        if course.move(delivery, State.HELD, reason=reason):
            course.note(delivery, Attempt.What.CHECK, reason, answer="held")


def _destination(delivery: Delivery) -> destinations.Destination | None:
    try:
        return destinations.find(delivery.destination)
    except LookupError:
        return None
