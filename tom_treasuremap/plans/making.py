"""Plans are asked for in a page and made by the worker: a valid one at once, better ones while a person looks at it.

ask(question, by=user, event=event)     -> Plan, in the caller's transaction; the worker is woken
begin()                                    the job of its own lane: the first plan of each that was asked for
improve()                                  the job of another lane: one after the other gets better, until its limit, or a stop
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from tom_scimma.errors import BadSkyMap
from tom_scimma.models import Event, Job
from tom_treasuremap import visits as values
from tom_treasuremap.models import Plan, PlanVisit
from tom_treasuremap.planning.question import Question
from tom_treasuremap.plans import covered, places, setting
from tom_treasuremap.plans.order import best_first
from tom_treasuremap.plans.written import keep

BEGIN, IMPROVE = "plans begun", "plans improved"
State = Plan.State
#: seconds that one turn of a job goes on with further plans
TURN = 20.0


#: what says in words why there is nothing to plan, or why it cannot be gone on with
WRONG = (BadSkyMap, ValueError, LookupError)


@transaction.atomic
def ask(
    question: Question,
    *,
    by: Any,
    event: Event | None = None,
    name: str = "",
    why: str = "",
    subscription: str = "",
    key: str | None = None,
    before: Plan | None = None,
) -> Plan:
    """The row of a plan that is to be made; with `before`, its next version. The same `key` again gives the same row."""
    if key is not None:
        known = Plan.objects.filter(key=key).first()
        if known is not None:
            return known
    row = Plan.objects.create(
        event=event, name=name[:100], question=question.to_json(), telescopes=list(question.telescopes), why=why[:300],
        asked_by=by, subscription=subscription[:200], key=key, line=before.line if before is not None else None,
        version=before.version + 1 if before is not None else 1,
    )  # fmt: skip
    if before is None:
        row.line = row
        row.save(update_fields=["line"])
    transaction.on_commit(lambda: wake(BEGIN))
    return row


def wake(job: str) -> None:
    """Has the worker look at once, and not when it would have anyway."""
    Job.objects.filter(name=job, worker="").update(due=timezone.now())


def begin() -> None:
    """The job: what was asked for. What was begun and did not end ended the worker, and is not tried again."""
    lost = Plan.objects.filter(state=State.WORKING)
    lost.update(state=State.FAILED, error="Making it was begun and did not end. Ask for less at once.")
    until = time.monotonic() + TURN
    while time.monotonic() < until:
        row = Plan.objects.filter(state=State.ASKED).select_related("event", "asked_by", "line").order_by("pk").first()
        if row is None:
            return
        if Plan.objects.filter(pk=row.pk, state=State.ASKED).update(state=State.WORKING):
            first(row)


def first(row: Plan) -> Plan:
    """Makes the first plan of a row: ready to be looked at, or why there is none."""
    from tom_treasuremap import plan as planner
    from tom_treasuremap.plans import versions

    began = time.monotonic()
    try:
        made = setting.of(row.asks, row.event, row.asked_by, line=row.line)
        fields = places.fields(made)
        problem = setting.problem(made, fields)
        best = planner.best(problem, nodes=0, known=covered.covered(made, fields))
        best = best_first(problem, fields, best)
    except WRONG as error:
        closed = dict(error.closed) if isinstance(error, setting.NoneOpen) else {}  # it is made when one of them opens
        Plan.objects.filter(pk=row.pk).update(
            state=State.FAILED, error=_words(error), ended=timezone.now(), standing={"closed": closed} if closed else {}
        )
        row.refresh_from_db()
        return row
    with transaction.atomic():
        if not Plan.objects.select_for_update().filter(pk=row.pk, state__in=(State.ASKED, State.WORKING)).exists():
            row.refresh_from_db()
            return row  # withdrawn, or superseded, meanwhile
        setting.stand(row, made)
        keep(row, fields, best, telescopes=made.telescopes)
        row.state, row.ready = State.READY, timezone.now()
        row.improving = bool(best.visits) and best.stopped != "optimal" and row.asks.nodes > 0
        row.progress = {"seconds": time.monotonic() - began, "words": "a first plan"}
        row.save()
        versions.compare(row)
    if row.improving:
        wake(IMPROVE)
    versions.made(row)
    return row


def improve() -> None:
    """The job: better plans for what is ready and was not approved."""
    until = time.monotonic() + TURN
    while time.monotonic() < until:
        waiting = Plan.objects.filter(state=State.READY, improving=True, stop=False)
        row = waiting.select_related("event", "asked_by", "line").order_by("-pk").first()
        if row is None:
            break
        better(row)
    Plan.objects.filter(improving=True).exclude(state=State.READY, stop=False).update(improving=False)


def better(row: Plan) -> None:
    """Goes on from the plan in hand until it is proved, its limit is reached, or a person has enough of it.

    The problem is that of the first plan, its window too: a bound of another one would be none for this plan. What cannot be
    gone on with, such as with a telescope that closed since, stays as it is.
    """
    from tom_treasuremap import plan as planner

    asked = row.asks
    try:
        made = setting.again(row)
        fields = setting.fields_of(row)
        problem = setting.problem(made, fields)
    except WRONG as error:
        words = f"It stays as it is: {_words(error)}"
        Plan.objects.filter(pk=row.pk).update(
            improving=False, stopped="left", progress={**row.progress, "words": words}
        )
        return
    watch = _Watch(row, fields, made.telescopes, problem)
    best = planner.best(
        problem, nodes=asked.nodes, start=setting.plan_of(row), on_better=watch.better, seconds=asked.limit,
        stop=watch.stopped, known=covered.known(row),
    )  # fmt: skip
    watch.end(best)


def _words(error: Exception) -> str:
    return str(error.args[0]) if isinstance(error, LookupError) and error.args else str(error)


class _Watch:
    """Keeps what a search finds, while the plan is still nobody's decision."""

    EVERY = 1.0  #: seconds between two looks into the database

    def __init__(self, row: Plan, fields: list[values.Field], telescopes: Mapping[str, Any], problem: Any):
        self.row, self.fields, self.telescopes, self.problem = row, fields, telescopes, problem
        self.began = self.looked = self.kept = time.monotonic()
        self.over, self.best = False, row.value or 0.0

    def stopped(self) -> bool:
        """Whether a person stopped it, approved it as it is, or something took its place."""
        if not self.over and time.monotonic() - self.looked > self.EVERY:
            self.looked = time.monotonic()
            self.over = not self._mine().exists()
        return self.over

    def better(self, best: values.Plan) -> None:
        """A better plan, or a lower bound; written once a second at most."""
        if time.monotonic() - self.kept < self.EVERY:
            return
        self.kept = time.monotonic()
        self._write(best, "getting better")

    def end(self, best: values.Plan) -> None:
        self._write(best, "")
        Plan.objects.filter(pk=self.row.pk).update(improving=False)

    def _mine(self) -> Any:
        return Plan.objects.filter(pk=self.row.pk, state=State.READY, improving=True, stop=False)

    def _write(self, best: values.Plan, words: str) -> None:
        seconds = round(time.monotonic() - self.began, 1)
        if best.visits and best.value > self.best + 1e-12:  # before rows are locked: it takes a while
            self.best, best = best.value, best_first(self.problem, self.fields, best)
        with transaction.atomic():
            row = Plan.objects.select_for_update().filter(pk=self.row.pk, state=State.READY).first()
            if row is None:
                self.over = True
                return
            if best.value >= (row.value or 0.0) - 1e-12 and best.visits:
                better = best.value > (row.value or 0.0) + 1e-12
                keep(row, self.fields, best, telescopes=self.telescopes, visits=better)
            elif best.bound < (row.bound or float("inf")):
                row.bound = best.bound
            row.progress = {"seconds": seconds, "words": words}
            row.save()
            if row.version > 1:
                from tom_treasuremap.plans import versions

                versions.compare(row)


def stop(row: Plan) -> None:
    """Ends the search; the best plan so far stays."""
    Plan.objects.filter(pk=row.pk).update(stop=True)


def visits_of(row: Plan) -> list[PlanVisit]:
    """The visits of a plan in order."""
    return list(row.visits.select_related("observation", "target").order_by("order"))
