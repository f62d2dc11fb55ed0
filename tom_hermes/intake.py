"""What this TOM does with HERMES messages of a topic: `TOM_HERMES["TOPICS"]`, by name or pattern."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from tom_hermes.conf import conf
from tom_scimma.conf import best

MAKE, MATCH, KEEP = "make", "match", "keep"
#: topics that HERMES itself writes to
OURS = "hermes.*"


@dataclass(frozen=True)
class Intake:
    """What becomes of the messages of one topic."""

    targets: str = MAKE  #: make (targets that are not there), match (only use those that are), keep (the message only)
    #: OPEN, PUBLIC or PRIVATE of targets that are made; None: PUBLIC for a public topic, PRIVATE for one with groups
    permissions: str | None = None
    #: Django groups that may see targets that are made; None: those of the topic (TOM_SCIMMA["TOPICS"])
    groups: tuple[str, ...] | None = None
    #: onto which targets data of a topic with groups go: contained (only those that nobody else sees) or any
    attach: str = "contained"


def intake(topic: str) -> Intake:
    """The policy of a topic: its exact name, else the longest pattern that fits, else all is taken in."""
    entry = best(conf.TOPICS, topic, "")
    known = {item.name for item in fields(Intake)}
    return Intake(**{key: _frozen(value) for key, value in entry.items() if key in known})


def patterns() -> list[str]:
    """Topics whose messages are looked at: HERMES' own, and those that the setting names."""
    return list(dict.fromkeys((OURS, *conf.TOPICS)))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, set)) else value
