"""The host's cadences of an event's follow-ups: a retraction puts them at rest, and a person sets them going again.

react(alert, change)        the reaction to a retraction, and to its being undone
rest(event)                 puts those at rest that go on; the host runs none that is at rest
goes_on(event, key)         whether a cadence asks for more of an event that is retracted
resume(cadence, by), end(cadence), end_all(event, user)      by a person
of_event(event, user), resting_on(context)     for pages
What is noted stands among the cadence's own parameters, under names that none of the host's has.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from tom_observations.models import DynamicCadence, ObservationRecord

from tom_scimma.models import Alert, Event
from tom_treasuremap.followup import cancelling
from tom_treasuremap.models import Asked

RESTS = "at_rest"  #: why, in words
THOUGH = "though_retracted"  #: who said that it goes on all the same


def _of(event: Event) -> QuerySet[DynamicCadence]:
    return DynamicCadence.objects.filter(observation_group__observation_records__asked__event=event).distinct()


def _locked(rows: QuerySet[DynamicCadence]) -> QuerySet[DynamicCadence]:
    """For change; a query of distinct rows cannot be locked by every database."""
    return DynamicCadence.objects.select_for_update().filter(pk__in=list(rows.values_list("pk", flat=True)))


def react(alert_id: int, change: str) -> None:
    """Puts cadences at rest, whatever became of their observations. None goes on by itself once the retraction is undone."""
    event = Alert.objects.select_related("event").get(pk=alert_id).event
    if event.state == Event.State.RETRACTED:
        rest(event)
    else:
        _forget(event)


@transaction.atomic
def rest(event: Event) -> int:
    """Puts at rest what goes on of an event, but what a person set going though it is retracted; how many."""
    rested = 0
    for row in _locked(_of(event).filter(active=True)):
        if THOUGH not in row.cadence_parameters:
            row.active = False
            row.cadence_parameters = {**row.cadence_parameters, RESTS: f"{event.name} was retracted."}
            row.save()
            rested += 1
    return rested


@transaction.atomic
def _forget(event: Event) -> None:
    """What a person said of one retraction does not hold for the next."""
    for row in _locked(_of(event)):
        if THOUGH in row.cadence_parameters:
            row.cadence_parameters = _without(row, THOUGH)
            row.save()


def goes_on(event: Event, key: str) -> bool:
    """Whether the cadence that asks (`key` is that of its form) was set going though its event is retracted."""
    rows = _of(event).filter(active=True)
    if key:
        rows = rows.filter(observation_group__observation_records__parameters__key=key)
    return any(THOUGH in row.cadence_parameters for row in rows)


@transaction.atomic
def resume(cadence: DynamicCadence, by: Any) -> None:
    """Sets one going that is at rest. It asks in the name of who began it."""
    row = DynamicCadence.objects.select_for_update().get(pk=cadence.pk)
    row.cadence_parameters = _without(row, RESTS)
    rows = Asked.objects.filter(record__observationgroup__dynamiccadence=row)
    if rows.filter(event__state=Event.State.RETRACTED).exists():
        row.cadence_parameters[THOUGH] = by.get_username()
    row.active = True
    row.save()


@transaction.atomic
def end(cadence: DynamicCadence) -> None:
    """Ends one for good."""
    row = DynamicCadence.objects.select_for_update().get(pk=cadence.pk)
    row.cadence_parameters = _without(row, RESTS, THOUGH)
    row.active = False
    row.save()


def end_all(event: Event, user: Any) -> int:
    """Ends what goes on of an event, of what this user may change, also where nothing of it is left to cancel; how many."""
    going = [row for row in of_event(event, user) if row.active and row.changeable]
    for row in going:
        end(row)
    return len(going)


def _without(row: DynamicCadence, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.cadence_parameters.items() if name not in names}


def at_rest(record: ObservationRecord) -> list[DynamicCadence]:
    """Those that an observation is of and that ask for nothing."""
    rows = DynamicCadence.objects.filter(observation_group__observation_records=record)
    return [row for row in rows if why(row, record.asked.event)]


def asked(cadence: DynamicCadence, user: Any) -> Asked | None:
    """The newest request of a cadence that this user may see."""
    rows = Asked.objects.visible_to(user).filter(record__observationgroup__dynamiccadence=cadence)
    return rows.select_related("record__target", "event").order_by("-pk").first()


def of_event(event: Event, user: Any) -> list[DynamicCadence]:
    """Those of an event's follow-ups that go on or are at rest, of what this user may see, each with what its line says."""
    seen = Asked.objects.visible_to(user).filter(event=event)
    rows = DynamicCadence.objects.filter(observation_group__observation_records__asked__in=seen)
    return _shown(rows, user)


def _shown(rows: QuerySet[DynamicCadence], user: Any) -> list[DynamicCadence]:
    shown = []
    for row in rows.distinct().order_by("pk"):
        row.newest = asked(row, user)
        if row.newest is None or not (row.active or RESTS in row.cadence_parameters):
            continue
        row.rests = why(row, row.newest.event)
        row.hours = row.cadence_parameters.get("cadence_frequency")
        row.changeable = cancelling.may_cancel(row.newest.record, user)
        shown.append(row)
    return shown


def why(row: DynamicCadence, event: Event | None) -> str:
    """Why one asks for nothing; "" where it asks."""
    if not row.active:
        return str(row.cadence_parameters.get(RESTS, ""))
    retracted = event is not None and event.state == Event.State.RETRACTED
    return f"{event.name} was retracted." if retracted and THOUGH not in row.cadence_parameters else ""


def resting_on(context: Any) -> dict[str, Any]:
    """For a target's page: its cadences that are at rest."""
    request, target = context.get("request"), context.get("object")
    user = getattr(request, "user", None)
    if target is None or user is None or not user.is_authenticated:
        return {"followup_resting": []}
    rows = DynamicCadence.objects.filter(observation_group__observation_records__asked__record__target_id=target.pk)
    return {"followup_resting": [row for row in _shown(rows, user) if row.rests]}
