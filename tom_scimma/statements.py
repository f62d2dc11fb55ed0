"""Arrival -> Statements: each notice with what this TOM thinks of its time, its authority and whether it is live."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tom_scimma.conf import TopicPolicy, conf
from tom_scimma.inbox import Arrival
from tom_scimma.models import Alert, Event, Localization
from tom_scimma.names import SUPEREVENT
from tom_scimma.notice import Notice
from tom_scimma.reading import ReadMap

#: a sender's clock that is further ahead of the broker's is not believed
CLOCK_ERROR = timedelta(minutes=10)


@dataclass
class Statement:
    """One notice of one message on its way to its event."""

    arrival: Arrival
    position: int
    notice: Notice
    maps: tuple[ReadMap, ...]
    order: datetime  #: the sender's time where it can be believed
    authority: bool
    live: bool
    key: str
    event: Event | None = None
    alert: Alert | None = None
    localizations: list[Localization] = field(default_factory=list)
    drill: bool = False  #: a test as young as a live alert: it tells those alone who asked for tests
    change: str | None = None  #: what it did to the event, one of fold.py's words; None: not known yet

    @property
    def public(self) -> bool:
        return not self.arrival.policy.protected


def statements_of(arrival: Arrival, via: str, now: datetime) -> list[Statement]:
    """The notices of one arrival, each with what this TOM thinks of its time, authority and liveness."""
    item, record = arrival.reading, arrival.reading.record
    statements = []
    for position, notice in enumerate(item.notices):
        order = _order(notice.sent, record.published, record.received or now)
        authority = _authority(notice, record.sender, arrival.policy)
        audience = ",".join(sorted(arrival.policy.groups)) or ("superusers" if arrival.policy.protected else "")
        key = hashlib.sha256(f"{notice.key}\n{authority}\n{audience}".encode()).hexdigest()
        young = via == "listen" and now - min(order, record.published or order) < conf.LIVE_AGE
        live, drill = young and notice.role == "observation", young and notice.role == "test"
        maps = item.maps[position] if item.maps else ()
        statements.append(Statement(arrival, position, notice, maps, order, authority, live, key, drill=drill))
    return statements


def _order(sent: datetime | None, published: datetime | None, received: datetime) -> datetime:
    known = min(published or received, received + CLOCK_ERROR)  # a producer may stamp what it likes
    return sent if sent is not None and sent <= known + CLOCK_ERROR else known


def _authority(notice: Notice, sender: str, policy: TopicPolicy) -> bool:
    """Whether the topic lets this source (by its first words) state values of events, from this credential.

    A superevent is LVK's to state: a neutrino observatory's search for it is a report.
    """
    if policy.senders and sender not in policy.senders:
        return False
    if SUPEREVENT.fullmatch(notice.event) and notice.source != "LVK":
        return False
    return any(notice.source == name or notice.source.startswith(name + " ") for name in policy.authority)
