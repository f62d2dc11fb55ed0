"""What a version of a plan changes against another one: fields that stay, at which time and how, new ones, and those that go.

found(old, new)        as plain values, of visits of both
words(found)           for people
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from tom_treasuremap.models import PlanVisit

#: fields named in what changed
NAMED = 12
#: minutes by which a field's time may differ and is still the same
SAME = 1.0

Key = tuple[str, str]


def found(old: Iterable[PlanVisit], new: Iterable[PlanVisit], unnamed: Collection[str] = ()) -> dict[str, Any]:
    """What the visits `new` change against `old`. Fields that go and are `unnamed` are counted only."""
    before, after = _fields(old), _fields(new)
    kept = before.keys() & after.keys()
    shifts = [(_start(after[key]) - _start(before[key])).total_seconds() / 60 for key in kept]
    moved = [round(shift) for shift in shifts if abs(shift) >= SAME]
    return {
        "kept": len(kept),
        "moved": len(moved),
        "by": [min(moved), max(moved)] if moved else [],
        "otherwise": sum(_how(before[key]) != _how(after[key]) for key in kept),
        "new": sorted(name for _, name in after.keys() - kept)[:NAMED],
        "news": len(after) - len(kept),
        "gone": sorted(name for _, name in before.keys() - kept if name not in unnamed)[:NAMED],
        "goners": len(before) - len(kept),
    }


def words(said: Mapping[str, Any]) -> str:
    """It in one line; "" where nothing was compared."""
    if not said.get("version"):
        return ""
    kept, moved, other = said["kept"], said.get("moved", 0), said.get("otherwise", 0)
    parts = [f"{kept} field{'s stay' if kept != 1 else ' stays'}"]
    if moved:
        parts.append(f"{_of_them(moved, kept)}{_shift(*said['by'])}")
    if other:
        parts.append(f"{_of_them(other, kept)}with other exposures")
    for count, names, what in ((said["news"], said["new"], "new"), (said["goners"], said["gone"], "gone")):
        if count:
            more = " …" if count > len(names) else ""
            parts.append(f"{count} {what} ({', '.join(names)}{more})")
    return f"Against version {said['version']}: {', '.join(parts)}."


def _fields(visits: Iterable[PlanVisit]) -> dict[Key, list[PlanVisit]]:
    """The visits of each field."""
    fields: dict[Key, list[PlanVisit]] = {}
    for one in visits:
        fields.setdefault((one.telescope, one.field), []).append(one)
    return fields


def _start(visits: Iterable[PlanVisit]) -> datetime:
    return min(one.start for one in visits)


def _how(visits: Iterable[PlanVisit]) -> list[tuple[int, str, float]]:
    return sorted((one.turn, one.band, one.exposure) for one in visits)


def _of_them(count: int, kept: int) -> str:
    if kept == 1:
        return ""
    return "all of them " if count == kept else f"{count} of them "


def _shift(least: int, most: int) -> str:
    """By how much times moved, minutes, less than 0 to earlier."""
    if least < 0 < most:
        return f"up to {_long(-least)} earlier or {_long(most)} later"
    low, high = sorted((abs(least), abs(most)))
    span = _long(high) if _long(low) == _long(high) else f"{_long(low)} to {_long(high)}"
    return f"{span} {'later' if most > 0 else 'earlier'}"


def _long(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join(filter(None, (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "")))
