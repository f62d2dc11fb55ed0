"""Alert packets of optical surveys: ZTF's and Rubin's, from Avro or as JSON, and those of both that the broker BOOM passed on.

Pure. Images stay in the message. Schemas: https://github.com/ZwickyTransientFacility/ztf-avro-alert,
https://github.com/lsst/alert_packet and https://github.com/boom-astro/boom. ZTF's times are UTC
Julian dates, Rubin's are TAI. Numbers of alerts pass 2**53: they are names here, never floats.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from ..errors import Unparsable
from ..notice import Notice, Sky
from . import fields
from .voevent.place import from_tai

_MJD_ZERO = datetime(1858, 11, 17, tzinfo=timezone.utc)
_JD_ZERO = 2400000.5
_DAYS = (40_000, 90_000)  #: MJD of 1968 to 2105: what lies outside is a sentinel
_FILTERS = {1: "g", 2: "r", 3: "i"}
_IMAGES = ("cutout", "prv", "fp_hists", "Cutout")
_ZTF_PROPERTIES = (
    "magpsf",
    "sigmapsf",
    "diffmaglim",
    "rb",
    "drb",
    "ssdistnr",
    "distnr",
    "sgscore1",
    "distpsnr1",
    "ndethist",
)
_RUBIN_PROPERTIES = (
    "psfFlux",
    "psfFluxErr",
    "apFlux",
    "snr",
    "reliability",
    "extendedness",
    "isNegative",
    "is_negative",
    "psFlux",
)


#: what BOOM calls a survey -> what we do, and what stands before the object's number
_BOOM = {"ZTF": ("ZTF", ""), "LSST": ("Rubin", "Rubin ")}
_BOOM_KEYS = {"objectId", "candid", "jd", "survey"}


def recognises(said: Any) -> bool:
    """True for a record with a ZTF `candidate` or a Rubin `diaSource`, and for BOOM's of a survey that is known."""
    if not isinstance(said, dict):
        return False
    if _is_boom(said):
        return True
    ztf = isinstance(said.get("candidate"), dict) and "jd" in said["candidate"]
    return ztf or isinstance(said.get("diaSource"), dict)


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """The one notice of a packet. Raises Unparsable where it names neither object nor detection."""
    if _is_boom(said):
        return (_boom(said),)
    return (_rubin(said) if isinstance(said.get("diaSource"), dict) else _ztf(said),)


def _is_boom(said: dict[str, Any]) -> bool:
    return said.keys() >= _BOOM_KEYS and isinstance(said["survey"], str) and said["survey"] in _BOOM


def _boom(said: dict[str, Any]) -> Notice:
    """A detection that passed somebody's filter at BOOM, which leaves the survey's own time scale."""
    source, before = _BOOM[said["survey"]]
    name = fields.clean(said.get("objectId"))
    jd = fields.number(said.get("jd"))
    time = None if jd is None else _day(jd - _JD_ZERO)
    taken = {"objectId", "candid", "jd", "ra", "dec"}
    return Notice(
        event=fields.event(name and before + name),
        kind="OT",
        alert_type="initial",
        source=source,
        id=_number(said.get("candid")),
        time=from_tai(time) if time is not None and source == "Rubin" else time,
        instruments=("ZTF",) if source == "ZTF" else ("LSSTCam",),
        sky=_sky(said.get("ra"), said.get("dec"), None),
        extra={key: fields.jsonable(value) for key, value in said.items() if key not in taken},
    )


def _ztf(said: dict[str, Any]) -> Notice:
    seen = said["candidate"]
    name = fields.clean(said.get("objectId")) or _number(said.get("candid") or said.get("alertId"))
    if not name:
        raise Unparsable("a ZTF packet with neither objectId nor candid")
    found = _kept(seen, _ZTF_PROPERTIES)
    if seen.get("fid") in _FILTERS:
        found["band"] = _FILTERS[seen["fid"]]
    if str(seen.get("isdiffpos")).lower() in ("t", "1", "f", "0"):
        found["isdiffpos"] = str(seen["isdiffpos"]).lower() in ("t", "1")
    jd = fields.number(seen.get("jd"))
    return Notice(
        event=fields.event(name if said.get("objectId") else f"ZTF {name}"),
        kind="OT",
        alert_type="initial",
        source="ZTF",
        id=_number(said.get("candid")),
        time=None if jd is None else _day(jd - _JD_ZERO),
        instruments=("ZTF",),
        properties=found,
        sky=_sky(seen.get("ra"), seen.get("dec"), None),
        extra=_rest(said, "candidate", seen, {*_ZTF_PROPERTIES, "fid", "ra", "dec", "jd", "isdiffpos"}),
    )


def _rubin(said: dict[str, Any]) -> Notice:
    seen = said["diaSource"]
    about = next((item for key in ("diaObject", "ssObject", "ssSource") if isinstance(item := said.get(key), dict)), {})
    number = _number(seen.get("diaObjectId")) or _number(about.get("diaObjectId"))
    solar = None if number else _number(seen.get("ssObjectId"))
    detection = _number(said.get("diaSourceId") or seen.get("diaSourceId") or said.get("alertId"))
    if not (number or solar or detection):
        raise Unparsable("a Rubin packet with neither diaObjectId nor diaSourceId")
    name = f"Rubin {number}" if number else f"Rubin SSO {solar}" if solar else f"Rubin {detection}"
    found = _kept(seen, _RUBIN_PROPERTIES)
    band = fields.clean(seen.get("band") or seen.get("filterName"))
    if band:
        found["band"] = band
    tai = next(
        (day for key in ("midpointMjdTai", "midPointTai") if (day := fields.number(seen.get(key))) is not None), None
    )
    time = None if tai is None else _day(tai)
    errors = [error for key in ("raErr", "decErr") if (error := fields.number(seen.get(key))) and error > 0]
    dec = seen.get("dec") if seen.get("dec") is not None else seen.get("decl")
    return Notice(
        event=fields.event(name),
        kind="OT",
        alert_type="initial",
        source="Rubin",
        id=detection,
        time=None if time is None else from_tai(time),
        instruments=("LSSTCam",),
        properties=found,
        sky=_sky(seen.get("ra"), dec, max(errors, default=None)),
        extra=_rest(said, "diaSource", seen, {*_RUBIN_PROPERTIES, "ra", "dec", "decl", "band", "filterName"}),
    )


def _number(raw: Any) -> str | None:
    """An id as its digits; 0 and what is none are None."""
    if isinstance(raw, bool) or not isinstance(raw, (int, str)):
        return None
    return fields.clean(raw) if str(raw).strip("0") else None


def _day(mjd: float) -> datetime | None:
    return _MJD_ZERO + timedelta(days=mjd) if _DAYS[0] < mjd < _DAYS[1] else None


def _sky(ra: Any, dec: Any, error: float | None) -> Sky | None:
    ra, dec = fields.number(ra), fields.number(dec)
    if ra is None or dec is None or not (0 <= ra <= 360 and -90 <= dec <= 90):
        return None
    if error is None:
        return Sky("point", ra % 360.0, dec)
    return Sky(
        "circle", ra % 360.0, dec, radius_deg=error, containment=0.39
    )  # one sigma of each axis, in two dimensions


def _kept(seen: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The values under these names; -999 is ZTF's word for none."""
    return {name: seen[name] for name in names if fields.is_scalar(seen.get(name)) and seen[name] != -999}


def _rest(said: dict[str, Any], inner: str, seen: dict[str, Any], taken: set[str]) -> dict[str, Any]:
    """What is left of a packet without its images and history, which stay in the message; names of 64 bits as text."""
    left = {key: fields.jsonable(value) for key, value in said.items() if key != inner and not key.startswith(_IMAGES)}
    left[inner] = {key: fields.jsonable(value) for key, value in seen.items() if key not in taken and value is not None}
    return {key: value for key, value in left.items() if value not in (None, {}, [])}
