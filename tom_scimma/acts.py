"""What a person may do about a delivery: release, cancel, send again, say what became of it, look again, put it aside.

Each says who did it in the delivery's record. Raises NotNow, with words for the person, when it is no longer possible.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from tom_scimma import course, destinations, outbox
from tom_scimma.compose import rules
from tom_scimma.errors import Unsaid
from tom_scimma.models import Alert, Approval, Attempt, Delivery, Event

State = Delivery.State
PERSON = Attempt.What.PERSON


class NotNow(Exception):
    """It cannot be done (any more); the text says why and what can."""


def may_act(delivery: Delivery, user: Any) -> bool:
    """Whether a user who sees a delivery may do something about it: its sender, or whoever may change deliveries."""
    return delivery.by_id == user.pk or user.has_perm("tom_scimma.change_delivery")


def possible(delivery: Delivery) -> set[str]:
    """Names of the acts that its state allows."""
    acts = {
        State.HELD: {"release", "cancel"},
        State.QUEUED: {"cancel", *(["release"] if _is_blocked(delivery) else [])},
        State.UNKNOWN: {"arrived", "leave", "resend", "look"},
        State.REJECTED: {"resend", "seen"},
        State.EXPIRED: {"resend", "seen"},
        State.CANCELLED: {"resend"},
        State.DELIVERED: {"resend"},
        State.DRY: {"resend"},
    }.get(delivery.state, set())
    if not delivery.needs_person:
        acts = acts - {"seen"}
    there = _there(delivery)
    if delivery.state == State.UNKNOWN:
        if there is None or not there.can_find:
            acts = acts - {"look"}
        elif not delivery.looks:  # first the service is asked
            acts = acts - {"resend", "arrived", "leave"}
    return acts - {"resend", "release"} if there is None else acts


def offered(delivery: Delivery) -> set[str]:
    """Those that would be done now: what waits for a rule, an embargo or somebody's word is not released by a click."""
    acts = possible(delivery)
    return acts - {"release"} if "release" in acts and no_release(delivery) else acts


def no_release(delivery: Delivery) -> str:
    """Why nobody's click lets a delivery go now: a rule, an embargo, or that somebody else was asked for a yes; "" where it does."""
    why, yes = rules.barred(delivery)
    asked = yes and Approval.objects.filter(delivery=delivery).exclude(verdict=Approval.Verdict.APPROVED).exists()
    return rules.unapproved(delivery) if asked else why


def release(delivery: Delivery, by: Any, *, origin: str = "") -> None:
    """Lets it go: no longer held, or no longer behind what it waits for. Where that names another server now, it goes there.

    `origin` is where the person saw that it will go; another one meanwhile is NotNow.
    """
    _demand(delivery, "release", "It is neither held nor behind something that may never arrive.")
    if why := rules.held(delivery):  # asks for a second person's yes, where that is what it needs now
        Delivery.objects.filter(pk=delivery.pk, state=State.HELD).update(reason=why, needs_person=True)
        raise NotNow(f"It may not leave yet. {why}")
    now = destinations.find(delivery.destination).origin()[:300]
    if origin and origin != now:
        raise NotNow(f"It would go to {now}, and no longer to {origin}. Look again and release it once more.")
    values: dict[str, Any] = {"origin": now}
    text = "Released."
    if delivery.after is not None and (delivery.state == State.QUEUED or delivery.after.state in Delivery.FINAL):
        text, values["after"] = f"Released: it no longer waits for #{delivery.after_id}.", None
    if now != delivery.origin:
        text += f" It goes to {now} instead of {delivery.origin}."
    if delivery.deadline <= timezone.now():
        values["deadline"] = outbox.deadline_of(destinations.find(delivery.destination), timezone.now())
        text += " Its deadline had passed; it has a new one."
    _moved(delivery, State.QUEUED, text, by, not_before=delivery.not_before, **values)


def cancel(delivery: Delivery, by: Any, reason: str = "") -> None:
    """It never leaves. `by` None: the TOM itself, because of `reason`."""
    _demand(delivery, "cancel", "Only what is queued or held can be cancelled.")
    _moved(delivery, State.CANCELLED, " ".join(("Cancelled.", reason)).strip(), by)


def withdraw(alert_id: int, change: str) -> None:
    """The reaction to a retraction: what has not left us about the event does not leave any more.

    What tells people is left to telling.py, which drops the news and keeps the word that it is over.
    """
    alert = Alert.objects.select_related("event").get(pk=alert_id)
    if alert.event.state == Event.State.RETRACTED:  # it may have been reinstated since
        cancel_waiting(alert.event, f"{alert.event.name} was retracted by {alert.source}.")


def cancel_waiting(event: Event, reason: str) -> int:
    """Cancels whatever is still to be sent about an event to other than persons; how many that were."""
    count = 0
    for delivery in event.deliveries.filter(state__in=(State.QUEUED, State.HELD), personal=False):
        there = _there(delivery)
        if there is not None and there.takes_back:
            continue
        try:
            cancel(delivery, None, reason)
            count += 1
        except NotNow:
            continue  # a worker was faster
    return count


@transaction.atomic
def resend(delivery: Delivery, by: Any) -> Delivery:
    """Says it again, as the next generation, in this person's name. What waited for the old one waits for the new one."""
    _demand(delivery, "resend", "It cannot be sent again now.")
    payload = bytes(delivery.payload)
    generation = delivery.generation + 1
    key = outbox.key_of(delivery.destination, delivery.subject, payload + delivery.key.encode(), generation)
    try:
        new = outbox.queue(
            delivery.destination, payload, key=key, by=by, subject=delivery.subject, event=delivery.event
        )
    except Unsaid as error:
        raise NotNow(str(error)) from error
    if new.resend_of_id is None:
        Delivery.objects.filter(pk=new.pk).update(
            generation=generation, resend_of=delivery, is_test=delivery.is_test or new.is_test
        )
        course.note(new, PERSON, f"Sent again after #{delivery.pk} ({delivery.get_state_display()}).", by=by)
        course.note(delivery, PERSON, f"Sent again as #{new.pk}.", by=by)
        delivery.followers.exclude(pk=new.pk).filter(state__in=(State.QUEUED, State.HELD)).update(after=new)
    Delivery.objects.filter(pk=delivery.pk).update(needs_person=False)
    new.refresh_from_db()
    return new


def afresh(delivery: Delivery, by: Any, *, left: bool = False) -> Delivery:
    """The delivery; where it ended without arriving, the next one of it: who asks for a thing once more means it. Raises NotNow.

    `left`: also where its reply was lost and a person left it so. For what looks at the service before it says anything.
    """
    while delivery.state in course.DEAD_ENDS and (left or delivery.reason != Delivery.LEFT):
        delivery = resend(delivery, by)
    return delivery


def arrived(delivery: Delivery, by: Any, said: str = "") -> None:
    """A person has seen that it arrived: delivered, on their word."""
    _demand(delivery, "arrived", "Its reply is not lost.")
    text = f"{by.get_username()} says that it arrived. {said}".strip()
    _moved(delivery, State.DELIVERED, text, by, reason=text, not_before=None)


def leave(delivery: Delivery, by: Any) -> None:
    """It may or may not have arrived, and nothing more is done about it."""
    _demand(delivery, "leave", "Its reply is not lost.")
    _moved(delivery, State.CANCELLED, Delivery.LEFT, by, not_before=None)


def look(delivery: Delivery, by: Any) -> None:
    """The worker asks the service again, at once."""
    _demand(delivery, "look", "Its reply is not lost, or nobody can ask there.")
    Delivery.objects.filter(pk=delivery.pk, state=State.UNKNOWN).update(not_before=timezone.now())
    course.note(delivery, PERSON, "To be looked up again.", by=by)


def seen(delivery: Delivery, by: Any) -> None:
    """Put aside: a person has seen it, and nothing more is to be done."""
    _demand(delivery, "seen", "Nothing about it waits for anybody.")
    Delivery.objects.filter(pk=delivery.pk).update(needs_person=False)
    course.note(delivery, PERSON, "Seen.", by=by)


def _demand(delivery: Delivery, act: str, otherwise: str) -> None:
    if act not in possible(delivery):
        raise NotNow(f"{otherwise} It is {delivery.get_state_display()}.")


def _moved(delivery: Delivery, state: str, text: str, by: Any, *, reason: str = "", **values: Any) -> None:
    with transaction.atomic():
        reason = reason or ("" if state == State.QUEUED else text)
        if not course.move(delivery, state, reason=reason, needs_person=False, **values):
            raise NotNow("Something else happened to it meanwhile: look again.")
        course.note(delivery, PERSON, text, by=by, by_name="" if by is not None else "this TOM")


def _is_blocked(delivery: Delivery) -> bool:
    return delivery.after is not None and delivery.after.state not in (State.DELIVERED, State.DRY)


def _there(delivery: Delivery) -> destinations.Destination | None:
    try:
        return destinations.find(delivery.destination)
    except LookupError:
        return None
