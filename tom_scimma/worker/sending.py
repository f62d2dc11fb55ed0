"""One delivery at a time: claimed, sent, its answer recorded; and lost replies looked up at the service."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from tom_scimma import course, destinations, retry, storable
from tom_scimma.decision import decide, next_look
from tom_scimma.destinations import Destination, Receipt
from tom_scimma.errors import DeliveryError, ReplyLost, Unavailable
from tom_scimma.models import Attempt, Delivery
from tom_scimma.worker import claims, clearance
from tom_scimma.worker.crew import Crew
from tom_scimma.worker.lane import Lane, caught

logger = logging.getLogger("tom_scimma.deliver")
State = Delivery.State

#: a look at a service may take so much longer than a send before another worker looks too
LEASE = 3.0
#: failures in a row of the checks of one delivery from which they are taken to be at fault
DOUBTS = 6
#: seconds for which an answer is kept while the database is away and this worker is to end
KEPT = 10.0


class Sender:
    """The lane of one service: what is queued goes out, in the order in which it was queued."""

    def __init__(self, service: str, crew: Crew, stop: threading.Event):
        self.service, self._crew, self._stop = service, crew, stop
        self._doubts = (0, 0)

    def turn(self, lane: Lane) -> bool:
        """Does the next thing; False when there is none."""
        claim = self._claim(lane)
        if claim is None:
            return self._look(lane)
        if claim is not MOVED:
            try:
                self._send(*claim)
            finally:
                self._crew.deliveries.discard(claim[0].pk)
                lane.task = None
        return True

    def _claim(self, lane: Lane) -> tuple[Delivery, Attempt, Destination] | None:
        """The next delivery, claimed and committed; MOVED when it may not leave and went elsewhere."""
        now = timezone.now()
        if not claims.waits(self.service, now):
            return None
        taken = delivery = None
        try:
            with transaction.atomic():
                if connection.vendor == "postgresql":  # a claim that a crash of the server forgets is sent twice
                    connection.cursor().execute("SET LOCAL synchronous_commit TO on")
                delivery = claims.first(self.service, now)
                if delivery is None:
                    return None
                there = destinations.find(delivery.destination)
                verdict = _judged(delivery, there, now)
                if verdict is not None:
                    return _away(delivery, verdict, self._crew.process)
                taken = delivery.pk
                self._crew.deliveries.add(taken)  # before others can see the claim
                lane.begin(f"delivery {delivery.pk} to {delivery.destination}", taken)
                attempt = claims.take(delivery, self._crew.process, now)
        except DatabaseError as error:
            self._crew.deliveries.discard(taken)
            if delivery is None or taken or not self._to_blame(delivery, error):
                raise
            return _away(delivery, _unchecked(error), self._crew.process)  # a check that asks the database nonsense
        if attempt is None:
            self._crew.deliveries.discard(taken)
            return MOVED
        return delivery, attempt, there

    def _to_blame(self, delivery: Delivery, error: DatabaseError) -> bool:
        """Whether a check of this delivery is at fault, and not the database: said outright, or again and again of it alone."""
        self._doubts = (delivery.pk, self._doubts[1] + 1 if self._doubts[0] == delivery.pk else 1)
        return not isinstance(error, (OperationalError, InterfaceError)) or self._doubts[1] >= DOUBTS

    def _send(self, delivery: Delivery, attempt: Attempt, there: Destination) -> None:
        """Sends what is claimed, and records what came of it, however long that takes."""
        receipts: list[Receipt] = []
        credentials: list = []
        answer = caught(lambda: credentials.append(there.credential(delivery.by)))
        if answer is not None and not isinstance(answer, DeliveryError):
            answer = _unforeseen(Unavailable("The sender's credential could not be had"), answer)
        if answer is None:
            payload, key = bytes(delivery.payload), delivery.key
            answer = caught(lambda: receipts.append(there.send(payload, key, credentials[0])))
        if answer is None and not isinstance(receipts[0], Receipt):
            answer = ReplyLost(f"{there} gave no receipt but {receipts[0]!r}")
        logger.info("delivery=%s to=%s answer=%s", delivery.pk, delivery.destination, _word(answer))
        self._written(lambda: record(delivery, attempt, there, answer, receipts[0] if answer is None else None))
        self._crew.delivered += answer is None

    def _written(self, write: Callable[[], None]) -> None:
        """Writes an answer down, waiting for a database that is away: what the world said is not to be forgotten."""
        failures, until = 0, None
        while (error := caught(write)) is not None:
            failures += 1
            self._crew.fail(f"An answer could not be written down: {error}")
            logger.error("answer not written (try %d): %s", failures, error, exc_info=error)
            connection.close()
            if self._stop.is_set():
                until = until or time.monotonic() + KEPT
                if time.monotonic() > until:
                    return
            time.sleep(retry.delay(failures, first=0.1, cap=5))

    def _look(self, lane: Lane) -> bool:
        """Looks up one lost reply at the service; False when none is due."""
        now = timezone.now()
        delivery = claims.look(self.service, now, now + timedelta(seconds=600))
        if delivery is None:
            return False
        lane.begin(f"looking for delivery {delivery.pk} at {delivery.destination}")
        there = destinations.find(delivery.destination)
        found: list[Receipt | None] = []
        error = None
        if there.can_find:
            error = caught(lambda: found.append(there.find(bytes(delivery.payload), delivery.key, delivery.since)))
        self._written(lambda: looked(delivery, there, found[0] if found else None, error, self._crew.process))
        lane.task = None
        return True


#: a claim that ended elsewhere than in a send
MOVED = (None, None, None)


def _judged(delivery: Delivery, there: Destination, now) -> clearance.Verdict | None:
    """What the checks say; a check that fails holds the delivery and not those behind it."""
    verdicts: list = []
    error = caught(lambda: verdicts.append(clearance.judge(delivery, there, now)))
    if isinstance(error, DatabaseError):  # the transaction is broken: `_claim` begins another
        raise error
    return verdicts[0] if error is None else _unchecked(error)


def _unchecked(error: BaseException) -> clearance.Verdict:
    return clearance.Verdict(State.HELD, f"It could not be checked: {type(error).__name__}: {error}")


def _away(delivery: Delivery, verdict: clearance.Verdict, process: str):
    course.move(delivery, verdict.state, reason=verdict.reason)
    course.note(delivery, Attempt.What.CHECK, verdict.reason, by_name=process, answer=str(verdict.state))
    logger.info("delivery=%s to=%s state=%s: %s", delivery.pk, delivery.destination, verdict.state, verdict.reason)
    return MOVED


def record(
    delivery: Delivery, attempt: Attempt, there: Destination, answer: BaseException | None, receipt: Receipt | None
) -> None:
    """Writes down what a send was answered, and moves the delivery where that leads."""
    now = timezone.now()
    decision = decide(
        answer, attempts=delivery.attempts, now=now, deadline=delivery.deadline, harmless=there.repeat_is_harmless
    )
    values: dict = {"not_before": decision.not_before, **(_of_receipt(receipt) if receipt else {})}
    if decision.state == State.UNKNOWN and not there.can_find:
        values["needs_person"] = True
    if decision.state == State.REJECTED:
        values["errors"] = storable.values(dict(getattr(answer, "fields", {})))
    with transaction.atomic():
        # a worker that was taken for dead may have been alive: then the row is UNKNOWN by now, and this is better known
        states = [State.SENDING, State.UNKNOWN]
        if decision.state != State.DELIVERED and delivery.resends.exists():
            states = [State.SENDING]
        moved = course.move(
            delivery,
            decision.state,
            reason=decision.reason or _note(receipt),
            from_states=states,
            attempts=delivery.attempts,
            **values,
        )
        if moved and receipt is not None:
            _kept(delivery, there, receipt)
        Attempt.objects.filter(pk=attempt.pk).update(
            ended=now, answer=_word(answer), text=_text(answer, receipt), traceback=_traceback(answer)
        )


def looked(
    delivery: Delivery, there: Destination, receipt: Receipt | None, error: BaseException | None, process: str
) -> None:
    """Writes down what a look at the service found."""
    with transaction.atomic():
        if receipt is not None:
            if course.move(delivery, State.DELIVERED, from_states=[State.UNKNOWN], **_of_receipt(receipt)):
                course.note(delivery, Attempt.What.LOOK, _text(None, receipt), by_name=process, answer="found")
                _kept(delivery, there, receipt)
            return
        looks = delivery.looks + 1
        again = next_look(looks, timezone.now()) if there.can_find else None
        Delivery.objects.filter(pk=delivery.pk, state=State.UNKNOWN).update(
            looks=looks, not_before=again, needs_person=not delivery.resends.exists()
        )
        if not there.can_find:
            text = f"{there} cannot be asked what it has."
        else:
            text = "Not found there." if error is None else f"{type(error).__name__}: {error}"
        answer = "not found" if error is None else _word(error)
        course.note(*(delivery, Attempt.What.LOOK, text), by_name=process, answer=answer, traceback=_traceback(error))


def _kept(delivery: Delivery, there: Destination, receipt: Receipt) -> None:
    """Lets the destination keep what the receipt brought; where it fails, that it was delivered stands, and a person is asked."""

    def keep() -> None:
        with transaction.atomic():
            there.delivered(delivery, receipt)

    error = caught(keep)
    if isinstance(error, (OperationalError, InterfaceError)):  # the database is away: all of it is written later
        raise error
    if error is not None:
        Delivery.objects.filter(pk=delivery.pk).update(needs_person=True)
        text = f"It arrived, but what came back could not be kept: {_text(error, None)}"
        course.note(delivery, Attempt.What.CHECK, text, answer="not kept", traceback=_traceback(error))


def _of_receipt(receipt: Receipt) -> dict:
    return {
        "receipt_id": storable.text(str(receipt.id))[:300],
        "receipt_url": storable.text(str(receipt.url))[:1000],
        "receipt": storable.values(dict(receipt.data)),
        "not_before": None,
    }


def _note(receipt: Receipt | None) -> str:
    return receipt.note if receipt is not None else ""


def _word(answer: BaseException | None) -> str:
    if answer is None:
        return "delivered"
    words = {"Rejected": "rejected", "Unavailable": "unavailable", "ReplyLost": "reply lost"}
    return words.get(type(answer).__name__, "reply lost")


def _text(answer: BaseException | None, receipt: Receipt | None) -> str:
    if answer is None:
        return storable.text(f"Receipt {receipt.id}") if receipt is not None and receipt.id else "Received."
    return storable.text(str(answer) if isinstance(answer, DeliveryError) else f"{type(answer).__name__}: {answer}")


def _traceback(answer: BaseException | None) -> str:
    """The traceback of what nobody foresaw; an answer of the world has none."""
    error = (
        answer.__cause__ if isinstance(answer, DeliveryError) and not isinstance(answer.__cause__, OSError) else answer
    )
    if error is None or isinstance(answer, DeliveryError):
        return ""
    return storable.text("".join(traceback.format_exception(error))[-20_000:])


def _unforeseen(answer: DeliveryError, error: BaseException) -> DeliveryError:
    """An answer of ours for an exception that is none."""
    said = type(answer)(f"{answer}: {type(error).__name__}: {error}")
    said.__cause__ = error
    return said
