"""Which notices of a topic that keeps only what matches are worth storing, asked before anything is stored.

A notice matches when its event is known here already, when a target of this TOM lies in its error region, when it lies in
the region of an event that a subscription met, or when somebody's subscription holds for it. What nobody can place by a
point (a sky map, no position at all) and what cannot be read is kept. A few statements a batch, however large.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import numpy as np

from tom_scimma import fold, meeting, places
from tom_scimma.conf import conf
from tom_scimma.models import Alias, Event, Placement, Subscription
from tom_scimma.notice import Notice
from tom_scimma.query import QueryError, memory, understand
from tom_scimma.query.subject import Subject, values_of

#: a target no further away is the same thing, however small the error that the sender gave, degrees
NEAR_DEG = 2 / 3600
#: so many regions of events, the newest, are looked into
REGIONS = 20


def matches(notices: Sequence[Notice], now: datetime) -> list[bool]:
    """Whether each notice is worth storing."""
    found = [_unplaced(notice) for notice in notices]
    for test in (_known, _near_targets, _in_regions, _subscribed):
        left = [place for place, good in enumerate(found) if not good]
        if left:
            for place, good in zip(left, test([notices[place] for place in left], now), strict=True):
                found[place] = good
    return found


def _unplaced(notice: Notice) -> bool:
    return notice.sky is None or notice.sky.ra_deg is None or notice.sky.dec_deg is None


def _known(notices: Sequence[Notice], now: datetime) -> Iterable[bool]:
    names = {meeting.own(notice) for notice in notices}
    known = set(Event.objects.filter(name__in=names).values_list("name", flat=True))
    known |= set(Alias.objects.filter(name__in=names).values_list("name", flat=True))
    return [meeting.own(notice) in known for notice in notices]


def _near_targets(notices: Sequence[Notice], now: datetime) -> Iterable[bool]:
    circles = [
        (float(item.sky.ra_deg), float(item.sky.dec_deg), max(item.sky.radius_deg or 0.0, NEAR_DEG)) for item in notices
    ]
    return [bool(targets) for targets in places.near(circles)]


def _in_regions(notices: Sequence[Notice], now: datetime) -> Iterable[bool]:
    """Inside what a subscription met, while it may still have a counterpart."""
    since = now - timedelta(days=conf.CANDIDATE_DAYS[1])
    rows = Placement.objects.filter(alert__matches__isnull=False, alert__event__time__gte=since)
    rows = rows.exclude(alert__event__state=Event.State.RETRACTED).order_by("-alert_id").distinct()
    index = places.index([item.sky.ra_deg for item in notices], [item.sky.dec_deg for item in notices])
    inside = np.zeros(len(notices), bool)
    for region in rows.values_list("region", flat=True)[:REGIONS]:
        ranges = np.frombuffer(bytes(region), np.int64).reshape(-1, 2)
        inside |= places.covers(ranges, index)
    return inside.tolist()


def _subscribed(notices: Sequence[Notice], now: datetime) -> Iterable[bool]:
    """By the notice alone: what annotators and candidates would add is not known yet."""
    rows = Subscription.objects.filter(enabled=True, owner__is_active=True)
    trees = []
    for query, tests in rows.order_by().values_list("query", "tests").distinct():
        try:
            trees.append((understand(query), tests))
        except QueryError:  # its owner is told of it on its page
            continue
    return [_holds(notice, trees, now) for notice in notices]


def _holds(notice: Notice, trees: Sequence[tuple], now: datetime) -> bool:
    if not trees:
        return False
    values = fold.fold([(notice.sent or notice.time or now, notice, None)])
    subject = Subject(
        values_of(values, notice.sent or now), (meeting.own(notice), *notice.aliases), notice.classification, notice.properties
    )  # fmt: skip
    return any(tests == (notice.role == "test") and memory.holds(tree, subject, now) for tree, tests in trees)
