"""Who may send where: rules of groups, embargoes, and a second person's yes. Asked when something is queued and again before it leaves.

    may_send("tns:hermes.test", user)   -> Word(allowed, approval, reason)
    held(delivery)                      -> why it may not leave now, "" where it may

Without a rule that fits a destination whoever may see something may send it there. With one, a person needs a group that
a rule names; of the most exact rules of their groups the most generous counts. What is said to one person is nobody's rule.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from tom_scimma.compose.carried import carrier
from tom_scimma.compose.selection import TARGET
from tom_scimma.conf import conf
from tom_scimma.models import Approval, Delivery, Embargo, SendRule, SharedItem
from tom_scimma.models.visibility import groups_of
from tom_scimma.wording import utc

May = SendRule.May
GENEROUS = (May.YES, May.APPROVAL, May.NO)
UNDER = "Under embargo"  #: so begins the reason of what an embargo holds


@dataclass(frozen=True)
class Word:
    """What the rules say to one person and one destination."""

    allowed: bool = True
    approval: bool = False
    reason: str = ""


def may_send(destination: str, user: Any, rules: Iterable[SendRule] | None = None) -> Word:
    """What the rules say; `user` None is the TOM itself, which belongs to no group."""
    if user is not None and conf.SEND_PERMISSION and not user.has_perm(conf.SEND_PERMISSION):
        return Word(False, reason=f"{user.get_username()} has not the permission {conf.SEND_PERMISSION}.")
    rules = SendRule.objects.select_related("group") if rules is None else rules
    fitting = [rule for rule in rules if fits(destination, rule.destination)]
    if not fitting:
        return Word()
    groups = set(groups_of(user)) if user is not None else set()
    mine = [rule for rule in fitting if rule.group_id in groups]
    if not mine:
        if user is not None and user.is_superuser:
            return Word()
        who = user.get_username() if user is not None else "The TOM itself"
        return Word(False, reason=f"{who} is in no group that may send to {destination} (rules for sending).")
    exact = {rule: exactness(destination, rule.destination) for rule in mine}
    longest = max(exact.values())
    best = min((rule for rule in mine if exact[rule] == longest), key=lambda rule: GENEROUS.index(rule.may))
    if best.may == May.NO:
        return Word(False, reason=f"{best.group} may not send to {best.destination} (rules for sending).")
    return Word(approval=best.may == May.APPROVAL)


def fits(destination: str, pattern: str) -> bool:
    """Whether a destination is the one of that name, fits the pattern, or is any of the service of that name: "tns" is "tns:*"."""
    return any(fnmatch.fnmatchcase(destination, one) for one in (pattern, f"{pattern}:*"))


def exactness(destination: str, pattern: str) -> tuple[bool, int]:
    """How exact a pattern is that fits: the name itself before all patterns, the longer the more."""
    return (destination == pattern, len(pattern if ":" in pattern else f"{pattern}:*"))


def embargo(
    destination: str, event: int | None, targets: Collection[int], now: datetime | None = None
) -> Embargo | None:
    """The embargo in force that lasts longest, of those on what is shared there."""
    rows = Embargo.objects.in_force(now).select_related("event")
    found = [row for row in rows if _bears_on(row, destination, event, targets)]
    return max(found, key=lambda row: (row.until is None, row.until or row.at), default=None)


def _bears_on(row: Embargo, destination: str, event: int | None, targets: Collection[int]) -> bool:
    if row.destination and not fits(destination, row.destination):
        return False
    if row.event_id is not None and row.event_id != event:
        return False
    return row.target_id is None or row.target_id in targets


def embargoed(row: Embargo) -> str:
    """An embargo in words, for those who are held by it."""
    until = f"until {utc(row.until, 0)} UTC" if row.until else "until somebody lifts it"
    return f"{UNDER} {until}{f': {row.reason}' if row.reason else ''} (by {row.by_name})."


def is_over(delivery: Delivery) -> bool:
    """Whether an embargo held this that has ended or was lifted: it waits for a person alone."""
    if delivery.state != Delivery.State.HELD or not delivery.reason.startswith(UNDER):
        return False
    return embargo(delivery.destination, delivery.event_id, targets_of(delivery)) is None


def targets_of(delivery: Delivery) -> set[int]:
    """The targets that a delivery carries or is about."""
    found = set(SharedItem.objects.filter(delivery=carrier(delivery), kind=TARGET).values_list("number", flat=True))
    kind, _, identity = delivery.subject.partition(":")
    return found | ({int(identity)} if kind == TARGET and identity.isdecimal() else set())


def held(delivery: Delivery, now: datetime | None = None) -> str:
    """Why a delivery may not leave by the rules as they are now; "" where it may. What is said to one person always may.

    Asks for a second person's yes, where that is what it needs.
    """
    why, yes = barred(delivery, now)
    return unapproved(delivery) if yes else why


def barred(delivery: Delivery, now: datetime | None = None) -> tuple[str, bool]:
    """The same, changing nothing: why no rule lets it leave, or that it needs a yes which it has not."""
    if delivery.personal:
        return "", False
    word = may_send(delivery.destination, delivery.by)
    if not word.allowed:
        return word.reason, False
    row = embargo(delivery.destination, delivery.event_id, targets_of(delivery), now or timezone.now())
    if row is not None:
        return embargoed(row), False
    return "", word.approval and not is_approved(delivery)


def is_approved(delivery: Delivery) -> bool:
    """Whether somebody else said yes to this payload there, who may still do so."""
    rows = Approval.objects.filter(
        sha256=delivery.sha256, destination=delivery.destination, verdict=Approval.Verdict.APPROVED
    )
    given = [row.by for row in rows.select_related("by") if row.by_id != delivery.by_id and row.by is not None]
    return any(person.is_active and person.has_perm(Approval.PERMISSION) for person in given)


def unapproved(delivery: Delivery) -> str:
    """Why a delivery that needs a second person's yes may not leave; asks for one where nobody did. "" with a yes."""
    if is_approved(delivery):
        return ""
    row = ask(delivery)
    if row.verdict == Approval.Verdict.REFUSED:
        return f"{row.by_name} did not approve it{f': {row.note}' if row.note else '.'}"
    return "Waits until somebody else approves it."


def ask(delivery: Delivery) -> Approval:
    """The row on which somebody else may say yes or no to a delivery; open again where a yes stands there that does not count
    any more, so that another person may say it."""
    values = {"destination": delivery.destination, "sha256": delivery.sha256}
    row, _ = Approval.objects.get_or_create(delivery=delivery, defaults=values)
    if row.verdict == Approval.Verdict.APPROVED:
        row.verdict, row.by, row.by_name, row.at, row.note, row.asked = "", None, "", None, "", timezone.now()
        row.save()
    return row
