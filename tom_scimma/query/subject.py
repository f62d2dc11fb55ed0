"""What a query sees of one event, in memory. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: names of the language that are columns of an event, or values folded from its alerts
COLUMNS = {
    "kind": "kind", "role": "role", "state": "state", "source": "source", "time": "time", "days": "time",
    "far": "far_hz", "area_50": "area_50", "area_90": "area_90", "distance": "distance_mpc", "distance_sd": "distance_sd_mpc",
    "ra": "ra", "dec": "dec", "radius": "radius_deg",
}  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """One event as one audience sees it."""

    values: Mapping[str, Any]  #: by the names of the language
    names: tuple[str, ...]  #: its own and those others that the audience may know
    classification: Mapping[str, Any]
    properties: Mapping[str, Any]
    annotations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    candidates: int = 0

    def key(self, name: str, keys: tuple[str, ...]) -> Any:
        """The value of a key, or None."""
        found = getattr(self, name)
        for key in keys:
            if not isinstance(found, Mapping):
                return None
            found = found.get(key)
        return found


def values_of(event: Any, sent: Any) -> dict[str, Any]:
    """The columns of an Event, or of fold.Values, by the names of the language."""
    columns = {name: getattr(event, column) for name, column in COLUMNS.items()}
    keys = {"classification": dict(event.classification), "properties": dict(event.properties)}
    return {**columns, **keys, "sent": sent}
