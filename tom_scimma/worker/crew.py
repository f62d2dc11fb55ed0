"""Who works: this process's row in Worker, which others are alive, and what this one has in hand."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

from tom_scimma import storable
from tom_scimma.models import Worker

#: a worker of this machine whose process is gone is taken for dead after so long without a sign of life, others after STALE
GONE, STALE = timedelta(seconds=3), timedelta(seconds=30)
FORGOTTEN = timedelta(days=1)
#: what has been going on for longer is shown
LONG = 10.0


class Crew:
    """This process among the workers. `sole`: no other can be alive, since this one holds SQLite's lock."""

    def __init__(self, *, sole: bool = False):
        self.started, self.sole = timezone.now(), sole
        self.host, self.pid = socket.gethostname()[:100], os.getpid()
        self.process = f"{self.host}:{self.pid}:{self.started.timestamp():.0f}"
        self.delivered = self.reacted = 0
        self.state, self.last_error, self.last_error_at = "working", "", None
        self.deliveries: set[int] = set()  #: primary keys of what is being sent
        self.reactions: set[int] = set()

    def fail(self, text: str) -> None:
        """Notes an error, to be shown."""
        self.last_error, self.last_error_at = storable.text(text)[:2000], timezone.now()

    def beat(self, in_hand: list[tuple[str, datetime]] = ()) -> None:
        """Writes this process's row; forgets those long gone."""
        now = timezone.now()
        long = [[what, since.isoformat()] for what, since in in_hand if (now - since).total_seconds() > LONG]
        values = {
            "state": self.state,
            "started": self.started,
            "beat": now,
            "delivered": self.delivered,
            "reacted": self.reacted,
            "memory": resident(),
            "in_hand": long,
            "last_error": self.last_error,
            "last_error_at": self.last_error_at,
        }
        if not Worker.objects.filter(process=self.process).update(**values):
            Worker.objects.filter(beat__lt=now - FORGOTTEN).delete()
            Worker.objects.create(process=self.process, **values)

    def alive(self, now: datetime) -> set[str]:
        """Processes that may still be at what they took up; this one is among them."""
        if self.sole:
            return {self.process}
        fresh = Worker.objects.filter(beat__gt=now - STALE).exclude(state="stopped").values_list("process", "beat")
        return {process for process, beat in fresh if now - beat < GONE or self._may_run(process)} | {self.process}

    def _may_run(self, process: str) -> bool:
        host, pid, _ = process.rsplit(":", 2)
        if host != self.host:
            return True
        if int(pid) == self.pid:
            return process == self.process
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True


def resident() -> int | None:
    """Bytes of memory that this process has; None where the system does not say (Linux does)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
