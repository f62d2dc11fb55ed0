"""What the Archive page and REST show of gaps and of what is fetched, as far as a user may know of the topics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tom_scimma.archive import access, look
from tom_scimma.conf import conf
from tom_scimma.models import ArchiveDay, ArchiveRecord, Backfill, Job
from tom_scimma.topics import Topic, survey

#: messages that did not open, and stretches, shown at most
SHOWN = 20


@dataclass(frozen=True)
class Gap:
    """Days in a row of which the archive has messages that are not here."""

    first: date
    last: date
    missing: int


@dataclass(frozen=True)
class Compared:
    """One topic and how it compares with the archive."""

    topic: Topic
    days: tuple[ArchiveDay, ...]  #: newest first
    gaps: tuple[Gap, ...]  #: newest first

    @property
    def archived(self) -> int:
        return sum(day.archived for day in self.days)

    @property
    def missing(self) -> int:
        return sum(day.missing for day in self.days)

    @property
    def closed(self) -> int:
        return sum(day.closed for day in self.days)

    @property
    def retracted(self) -> int:
        return sum(day.retracted for day in self.days)

    @property
    def looked(self) -> datetime | None:
        """When its newest day was compared."""
        found = [day.looked for day in self.days if day.looked > look.NEVER]
        return max(found, default=None)


def topics(user: Any, now: datetime) -> list[Topic]:
    """Topics with an archive that we follow and that this user may know of."""
    sources = access.archived_sources()
    seen = survey(now, counts=False).visible(user).topics
    return [topic for topic in seen if topic.source in sources and topic.wanted and topic.policy.keep != "none"]


def compared(user: Any, now: datetime) -> list[Compared]:
    """Each of them, those with gaps first."""
    known = {(topic.source, topic.name): topic for topic in topics(user, now)}
    first = now.date() - timedelta(days=max(1, conf.ARCHIVE_DAYS))
    days: dict[tuple[str, str], list[ArchiveDay]] = {place: [] for place in known}
    for row in ArchiveDay.objects.filter(day__gte=first, topic__in={name for _, name in known}).order_by("-day"):
        if (row.source, row.topic) in days:
            days[row.source, row.topic].append(row)
    found = [
        Compared(topic, tuple(days[place]), tuple(Gap(*gap) for gap in reversed(look.gaps(days[place]))))
        for place, topic in known.items()
    ]
    return sorted(found, key=lambda item: (not item.gaps, item.topic.name))


def closed(user: Any, now: datetime) -> list[ArchiveRecord]:
    """The newest messages that the archive lists and did not open to us."""
    known = {(topic.source, topic.name) for topic in topics(user, now)}
    rows = ArchiveRecord.objects.filter(error__gt="", topic__in={name for _, name in known}).order_by("-seen")
    return [row for row in rows[: 5 * SHOWN] if (row.source, row.topic) in known][:SHOWN]


def fetched(user: Any, now: datetime) -> list[Backfill]:
    """The newest stretches that were asked for on the page."""
    known = {(topic.source, topic.name) for topic in topics(user, now)}
    rows = Backfill.objects.filter(since__isnull=False).order_by("-moved", "-pk")[: 5 * SHOWN]
    return [row for row in rows if (row.source, row.topic) in known][:SHOWN]


def job() -> Job | None:
    """The job that compares, and how it went last."""
    return Job.objects.filter(name="archive compared").first()


def look_soon(now: datetime) -> None:
    """Lets the worker compare at its next look, all days of all topics."""
    ArchiveDay.objects.update(looked=look.NEVER)
    Job.objects.filter(name="archive compared", worker="").update(due=now)
