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

from tom_scimma.errors import Unsaid
from tom_scimma.models import Event
from tom_treasuremap.followup.request import Exposure, Request
from tom_treasuremap.models import Plan, PlanVisit
from tom_treasuremap.plans import versions

PERMISSION = "tom_treasuremap.approve_plan"
State = Plan.State
#: a request may begin so much later than planned
SLACK = timedelta(minutes=5)


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
        Plan.objects.select_for_update().get(pk=row.line_id)
        row = Plan.objects.select_for_update(of=("self",)).select_related("event", "approved_by").get(pk=row.pk)
        why = why_not(row)
        if why:
            raise NotNow(why)
        row.state, row.approved, row.approved_by, row.improving = State.APPROVED, timezone.now(), by, False
        row.reported = conf.PLAN_REPORTS if reports is None else reports
        row.save()
        _replace(row, by, by_itself=arming is not None)
        if sends:
            send(row, by, arming=arming)
    return row


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
        visits = list(row.visits.filter(observation=None).order_by("order"))
        late = [one for one in visits if one.start <= now]
        PlanVisit.objects.filter(pk__in=[one.pk for one in late]).update(trouble="Its time was past when it was sent.")
        try:
            _ask(row, [one for one in visits if one.start > now], by, arming or {})
        except (LookupError, NotArmed) as error:  # a telescope, or a target, was taken away since
            raise NotNow(f"Nothing was sent: {error.args[0]}") from error
        if row.reported:
            tell(row, by)
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
            pos_angle=first.pos_angle, priority=row.asks.priority, fixed=True, event=row.event.name if row.event else "",
            by=by.get_username() if by is not None else "",
        )  # fmt: skip
        found.append((written.identified(request, key=f"plan {row.line_id}"), some))
    return found


def _ask(row: Plan, visits: list[PlanVisit], by: Any, arming: dict[str, Any]) -> None:
    from tom_treasuremap.followup import asking
    from tom_treasuremap.followup.arming import ask_armed

    ordered = sorted(visits, key=lambda one: (one.telescope, one.start))
    for telescope, group in itertools.groupby(requests(row, ordered, by), lambda pair: pair[0].telescope):
        pairs = _sound(telescope, list(group))
        targets = {request.id: some[0].target for request, some in pairs if some[0].target is not None}
        asked = [request for request, _ in pairs]
        named = f"plan:{row.line_id}"
        if telescope in arming:
            records = ask_armed(asked, arming[telescope], alert=row.alert, targets=targets, plan=named)
        else:
            records = asking.ask(asked, by=by, event=row.event, targets=targets, plan=named)
        for record, (_, some) in zip(records, pairs, strict=True):
            PlanVisit.objects.filter(pk__in=[one.pk for one in some]).update(observation=record)


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
        kept, gone = _shared(row, other)
        for mine, theirs in kept:
            PlanVisit.objects.filter(pk=mine.pk).update(
                observation=theirs.observation_id, source=theirs.source_name, told=theirs.told
            )
        why, records = f"{row} takes its place.", [one.observation for one in gone if one.observation is not None]
        cancelling.cancel(records, by, why, unsent_only=by_itself)
        if by_itself:
            withdrawn.later(Asked.objects.open().filter(record__in=[one.pk for one in records]), why)
        untell(gone, by, why)
        Plan.objects.filter(pk=other.pk).update(state=State.SUPERSEDED, ended=timezone.now())


def _shared(row: Plan, other: Plan) -> tuple[list[tuple[PlanVisit, PlanVisit]], list[PlanVisit]]:
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


# --- the Treasure Map


def tell(row: Plan, by: Any) -> int:
    """Tells the Treasure Map what an approved plan means to look at; how many. Why one cannot be told is kept with it."""
    from tom_treasuremap import reporting, telescopes

    count = 0
    if row.event is None or not row.acting:
        return 0
    known = telescopes.telescopes()
    rows = row.visits.exclude(told="planned").filter(start__gt=timezone.now()).order_by("order")
    if row.state == State.SENT:  # what a telescope was not asked for is not planned
        rows = rows.exclude(observation=None)
    for one in rows:
        try:
            with transaction.atomic():
                pointing = pointing_of(one, known.get(one.telescope), row.event)
                reporting.report(pointing, by, event=row.event, source=one.source_name, observation=one.observation_id)
        except Unsaid as error:
            PlanVisit.objects.filter(pk=one.pk).update(trouble=f"Not told to the Treasure Map: {error}")
            continue
        PlanVisit.objects.filter(pk=one.pk).update(told="planned")
        count += 1
    return count


def untell(visits: Iterable[PlanVisit], by: Any, why: str) -> None:
    """Takes back what the Treasure Map was told of visits that will not be."""
    from tom_treasuremap import cancelling
    from tom_treasuremap.models import Report

    some = [one for one in visits if one.told == "planned"]
    rows = Report.objects.filter(source__in=[one.source_name for one in some], wanted="planned")
    rows = [
        one
        for one in rows.select_related("event", "posted", "completed")
        if one.status not in ("completed", "cancelled")
    ]
    if rows:
        cancelling.cancel(rows, by, why)
    PlanVisit.objects.filter(pk__in=[one.pk for one in some]).update(told="cancelled")


def pointing_of(one: PlanVisit, telescope: Any, event: Event) -> Any:
    """A visit as a planned pointing; the Treasure Map's angles run the other way."""
    from tom_treasuremap.gathering import team
    from tom_treasuremap.pointings import Pointing

    known = telescope.filters.get(one.band) if telescope is not None else None
    return Pointing(
        key=one.source_name, event=event.name, team=team(), telescope=one.telescope,
        instrument_id=telescope.instrument_id if telescope is not None else None, ra=one.ra, dec=one.dec,
        pos_angle=-one.pos_angle % 360, time=one.start, status="planned", band=known.band if known is not None else None,
        central_wave=known.central_wave if known is not None else None, bandwidth=known.width if known is not None else None,
        depth=None, depth_unit=None, source="own", source_id=one.source_name,
    )  # fmt: skip
