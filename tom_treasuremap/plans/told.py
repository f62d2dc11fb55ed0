"""What the Treasure Map is told of an approved plan: what it means to look at, and what will not be after all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from tom_scimma.errors import Unsaid
from tom_scimma.models import Event
from tom_treasuremap.models import Plan, PlanVisit


def tell(row: Plan, by: Any) -> int:
    """Tells the Treasure Map what an approved plan means to look at; how many. Why one cannot be told is kept with it.

    Ordinary targets are nobody's business there, and a private one's place is told to nobody.
    """
    from tom_treasuremap import reporting, telescopes

    count = 0
    if not row.acting:
        return 0
    known = telescopes.telescopes()
    visits = row.visits.exclude(told="planned").exclude(event=None).exclude(target__permissions="PRIVATE")
    if row.state == Plan.State.SENT:  # what a telescope was not asked for is not planned
        visits = visits.exclude(observation=None)
    for one in visits.filter(start__gt=timezone.now()).select_related("event").order_by("order"):
        try:
            with transaction.atomic():
                pointing = pointing_of(one, known.get(one.telescope), one.event)
                reporting.report(pointing, by, event=one.event, source=one.source_name, observation=one.observation_id)
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
    from tom_treasuremap import exposure
    from tom_treasuremap.gathering import team
    from tom_treasuremap.pointings import Pointing

    known = telescope.filters.get(one.band) if telescope is not None else None
    deep = exposure.expected(known, one.exposure)
    return Pointing(
        key=one.source_name, event=event.name, team=team(), telescope=one.telescope,
        instrument_id=telescope.instrument_id if telescope is not None else None, ra=one.ra, dec=one.dec,
        pos_angle=-one.pos_angle % 360, time=one.start, status="planned", band=known.band if known is not None else None,
        central_wave=known.central_wave if known is not None else None, bandwidth=known.width if known is not None else None,
        depth=deep, depth_unit=None if deep is None else "ab_mag", source="own", source_id=one.source_name,
    )  # fmt: skip
