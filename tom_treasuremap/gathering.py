"""Pointings from elsewhere than the Treasure Map into rows: our own observations, observing plans, a file."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from tom_observations.models import ObservationRecord

from tom_scimma import retry, skymap, storable
from tom_scimma.errors import Unavailable
from tom_scimma.models import Candidate, Event
from tom_treasuremap import pace
from tom_treasuremap.conf import conf
from tom_treasuremap.fetching import Problems, followed
from tom_treasuremap.keeping import Kept, keep
from tom_treasuremap.models import FetchState, Pointing
from tom_treasuremap.sources import Found, file, obstap, own

DAYS = 30  #: plans are asked for so far ahead
INSIDE = 0.99  #: credible level within which a plan counts when its field of view is not known
LEAST = 1e-6  #: probability in its field of view from which on one counts


def team() -> str:
    """What this team is called."""
    return conf.TEAM or getattr(settings, "TOM_NAME", "") or "this TOM"


# --- our own


def observations(event: Event) -> Iterable[ObservationRecord]:
    """Records that look at the event: of its target and its candidates since it happened, and those that name it."""
    targets = list(Candidate.objects.filter(event=event).values_list("target_id", flat=True))
    since = (event.time or event.latest) - timedelta(hours=1)
    mine = Q(target_id__in=[*targets, *filter(None, [event.target_id])]) & (
        Q(created__gte=since) | Q(scheduled_start__gte=since)
    )
    rows = ObservationRecord.objects.filter(mine | Q(parameters__event=event.name))
    return rows.select_related("target", "user").order_by("pk").iterator(chunk_size=500)


def own_pointings(event: Event) -> Kept:
    """Writes our observations of an event as pointings; those that are no more are marked."""
    return keep(event, Pointing.Source.OWN, "", _own(event), timezone.now(), whole=True)


def _own(event: Event) -> Iterator[Found]:
    for record in observations(event):
        if own.is_spectrum(record):
            continue  # a slit covers nothing of the sky
        try:
            yield own.found(record, event.name, team())
            yield from own.others(record, event.name, team())
        except ValueError:
            continue  # a target without a place is no pointing


def gather() -> None:
    """The job: our observations of every event that is followed or has some already."""
    states = FetchState.objects.exclude(due=None).values("event")
    events = Event.objects.filter(Q(pk__in=states) | Q(pk__in=Pointing.objects.filter(source="own").values("event")))
    recent = ObservationRecord.objects.filter(modified__gte=timezone.now() - timedelta(hours=1))
    targets = list(recent.values_list("target_id", flat=True).distinct()[:1000])
    touched = Q(candidates__target__in=targets) | Q(target__in=targets)
    for event in {*events, *Event.objects.filter(touched).distinct()}:
        own_pointings(event)


# --- observing plans


def plans(event: Event, service: Mapping[str, Any]) -> FetchState:
    """Asks one ObsLocTAP service for what it plans or did in the event's region, and writes it. How it went is in the row."""
    now, began, name = timezone.now(), time.monotonic(), str(service["name"])
    state, _ = FetchState.objects.get_or_create(event=event, source=Pointing.Source.OBSTAP, origin=name)
    problems = Problems()
    try:
        rows = obstap.plans(
            service["url"], event.time or event.latest, now + timedelta(days=service.get("days", DAYS)),
            table=service.get("table", "ivoa.obsplan"), connect=conf.CONNECT_SECONDS, read=conf.FETCH_SECONDS,
        )  # fmt: skip
        found = _planned(rows, event, name, service.get("telescope", ""), now, problems)
        kept = keep(event, Pointing.Source.OBSTAP, name, found, now, whole=True)
    except Unavailable as error:
        state.failures, state.error = state.failures + 1, storable.text(str(error))
        state.due = now + timedelta(seconds=retry.delay(state.failures, first=300, cap=6 * 3600))
    else:
        state.failures, state.error, state.fetched, state.complete = 0, problems.told(), now, now
        state.count, state.new, state.changed, state.vanished = kept.count, kept.new, kept.changed, kept.vanished
        again = now + max(pace.pause(now, event.time or event.latest, conf.EVERY), timedelta(minutes=30))
        state.due = again if followed(state, now) else None
    state.tried, state.seconds = now, time.monotonic() - began
    state.save()
    return state


def _planned(
    rows: Iterable[dict[str, Any]], event: Event, name: str, telescope: str, now: datetime, problems: Problems
) -> Iterator[Found]:
    """Plans whose field of view has some of the event's probability; without a map, none."""
    sky = skymap.unpack(bytes(event.localization.data)) if event.localization_id else None
    for row in rows if sky is not None else ():
        try:
            item = obstap.found(row, event.name, name, telescope, now)
        except ValueError as error:
            problems.append(str(error))
            continue
        if _touches(sky, item):
            yield item


def _touches(sky: Any, item: Found) -> bool:
    from tom_scimma.skymap import footprint

    pointing = item.pointing
    if not pointing.footprint:
        return bool(sky.level_at(pointing.ra, pointing.dec) <= INSIDE)
    corners = [([x for x, _ in ring], [y for _, y in ring]) for ring in pointing.footprint]
    try:
        return bool(sky.inside(footprint.on_sky([corners]))[0] >= LEAST)
    except ValueError:
        return bool(sky.level_at(pointing.ra, pointing.dec) <= INSIDE)


def ask_plans() -> None:
    """The job: the plans of every service for the events that are followed, one after another."""
    until = time.monotonic() + 60
    for service in conf.OBSLOCTAP:
        name, now = str(service["name"]), timezone.now()
        waiting = FetchState.objects.filter(source=Pointing.Source.OBSTAP, origin=name, due__gt=now).values("event")
        for state in FetchState.objects.exclude(due=None).exclude(event__in=waiting).select_related("event"):
            if state.source == Pointing.Source.TREASUREMAP and state.event.public and time.monotonic() < until:
                plans(state.event, service)


# --- a file


def from_file(
    event: Event, data: bytes, name: str, *, user: Any = None, status: str | None = None, group: int | None = None
) -> Kept:
    """Writes the pointings of a file. Raises file.BadFile, which names every line, and then nothing was written.

    The same file again changes nothing; what a newer file of the same name has no more is marked as vanished.
    """
    who = team() if user is None else user.get_username()
    found = file.read(data, event.name, team=team(), status=status)
    found = [Found(_by(item.pointing, who), item.document) for item in found]
    return keep(event, Pointing.Source.FILE, name[:200], found, timezone.now(), whole=True, group=group)


def _by(pointing: Any, who: str) -> Any:
    from dataclasses import replace

    return replace(pointing, submitter=who)
