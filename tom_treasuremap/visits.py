"""What a plan is made of: fields, visits, and the plan itself with what proves it. Pure values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Field:
    """A place that a telescope may look at, and what that is worth."""

    name: str  #: "ztf-605", "NGC 4993"
    ra: float  #: deg, 0..360
    dec: float  #: deg
    pos_angle: float = 0.0  #: deg, from north through east
    weight: float = 0.0  #: what it is worth by itself: probability inside, or a target's weight
    #: {piece of the sky: probability left there}; what two fields share counts once. Empty: `weight` counts as it is
    pieces: Mapping[int, float] = field(default_factory=dict)
    telescope: str = ""  #: whose field it is; empty: anybody's
    target: int | None = None  #: pk of a TOM target
    seconds: float | None = None  #: of each of its exposures, where it is to have its own
    event: int | None = None  #: pk of the event that most of its worth is of


@dataclass(frozen=True)
class Visit:
    """One exposure of one field by one telescope."""

    telescope: str
    field: str
    start: datetime  #: UTC, the shutter opens
    end: datetime  #: UTC, the shutter closes; readout and the way to the next come after it
    band: str  #: the telescope's name of the filter
    exposure: float  #: s
    ra: float  #: deg
    dec: float  #: deg
    pos_angle: float = 0.0  #: deg, from north through east
    turn: int = 1  #: which visit of its field


@dataclass(frozen=True)
class Plan:
    """Visits in order of time, what they are worth, and what no plan can exceed."""

    visits: tuple[Visit, ...]
    value: float  #: union probability (times detection where asked), or summed weight of targets
    bound: float  #: same unit; no plan of the same problem is worth more
    reasons: Mapping[str, str] = field(default_factory=dict)  #: of each field, by its `keys`, why it is in or out
    stopped: str = ""  #: what ended the search: "optimal", "nodes", "time", "asked", "greedy"
    how: Mapping[str, Any] = field(default_factory=dict)  #: nodes, seconds, versions, seed

    @property
    def gap(self) -> float:
        """How far from the bound it may be: 0 where it is proved best."""
        return max(0.0, self.bound - self.value) / self.bound if self.bound > 0 else 0.0


def keys(fields: Iterable[Field]) -> list[str]:
    """What each of these is called among them: its name, with its telescope's where several have a field of that name."""
    some = list(fields)
    count = Counter(one.name for one in some)
    return [one.name if count[one.name] == 1 else f"{one.name} ({one.telescope or 'any'})" for one in some]
