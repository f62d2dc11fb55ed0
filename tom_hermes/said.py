"""What a HERMES message says, as plain rows: `read` in reading.py makes them, receiving them needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TARGETS, PHOTOMETRY, ASTROMETRY, SPECTROSCOPY = "targets", "photometry", "astrometry", "spectroscopy"
DATA = (PHOTOMETRY, ASTROMETRY, SPECTROSCOPY)


@dataclass(frozen=True)
class SaidTarget:
    """One target as a message describes it. Angles in degrees; distances in pc; proper motions in mas/yr as HERMES has them."""

    index: int
    name: str
    ra: float | None = None
    dec: float | None = None
    aliases: tuple[str, ...] = ()
    #: further columns of the host's Target: pm_ra, pm_dec, epoch, distance, distance_err, orbital elements
    columns: dict[str, Any] = field(default_factory=dict)
    #: what the host keeps as extras of a target: redshift, host_name, ...
    extras: dict[str, str] = field(default_factory=dict)
    moving: bool = False  #: has orbital elements

    @property
    def names(self) -> tuple[str, ...]:
        """All names it has, its own first."""
        return tuple(dict.fromkeys((self.name, *self.aliases)))


@dataclass(frozen=True)
class SaidDatum:
    """One row of data: `values` are the columns of the host's typed datum of that section, `extra` the rest as sent."""

    section: str
    index: int
    target: str  #: the name it is said of
    time: datetime
    values: dict[str, Any]
    extra: dict[str, Any] = field(default_factory=dict)
    row: Any = field(default=None, repr=False, compare=False)  #: as it was sent


@dataclass(frozen=True)
class Unread:
    """A row, or a whole section, that cannot be used as it stands: why, and as it was sent."""

    section: str
    index: int
    reason: str  #: one of REASONS
    words: str
    target: str = ""
    row: Any = None


#: why something is not (yet) data of this TOM
REASONS = {
    "target": "no such target",
    "clash": "the name is another target's",
    "audience": "more people see the target",
    "place": "no usable position",
    "filter": "no filter",
    "unit": "unit not known",
    "date": "date not readable",
    "value": "value not usable",
    "file": "in a file",
    "row": "not a row",
    "test": "not taken in",
}


@dataclass(frozen=True)
class Said:
    """A whole message."""

    title: str = ""
    submitter: str = ""
    authors: str = ""
    text: str = ""
    event: str = ""
    targets: tuple[SaidTarget, ...] = ()
    data: tuple[SaidDatum, ...] = ()
    unread: tuple[Unread, ...] = ()
    #: what stands directly under `data` and is no section: senders' own keys, our mark among them
    others: dict[str, Any] = field(default_factory=dict)

    def target(self, name: str) -> SaidTarget | None:
        """The target of that name."""
        return next((target for target in self.targets if target.name == name), None)
