"""Which telescopes this TOM may ask by itself: armed by a person, for one rule, until a date, so much a night.

allowed(telescope, rule, alert, requests) -> Verdict(arming, why)      `why` "": it may
ask_armed(requests, verdict.arming, alert=alert, targets=target)       after VETO_SECONDS, in which anybody may stop it
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from tom_observations.models import ObservationRecord

from tom_scimma import switch
from tom_scimma.conf import conf as trunk
from tom_scimma.models import Alert, Event, Stop, Subscription
from tom_scimma.trials import about_a_test
from tom_treasuremap import telescopes
from tom_treasuremap.conf import conf
from tom_treasuremap.followup import asking, written
from tom_treasuremap.followup.request import FAILED, Request
from tom_treasuremap.models import Arming, Asked

PERMISSION = "tom_treasuremap.arm_telescope"
#: names that LVK gives to mock and test events
MOCK = re.compile(r"(MS|TS|M|T)\d{6}[a-z]*", re.IGNORECASE)
LONGEST = timedelta(days=31)


class NotArmed(Exception):
    """What it is armed for was used up, or it was disarmed, since that was looked at; the text says so."""


@dataclass(frozen=True)
class Verdict:
    """Whether this TOM may ask by itself, and by whose word."""

    arming: Arming | None
    why: str  #: it may not; "": it may

    def __bool__(self) -> bool:
        return not self.why


def arm(
    telescope: str, rule: Subscription, by: Any, until: datetime, *, hours: float, requests: int, cancels: bool = False
) -> Arming:
    """Arms a telescope for a rule; what was in force for both ends. Raises PermissionDenied, or ValueError with words for a person."""
    if not may_arm(by):
        raise PermissionDenied("You may not arm telescopes.")
    now = timezone.now()
    if switch.stopped() is not None:
        raise ValueError("Everything that leaves this TOM is stopped. Lift that first.")
    if not now < until <= now + LONGEST:
        raise ValueError(f"Give a time that is to come, at most {LONGEST.days} days from now.")
    if rule.tests:
        raise ValueError(f"“{rule}” runs on test events, which never move a telescope.")
    if hours <= 0 or requests <= 0:
        raise ValueError("Give at least one request and some time: with none, nothing would be asked.")
    with transaction.atomic():
        Subscription.objects.select_for_update().get(pk=rule.pk)  # of two at once the second ends the first
        for old in Arming.objects.in_force(now).filter(telescope=telescope, rule=rule):
            old.disarmed, old.disarmed_by, old.why = now, by, "Armed anew."
            old.save()
        return Arming.objects.create(
            telescope=telescope, rule=rule, by=by, until=until, hours=hours, requests=requests, cancels=cancels
        )


def may_arm(user: Any) -> bool:
    """Whether a person may arm and disarm."""
    return bool(user is not None and user.is_authenticated and user.is_active and user.has_perm(PERMISSION))


def disarm(arming: Arming, by: Any, why: str) -> None:
    """Ends it, and drops what waits under it and has not left. `by` None: this TOM itself."""
    from tom_treasuremap.followup import cancelling

    now = timezone.now()
    Arming.objects.filter(pk=arming.pk, disarmed=None).update(disarmed=now, disarmed_by=by, why=why)
    waiting = Asked.objects.open().filter(arming=arming, submission__state__in=cancelling.WAITING)
    records = [row.record for row in waiting.select_related("record")]
    cancelling.cancel(records, by, f"Disarmed. {why}".strip(), unsent_only=True)


def refused(row: Asked, why: str) -> None:
    """A telescope refused what this TOM asked by itself, or took back: it is disarmed, whatever it was armed for."""
    words = f"{row.telescope} refused {row.request_id}: {why}"
    if row.arming is not None:
        disarm(row.arming, None, words)
    for arming in Arming.objects.in_force().filter(telescope=row.telescope):
        disarm(arming, None, words)


def over(arming: Arming | None) -> str:
    """Why nothing may leave under an arming any more; "" where it may."""
    if arming is None:
        return "The subscription that it was armed for is gone."
    if not arming.is_in_force:
        return arming.why or "It is no longer armed."
    return _stopped(arming.rule, arming)


def stopped(sender: Any, instance: Stop, created: bool, raw: bool = False, **more: Any) -> None:
    """The signal: who turns the big switch disarms every telescope."""
    if created and not raw:
        for arming in Arming.objects.in_force():
            disarm(arming, instance.by, f"Everything was stopped. {instance.reason}".strip())


def allowed(
    telescope: str,
    rule: Subscription,
    alert: Alert,
    requests: Sequence[Request],
    *,
    now: datetime | None = None,
    instead: Collection[str] = (),
) -> Verdict:
    """Whether this TOM may ask a telescope for these by itself, because this alert met this rule. Queries only.

    `instead` of which requests, by their ids: those that have not left, and never will when these are asked for, do not count.
    """
    now = now or timezone.now()
    arming = Arming.objects.in_force(now).filter(telescope=telescope, rule=rule).select_related("by", "rule").first()
    if arming is None:
        return Verdict(None, f"{telescope} is not armed for “{rule}”.")
    why = _stopped(rule, arming) or not_live(alert, now) or _shut(telescope) or _over(arming, requests, instead)
    return Verdict(arming, why)


def not_live(alert: Alert, now: datetime) -> str:
    """Why no telescope moves because of an alert; "" where one may."""
    event = alert.event
    why = not_heard(alert, now + timedelta(seconds=conf.VETO_SECONDS))
    if why:
        return why
    if event.role != "observation" or alert.role != "observation" or MOCK.fullmatch(event.name):
        return f"{event.name} is a test."
    if about_a_test(f"alert:{alert.pk}", None):
        return f"{event.name} came by a topic of tests."
    if event.state != Event.State.ACTIVE:
        return f"{event.name} is {event.get_state_display()}."
    return ""


def not_heard(alert: Alert, acts: datetime) -> str:
    """Why an alert does nothing at a telescope at the moment `acts`, whatever it says; "" where it may."""
    if not alert.live or alert.message.via != "listen":
        return "Only what was heard live moves a telescope, nothing that was replayed or loaded."
    if not alert.authority:
        return f"{alert.source} only reports on {alert.event.name}; it is no authority for it."
    if acts - alert.order > trunk.ACT_AGE:
        return f"The alert is older than {trunk.ACT_AGE}, or would be when something is done."
    return ""


def ask_armed(
    requests: Sequence[Request], arming: Arming, *, alert: Alert, targets: Any = None, plan: str = ""
) -> list[ObservationRecord]:
    """Asks in the name of who armed the telescope; it leaves after VETO_SECONDS, unless somebody stops it. See `asking.ask`.

    It does not leave once the alert is older than ACT_AGE. Of two that ask at once under one arming the second is counted
    with the first. Raises NotArmed, and asks for nothing.
    """
    goes = timezone.now() + timedelta(seconds=conf.VETO_SECONDS)
    with transaction.atomic():
        locked = Arming.objects.select_for_update(of=("self",)).select_related("by", "rule__owner").get(pk=arming.pk)
        why = over(locked) or _over(locked, requests)
        if why:
            raise NotArmed(why)
        return asking.ask(
            requests, by=locked.by, event=alert.event, targets=targets, plan=plan, arming=locked, not_before=goes,
            deadline=alert.order + trunk.ACT_AGE,
        )  # fmt: skip


def used(
    arming: Arming, night: Any, besides: Sequence[Request] = (), instead: Collection[str] = ()
) -> tuple[int, float]:
    """Requests and hours of a night that were asked for under it, but for these; what never left, or will, does not count."""
    rows = Asked.objects.filter(arming=arming, night=night).exclude(request_id__in=[one.id for one in besides])
    counted = [
        row
        for row in rows.select_related("record", "submission")
        if row.has_left or row.record is None or (row.record.status not in FAILED and row.request_id not in instead)
    ]
    return len(counted), sum(row.seconds for row in counted) / 3600


def _stopped(rule: Subscription, arming: Arming) -> str:
    if switch.stopped() is not None:
        return "Everything that leaves this TOM is stopped."
    if not may_arm(arming.by):
        return f"{arming.by.get_username()}, who armed it, may not do that any more."
    if not rule.enabled or not rule.owner.is_active or rule.tests:
        return f"“{rule}” is switched off, or runs on tests."
    return ""


def _shut(telescope: str) -> str:
    status = telescopes.status(telescope)
    return "" if status.state == "open" else f"{telescope} is {status.state}. {status.why}".strip()


def _over(arming: Arming, requests: Sequence[Request], instead: Collection[str] = ()) -> str:
    telescope = telescopes.telescope(arming.telescope)
    nights: dict[Any, list[Request]] = {}
    for request in requests:
        nights.setdefault(written.night_of(request.start, telescope), []).append(request)
    for night, mine in nights.items():
        count, hours = used(arming, night, mine, instead)
        count += len(mine)
        hours += sum(one.seconds * one.count for request in mine for one in request.exposures) / 3600
        if count > arming.requests:
            return f"It would be {count} requests in the night of {night}; it is armed for {arming.requests}."
        if hours > arming.hours + 1e-9:
            return f"It would be {hours:.2f} h in the night of {night}; it is armed for {arming.hours:g} h."
    return ""
