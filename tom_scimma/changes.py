"""What changed between two versions of an event, in words. Pure.

changes(before, after) -> ["90 % area 1,200 to 240 deg²", "BNS 0.4 to 0.92"]
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tom_scimma import wording
from tom_scimma.fold import area as error_area
from tom_scimma.notice import Notice

#: smaller relative changes of a measured number are rounding
SAME = 0.005


@dataclass(frozen=True)
class Said:
    """A notice and what its sky map was measured to be."""

    notice: Notice
    area_90: float | None = None  #: deg2
    distance_mpc: tuple[float, float | None] | None = None

    @property
    def area(self) -> float | None:
        """The 90 % area in deg2: the map's, else that of the error region."""
        if self.area_90 is None and self.notice.sky is not None:
            return error_area(self.notice.sky, 0.9)
        return self.area_90

    @property
    def distance(self) -> tuple[float, float | None] | None:
        """Mean and standard deviation in Mpc: as the notice says, else the map's."""
        return self.notice.distance_mpc or self.distance_mpc


def changes(before: Said, after: Said) -> list[str]:
    """What is different, most important first; empty where nothing that we show is."""
    if after.notice.alert_type == "retraction":
        return ["retracted" if before.notice.alert_type != "retraction" else "retracted again"]
    found = ["reinstated after a retraction"] if before.notice.alert_type == "retraction" else []
    for part in (_area, _distance, _rate, _classes, _position, _time, _instruments, _properties):
        found.extend(part(before, after))
    return found


def _differ(a: float, b: float) -> bool:
    return not math.isclose(a, b, rel_tol=SAME, abs_tol=1e-12)


def _number(before: Any, after: Any, words, label: str, gained: str = "now known") -> Iterator[str]:
    """The step from one number to another, unit said once; silence of the newer one is no change."""
    if after is None:
        return
    if before is None:
        yield f"{label} {gained}: {words(after)}"
    elif _differ(before, after):
        old, new = words(before), words(after)
        if old != new:
            start, _, unit = old.partition(" ")
            yield f"{label} {start if unit and new.partition(' ')[2] == unit else old} to {new}"


def _area(before: Said, after: Said) -> Iterator[str]:
    yield from _number(before.area, after.area, wording.area, "90 % area")


def _distance(before: Said, after: Said) -> Iterator[str]:
    old, new = before.distance, after.distance
    if new is None:
        return
    if old is None:
        yield f"distance now known: {wording.distance(*new)}"
    elif wording.distance(*old) != wording.distance(*new):
        yield f"distance {wording.distance(*old)} to {wording.distance(*new)}"


def _rate(before: Said, after: Said) -> Iterator[str]:
    yield from _number(before.notice.far_hz, after.notice.far_hz, wording.rate, "false-alarm rate")


def _classes(before: Said, after: Said) -> Iterator[str]:
    old, new = before.notice.classification, after.notice.classification
    if not new:
        return
    if not old:
        yield "classes now known: " + ", ".join(f"{name} {_p(p)}" for name, p in _largest(new) if _p(p) != "0")
        return
    for name, _ in _largest({**old, **new}):
        was, now = _p(old.get(name, 0)), _p(new.get(name, 0))
        if was != now:
            yield f"{name} {was} to {now}"


def _p(probability: Any) -> str:
    return f"{probability:.2f}".rstrip("0").rstrip(".") if isinstance(probability, (int, float)) else str(probability)


def _largest(classes: Any) -> list[tuple[str, Any]]:
    return sorted(classes.items(), key=lambda pair: -pair[1] if isinstance(pair[1], (int, float)) else 0)


def _position(before: Said, after: Said) -> Iterator[str]:
    old, new = before.notice.sky, after.notice.sky
    if new is None or new.ra_deg is None or new.dec_deg is None:
        return
    if old is None or old.ra_deg is None or old.dec_deg is None:
        yield "position now known"
        return
    moved = separation(old.ra_deg, old.dec_deg, new.ra_deg, new.dec_deg)
    if moved > 0.1 / 3600:
        yield f"position moved by {wording.angle(moved)}"
    yield from _number(old.radius_deg, new.radius_deg, wording.angle, "error radius")


def separation(ra1: float, dec1: float, ra2: float, dec2: float) -> float:
    """Angle between two positions, all in degrees (haversine formula)."""
    ra1, dec1, ra2, dec2 = map(math.radians, (ra1, dec1, ra2, dec2))
    h = math.sin((dec2 - dec1) / 2) ** 2 + math.cos(dec1) * math.cos(dec2) * math.sin((ra2 - ra1) / 2) ** 2
    return math.degrees(2 * math.asin(min(1.0, math.sqrt(h))))


def _time(before: Said, after: Said) -> Iterator[str]:
    old: datetime | None = before.notice.time
    new: datetime | None = after.notice.time
    if old is None and new is not None:
        yield f"event time now known: {wording.utc(new)}"
    elif old is not None and new is not None and abs((new - old).total_seconds()) >= 0.001:
        yield f"event time moved by {wording.span((new - old).total_seconds())}"


def _instruments(before: Said, after: Said) -> Iterator[str]:
    old, new = before.notice.instruments, after.notice.instruments
    if not new or not old:
        return
    for word, names in (("with", set(new) - set(old)), ("without", set(old) - set(new))):
        if names:
            yield f"now {word} {wording.listed(sorted(names))}"


def _properties(before: Said, after: Said) -> Iterator[str]:
    old, new = before.notice.properties, after.notice.properties
    for name in new:
        if name in old and old[name] != new[name]:
            was, now = wording.value(name, old[name]), wording.value(name, new[name])
            if was != now:
                yield f"{name} {was} to {now}"
