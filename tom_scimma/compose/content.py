"""What a person chose to share, as plain values: the shape that every sink of the composer reads. Pure, no Django.

The composer gathers it with the rights of the person who shares; a Destination's `needs` and `preview` see nothing else.
Angles are degrees (ICRS), times aware datetimes. None means that the TOM does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Body:
    """A target of the TOM."""

    pk: int
    name: str
    aliases: tuple[str, ...] = ()
    sidereal: bool = True
    ra: float | None = None  #: deg
    dec: float | None = None  #: deg
    epoch: float | None = None  #: years, of the position
    pm_ra: float | None = None  #: mas/yr, times cos dec
    pm_dec: float | None = None  #: mas/yr
    parallax: float | None = None  #: mas
    distance: float | None = None  #: pc, as TOM Toolkit keeps it
    distance_error: float | None = None  #: pc
    elements: Mapping[str, float | str] = field(default_factory=dict)  #: by TOM Toolkit's field names
    extras: Mapping[str, Any] = field(default_factory=dict)  #: TargetExtra by key (redshift, host, ...)


@dataclass(frozen=True)
class Photometry:
    """One measured brightness or upper limit."""

    pk: int
    target: str  #: Body.name
    time: datetime
    brightness: float | None = None
    error: float | None = None
    limit: float | None = None
    unit: str = ""
    bandpass: str = ""
    exposure: float | None = None  #: s
    telescope: str = ""
    instrument: str = ""
    source: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)  #: ReducedDatum.value


@dataclass(frozen=True)
class Spectrum:
    """One spectrum, with its data."""

    pk: int
    target: str
    time: datetime
    wavelength: tuple[float, ...] = ()
    flux: tuple[float, ...] = ()
    error: tuple[float, ...] = ()
    wavelength_unit: str = ""
    flux_unit: str = ""
    setup: str = ""
    exposure: float | None = None  #: s
    telescope: str = ""
    instrument: str = ""
    source: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Position:
    """One measured position."""

    pk: int
    target: str
    time: datetime
    ra: float | None = None
    dec: float | None = None
    ra_error: float | None = None  #: as the datum says, with `error_unit`
    dec_error: float | None = None
    error_unit: str = ""
    telescope: str = ""
    instrument: str = ""
    source: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Observation:
    """One ObservationRecord."""

    pk: int
    target: str
    facility: str
    observation_id: str
    status: str
    start: datetime | None = None  #: scheduled
    end: datetime | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Counterpart:
    """A candidate of the event."""

    target: str
    status: str
    reason: str = ""
    level: float | None = None  #: credible level of its place in the newest map, 0..1
    pk: int = 0


@dataclass(frozen=True)
class File:
    """A data product that may go along; its bytes are read only when it leaves, and only if they are still the same."""

    pk: int
    name: str
    size: int  #: -1: its file is gone
    sha256: str
    target: str = ""  #: Body.name


@dataclass(frozen=True)
class Happening:
    """The event it is about."""

    name: str
    kind: str
    aliases: tuple[str, ...] = ()
    role: str = "observation"
    state: str = "active"
    time: datetime | None = None
    source: str = ""
    circulars: tuple[int, ...] = ()  #: numbers of GCN circulars about it
    archived: tuple[
        Mapping[str, str], ...
    ] = ()  #: its messages in the archive, in HERMES's form of a reference, newest first


@dataclass(frozen=True)
class Person:
    """Who shares."""

    username: str
    name: str = ""
    email: str = ""
    affiliation: str = ""


@dataclass(frozen=True)
class Content:
    """Everything chosen, in the order chosen; rows name their target by Body.name."""

    by: Person
    event: Happening | None = None
    targets: tuple[Body, ...] = ()
    photometry: tuple[Photometry, ...] = ()
    spectra: tuple[Spectrum, ...] = ()
    astrometry: tuple[Position, ...] = ()
    observations: tuple[Observation, ...] = ()
    candidates: tuple[Counterpart, ...] = ()
    files: tuple[File, ...] = ()
    references: tuple[Mapping[str, str], ...] = ()  #: HERMES form: source and citation, or url
