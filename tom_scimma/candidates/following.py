"""Targets made or moved -> placed in every live event. A job of the worker, from marks that saving a target leaves.

A live event is one whose window (CANDIDATE_DAYS) is still open, that is not retracted and not a test, and whose map has
been placed. Bulk writes leave no mark: `reconcile()` finds what they changed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from django.db import connection
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from tom_scimma import places
from tom_scimma.candidates.extras import among
from tom_scimma.candidates.placing import place_targets
from tom_scimma.conf import conf
from tom_scimma.models import Candidate, Event, Placement, TargetPlace

#: so many targets are placed together, the longest waiting first
TOGETHER = 5000
#: regions of live events, by alert and when it was placed; this process's own, and never more than are live
_regions: dict[tuple[int, datetime], np.ndarray] = {}


def follow(now: datetime | None = None) -> int:
    """Places marked targets in the live events, and returns how many there were."""
    total = 0
    while marked := list(
        TargetPlace.objects.filter(mark__gt=0).order_by("mark").values_list("target_id", "hpx14", "mark")[:TOGETHER]
    ):
        _follow(marked, now or timezone.now())
        total += len(marked)
        if len(marked) < TOGETHER:
            break
    return total


def reconcile() -> int:
    """Marks the targets that bulk writes made or moved, and places them; returns how many differed."""
    differed = places.reconcile()
    if differed:
        follow()
    return differed


def live(now: datetime):
    """The live events."""
    rows = Event.objects.exclude(state=Event.State.RETRACTED).exclude(role="test")
    about = Coalesce(F("time"), F("first_sent"), F("latest"))
    return rows.alias(about=about).filter(about__gte=now - timedelta(days=conf.CANDIDATE_DAYS[1]))


def _follow(marked: list[tuple[int, int, int]], now: datetime) -> None:
    ids, index, mark = (np.array(column, np.int64) for column in zip(*marked, strict=True))
    wanted: dict[int, set[int]] = {}
    for event, region in _live_regions(now):
        wanted.setdefault(event, set()).update(ids[places.covers(region, index)].tolist())
    for rows in among(Candidate.objects.filter(event__in=live(now).values("pk")), "target", ids):  # may have moved out
        for event, target in rows.order_by().values_list("event_id", "target_id"):
            wanted.setdefault(event, set()).add(target)
    events = Event.objects.in_bulk([event for event, targets in wanted.items() if targets])
    for pk, event in events.items():
        place_targets(event, wanted[pk])
    _unmark(ids, mark)


def _live_regions(now: datetime) -> list[tuple[int, np.ndarray]]:
    """(event, region) of each placed map of the live events."""
    rows = Placement.objects.filter(alert__event__in=live(now).values("pk"))
    keys = {(alert, made): event for alert, made, event in rows.values_list("alert_id", "finished", "alert__event_id")}
    for gone in _regions.keys() - keys.keys():
        del _regions[gone]
    for new in among(Placement.objects.all(), "alert", sorted(alert for alert, made in keys.keys() - _regions.keys())):
        for alert, made, data in new.values_list("alert_id", "finished", "region"):
            _regions[alert, made] = np.frombuffer(bytes(data), np.int64).reshape(-1, 2)
    return [(event, _regions[key]) for key, event in keys.items() if key in _regions]


def _unmark(ids: np.ndarray, mark: np.ndarray) -> None:
    """Takes the marks off, but for targets that were saved again meanwhile."""
    table = connection.ops.quote_name(TargetPlace._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET mark = 0 WHERE target_id = %s AND mark = %s",
            list(zip(ids.tolist(), mark.tolist(), strict=True)),
        )
