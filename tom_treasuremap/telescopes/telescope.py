"""What is known of a telescope: where it stands, what it sees, where it can point and how long things take. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Site:
    """A place on Earth. A telescope in space has none."""

    latitude: float  #: deg, geodetic, north positive
    longitude: float  #: deg, east positive
    height: float  #: m above the ellipsoid
    timezone: str = "UTC"
    mpc: str = ""  #: observatory code
    name: str = ""


@dataclass(frozen=True)
class Limits:
    """Where it can point. None: no such limit."""

    min_altitude: float = 0.0  #: deg
    max_altitude: float | None = None  #: deg; the zenith hole of an alt-az mount begins there
    max_hour_angle: float | None = None  #: h, either way
    min_dec: float | None = None  #: deg
    max_dec: float | None = None  #: deg
    horizon: tuple[tuple[float, float], ...] = ()  #: (azimuth, altitude) deg, azimuth ascending from north through east


@dataclass(frozen=True)
class MoonRule:
    """How near the Moon it may look while the Moon is up: `separation` with a full Moon, less in proportion to what is lit."""

    separation: float = 0.0  #: deg, at full Moon
    least: float = 0.0  #: deg, whatever the Moon's phase
    max_illumination: float = 1.0  #: above this it does not observe at all while the Moon is up


@dataclass(frozen=True)
class Filter:
    """A filter and how deep it goes."""

    name: str  #: as the telescope calls it
    band: str | None  #: as the Treasure Map calls it
    central_wave: float | None = None  #: Angstrom
    width: float | None = None  #: Angstrom
    #: (seconds, AB magnitude at 5 sigma) of single exposures under a dark sky at airmass 1, seconds ascending
    depths: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Axis:
    """How an axis moves."""

    speed: float  #: deg/s
    acceleration: float  #: deg/s2; infinite where it is not known


@dataclass(frozen=True)
class Slew:
    """How it gets from here to there: the slower of two axes, then `settle`."""

    axes: tuple[Axis, Axis]  #: hour angle and declination, or azimuth and altitude
    altaz: bool = False
    settle: float = 0.0  #: s


@dataclass(frozen=True)
class Telescope:
    """One telescope with one camera."""

    name: str  #: ours, a slug: "lco-1m0-coj"
    label: str  #: for people
    site: Site | None  #: None: in space
    rings: tuple[Ring, ...]  #: corners of its CCDs, deg east and north of where it points, at angle 0
    filters: Mapping[str, Filter]
    limits: Limits = Limits()
    moon: MoonRule = MoonRule()
    twilight: float = -18.0  #: deg, altitude of the Sun below which it observes
    readout: float = 0.0  #: s
    filter_change: float = 0.0  #: s
    slew: Slew | None = None
    grid: str = ""  #: name of its field grid (see `tiling.py`); empty: it points anywhere
    instrument_id: int | None = None  #: the Treasure Map's
    aperture: float | None = None  #: m
    transport: str = "download"  #: by which its requests go, see `transports/`
    options: Mapping[str, Any] = field(default_factory=dict)  #: of that transport
    sources: Mapping[str, str] = field(default_factory=dict)  #: where each figure is from
    reports_only: bool = False  #: nobody here asks it for anything; it is known for what it observed
