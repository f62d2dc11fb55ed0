"""How a topic and its consumers do: green, yellow or red, and why, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tom_scimma.models import Listener
    from tom_scimma.topics import Topic

#: a consumer that gave no sign of life for so long is taken for dead
STALE = timedelta(seconds=60)
#: heartbeats come every second; a connection silent for so long is taken for broken
SILENT = timedelta(minutes=5)
#: messages waiting at the broker from which a topic counts as behind
BEHIND = 1000


def lively(listener: Listener, now: datetime) -> bool:
    """True for a consumer that works: it gave a sign of life lately and has not failed."""
    return now - listener.beat <= STALE and listener.state not in ("failed", "stopped")


def judge(topic: Topic, now: datetime, *, heard: bool) -> tuple[str, str]:
    """The light of a topic and the reason for it. `heard`: a live consumer works on its source and lane."""
    state = topic.state
    if not topic.wanted:
        return "off", ""
    if not heard:
        return "red", f"no live consumer for the {topic.policy.lane} lane of {topic.source}: run manage.py listen"
    newest = max(filter(None, (state.last_message, state.last_heartbeat)), default=None)
    if state.last_error_at and (newest is None or state.last_error_at > newest):
        return "red", state.last_error or "an error without a word"
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
    """Why this TOM does not hear as it should: a source without a live consumer, or whose heartbeats stopped."""
    for source in sources:
        lanes = {topic.policy.lane for topic in topics if topic.source == source and topic.wanted}
        here = [item for item in listeners if item.source == source]
        live = {item.lane for item in here if lively(item, now)}
        if not live:
            last = max((item.beat for item in here), default=None)
            since = f"; the last sign of life was {ago(last, now)} ago" if last else ""
            yield f"nothing listens to {source}{since}: run manage.py listen"
        for lane in sorted(lanes - live if live else ()):
            yield f"no live consumer for the {lane} lane of {source}"
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
