"""Question: what a plan is asked for. A value that goes into a row and back; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

#: where fields come from
SUBJECTS = {
    "grid": "the telescope's own grid, where it has one",
    "free": "fields laid where they cover most",
    "galaxies": "the event's galaxies",
    "candidates": "the event's candidates",
    "targets": "chosen targets",
    "point": "one field centred on the alert",
}
#: how long each exposure is
EXPOSURES = {"fixed": "the same for all", "filter": "one for each filter", "deep": "as deep as the source asks"}


@dataclass(frozen=True)
class Question:
    """What is to be planned. None: as the telescope, or the TOM, has it."""

    telescopes: tuple[str, ...] = ()  #: names
    subjects: tuple[str, ...] = ("grid",)  #: of SUBJECTS, together
    targets: tuple[int, ...] = ()  #: keys of TOM targets, for "targets"
    most: int = 1000  #: fields at most of each telescope
    level: float = 0.99  #: part of what is left that fields are laid on, the best first
    pos_angle: float = 0.0  #: deg, from north through east, of fields that are laid freely
    exposure: str = "fixed"  #: of EXPOSURES
    seconds: float = 60.0
    seconds_by_filter: Mapping[str, float] = field(default_factory=dict)
    filters: tuple[str, ...] = ()  #: one after the other in each visit; empty: the telescope's first
    later: tuple[tuple[str, ...], ...] = ()  #: those of the second visit, of the third and so on, where they are others
    visits: int = 1
    gap_min: float = 30.0  #: minutes between two visits of a field, at least
    gap_max: float | None = None  #: and at most
    start: datetime | None = None  #: None: now
    end: datetime | None = None  #: None: the end of the coming night
    lead: float = (
        0.0  #: s from now in which nothing begins, more than it takes to look at it: the time to stop what sends itself
    )
    budget: float | None = None  #: hours of telescope time, overheads counted, each
    airmass: float | None = None
    moon: bool = True  #: the telescopes' Moon rules hold
    residual: bool = True  #: what others observed counts as seen
    planned: float = 0.5  #: weight of what others only plan, 0..1
    source: Mapping[str, Any] | None = None  #: what is to be detected, as the coverage form says it
    version: int | None = None  #: key of the alert whose map it is; None: the map that stands for the event
    priority: float = 1.0  #: of the event: what its probability is multiplied with
    also: Mapping[str, float] = field(default_factory=dict)  #: {key of a further event: its priority}, planned together
    priorities: Mapping[str, float] = field(
        default_factory=dict
    )  #: {key of a target: its weight}; 1 where none is said
    yields: bool = True  #: other plans keep the time of telescopes that they have
    shared: bool = True  #: sky that several telescopes look at counts once; False: once for each of them
    nodes: int = 2000  #: how far the search goes
    limit: float = 30.0  #: and for how many seconds

    def to_json(self) -> dict[str, Any]:
        """Plain values, the defaults left out."""
        blank = Question()
        said = {name: value for name, value in asdict(self).items() if value != getattr(blank, name)}
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in said.items()}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Question:
        """The question of plain values; what it does not know any more is left out."""
        known = {one.name for one in fields(cls)}
        values = {name: value for name, value in said.items() if name in known}
        for name in ("start", "end"):
            if isinstance(values.get(name), str):
                values[name] = datetime.fromisoformat(values[name])
        for name in ("telescopes", "subjects", "targets", "filters"):
            if name in values:
                values[name] = tuple(values[name])
        if "later" in values:
            values["later"] = tuple(tuple(one) for one in values["later"])
        return cls(**values)

    def but(self, **changes: Any) -> Question:
        """The same, asked otherwise."""
        return replace(self, **changes)

    @property
    def turns(self) -> int:
        """Visits of each field."""
        return max(self.visits, 1 + len(self.later))

    @property
    def weighed(self) -> bool:
        """Whether what comes of it is a sum of weights and no probability: of targets, or of several events by priority."""
        return bool(
            {"candidates", "targets"} & set(self.subjects) or self.also or self.priority != 1 or not self.shared
        )

    @property
    def words(self) -> str:
        """It in one line, for a table."""
        what = " and ".join(SUBJECTS.get(name, name) for name in self.subjects)
        sets = [", ".join(map(self._filter, one)) for one in (self.filters, *self.later) if one]
        filters = f" in {', then '.join(sets)}" if sets else ""
        rest = [f"{self.turns} visits"] if self.turns > 1 else []
        return ", ".join([what, f"{self._long}{filters}".strip(), *rest, *self._limits])

    @property
    def _limits(self) -> list[str]:
        """What it asks otherwise than telescopes have it."""
        found = [f"airmass up to {self.airmass:g}"] if self.airmass is not None else []
        found += ["no Moon rule"] if not self.moon else []
        found += [f"{self.budget:g} h of each telescope"] if self.budget is not None else []
        found += ["whatever others observed"] if not self.residual else []
        return [*found, "the same sky from each telescope"] if not self.shared else found

    @property
    def _long(self) -> str:
        """How long exposures are, where it is not said of each filter."""
        if self.exposure == "deep":
            return EXPOSURES["deep"]
        names = {name for one in (self.filters, *self.later) for name in one}
        each = self.exposure == "filter" and names and names <= set(self.seconds_by_filter)
        return "" if each else f"{self.seconds:g} s"

    def _filter(self, name: str) -> str:
        """A filter, and how long where it is not as long as the others."""
        seconds = self.seconds_by_filter.get(name) if self.exposure == "filter" else None
        return name if seconds is None else f"{name} {seconds:g} s"
