"""A second person's yes or no to one payload for one destination. An edit is another payload, and needs a yes of its own."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tom_scimma import course, destinations, outbox
from tom_scimma.acts import NotNow
from tom_scimma.compose import rules
from tom_scimma.models import Approval, Attempt, Delivery
from tom_scimma.models.outbox import EVERYBODY
from tom_scimma.readership import readable

State, Verdict = Delivery.State, Approval.Verdict
#: so many of those who may say yes are named, and so many people are looked at for them
NAMED, ASKED = 10, 100


def waiting_for(user: Any) -> list[Approval]:
    """What this user may decide on: they see all of it, and it is not theirs."""
    rows = list(Approval.objects.open_for(user).select_related("delivery").defer("delivery__payload")[:200])
    seen = readable((row.delivery for row in rows), user)
    return [row for row in rows if row.delivery_id in seen]


def may_decide(delivery: Delivery, user: Any) -> bool:
    """Whether this user may say yes or no to a delivery now, or yes after all to what they refused."""
    return Approval.objects.decided_by(user).filter(delivery=delivery).exists() and bool(readable([delivery], user))


def deciders(delivery: Delivery) -> list[str]:
    """Names of those who may say yes to a delivery now, ten at most and then "others"; of whom else than they it waits for nobody."""
    found: list[str] = []
    for user in _people(delivery)[:ASKED]:
        if not may_decide(delivery, user):
            continue
        if len(found) == NAMED:
            return [*found, "others"]
        found.append(user.get_username())
    return found


def _people(delivery: Delivery) -> Any:
    """Those with the permission who may know of it: of its sender's groups or its event's, and superusers."""
    sent = Q(user=delivery.by_id) if delivery.by_id else Q(pk=None)
    near = Group.objects.filter(sent | Q(pk__in=_groups(delivery))).exclude(name=EVERYBODY)
    rows = ModelBackend().with_perm(Approval.PERMISSION).filter(Q(is_superuser=True) | Q(groups__in=near.values("pk")))
    return rows.exclude(pk=delivery.by_id).distinct().order_by("username")


def _groups(delivery: Delivery) -> list[int]:
    return list(delivery.event.groups.values_list("pk", flat=True)) if delivery.event is not None else []


@transaction.atomic
def decide(delivery: Delivery, user: Any, verdict: str, sha256: str, note: str = "") -> str:
    """Writes the word down, and lets the delivery go where nothing else holds it; words for the page.

    `sha256` is of what the person looked at. Raises NotNow where that is not what would leave, or somebody was faster.
    """
    mine = Q(verdict="") | Q(verdict=Verdict.REFUSED, by=user)
    row = Approval.objects.select_for_update().filter(mine, delivery=delivery).first()
    if row is None or delivery.state != State.HELD:
        raise NotNow("Nobody waits for a word on this any more. Look again.")
    if sha256 != delivery.sha256:
        raise NotNow("This is not what would leave. Look at it again.")
    if verdict not in Verdict.values:
        raise NotNow("Say yes or no to it.")
    row.verdict, row.by, row.by_name, row.at, row.note = verdict, user, user.get_username(), timezone.now(), note[:2000]
    row.save()
    words = f"{row.get_verdict_display().capitalize()}{f': {row.note}' if row.note else '.'}"
    course.note(delivery, Attempt.What.PERSON, words, by=user)
    return _moved(delivery)


def _moved(delivery: Delivery) -> str:
    """The delivery as the rules are with that word."""
    reason = rules.held(delivery)
    if reason:
        Delivery.objects.filter(pk=delivery.pk, state=State.HELD).update(reason=reason, needs_person=True)
        return f"Noted. It does not leave: {reason}"
    end = outbox.deadline_of(destinations.find(delivery.destination), timezone.now())
    if not course.move(delivery, State.QUEUED, deadline=max(end, delivery.deadline)):
        raise NotNow("Something else happened to it meanwhile: look again.")
    return "Approved: it goes as soon as a worker has time."
