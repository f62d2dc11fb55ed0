"""The demo's night: every message, made from a start time and a seed. All of it is invented.

    steps = night.night(start)         list of Step, in the order in which they are sent
    night.expected(start)              what a TOM that heard them all must know

Times are relative to `start`, so that the alerts are new and alive; each start gives new events. It tells of a merger
of neutron stars from early warning to a refined map; a candidate that is retracted; a burst without distance; a merger
with a gamma-ray burst that two instruments saw; a neutrino; X-ray transients; mock and test messages; heartbeats; a
circular; and one message cut short.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from night import mergers, notices
from night.expected import Expected, expected
from night.names import SAID, TARGETS, TOPICS, Names, names
from night.parts import Draft

SEED = 20170817
#: seconds that the night takes when it is not hurried
LENGTH = 34.0


@dataclass(frozen=True)
class Step:
    """One message of the night, ready to be sent."""

    at: float  #: seconds after the start at which it is sent
    topic: str
    payload: bytes = field(repr=False)
    headers: tuple[tuple[str, bytes], ...]  #: as hop writes them
    label: str  #: for people


def night(start: datetime, seed: int = SEED) -> list[Step]:
    """Every message of the night that begins at `start` (aware), in the order sent. Same arguments, same bytes."""
    known = names(start)
    drafts = [*mergers.drafts(start, known), *notices.drafts(start, known, random.Random(seed))]
    drafts.sort(key=lambda draft: draft.at)
    return [_step(start, number, draft) for number, draft in enumerate(drafts)]


def _step(start: datetime, number: int, draft: Draft) -> Step:
    identity = uuid.uuid5(uuid.NAMESPACE_DNS, f"night.tom-multimessenger {start.isoformat()} {number}")
    sender = "demo-" + draft.topic.split(".")[0]
    headers = [("_id", identity.bytes), ("_sender", sender.encode()), ("_format", draft.format.encode())]
    if draft.test:
        headers.append(("_test", b"true"))
    return Step(draft.at, draft.topic, draft.payload, tuple(headers), draft.label)


__all__ = ["LENGTH", "SAID", "SEED", "TARGETS", "TOPICS", "Expected", "Names", "Step", "expected", "names", "night"]
