"""How each consumer of this process does, and its row in Listener."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connections
from django.db.models import Max
from django.utils import timezone

from tom_scimma import storable
from tom_scimma.models import Listener

FORGOTTEN = timedelta(days=1)


@dataclass
class Status:
    """What one thread says of itself; written by it, read by others."""

    state: str = "starting"  #: starting, listening, waiting, stopped, failed
    group: str = ""
    handled: int = 0
    restarts: int = 0
    last_error: str = ""
    last_error_at: datetime | None = None
    started: datetime = field(default_factory=timezone.now)

    def fail(self, state: str, text: str) -> None:
        """Notes an error and the state that it leaves us in."""
        self.state, self.last_error, self.last_error_at = state, storable.text(text)[:2000], timezone.now()


class Roll:
    """The rows of this process. The database may be away: then rows are old, which is what they should look like."""

    def __init__(self):
        self.process = f"{socket.gethostname()[:100]}:{os.getpid()}"
        self.written = float("-inf")  #: monotonic time of the last row that could be written
        self.opened = False  #: what was there before us is known, and cleared
        self.before: dict[str, datetime] = {}  #: source -> the last sign of life of any listener before this one

    def call(self, statuses: Mapping[tuple[str, str], Status]) -> bool:
        """Writes how each (source, lane) does; False when the database is away."""
        now = timezone.now()
        try:
            if not self.opened:
                self._open(now)
            for (source, lane), status in list(statuses.items()):
                values = {name: getattr(status, name) for name in ("state", "group", "handled", "restarts", "started")}
                errors = {"last_error": status.last_error, "last_error_at": status.last_error_at}
                place = {"process": self.process, "source": source, "lane": lane}
                Listener.objects.update_or_create(**place, defaults={**values, **errors, "beat": now})
        except (OperationalError, InterfaceError):
            connections.close_all()
            return False
        self.written = time.monotonic()
        return True

    def _open(self, now: datetime) -> None:
        """Notes when a listener was last alive; marks those of this machine that are no more, forgets those long silent."""
        last = Listener.objects.order_by().values_list("source").annotate(last=Max("beat"))
        self.before = dict(last)
        for source, beat in self.before.items():
            Listener.objects.filter(source=source, beat__lt=min(beat, now - FORGOTTEN)).delete()
        host = self.process.rpartition(":")[0]
        for row in Listener.objects.filter(process__startswith=f"{host}:").exclude(state="stopped"):
            if not _runs(row.process.rpartition(":")[2]):
                Listener.objects.filter(pk=row.pk).update(state="stopped")
        self.opened = True

    def alone(self, source: str) -> bool:
        """True when no other process listens to a source."""
        fresh = Listener.objects.filter(source=source, beat__gte=timezone.now() - timedelta(seconds=15))
        return not fresh.exclude(process=self.process).exclude(state="stopped").exists()


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True
