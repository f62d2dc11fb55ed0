"""A person's yes to a plan, once; and what follows from it: requests to telescopes, and words to the Treasure Map.

approve(plan, by=user)      -> the plan, approved and sent; raises NotNow with words for the person
send(plan, by=user)            the second half, where it was approved only
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from tom_scimma.models import Event
from tom_treasuremap.followup.request import Exposure, Request
from tom_treasuremap.models import Plan, PlanVisit
from tom_treasuremap.plans import taken, told, versions

PERMISSION = "tom_treasuremap.approve_plan"
State = Plan.State
#: a request may begin so much later than planned
SLACK = timedelta(minutes=5)
#: what is written with an exposure that was not asked for
PAST = "Its time was past when it was sent."


class NotNow(Exception):
    """It cannot be done (any more); the text says why and what can."""


def may_approve(user: Any) -> bool:
    """Whether a person may approve plans."""
    return bool(user is not None and user.is_authenticated and user.is_active and user.has_perm(PERMISSION))


def why_not(row: Plan) -> str:
    """Why a plan cannot be approved now; "" where it can."""
    if row.approved is not None:
        who = row.approved_by.get_username() if row.approved_by is not None else "this TOM"
        return f"{who} approved it at {row.approved:%H:%M:%S} UTC."
    if row.state != State.READY:
        return f"It is {row.get_state_display()}."
    if not row.latest:
        return "There is a newer version of it."
    if row.event is not None and row.event.state == Event.State.RETRACTED:
        return f"{row.event.name} was retracted."
    if not row.visits.filter(start__gt=timezone.now()).exists():
        return "Nothing of it is still to come: plan anew from now."
    return ""


def approve(
    row: Plan, by: Any, *, sends: bool = True, reports: bool | None = None, arming: dict[str, Any] | None = None
) -> Plan:
    """Approves a plan and, unless told otherwise, sends it. A second click, or a second person, comes too late: NotNow.

    `arming`: by telescope, by whose word this TOM does it by itself. Raises PermissionDenied.
    """
    from tom_treasuremap.conf import conf

    if arming is None and not may_approve(by):
        raise PermissionDenied("You may not approve plans.")
    with transaction.atomic():
        _alone(row)
        row = Plan.objects.select_for_update(of=("self",)).select_related("event", "approved_by").get(pk=row.pk)
        why = why_not(row)
        if why:
            raise NotNow(why)
        moved = _beside_others(row, by)
        row.state, row.approved, row.approved_by, row.improving = State.APPROVED, timezone.now(), by, False
        row.reported = conf.PLAN_REPORTS if reports is None else reports
        row.save()
        _replace(row, by, by_itself=arming is not None)
        if sends:
            send(row, by, arming=arming)
        taken.renew(row, moved)
    return row


def _alone(row: Plan) -> None:
    """Nobody approves another plan until this transaction has ended: two might want the same telescope at the same time."""
    lines = Plan.objects.filter(state__in=(*Plan.OPEN, *Plan.ACTING)).values("line")
    list(Plan.objects.select_for_update().filter(pk__in=lines).order_by("pk").values_list("pk"))


def _beside_others(row: Plan, by: Any) -> list[Plan]:
    """Lets other plans keep the time of telescopes that they have, or takes it, as was asked. Raises NotNow."""
    if not row.asks.yields:
        return taken.take(row, by)
    found = taken.clash(row)
    if found is not None:
        mine, other = found
        raise NotNow(
            f"{mine.telescope} was asked for something else from {other.start:%H:%M} to {other.end:%H:%M} meanwhile: "
            "plan anew from now, or ask for a plan that takes other plans' time."
        )
    return []


def send(row: Plan, by: Any, *, arming: dict[str, Any] | None = None) -> Plan:
    """Asks the telescopes for an approved plan's visits, once. Raises NotNow, PermissionDenied."""
    if arming is None and not may_approve(by):
        raise PermissionDenied("You may not send plans.")
    from tom_treasuremap.followup.arming import NotArmed

    with transaction.atomic():
        now = timezone.now()
        if not Plan.objects.filter(pk=row.pk, state=State.APPROVED).update(state=State.SENT, sent=now):
            raise NotNow("It was sent already, or is not approved.")
        row.refresh_from_db()
        visits = list(row.visits.filter(observation=None).select_related("event", "target").order_by("order"))
        late = [one for one in visits if one.start <= now]
        PlanVisit.objects.filter(pk__in=[one.pk for one in late]).update(trouble=PAST)
        try:
            _ask(row, [one for one in visits if one.start > now], by, arming or {})
        except (LookupError, NotArmed) as error:  # a telescope, or a target, was taken away since
            raise NotNow(f"Nothing was sent: {error.args[0]}") from error
        if row.reported:
            told.tell(row, by)
    return row


def requests(row: Plan, visits: Iterable[PlanVisit], by: Any) -> list[tuple[Request, list[PlanVisit]]]:
    """What telescopes are asked for: one request for each visit of a field, with its exposures in order."""
    from tom_treasuremap.followup import written

    found = []
    for (telescope, field, turn), group in itertools.groupby(visits, lambda one: (one.telescope, one.field, one.turn)):
        some = list(group)
        first, last = some[0], some[-1]
        exposures = tuple(Exposure(one.band, one.exposure) for one in some)
        request = Request(
            id="", telescope=telescope, name=f"{row.title} {field}{f' ({turn})' if turn > 1 else ''}"[:100], target=field,
            ra=first.ra, dec=first.dec, exposures=exposures, start=first.start, end=last.end + SLACK,
            pos_angle=first.pos_angle, priority=row.asks.priority, fixed=True, event=first.event.name if first.event else "",
            by=by.get_username() if by is not None else "",
        )  # fmt: skip
        found.append((written.identified(request, key=f"plan {row.line_id}"), some))
    return found


def _ask(row: Plan, visits: list[PlanVisit], by: Any, arming: dict[str, Any]) -> None:
    """Asks each telescope, of each event apart: what is asked for an event goes where that goes."""
    from tom_treasuremap.followup import asking
    from tom_treasuremap.followup.arming import ask_armed

    ordered = sorted(visits, key=lambda one: (one.telescope, one.start, one.order))
    for telescope, group in itertools.groupby(requests(row, ordered, by), lambda pair: pair[0].telescope):
        sound = sorted(_sound(telescope, list(group)), key=lambda pair: pair[1][0].event_id or 0)
        for _, some in itertools.groupby(sound, lambda pair: pair[1][0].event_id):
            pairs = list(some)
            asked, event = [request for request, _ in pairs], pairs[0][1][0].event
            targets = {request.id: visits[0].target for request, visits in pairs if visits[0].target is not None}
            named = f"plan:{row.line_id}"
            if telescope in arming:
                records = ask_armed(asked, arming[telescope], alert=row.alert, targets=targets, plan=named)
            else:
                records = asking.ask(asked, by=by, event=event, targets=targets, plan=named)
            for record, (_, visits) in zip(records, pairs, strict=True):
                PlanVisit.objects.filter(pk__in=[one.pk for one in visits]).update(observation=record)


def _sound(telescope: str, pairs: list[tuple[Request, list[PlanVisit]]]) -> list[tuple[Request, list[PlanVisit]]]:
    """Those that a telescope may be asked for; with the others it is written what is wrong. Raises NotNow where none is."""
    from tom_treasuremap.followup import validating

    wrong = validating.planned([request for request, _ in pairs], telescope)
    words = {name: " ".join(why for texts in faults.values() for why in texts) for name, faults in wrong.items()}
    if pairs and len(words) == len(pairs):
        raise NotNow(f"Nothing was sent: {next(iter(words.values()))}")
    for request, some in pairs:
        if request.id in words:
            PlanVisit.objects.filter(pk__in=[one.pk for one in some]).update(trouble=f"Not sent: {words[request.id]}")
    return [pair for pair in pairs if pair[0].id not in words]


def _replace(row: Plan, by: Any, *, by_itself: bool) -> None:
    """The version that telescopes are at gives way: what both have stays as it is, the rest that nobody has begun is taken back.

    At telescopes this TOM takes back `by_itself` only what it may after a retraction, too.
    """
    from tom_treasuremap.followup import cancelling, withdrawn
    from tom_treasuremap.models import Asked

    old = Plan.objects.filter(line=row.line_id, state__in=Plan.ACTING).exclude(pk=row.pk)
    for other in old:
        kept, gone = shared(row, other)
        for mine, theirs in kept:
            PlanVisit.objects.filter(pk=mine.pk).update(
                observation=theirs.observation_id, source=theirs.source_name, told=theirs.told
            )
        why, records = f"{row} takes its place.", [one.observation for one in gone if one.observation is not None]
        cancelling.cancel(records, by, why, unsent_only=by_itself)
        if by_itself:
            withdrawn.later(Asked.objects.open().filter(record__in=[one.pk for one in records]), why)
        told.untell(gone, by, why)
        Plan.objects.filter(pk=other.pk).update(state=State.SUPERSEDED, ended=timezone.now())


def shared(row: Plan, other: Plan) -> tuple[list[tuple[PlanVisit, PlanVisit]], list[PlanVisit]]:
    """(pairs of the same visit, visits of the other that are gone), of what nobody has begun."""
    known = {_same(one): one for one in row.visits.all()}
    kept, gone = [], []
    for one in versions.unbegun(other):
        mine = known.get(_same(one))
        if mine is not None and one.start > timezone.now():
            kept.append((mine, one))
        else:
            gone.append(one)
    return kept, gone


def _same(one: PlanVisit) -> tuple[Any, ...]:
    return one.telescope, one.field, one.turn, one.band, one.exposure, one.start.replace(microsecond=0)
