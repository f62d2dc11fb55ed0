"""HERMES' own index of what was published: messages, targets and events, but no text. Topics hermes.* and microlensing.*."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

INDEXED = ("hermes.*", "microlensing.*")


@dataclass(eq=False)
class Target:
    id: int
    name: str
    ra: float
    dec: float
    messages: list[Message] = field(default_factory=list)

    def brief(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "right_ascension": self.ra,
            "right_ascension_sexagesimal": sexagesimal(self.ra / 15),
            "declination": self.dec,
            "declination_sexagesimal": sexagesimal(self.dec),
        }

    def row(self) -> dict[str, Any]:
        newest = sorted(self.messages, key=lambda item: -item.id)
        return {**self.brief(), "messages": [{"id": item.id, "uuid": item.uuid} for item in newest]}


@dataclass(eq=False)
class Message:
    id: int
    uuid: str
    sent: int
    events: list[Event] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        events = [{"event_id": event.event_id} for event in self.events]
        row = {"id": self.id, "uuid": self.uuid, "nonlocalizedevents": events}
        return {**row, "targets": [target.brief() for target in self.targets]}


@dataclass(eq=False)
class Event:
    event_id: str
    messages: list[Message] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        newest = sorted(self.messages, key=lambda item: -item.id)
        references = [
            {"id": item.id, "uuid": item.uuid, "targets": [target.brief() for target in item.targets]}
            for item in newest
        ]
        return {"event_id": self.event_id, "sequences": [], "references": references}


class Index:
    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.targets: list[Target] = []
        self.events: list[Event] = []

    def add(self, published: Any) -> None:
        """Takes in a message: the event is linked, then target after target, until one cannot be read. The message stays."""
        if not any(fnmatch.fnmatchcase(published.topic, pattern) for pattern in INDEXED):
            return
        message = Message(len(self.messages) + 1, published.uuid, published.sent)
        self.messages.append(message)
        data = published.message.get("data") if isinstance(published.message, dict) else None
        if not isinstance(data, dict):
            return
        if data.get("event_id"):
            event = self._event(str(data["event_id"]))
            message.events.append(event)
            event.messages.append(message)
        with suppress(TypeError, ValueError, KeyError, AttributeError):
            for row in data.get("targets") or []:
                self._link(message, row)

    def _link(self, message: Message, row: dict[str, Any]) -> None:
        """Links a target where neither coordinate is zero; its name and place make it one. Raises for what is no number."""
        if not (row.get("ra") and row.get("dec")):
            return
        ra, dec = float(row["ra"]), float(row["dec"])
        if not (math.isfinite(ra) and math.isfinite(dec)):
            raise ValueError("no place")
        target = self._target(str(row["name"]), ra, dec)
        if message not in target.messages:
            message.targets.append(target)
            target.messages.append(message)

    def knows(self, uuid: str) -> bool:
        return any(message.uuid == uuid.lower() for message in self.messages)

    def _target(self, name: str, ra: float, dec: float) -> Target:
        for target in self.targets:
            if (target.name, target.ra, target.dec) == (name, ra, dec):
                return target
        self.targets.append(Target(len(self.targets) + 1, name, ra, dec))
        return self.targets[-1]

    def _event(self, event_id: str) -> Event:
        for event in self.events:
            if event.event_id == event_id:
                return event
        self.events.append(Event(event_id))
        return self.events[-1]


def sexagesimal(value: float) -> str:
    """Hours or degrees as astropy writes them with colons: 10:00:24, -45:00:00, 0:00:00.0036."""
    total = round(abs(value) * 3600, 8)
    whole, seconds = divmod(total, 60)
    units, minutes = divmod(int(whole), 60)
    text = f"{seconds:011.8f}".rstrip("0").rstrip(".")
    return f"{'-' if value < 0 else ''}{units}:{minutes:02d}:{text.zfill(2)}"


def cone(text: str) -> Callable[[Target], bool]:
    """ra,dec,radius in degrees. Raises ValueError for anything else, where the server crashes."""
    ra, dec, radius = (math.radians(float(part)) for part in text.split(","))

    def inside(target: Target) -> bool:
        a, d = math.radians(target.ra), math.radians(target.dec)
        half = math.sin((d - dec) / 2) ** 2 + math.cos(d) * math.cos(dec) * math.sin((a - ra) / 2) ** 2
        return 2 * math.asin(min(1.0, math.sqrt(half))) <= radius

    return inside


def polygon(text: str) -> Callable[[Target], bool]:
    """Corners as "ra dec, ra dec, ...", degrees, on the plane. Raises ValueError or IndexError."""
    corners = [tuple(float(part) for part in corner.split(" ")[:2]) for corner in text.split(", ")]
    if len(corners) < 3 or any(len(corner) < 2 for corner in corners):
        raise ValueError("a polygon has three corners or more")

    def inside(target: Target) -> bool:
        odd = False
        for (x, y), (u, v) in zip(corners, corners[1:] + corners[:1], strict=False):
            if (y > target.dec) != (v > target.dec) and target.ra < (u - x) * (target.dec - y) / (v - y) + x:
                odd = not odd
        return odd

    return inside
