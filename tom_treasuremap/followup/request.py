"""Request: one observation that a telescope is asked for. State: what became of it. Pure values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

#: of an ObservationRecord, as the host's pages know them
STATES = ("PENDING", "SCHEDULED", "IN_PROGRESS", "COMPLETED", "FAILED", "WINDOW_EXPIRED", "CANCELED")
TERMINAL = ("COMPLETED", "FAILED", "WINDOW_EXPIRED", "CANCELED")
FAILED = ("FAILED", "WINDOW_EXPIRED", "CANCELED")


@dataclass(frozen=True)
class Exposure:
    """So many exposures with one filter."""

    filter: str  #: the telescope's name of it
    seconds: float
    count: int = 1


@dataclass(frozen=True)
class Request:
    """One observation of one place by one telescope."""

    id: str  #: ours, prefixed, unique; follows from content and from who asked, so that a double click is the same
    telescope: str  #: name
    name: str  #: for people, no newline
    target: str  #: name of the target or field
    ra: float  #: deg, ICRS
    dec: float  #: deg
    exposures: tuple[Exposure, ...]
    start: datetime  #: UTC, not before
    end: datetime  #: UTC, not after
    kind: str = "imaging"  #: imaging, time_critical, cadence, spectrum
    pos_angle: float = 0.0  #: deg, from north through east
    priority: float = 1.0  #: higher first
    fixed: bool = False  #: to begin at `start`, as in a plan, and not whenever it suits
    event: str = ""  #: name of the event it follows
    by: str = ""  #: username
    extra: dict[str, Any] = field(default_factory=dict)  #: max_airmass, min_moon_separation, slit width ...


@dataclass(frozen=True)
class State:
    """What a telescope says of a request."""

    state: str  #: one of STATES
    start: datetime | None = None  #: scheduled, or begun
    end: datetime | None = None
    message: str = ""  #: why it failed, which weather
    url: str = ""
    products: tuple[dict[str, Any], ...] = ()  #: {"id", "filename", "created", "url"}
    observed: tuple[
        dict[str, Any], ...
    ] = ()  #: {"start", "end", "filter", "seconds", "depth", "ra", "dec", "pos_angle"} as it was done; of a spectrum "slit"
