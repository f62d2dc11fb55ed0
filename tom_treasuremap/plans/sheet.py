"""What the page of a plan shows, as values for its template."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from tom_scimma.models import Event
from tom_treasuremap import earth_turning
from tom_treasuremap.conf import conf
from tom_treasuremap.followup.request import TERMINAL
from tom_treasuremap.models import CoverageRun, Plan, PlanVisit
from tom_treasuremap.nights import mjd_of
from tom_treasuremap.plans import approving, changed, closed, told, versions, whatif
from tom_treasuremap.plans.pictures import KINDS

#: a plan whose first exposure begins so soon is said to lose it where nobody approves it
SOON = timedelta(minutes=10)
#: what a page shows of a plan that has no visits
NOTHING = "nothing"
#: rows of its tables that are shown at once
SHOWN = 200
#: kinds of reasons why fields are out, by how these begin
OUT = {
    "already covered": "already covered",
    "planned by": "planned by others",
    "worse than others": "worse than others",
    "no time left": "no time left",
    "other fields of the plan cover it": "other fields of the plan cover it",
    "nothing": "nothing left",
}
CAPTIONS = {
    "sky": "Fields in the order in which they are looked at",
    "timeline": "Who looks when",
    "altitude": "How high the fields stand; dashed: as low as the telescope looks",
    "curve": "What the plan is worth by each time",
}


def of(row: Plan, user: Any, said: Mapping[str, str]) -> dict[str, Any]:
    """All that the page shows."""
    from tom_treasuremap import telescopes

    visits = list(row.visits.select_related("observation__asked", "target").order_by("order"))
    states = Counter(one.observation.status for one in visits if one.observation is not None)
    now = timezone.now()
    for one in visits:
        one.adds = row.words(one.gain) if one.gain else ""
    return {
        "row": row,
        "shown": shown(visits),
        "event": row.event,
        "question": row.asks,
        "asked": asked(row),
        "visits": visits[:SHOWN],
        "visit_count": len(visits),
        "field_count": len({(one.telescope, one.field) for one in visits}),
        "first": visits[0] if visits else None,
        "last": visits[-1] if visits else None,
        "note": earth_turning.note(mjd_of(visits[-1].end)) if visits else "",
        "past": sum(one.start <= now for one in visits) if row.state == Plan.State.READY else 0,
        "soon": row.state == Plan.State.READY and bool(visits) and now < visits[0].start <= now + SOON,
        "unasked": unasked(row, visits),
        "progress": _progress(states),
        "shut": closed.said(row, telescopes.statuses()),
        "troubles": [one for one in visits if one.trouble][:20],
        "none": none(row) if not visits else "",
        "reasons": reasons(row, said.get("why", ""), said.get("field", "")),
        "reason": said.get("why", ""),
        "named": said.get("field", ""),
        "versions": row.line.all_versions.filter(pk__in=Plan.objects.visible_to(user).values("pk")).order_by("-version")
        if row.line is not None
        else [],
        "changed": changed.words(row.changes),
        "newest": newest(row, user),
        "acting": meanwhile(row),
        "out": len(versions.out(row)),
        "recalled": (recalled := len(versions.recalled(row))),
        "waiting": len(versions.waiting(row)),
        "why_not": approving.why_not(row),
        "may_approve": approving.may_approve(user),
        "may_change": may_change(row, user),
        "reports": conf.PLAN_REPORTS,
        "can_report": row.event is not None and row.event.public and bool(conf.BASE_URL),
        "pictures": [(kind, CAPTIONS[kind]) for kind in KINDS] if visits else [],
        "formats": formats(),
        "filters": whatif.used(row),
        "poll": poll(row) or (10 if recalled else 0),
    }


def meanwhile(row: Plan) -> Plan | None:
    """Another version that telescopes go on with while this one waits for an approval: some of what that asked for is not over."""
    found = versions.acting(row)
    if found is None or found.pk == row.pk or not row.open:
        return None
    now, visits = timezone.now(), found.visits.select_related("observation")
    waits = (one.end > now if one.observation is None else one.observation.status not in TERMINAL for one in visits)
    return found if any(waits) else None


def shown(visits: Sequence[PlanVisit]) -> str:
    """A word for what a page shows of a plan's visits, and of what became of them."""
    if not visits:
        return NOTHING
    states = [(one.pk, one.observation and one.observation.status, one.told, one.trouble) for one in visits]
    return hashlib.sha256(repr(states).encode()).hexdigest()[:12]


def asked(row: Plan) -> str:
    """What it was asked for, in one line: where none of its telescopes has a grid, fields are laid freely."""
    from tom_treasuremap import telescopes

    question, known = row.asks, telescopes.telescopes()
    grids = [bool(known[name].grid) for name in row.telescopes if name in known]
    if grids and not any(grids):
        laid = ("free" if name == "grid" else name for name in question.subjects)
        question = question.but(subjects=tuple(dict.fromkeys(laid)))
    return question.words


def poll(row: Plan) -> int:
    """Seconds until the page looks again; 0: not."""
    if row.state in (Plan.State.ASKED, Plan.State.WORKING) or row.improving:
        return 1
    if row.acting:
        return 10
    return 30 if row.state == Plan.State.READY else 0


def newest(row: Plan, user: Any) -> Plan | None:
    """A later version that this user may see."""
    later = Plan.objects.visible_to(user).filter(line=row.line_id, version__gt=row.version)
    return later.order_by("-version").first()


def may_change(row: Plan, user: Any) -> bool:
    """Whether a person may ask for its next version, or withdraw it."""
    return approving.may_approve(user) or (row.asked_by_id == user.pk and row.open)


def unasked(row: Plan, visits: Sequence[PlanVisit]) -> str:
    """How many of a sent plan's exposures no telescope was asked for, and why; "" where all were."""
    left = [one for one in visits if one.observation is None] if row.sent is not None else []
    if not left:
        return ""
    past = sum(one.trouble == approving.PAST for one in left)
    was = "was" if len(left) == 1 else "were"
    words = f"{len(left)} of its {len(visits)} exposures {was} not asked for"
    if past == len(left):
        return f"{words}: {'its' if past == 1 else 'their'} time was past when it was sent."
    return f"{words}, {past} since their time was past: see its visits." if past else f"{words}: see its visits."


def _progress(states: Mapping[str, int]) -> dict[str, int]:
    done = states.get("COMPLETED", 0)
    lost = sum(states.get(name, 0) for name in TERMINAL) - done
    waits = states.get("PENDING", 0) + states.get("SCHEDULED", 0)
    return {
        "done": done,
        "running": states.get("IN_PROGRESS", 0),
        "lost": lost,
        "waits": waits,
        "all": sum(states.values()),
    }


def reasons(row: Plan, which: str, named: str) -> dict[str, Any]:
    """Why fields are in or out: those of one kind, or of a name."""
    rows = row.considered
    kinds = Counter(kind_of(one) for one in rows)
    some = [
        one
        for one in rows
        if (not which or kind_of(one) == which) and (not named or named.lower() in one["name"].lower())
    ]
    shown = [{**one, "alone": row.words(one["weight"])} for one in some[:SHOWN]]
    return {"kinds": kinds.most_common(), "rows": shown, "count": len(some), "all": len(rows)}


def none(row: Plan) -> str:
    """Why there is nothing in a plan: what is said of the most of its fields."""
    found = Counter(one["why"] for one in row.considered if not one["in"]).most_common(1)
    return found[0][0] if found else ""


def kind_of(one: Mapping[str, Any]) -> str:
    """A reason in two or three words, by which they are counted."""
    if one["in"]:
        return "in the plan"
    for begin, kind in OUT.items():
        if one["why"].startswith(begin):
            return kind
    if "min only" in one["why"]:
        return "up for too short"
    return one["why"].split(": ", 1)[-1].split(",")[0][:40] or "not said"


def covered(event: Event, user: Any) -> float | None:
    """What everybody has covered, where that was worked out."""
    from tom_treasuremap import covering

    asked = covering.question(event, user, QueryDict())
    run = CoverageRun.objects.filter(key=asked.key, state=CoverageRun.State.DONE).defer("residual").first()
    return run.answer.get("union") if run is not None else None


def formats() -> list[tuple[str, str]]:
    """(name, label) of the files that a plan can be downloaded as."""
    from tom_treasuremap.transports import FORMATS

    return [(name, one.label) for name, one in FORMATS.items()]


def file(row: Plan, form: str, telescope: str, user: Any) -> Any:
    """A plan's requests to one telescope as a file; None where there are none, or no such format."""
    from tom_treasuremap import telescopes
    from tom_treasuremap.transports import FORMATS, files

    known = telescopes.telescopes()
    name = telescope or next(iter(row.telescopes), "")
    if form not in FORMATS or name not in known or name not in row.telescopes:
        return None
    some = list(row.visits.filter(telescope=name).select_related("event", "target").order_by("start"))
    asked = [request for request, _ in approving.requests(row, some, row.approved_by or user)]
    return files(asked, known[name], form) if asked else None


def sent_words(row: Plan) -> str:
    """What became of a click that sends a plan."""
    count = row.visits.exclude(observation=None).values("observation").distinct().count()
    count_told = row.visits.filter(told="planned").count()
    one = count == 1
    words = f"Approved: {count} request{'' if one else 's'} {'is on its' if one else 'are on their'} way"
    words = f"{words}; this page shows what becomes of {'it' if one else 'them'}. {unasked(row, list(row.visits.all()))}".strip()
    return f"{words} {pointings(count_told)} told to the Treasure Map." if count_told else words


def pointings(count: int) -> str:
    """So many planned pointings, and the verb."""
    return "1 planned pointing is" if count == 1 else f"{count} planned pointings are"


def taken_back(row: Plan, user: Any) -> str:
    """Takes back what telescopes have of a plan and have not begun; in words."""
    from tom_treasuremap.followup import cancelling

    records = versions.out(row) + versions.waiting(row)
    why = row.error or f"{user.get_username()} took it back."
    left = cancelling.cancel(records, user, why)
    visits = [
        one
        for each in row.line.all_versions.all()
        for one in each.visits.filter(told="planned", start__gt=timezone.now())
    ]
    told.untell(visits, user, why)
    words = f"Taken back: {len(records) - len(left)}."
    return f"{words} Not: {len(left)}, {next(iter(left.values()))}" if left else words
