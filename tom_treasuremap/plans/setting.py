"""A question with everything it needs to be solved: telescopes, their rules as asked, the window, what it stands on."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import orjson
from django.utils import timezone as clock

from tom_scimma.models import Event
from tom_treasuremap import visits as values
from tom_treasuremap.models import Plan, PlanVisit
from tom_treasuremap.planning.question import Question
from tom_treasuremap.plans import done, standing, taken, wanted
from tom_treasuremap.telescopes.telescope import Telescope

#: a plan that begins now leaves so much time to look at it and to send it
LEAD = timedelta(minutes=2)


@dataclass(frozen=True, eq=False)
class Setting:
    """A question that can be solved."""

    question: Question
    event: Event | None
    user: Any
    telescopes: Mapping[str, Telescope]
    window: tuple[datetime, datetime]
    standing: standing.Standing
    line: Plan | None = None
    closed: Mapping[str, str] = field(default_factory=dict)  #: telescopes left out, and why
    taken: Mapping[str, taken.Spans] = field(default_factory=dict)  #: when telescopes are at other plans
    others: tuple[Setting, ...] = ()  #: of further events, each with its own priority
    had: Mapping[done.Key, done.Done] = field(default_factory=dict)  #: fields that had all their visits in this plan
    begun: Mapping[done.Key, done.Done] = field(default_factory=dict)  #: and those that had some of them
    at: datetime = field(default_factory=clock.now)  #: when it was asked which telescopes are open


class NoneOpen(ValueError):
    """All telescopes of a question are closed; `closed` says why each is."""

    def __init__(self, closed: Mapping[str, str]):
        super().__init__(" ".join(closed.values()))
        self.closed = closed


def of(
    question: Question,
    event: Event | None,
    user: Any,
    *,
    line: Plan | None = None,
    now: datetime | None = None,
    sky: bool = True,
) -> Setting:
    """The setting of a user's question; `sky` False: what it stands on is known already, in the fields of a plan.

    Raises ValueError, in words for a person, where nothing can be planned, KeyError for a telescope that is not known.
    """
    from tom_treasuremap import telescopes

    now = now or clock.now()
    chosen, closed = {}, {}
    states, known = telescopes.statuses(), telescopes.telescopes()
    for name in question.telescopes or defaults(known):
        one = telescopes.telescope(name, known)
        state = states.get(name)
        if one.site is None or one.reports_only:
            closed[name] = f"{one.label} cannot be asked for anything from here."
        elif state is not None and not state.can_observe:
            closed[name] = f"{one.label} is {state.label}{': ' + state.why if state.why else ''}."
        else:
            chosen[name] = one
    if closed and not chosen:
        raise NoneOpen(closed)
    if not chosen:
        raise ValueError("No telescope was chosen, and none is this team's own.")
    window = window_of(question, list(chosen.values()), max([now, *_busy(line)]))
    stands = (
        standing.of(event, user, question, line=line, telescopes=dict(chosen))
        if sky
        else standing.Standing(event, None, (), (), question)
    )
    busy = taken.of(chosen, line) if question.yields else taken.by_hand(chosen)
    made = Setting(
        question, event, user, chosen, window, stands, line, closed, busy, had=done.of(line, question, whole=True),
        begun=done.begun(line, question), at=now,
    )  # fmt: skip
    return replace(made, others=_others(made)) if sky and question.also else made


def _others(made: Setting) -> tuple[Setting, ...]:
    """The settings of further events, as far as the asker may see them, they have a map and were not retracted."""
    found = []
    asked = made.question
    rows = Event.objects.filter(pk__in=[int(key) for key in asked.also]).exclude(state=Event.State.RETRACTED)
    rows = rows if made.user is None else rows.filter(pk__in=Event.objects.visible_to(made.user).values("pk"))
    for event in rows.order_by("pk"):
        own = asked.but(also={}, targets=(), priority=asked.also[str(event.pk)], version=None)
        stands = standing.of(event, made.user, own, line=made.line, telescopes=dict(made.telescopes))
        if stands.version is not None:
            found.append(replace(made, question=own, event=event, standing=stands))
    return tuple(found)


def again(row: Plan) -> Setting:
    """The setting that a plan was made in: the same window, the telescopes that are still open. Raises as `of`."""
    begin, end = (datetime.fromisoformat(text) for text in row.standing["window"])
    if begin <= clock.now():
        raise ValueError(f"its first minutes, from {begin:%H:%M} UTC, are past.")
    made = of(row.asks, row.event, row.asked_by, line=row.line, sky=False)
    known = {name: one for name, one in made.telescopes.items() if name in row.telescopes}
    if set(known) != set(row.telescopes):
        raise ValueError("its telescopes are not all open any more.")
    return replace(made, telescopes=known, window=(begin, end), begun=done.from_json(row))


def _busy(line: Plan | None) -> list[datetime]:
    """When the exposures end that are being taken: they are left alone."""
    if line is None:
        return []
    running = PlanVisit.objects.filter(plan__line=line, observation__status="IN_PROGRESS")
    return list(running.values_list("end", flat=True))


def defaults(known: Mapping[str, Telescope]) -> list[str]:
    """Which of the known telescopes a plan is for where nobody chose: those of PLAN_TELESCOPES, else one that can be asked."""
    from tom_treasuremap.conf import conf

    if conf.PLAN_TELESCOPES:
        return [name for name in conf.PLAN_TELESCOPES if name in known]
    able = [name for name, one in known.items() if one.site is not None and one.filters and not one.reports_only]
    asked = [name for name in able if known[name].transport != "download"]
    return (asked or able)[:1]


def window_of(question: Question, telescopes: Sequence[Telescope], now: datetime) -> tuple[datetime, datetime]:
    """From when until when: as asked, else from now to the end of the last telescope's night. Raises ValueError where that is no time."""
    from tom_treasuremap import nights

    begin = max(question.start or now, now + LEAD + timedelta(seconds=question.lead))
    begin = begin.astimezone(timezone.utc).replace(second=0, microsecond=0)
    end = question.end
    if end is None:
        found = [nights.night(one, begin) for one in telescopes]
        ends = [nights.utc(one.end) for one in found if one is not None and one.end is not None]
        if not ends:
            raise ValueError("It does not get dark at any of these telescopes in the coming night.")
        end = max(ends)
        starts = [nights.utc(one.start) for one in found if one is not None and one.start is not None]
        if question.start is None and min(starts) > begin:  # by day: the night to come
            begin = min(starts).replace(second=0, microsecond=0) + timedelta(minutes=1)
    if end <= begin:
        raise ValueError(f"There is no time left: it ends at {end:%Y-%m-%d %H:%M} UTC.")
    return begin, min(end, begin + timedelta(hours=24))


def problem(made: Setting, fields: Sequence[values.Field], *, step: int = 60) -> Any:
    """The Problem that the planner solves."""
    from tom_treasuremap.planning import problem as problems

    asked = made.question
    budgets = {name: asked.budget * 3600 for name in made.telescopes} if asked.budget is not None else None
    found = problems.of(
        fields, [wanted.lenient(asked, one) for one in made.telescopes.values()], made.window,
        visits={name: wanted.sequence(asked, one) for name, one in made.telescopes.items()}, step=step, budgets=budgets,
        taken=taken.beside(made.taken),
    )  # fmt: skip
    return done.rest(replace(found, weighed=asked.weighed), made.begun)


def stand(row: Plan, made: Setting) -> None:
    """Writes what a plan stands on, and for whom that makes it."""
    alert = made.standing.alert
    row.alert, row.protected = alert, bool(alert is not None and not alert.public)
    row.telescopes = list(made.telescopes)
    every = [made.standing, *(one.standing for one in made.others)]
    rows = [one for each in every for one in each.rows]
    row.standing = {
        **made.standing.words(),
        "pointings": [one.pk for one in rows],
        "changed": standing.newest(rows),
        "closed": dict(made.closed),
        "at": made.at.isoformat(),
        "taken": taken.minutes(made.taken, made.window),
        "others": [_other(one) for one in made.others],
        "window": [t.isoformat() for t in made.window],
        "begun": done.to_json(made.begun),
    }
    row.maps.set(one.standing.alert for one in made.others if one.standing.alert is not None)
    row.groups.set({one.group_id for one in rows if one.group_id is not None})
    own = {one.observation_id for one in rows if one.observation_id is not None}
    row.observations.set(own | {one.observation_id for each in every for one in each.own})


def _other(one: Setting) -> dict[str, Any]:
    """A further event as the plan's page names it."""
    said = one.standing.words()
    name = one.event.name if one.event is not None else ""
    return {
        "event": name,
        "priority": one.question.priority,
        **{key: said[key] for key in ("map", "done", "planned", "left")},
    }


# --- fields and plans, into a row and back


def packed(fields: Sequence[values.Field]) -> bytes:
    """Fields as bytes."""
    return zlib.compress(orjson.dumps([asdict(one) for one in fields], option=orjson.OPT_NON_STR_KEYS), 1)


def fields_of(row: Plan) -> list[values.Field]:
    """The fields that a plan was made of."""
    if row.fields is None:
        return []
    said = orjson.loads(zlib.decompress(bytes(row.fields)))
    return [
        values.Field(**{**one, "pieces": {int(key): value for key, value in one["pieces"].items()}}) for one in said
    ]


def plan_of(row: Plan) -> values.Plan:
    """The plan of a row, as a value."""
    begun = done.from_json(row)
    before = {key: one.count for key, one in begun.items()}
    visits = [visit_of(one) for one in row.visits.order_by("order")]
    mine = (replace(one, turn=one.turn - before.get((one.telescope, one.field), 0)) for one in visits)
    return values.Plan(tuple(mine), row.value or 0.0, row.bound or 0.0)


def visit_of(one: PlanVisit) -> values.Visit:
    """A visit of a row, as a value."""
    return values.Visit(
        one.telescope, one.field, one.start, one.end, one.band, one.exposure, one.ra, one.dec, one.pos_angle, one.turn
    )
