"""Pointing: one look at one place, planned, completed or cancelled, by whichever team. The normal form; pure, no Django."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

STATUSES = ("planned", "completed", "cancelled")


@dataclass(frozen=True)
class Pointing:
    """Who looks, or looked, where, when and how deep. None means that nobody said."""

    key: str  #: identity: "treasuremap:1234", "obstap:...", "observation:17"
    event: str  #: the event's name here
    team: str
    telescope: str
    instrument_id: int | None  #: Treasure Map's
    ra: float  #: deg, 0..360
    dec: float  #: deg
    pos_angle: float | None  #: deg, as Treasure Map has it; see docs/skymaps.md for which way it turns
    time: datetime | None  #: UTC
    status: str  #: one of STATUSES
    band: str | None
    central_wave: float | None  #: Angstrom
    bandwidth: float | None  #: Angstrom
    depth: float | None
    depth_unit: str | None  #: ab_mag, vega_mag, flux_erg, flux_jy
    source: str  #: treasuremap, file, obstap, own
    source_id: str
    footprint: tuple[tuple[tuple[float, float], ...], ...] = ()  #: rings of (ra, dec) deg on the sky; () when unknown
    depth_err: float | None = None
    doi: str | None = None
    submitter: str | None = None
