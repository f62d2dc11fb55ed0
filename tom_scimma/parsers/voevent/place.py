"""When and where a VOEvent says its event was. Pure.

A sentinel is no position: (0, 0) or (-1, -1) without an error, an error of the whole sky, and where a spacecraft looks; nor are
coordinates on the Earth or on the Sun.
A time that cannot be is recovered from the packet's truncated Julian day and seconds of day, where it has them.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

from ... import times
from ...notice import Sky
from .. import fields
from .packet import Packet

#: words of Coords_String that say that C1 and C2 are not where the source is
_NOT_SOURCES = ("pointing", "unavailable", "inappropriate")
_TJD_ZERO = datetime(1968, 5, 24, tzinfo=timezone.utc)  # MJD 40000
_DAY = re.compile(r"(?P<which>\w*?)_?TJD$")
#: seconds that a time scale is ahead of TAI, constant to milliseconds
_AHEAD_OF_TAI = {"TAI": 0.0, "TT": 32.184, "TDB": 32.184, "GPS": -19.0}
#: frames that are not of right ascension and declination: the Earth's, the Sun's disk, and others that are not converted
_OTHER_FRAMES = {"GEOD", "HPC", "HGS", "HGC", "HPR", "HRC", "GALACTIC", "ECLIPTIC", "FK4"}
#: a packet about an event so long before it is a replay; its recovered time is not believed over what is written
_OLDEST = timedelta(days=366)


def when(packet: Packet, extra: dict[str, Any]) -> datetime | None:
    """The event's time in UTC; what was written and is not that stays in `extra`."""
    raw = packet.place.get("ISOTime")
    moment = times.parse(raw) if raw else times.NEVER
    if moment.time is None:
        recovered = _julian(packet, extra)
        if raw:
            extra["ISOTime"] = raw
        if recovered is not None:
            extra["time_recovered_from"] = "TJD and SOD"
        return recovered
    if not moment.exact:
        extra["ISOTime"] = raw
    scale = next((word for word in _system(packet.place) if word in _AHEAD_OF_TAI), None)
    if scale:
        extra["ISOTime"] = f"{raw} {scale}"
        return from_tai(moment.time - timedelta(seconds=_AHEAD_OF_TAI[scale]))
    return moment.time


def from_tai(time: datetime) -> datetime:
    """UTC of a TAI that is written as an aware datetime, by the leap seconds that came with astropy's ERFA."""
    import erfa

    utc = time
    for _ in range(2):  # first the offset of about that day, then of the day itself
        if utc.year >= 1960:
            utc = time - timedelta(seconds=float(erfa.dat(utc.year, utc.month, utc.day, 0.0)))
    return utc


def _julian(packet: Packet, extra: dict[str, Any]) -> datetime | None:
    """The time of `X_TJD` and `X_SOD`, for the first X that has both; none where the packet replays an old trigger."""
    for name, value in packet.params.items():
        match = _DAY.fullmatch(name)
        if not match or name.startswith("Maximum"):
            continue
        day = fields.number(value)
        second = fields.number(packet.params.get(f"{match['which']}_SOD" if match["which"] else "SOD"))
        if day is None or second is None or not 0 < day < 40_000 or not 0 <= second < 86_401:
            continue
        found = _TJD_ZERO + timedelta(days=int(day), seconds=second)
        made = times.parse(packet.date).time if packet.date else None
        if made is not None and abs(made - found) > _OLDEST:
            extra["replayed"] = True
        return found
    return None


def sky(packet: Packet, extra: dict[str, Any], containment: float | None, *, valid: bool = True) -> Sky | None:
    """The source's place; None where there is none, the raw words then in `extra`. No containment without a radius."""
    said = packet.place
    ra, dec, error = (fields.number(said.get(key)) for key in ("C1", "C2", "Error2Radius"))
    if ra is None or dec is None:
        return None
    coords = (packet.get("Coords_String") or "").lower()
    valid = valid and _is_equatorial(said)
    if not valid or any(word in coords for word in _NOT_SOURCES) or not _is_position(ra, dec, error):
        extra["coordinates"] = {key: said[key] for key in ("C1", "C2", "Error2Radius") if key in said}
        if coords:
            extra["Coords_String"] = packet.get("Coords_String")
        return None
    if error is None or error <= 0:
        if error is not None and error < 0:
            extra["Error2Radius"] = said["Error2Radius"]
        return Sky("point", ra % 360.0, dec)
    return Sky("circle", ra % 360.0, dec, radius_deg=error, containment=containment)


def _is_equatorial(said: dict[str, Any]) -> bool:
    """Whether C1 and C2 are right ascension and declination in degrees: the Sun's observers write `UTC-HPC-TOPO` and arcseconds."""
    return _OTHER_FRAMES.isdisjoint(_system(said)) and (said.get("unit") or "deg").lower().startswith("deg")


def _system(said: dict[str, Any]) -> list[str]:
    """The words of `UTC-FK5-GEO`, which some write in another order."""
    return (said.get("system") or "").upper().split("-")


def _is_position(ra: float, dec: float, error: float | None) -> bool:
    if not (0 <= ra <= 360 and -90 <= dec <= 90):
        return False
    return not (ra == dec == 0 and not (error and error > 0)) and (error is None or error < 180)
