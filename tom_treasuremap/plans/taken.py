"""Telescope time that others have asked for: left to them, or, where a plan is to come first, taken from other plans.

of(telescopes, line)       when each is at another plan's exposures, or will be, or at what somebody asked for without a plan
by_hand(telescopes)        the latter only: no plan ever takes it
clash(row)                 the first of them that a plan would run into
take(row, by)              takes back what a plan that comes first runs into
renew(row, lines)          asks for a new version of the plans from which that was taken
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from tom_scimma.models import Delivery
from tom_treasuremap.models import Asked, Plan, PlanVisit

Spans = list[tuple[datetime, datetime]]
#: observations that are not over, and may still take their time
OPEN = ("PENDING", "SCHEDULED", "IN_PROGRESS")
#: left free on both sides for the way there and back
BESIDE = timedelta(seconds=60)


def of(telescopes: Iterable[str], line: Plan | None) -> dict[str, Spans]:
    """{telescope: [(begin, end)]} of what others than this plan have, in order, what lies close together as one."""
    names = list(telescopes)
    rows = _theirs(names, line).values_list("telescope", "start", "end")
    return _joined([*rows, *((name, *span) for name, spans in by_hand(names).items() for span in spans)])


def by_hand(telescopes: Iterable[str]) -> dict[str, Spans]:
    """{telescope: [(begin, end)]} of requests without a plan whose time is known: scheduled, or to begin at a fixed one.

    When the telescope will come to others nobody knows. What is being taken back does not count.
    """
    rows = Asked.objects.open().filter(Q(request__fixed=True) | ~Q(record__scheduled_start=None), plan="")
    rows = rows.filter(telescope__in=list(telescopes), cancel_after=None)
    rows = rows.filter(Q(cancellation=None) | Q(cancellation__state=Delivery.State.REJECTED)).select_related("record")
    now = timezone.now()
    return _joined([(row.telescope, *span) for row in rows if (span := _span(row))[1] > now])


def _span(row: Asked) -> tuple[datetime, datetime]:
    """When a request begins and is over."""
    from tom_treasuremap import telescopes
    from tom_treasuremap.followup import written
    from tom_treasuremap.transports import rules

    asked = written.from_json(row.request)
    begin = row.record.scheduled_start or asked.start
    if row.record.scheduled_start is not None and row.record.scheduled_end is not None:
        return begin, row.record.scheduled_end
    known = telescopes.telescopes().get(row.telescope)
    takes = row.seconds if known is None else rules.seconds(asked, known)
    return begin, begin + timedelta(seconds=takes)


def _joined(some: Iterable[tuple[str, datetime, datetime]]) -> dict[str, Spans]:
    """In order of time, what lies close together as one."""
    found: dict[str, Spans] = defaultdict(list)
    for name, begin, end in sorted(some):
        spans = found[name]
        if spans and begin - spans[-1][1] <= 2 * BESIDE:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, end))
    return dict(found)


def beside(spans: Mapping[str, Spans]) -> dict[str, Spans]:
    """The same with the time that it takes to go there and back."""
    return {name: [(begin - BESIDE, end + BESIDE) for begin, end in some] for name, some in spans.items()}


def minutes(spans: Mapping[str, Spans], window: tuple[datetime, datetime]) -> dict[str, int]:
    """{telescope: minutes of a window}, of those that are any."""
    found = {
        name: sum((max(min(e, window[1]) - max(b, window[0]), timedelta()) for b, e in some), timedelta())
        for name, some in spans.items()
    }
    return {name: round(one.total_seconds() / 60) for name, one in found.items() if one}


def clash(row: Plan) -> tuple[PlanVisit, PlanVisit] | None:
    """(a visit of this plan, one of another) that want the same telescope at the same time; None where there are none."""
    theirs: dict[str, list[PlanVisit]] = defaultdict(list)
    for one in _theirs(row.telescopes, row.line).order_by("start"):
        theirs[one.telescope].append(one)
    for mine in row.visits.filter(start__gt=timezone.now()).order_by("order"):
        for one in theirs[mine.telescope]:
            if one.start < mine.end and mine.start < one.end:
                return mine, one
    return None


def take(row: Plan, by: Any) -> list[Plan]:
    """Takes back what others have not begun where this plan comes first; the lines of those plans, see `renew`."""
    from tom_treasuremap.followup import cancelling
    from tom_treasuremap.plans import told

    spans = [(one.telescope, one.start, one.end) for one in row.visits.filter(start__gt=timezone.now())]
    hit = [
        one
        for one in _theirs(row.telescopes, row.line).exclude(observation__status="IN_PROGRESS")
        if any(name == one.telescope and one.start < end and begin < one.end for name, begin, end in spans)
    ]
    why = "Another plan comes first."
    cancelling.cancel([one.observation for one in hit if one.observation is not None], by, why)
    told.untell(hit, by, why)
    return list(Plan.objects.filter(pk__in={one.plan.line_id for one in hit}).order_by("pk"))


def renew(row: Plan, lines: Iterable[Plan]) -> None:
    """Asks for the next version of plans that lost time to this one."""
    from tom_treasuremap.plans import versions

    for line in lines:
        versions.again(line, "Another plan took some of its telescope's time.", cause=f"taken by {row.pk}")


def _theirs(telescopes: list[str], line: Plan | None) -> Any:
    rows = PlanVisit.objects.filter(plan__state__in=Plan.ACTING, telescope__in=telescopes, end__gt=timezone.now())
    rows = rows.filter(Q(observation=None, trouble="") | Q(observation__status__in=OPEN))
    rows = rows.exclude(plan__line=line) if line is not None else rows
    return rows.select_related("observation", "plan")
