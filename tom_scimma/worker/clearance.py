"""May this leave now? Asked of every delivery just before it is sent: where it is aimed, who sends what, rules, tests, dry run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tom_scimma import subjects
from tom_scimma.compose import carried, rules
from tom_scimma.conf import conf
from tom_scimma.destinations import Destination
from tom_scimma.models import Delivery
from tom_scimma.trials import about_a_test

State = Delivery.State


@dataclass(frozen=True)
class Verdict:
    """Where a delivery that may not leave goes instead, and why."""

    state: str
    reason: str


def judge(delivery: Delivery, there: Destination, now: datetime) -> Verdict | None:
    """None: it may leave. Queries, no other I/O."""
    if now >= delivery.deadline:
        return Verdict(State.EXPIRED, _late(delivery))
    held = _aim(delivery, there) or _test(delivery, there) or may_send(delivery, there, delivery.by)
    held = held or rules.held(delivery, now)
    if held:
        return Verdict(State.HELD, held)
    if there.is_dry:
        whole = "this TOM is in dry run" if conf.DRY_RUN else f"{there} is in dry run"
        return Verdict(State.DRY, f"Not sent: {whole}. The payload is what would have left.")
    if delivery.after is not None and delivery.after.state == State.DRY:
        return Verdict(State.HELD, f"#{delivery.after_id}, which this waits for, was a dry run and never left.")
    return None


def may_send(delivery: Delivery, there: Destination, user: Any) -> str:
    """Why this user may not say this (now, any more); "" where they may. `user` None is the TOM itself."""
    if user is None and delivery.by_name:
        return f"{delivery.by_name}, who sent it, has no account any more."
    if user is not None and not user.is_active:
        return f"{user.get_username()}, who sent it, is not active any more."
    if user is not None and conf.SEND_PERMISSION and not user.has_perm(conf.SEND_PERMISSION):
        return f"{user.get_username()} has not the permission {conf.SEND_PERMISSION} (any more)."
    who = user.get_username() if user is not None else "the TOM itself, for which everybody must be allowed to see it,"
    about = [subject for subject in (delivery.subject, _event(delivery)) if subject]
    seen = subjects.visible(about, user)
    for subject in about:
        if not subjects.known(subject):
            return f"Nothing here knows what {subject} is, so that nobody can tell who may send it."
        if subject not in seen:
            return f"{subject} is not there, or {who} may not see it (any more)."
    if not carried.may_carry(delivery, user):
        return f"Something that it carries is not there, or {who} may not see it (any more)."
    return there.may_send(delivery, user)


def _event(delivery: Delivery) -> str:
    """The event it is about besides its subject; "" where that is the subject."""
    if delivery.event_id is None or delivery.subject.startswith("event:"):
        return ""
    return f"event:{delivery.event.name}"


def _aim(delivery: Delivery, there: Destination) -> str:
    now = there.origin()[:300]
    if delivery.origin == now:
        return ""
    return (
        f"It was aimed at {delivery.origin}; {there} is now {now}. Release it to send it there instead, or cancel it."
    )


def _test(delivery: Delivery, there: Destination) -> str:
    if there.is_test or not (delivery.is_test or about_a_test(delivery.subject, delivery.event)):
        return ""
    return f"It is about a test, and {there} is no test destination."


def _late(delivery: Delivery) -> str:
    tried = f"after {delivery.attempts} tries. {delivery.reason}" if delivery.attempts else "it was never tried"
    behind = f"; it waited for #{delivery.after_id}" if delivery.after_id and not delivery.attempts else ""
    return f"Its deadline passed: {tried}{behind}".strip()
