"""What moved into an event's region, or out of it, from one version of its map to the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from django.db.models import QuerySet

from tom_scimma import eventmaps
from tom_scimma.eventmaps import EventMap
from tom_scimma.models import Candidate, CandidateLevel, Event, Placement

#: so many names are shown of each; REST has all levels
NAMED = 12
#: so many steps are shown, the newest
STEPS = 10


@dataclass(frozen=True)
class Moved:
    """Candidates on one side of a step."""

    count: int
    first: tuple[Candidate, ...]  #: the most probable of them, with their targets

    @property
    def more(self) -> int:
        """How many are not among the first."""
        return self.count - len(self.first)


@dataclass(frozen=True)
class Step:
    """From one map to the next."""

    before: EventMap
    after: EventMap
    came: Moved
    went: Moved


def moves(event: Event, user, rows: QuerySet[Candidate]) -> list[Step]:
    """The steps between the event's maps that this user may see and in which targets were placed, newest first.

    `rows` are the candidates of the event that they may see.
    """
    maps = eventmaps.versions(event, user)
    placed = set(Placement.objects.filter(alert__in=[one.alert_id for one in maps]).values_list("alert_id", flat=True))
    return list(_steps([one for one in maps if one.alert_id in placed], rows))[::-1]


def _steps(maps: list[EventMap], rows: QuerySet[Candidate]) -> Iterator[Step]:
    shown = maps[-STEPS - 1 :]
    for before, after in pairwise(shown):
        was, now = _inside(before), _inside(after)
        came = rows.filter(pk__in=now).exclude(pk__in=was)
        went = rows.filter(pk__in=was).exclude(pk__in=now)
        yield Step(before, after, _moved(came), _moved(went))


def _inside(one: EventMap) -> QuerySet:
    return CandidateLevel.objects.filter(alert=one.alert_id, inside=True).values("candidate_id")


def _moved(rows: QuerySet[Candidate]) -> Moved:
    first = tuple(rows.select_related("target").order_by("level", "pk")[: NAMED + 1])
    count = len(first) if len(first) <= NAMED else rows.count()
    return Moved(count, first[:NAMED])
