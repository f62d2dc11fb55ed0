"""What alerts set off: reactions, those of one event in the order in which they were queued, each at least once."""

from __future__ import annotations

import logging
import time
import traceback
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.module_loading import import_string

from tom_scimma import hooks, retry, storable
from tom_scimma.conf import conf
from tom_scimma.models import Reaction
from tom_scimma.worker import claims
from tom_scimma.worker.crew import Crew
from tom_scimma.worker.lane import Lane, caught

logger = logging.getLogger("tom_scimma.deliver")
State = Reaction.State

#: seconds after the first failure, and at most, before the next try; and how many tries there are
FIRST, CAP, TRIES = 2.0, 600.0, 12


class Reactor:
    """A lane that does reactions."""

    def __init__(self, crew: Crew):
        self._crew = crew

    def turn(self, lane: Lane) -> bool:
        """Does the next reaction; False when there is none."""
        found = claims.reaction(self._crew.process, timezone.now(), self._crew.reactions)
        if found is None:
            return False
        self._crew.reactions.add(found.pk)
        lane.begin(f"reaction {found.name} to alert {found.alert_id}", found.pk)
        try:
            if self._too_late(found):
                return True
            begun = time.monotonic()
            error = caught(lambda: import_string(found.run)(found.alert_id, found.change))
            finish(found, error)
            self._crew.reacted += error is None
            logger.info(
                "reaction=%s alert=%s seconds=%.3f state=%s",
                *(found.name, found.alert_id, time.monotonic() - begun, "done" if error is None else "failed"),
            )
        finally:
            self._crew.reactions.discard(found.pk)
        return True

    def _too_late(self, found: Reaction) -> bool:
        """Gives up what acts on the living when the alert has become history meanwhile (a worker was off for a day)."""
        live_only = {entry["name"]: entry.get("live_only", True) for entry in hooks.event_reactions()}
        if not live_only.get(found.name, True) or timezone.now() - found.created < conf.LIVE_AGE:
            return False
        said = f"not done within {conf.LIVE_AGE}, and only what is new is acted on. {found.error}".strip()
        _end(found, State.FAILED, error=said)
        return True


def finish(found: Reaction, error: BaseException | None) -> None:
    """Writes down how a reaction ended: done, tried again later, or failed for good."""
    if error is None:
        _end(found, State.DONE, error="")
        return
    said = storable.text("".join(traceback.format_exception(error))[-8000:])
    logger.error("reaction=%s alert=%s failed: %s", found.name, found.alert_id, error, exc_info=error)
    put_back(found, said)


def put_back(found: Reaction, said: str, *, at_least: float = 0.0) -> None:
    """A reaction that did not end well is tried again, later each time; after the last try it has failed."""
    if found.attempts >= TRIES:
        _end(found, State.FAILED, error=said)
        return
    pause = max(at_least, retry.delay(found.attempts, first=FIRST, cap=CAP))
    _end(found, State.QUEUED, error=said, not_before=timezone.now() + timedelta(seconds=pause))


def _end(found: Reaction, state: str, *, error: str, not_before: datetime | None = None) -> None:
    """The end of one try, if it still is the last one. One that was given up on may yet come to its end."""
    finished = timezone.now() if state in (State.DONE, State.FAILED) else None
    rows = Reaction.objects.filter(pk=found.pk, attempts=found.attempts)
    rows.update(state=state, error=error, not_before=not_before, finished=finished)
