"""Which targets are young enough to be an event's counterpart: discovered, first measured or made about when it happened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import numpy as np
from django.db.models import Min

from tom_scimma.candidates.distances import number_of
from tom_scimma.candidates.extras import among, read_extras, read_fields
from tom_scimma.models import Candidate, Event
from tom_scimma.times import parse

#: names of the extra (or field of a TOM's own target model) that says when a target was discovered: a time, a JD or an MJD
DISCOVERY = ("discovery_date", "discovery_time", "discoverydate", "discovered", "discovery_jd", "discovery_mjd")
MJD_ZERO = datetime(1858, 11, 17, tzinfo=timezone.utc)

Because = Candidate.Because


def window(event: Event, days: tuple[float, float]) -> tuple[datetime, datetime]:
    """From when to when a target must have appeared: CANDIDATE_DAYS about the event, or about its first alert."""
    about = event.time or event.first_sent or event.latest
    return about + timedelta(days=days[0]), about + timedelta(days=days[1])


def appeared(ids: np.ndarray, start: datetime, end: datetime) -> dict[int, tuple[str, datetime]]:
    """{target: (why, when)} of those that any of the three puts within the window.

    Named is the one that says most: discovery, then first datum, then the row made in this TOM. Upper limits are no
    datum: what was looked for and not seen had not appeared.
    """
    found = {target: (Because.CREATION, when) for target, when in _created(ids, start, end)}
    found.update({target: (Because.DATUM, when) for target, when in _first_data(ids, start, end)})
    found.update({target: (Because.DISCOVERY, when) for target, when in _discovered(ids) if start <= when <= end})
    return found


def _created(ids: np.ndarray, start: datetime, end: datetime) -> Iterable[tuple[int, datetime]]:
    from tom_targets.base_models import BaseTarget

    for rows in among(BaseTarget.objects.filter(created__range=(start, end)), "id", ids):
        yield from rows.values_list("pk", "created")


def _discovered(ids: np.ndarray) -> Iterable[tuple[int, datetime]]:
    for found in (read_extras(ids, DISCOVERY), read_fields(ids, DISCOVERY)):
        for rows in found.values():
            for target, said in rows:
                when = time_of(said)
                if when is not None:
                    yield target, when


def _first_data(ids: np.ndarray, start: datetime, end: datetime) -> Iterable[tuple[int, datetime]]:
    """Targets with data in the window and none before it; asked so, that a long history costs nothing."""
    first: dict[int, datetime] = {}
    for data in _detections():
        for rows in among(data.filter(timestamp__range=(start, end)).order_by(), "target", ids):
            found = rows.values("target_id").annotate(first=Min("timestamp"))
            for target, when in found.values_list("target_id", "first"):
                first[target] = min(when, first.get(target, when))
    for data in _detections():
        for rows in among(data.filter(timestamp__lt=start).order_by(), "target", list(first)):
            for target in rows.values_list("target_id", flat=True).distinct():
                first.pop(target, None)
    return first.items()


def _detections():
    from tom_dataproducts.models import REDUCED_DATUM_MODELS, PhotometryReducedDatum

    for model in REDUCED_DATUM_MODELS:
        rows = model.objects.all()
        yield rows.filter(brightness__isnull=False) if model is PhotometryReducedDatum else rows


def time_of(said: Any) -> datetime | None:
    """A time from a datetime, a date, an ISO text, a JD or an MJD; without an offset it is UTC. None for anything else."""
    if isinstance(said, datetime):
        return said if said.tzinfo else said.replace(tzinfo=timezone.utc)
    if isinstance(said, date):
        return datetime.combine(said, time(), timezone.utc)
    number = number_of(said)
    if number is not None:
        days = number - 2400000.5 if number > 2400000.5 else number
        return MJD_ZERO + timedelta(days=days) if 30000 < days < 100000 else None
    return parse(str(said).replace("/", "-")).time
