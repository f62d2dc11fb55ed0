"""What apps want done again and again: `worker_jobs() -> [{"name", "every": timedelta, "run": "dotted.path"}]`.

A job that asks an outside service names a `lane` of its own, so that the others do not wait for that service.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.module_loading import import_string

from tom_scimma import hooks, retry, storable
from tom_scimma.models import Job
from tom_scimma.worker import claims
from tom_scimma.worker.crew import Crew
from tom_scimma.worker.lane import Lane, caught

logger = logging.getLogger("tom_scimma.deliver")


def jobs() -> dict[str, Mapping[str, Any]]:
    """The jobs that installed apps declare, by name."""
    return {entry["name"]: entry for found in hooks.gather("worker_jobs") for entry in found}


def post(known: Mapping[str, Mapping[str, Any]]) -> None:
    """Makes a row for each job that has none yet: it is due at once."""
    met = set(Job.objects.values_list("name", flat=True))
    now = timezone.now()
    new = [Job(name=name, due=now) for name in known if name not in met]
    Job.objects.bulk_create(new, ignore_conflicts=True)


def lane_of(entry: Mapping[str, Any]) -> str:
    """The lane in which a job is done; empty: that of most."""
    return entry.get("lane", "")


class Chores:
    """A lane that does jobs, one after another; each by one worker at a time."""

    def __init__(self, crew: Crew, lane: str = ""):
        self._crew, self.jobs = crew, jobs()
        self._mine = [name for name, entry in self.jobs.items() if lane_of(entry) == lane]

    def turn(self, lane: Lane) -> bool:
        """Does the job that is due; False when none is."""
        job = claims.job(self._crew.process, timezone.now(), self._mine)
        if job is None:
            return False
        lane.begin(f"job {job.name}")
        error = caught(lambda: import_string(self.jobs[job.name]["run"])())
        finish(job, self.jobs[job.name]["every"], error)
        return True


def finish(job: Job, every: timedelta, error: BaseException | None) -> None:
    """Writes down how a job ended, and when it is next: sooner after a failure, but never more often than it was meant."""
    now = timezone.now()
    failures = 0 if error is None else job.failures + 1
    pause = every if error is None else max(every, timedelta(seconds=retry.delay(failures, first=5, cap=3600)))
    said = "" if error is None else storable.text("".join(traceback.format_exception(error))[-8000:])
    if error is not None:
        logger.error("job=%s failed: %s", job.name, error, exc_info=error)
    Job.objects.filter(pk=job.pk, worker=job.worker, started=job.started).update(
        worker="", due=now + pause, finished=now, runs=job.runs + 1, failures=failures, error=said
    )
