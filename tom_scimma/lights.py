"""How a topic and its consumers do: green, yellow or red, and why, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tom_scimma.models import Listener
    from tom_scimma.topics import Topic

#: a consumer that gave no sign of life for so long is taken for dead
STALE = timedelta(seconds=30)
#: heartbeats come every second; a connection silent for so long is taken for broken
SILENT = timedelta(minutes=5)
#: messages waiting at the broker from which a topic counts as behind
BEHIND = 1000


def lively(listener: Listener, now: datetime) -> bool:
    """True for a consumer whose process gave a sign of life lately and that has not ended."""
    return now - listener.beat <= STALE and listener.state not in ("failed", "stopped")


def failure(listeners: Iterable[Listener], now: datetime) -> str:
    """Why consumers ended whose process is alive and will start them again; "" when there are none."""
    fresh = (item for item in listeners if item.state == "failed" and now - item.beat <= STALE)
    return next((item.last_error for item in fresh if item.last_error), "")


def trouble(source: str, lane: str, listeners: Sequence[Listener], now: datetime) -> str:
    """Why nobody hears a lane of a source, in words; "" when somebody does."""
    here = [item for item in listeners if (item.source, item.lane) == (source, lane)]
    alive = [item for item in here if lively(item, now)]
    if any(item.state == "listening" for item in alive):
        return ""
    if not alive:
        if error := failure(here, now):
            return f"the {lane} lane of {source} has failed and is tried again: {error}"
        return f"no live consumer for the {lane} lane of {source}: run manage.py listen"
    worst = max(alive, key=lambda item: bool(item.last_error))
    return f"the {lane} lane of {source} is {worst.state}" + (f": {worst.last_error}" if worst.last_error else "")


def judge(topic: Topic, now: datetime, listeners: Sequence[Listener]) -> tuple[str, str]:
    """The light of a topic and the reason for it."""
    state = topic.state
    if not topic.wanted:
        return "off", ""
    if topic.access is not None and topic.access.lost and not state.listening:
        return "red", f"SCiMMA took the right to read it {ago(topic.access.lost, now)} ago; the other topics go on"
    if why := trouble(topic.source, topic.policy.lane, listeners, now):
        return "red", why
    newest = max(filter(None, (state.last_message, state.last_heartbeat)), default=None)
    if state.last_error and (newest is None or state.last_error_at is None or state.last_error_at > newest):
        return "red", state.last_error
    if not state.listening:
        return "yellow", "not subscribed yet, or not offered by the broker"
    if state.last_heartbeat and now - state.last_heartbeat > SILENT:
        return "red", f"no heartbeat for {ago(state.last_heartbeat, now)}"
    if (state.lag or 0) > BEHIND:
        return "yellow", f"{state.lag} messages wait at the broker"
    if topic.quarantined:
        return "yellow", f"{topic.quarantined} in quarantine"
    return "green", ""


def reasons(
    sources: Iterable[str], topics: Sequence[Topic], listeners: Sequence[Listener], now: datetime
) -> Iterator[str]:
    """Why this TOM does not hear as it should: a source or lane that nobody hears, heartbeats that stopped."""
    for source in sources:
        here = [item for item in listeners if item.source == source]
        if not any(lively(item, now) for item in here):
            if error := failure(here, now):
                yield f"nothing is heard of {source}; it is tried again: {error}"
                continue
            last = max((item.beat for item in here), default=None)
            since = f"; the last sign of life was {ago(last, now)} ago" if last else ""
            yield f"nothing listens to {source}{since}: run manage.py listen"
            continue
        for lane in sorted({topic.policy.lane for topic in topics if topic.source == source and topic.wanted}):
            if why := trouble(source, lane, listeners, now):
                yield why
    for topic in topics:
        beat = topic.state.last_heartbeat
        if topic.wanted and topic.state.listening and beat and now - beat > SILENT:
            yield f"{topic.name} of {topic.source} has been silent for {ago(beat, now)}"


def ago(then: datetime | None, now: datetime) -> str:
    """The time since, in one or two units: 8 s, 3 min, 2 h 5 min, 4 d; "" for None."""
    if then is None:
        return ""
    seconds = max(0, int((now - then).total_seconds()))
    if seconds < 90:
        return f"{seconds} s"
    if seconds < 5400:
        return f"{seconds // 60} min"
    if seconds < 172800:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 86400} d"
