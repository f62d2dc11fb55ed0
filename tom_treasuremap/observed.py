"""Our observations told to the Treasure Map by themselves: by the rules that people made, and by nothing else.

observed(record)     what a saved record asks for; reconcile() does the same for what bulk writes saved without a signal
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from tom_observations.models import ObservationRecord

from tom_scimma import subjects
from tom_scimma.errors import Unsaid
from tom_scimma.models import Event
from tom_treasuremap.conf import conf
from tom_treasuremap.followup import expected
from tom_treasuremap.models import Instrument, Report, ReportRule
from tom_treasuremap.naming import NAMES
from tom_treasuremap.pointings import Pointing
from tom_treasuremap.reporting import report
from tom_treasuremap.service import origin, why_not_asked
from tom_treasuremap.sources import moment, own

RECENT = timedelta(hours=2)


def saved(sender: Any, instance: ObservationRecord, raw: bool = False, **more: Any) -> None:
    """The signal: once the record is committed, what it asks for is queued. What goes wrong there is the job's to do again."""
    if not raw and conf.BASE_URL and _concerned(instance):
        transaction.on_commit(lambda: observed(instance.pk), robust=True)


def _concerned(record: ObservationRecord) -> bool:
    rules = ReportRule.objects.filter(active=True, facility=record.facility)
    return rules.exists() or Report.objects.filter(observation=record.pk).exists()


def observed(number: int) -> None:
    """Tells what is new about one observation, of each event that it looks at."""
    record = ObservationRecord.objects.select_related("target", "user").filter(pk=number).first()
    if record is None:
        return
    spectrum = own.is_spectrum(record)  # what was told of one while it was planned is taken back
    for event in _events(record):
        mine, rule = _told_before(record, event), None if spectrum else _rule(record)
        if spectrum:
            mine = [one for one in mine if one.wanted == "planned"]
        for one in mine or ([None] if rule is not None else []):
            _tell(record, event, one, rule, several=len(mine) > 1)
        if rule is not None and rule.completed:
            _tell_others(record, event, rule, {one.said.get("band") for one in mine})


def _told_before(record: ObservationRecord, event: Event) -> list[Report]:
    """The last word on each pointing that a record was told as: one, or one for each exposure of a plan's visit."""
    rows = Report.objects.filter(observation=record.pk, event=event, origin=origin()).order_by("turn")
    rows = rows.exclude(source__startswith=f"observation:{record.pk}:")
    return list({row.source: row for row in rows}.values())


def _tell(
    record: ObservationRecord, event: Event, mine: Report | None, rule: ReportRule | None, *, several: bool = False
) -> None:
    """As the person who shared it first, or whose rule it is. What is not known waits for a person, with the reason."""
    by = rule.owner if rule is not None else mine.by
    try:
        pointing = told(record, event, mine, rule, several=several)
    except ValueError:
        return  # a target without a place is no pointing
    if mine is None and not _wanted(pointing, rule):
        return
    source = mine.source if mine is not None else f"observation:{record.pk}"  # a plan told it as its visit
    try:
        with transaction.atomic():
            report(pointing, by, event=event, source=source, observation=record.pk)
    except Unsaid as error:
        if mine is None and pointing.status == "cancelled":
            return
        values = {"observation": record, "by": by, "wanted": pointing.status, "problem": str(error)}
        if mine is not None and mine.posted_id is not None:
            values = {"problem": str(error)}
        turn = mine.turn if mine is not None else 1
        identity = {"event": event, "origin": origin(), "source": source, "turn": turn}
        Report.objects.update_or_create(**identity, defaults=values)


def _tell_others(record: ObservationRecord, event: Event, rule: ReportRule, known: set[str | None]) -> None:
    """What was observed with further filters, each a pointing of its own; what is not known waits with the reason."""
    for one in own.others(record, event.name, ""):
        if one.pointing.band in known:
            continue
        source = f"observation:{one.pointing.source_id}"
        pointing = replace(one.pointing, instrument_id=rule.number)
        if pointing.depth is None and rule.depth is not None:
            pointing = replace(pointing, depth=rule.depth, depth_unit=rule.depth_unit)
        try:
            with transaction.atomic():
                report(pointing, rule.owner, event=event, source=source, observation=record.pk)
        except Unsaid as error:
            values = {"observation": record, "by": rule.owner, "wanted": pointing.status, "problem": str(error)}
            identity = {"event": event, "origin": origin(), "source": source, "turn": 1}
            Report.objects.update_or_create(**identity, defaults=values)


def _wanted(pointing: Pointing, rule: ReportRule | None) -> bool:
    return rule is not None and (
        (pointing.status == "planned" and rule.planned) or (pointing.status == "completed" and rule.completed)
    )


def told(
    record: ObservationRecord, event: Event, mine: Report | None, rule: ReportRule | None, *, several: bool = False
) -> Pointing:
    """The pointing of a record with what was said before, or what the rule says, where the record is silent. Raises ValueError."""
    pointing = replace(own.found(record, event.name, "").pointing, status=state_of(record))
    said = mine.said if mine is not None else {}
    if own.is_spectrum(record):
        return replace(pointing, status="cancelled")
    if several:
        pointing = _this_one(record, event, pointing, said)
    if pointing.time is None and said.get("time"):
        pointing = replace(pointing, time=moment(said["time"]))
    number = said.get("instrumentid") or (rule.number if rule is not None else None) or pointing.instrument_id
    pointing = replace(pointing, instrument_id=number)
    if pointing.depth is None and rule is not None and rule.depth is not None:
        pointing = replace(pointing, depth=rule.depth, depth_unit=rule.depth_unit)
    elif pointing.depth is None and said.get("depth") is not None and said.get("status") == "planned":
        pointing = replace(pointing, depth=said["depth"], depth_unit=said.get("depth_unit"))
    elif pointing.depth is None and pointing.status == "planned" and mine is None:
        deep = expected.depth(record)
        pointing = replace(pointing, depth=deep, depth_unit=None if deep is None else "ab_mag")
    if said.get("band") and (pointing.band is None or pointing.central_wave is None):
        waves = {"central_wave": said.get("central_wave"), "bandwidth": said.get("bandwidth")}
        pointing = replace(pointing, band=said["band"], **waves)
    return pointing


def _this_one(record: ObservationRecord, event: Event, first: Pointing, said: dict[str, Any]) -> Pointing:
    """Of a record that was told as several pointings, the one with this band: as it is planned until it is over, then as it was done.

    One whose band was not observed in the end will not be.
    """
    done = [first, *(one.pointing for one in own.others(record, event.name, ""))]
    band = said.get("band")
    if first.status == "completed":
        same = next((one for one in done if one.band == band), None)
        return replace(same, status="completed") if same is not None else replace(first, status="cancelled")
    waves = {"central_wave": said.get("central_wave"), "bandwidth": said.get("bandwidth")}
    return replace(first, band=band, time=moment(said["time"]) if said.get("time") else first.time, **waves)


def state_of(record: ObservationRecord) -> str:
    """planned, completed or cancelled: by the words that we know, else by what the facility itself calls the end, and failed."""
    known = own.status_of(record.status)
    if known != "planned":
        return known
    from tom_observations.facility import get_service_class

    try:
        facility = get_service_class(record.facility)()
    except ImportError:
        return known  # a facility that is not installed (any more)
    failed = getattr(facility, "get_failed_observing_states", list)()
    if record.status in failed:
        return "cancelled"
    return "completed" if record.status in facility.get_terminal_observing_states() else "planned"


def _rule(record: ObservationRecord) -> ReportRule | None:
    """The most exact active rule for a record: what was submitted since the rule is there, by somebody whom it is for."""
    if not record.observation_id:
        return None  # a draft: nothing was submitted
    rows = ReportRule.objects.filter(
        active=True, facility=record.facility, since__lte=record.created, owner__is_active=True
    )
    theirs = record.user.groups.values("pk") if record.user_id else []
    rows = rows.filter(Q(group=None) | Q(group__in=theirs)).select_related("owner")
    words = _words(record).casefold()
    fitting = [row for row in rows if row.instrument.casefold() in words and _sees(row.owner, record)]
    return max(fitting, key=lambda row: (len(row.instrument), row.group_id is not None, -row.pk), default=None)


def _words(record: ObservationRecord) -> str:
    """What the record calls its facility and instrument."""
    try:
        return own.found(record, "", "").pointing.telescope
    except ValueError:
        return record.facility


def _sees(user: Any, record: ObservationRecord) -> bool:
    return f"observation:{record.pk}" in subjects.visible([f"observation:{record.pk}"], user)


def _events(record: ObservationRecord) -> Iterable[Event]:
    """The events that a record looks at: active and young gravitational waves that the server may be asked about."""
    target, named = record.target_id, str((record.parameters or {}).get("event") or "")
    looked = Q(target=target) | Q(candidates__target=target) | Q(name=named)
    since = timezone.now() - timedelta(days=conf.FOLLOW_DAYS)
    known = Q(treasuremap_reports__observation=record.pk)
    rows = Event.objects.filter(
        known | (looked & Q(latest__gte=since, time__lte=record.created + timedelta(hours=1)))
    ).distinct()
    for event in rows:
        test = event.role == "test" and not (conf.TEST_EVENTS or conf.TEST_SERVER)
        if NAMES.fullmatch(event.name) and not test and not why_not_asked(event):
            yield event


def reconcile() -> None:
    """The job: records that were changed lately, and those whose report is not what they are."""
    if not conf.BASE_URL:
        return
    since = timezone.now() - RECENT
    facilities = ReportRule.objects.filter(active=True).values("facility")
    rows = ObservationRecord.objects.filter(
        Q(facility__in=facilities) & (Q(modified__gte=since) | Q(created__gte=since))
    )
    open_ones = Report.objects.filter(wanted="planned", origin=origin()).exclude(observation=None)
    numbers = [*rows.values_list("pk", flat=True), *open_ones.values_list("observation", flat=True)]
    for number in dict.fromkeys(numbers):
        observed(number)


def instrument_named(name: str) -> list[Instrument]:
    """Instruments of the server that are called so, or whose name has it in it."""
    rows = Instrument.objects.filter(origin=origin())
    exact = rows.filter(Q(name__iexact=name) | Q(nickname__iexact=name))
    return list(exact or rows.filter(Q(name__icontains=name) | Q(nickname__icontains=name)))
