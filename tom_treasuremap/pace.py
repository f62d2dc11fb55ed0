"""How often an event's pointings are fetched. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

LONGEST = timedelta(hours=6)
AGES = 50  #: an event is asked about again after this part of its age


def pause(now: datetime, happened: datetime | None, every: timedelta) -> timedelta:
    """How long to wait after a good fetch: `every` while the event is young, then a fiftieth of its age, at most 6 hours."""
    age = now - happened if happened is not None else timedelta(0)
    return max(every, min(LONGEST, age / AGES))
