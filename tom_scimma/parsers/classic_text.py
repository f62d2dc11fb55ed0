"""GCN's classic notices as text: `KEY: value` lines, as a dict by lower-case key. Pure.

Format: https://gcn.gsfc.nasa.gov/ (each mission's page shows one). What type of packet a text is, its title and
NOTICE_TYPE say; from there on it is understood as the packet is (voevent/packets.py).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

from ..errors import Unparsable
from ..notice import Cite, Notice, Sky
from . import fields
from .voevent.packets import PACKETS, Kind

_TJD_ZERO = datetime(1968, 5, 24, tzinfo=timezone.utc)
_YEAR = 365.25 * 86400
#: words of TITLE and NOTICE_TYPE -> packet type; the first that fits counts
_TYPES: list[tuple[str, int]] = [
    (r"icecube.*gold", 173), (r"icecube.*bronze", 174), (r"icecube.*cascade", 176), (r"icecube.*ehe", 169), (r"icecube.*hese", 158),
    (r"hawc", 171), (r"nu.?em", 172), (r"gbm.*(test)", 119), (r"gbm.*alert", 110), (r"gbm.*flight", 111), (r"gbm.*ground", 112),
    (r"gbm.*final", 115), (r"gbm.*sub", 131), (r"lat.*offline", 128), (r"lat.*(upd|refined)", 121), (r"lat.*(monitor|trans)", 125),
    (r"bat.*(light|lc)", 63), (r"bat.*quick", 97), (r"bat.*sub", 140), (r"bat.*known", 141), (r"bat.*(pos|alert)", 61),
    (r"xrt.*(nack|not)", 71), (r"xrt.*light", 70), (r"xrt.*spec", 68), (r"xrt.*image", 69), (r"xrt", 67),
    (r"uvot.*(nack|not)", 89), (r"uvot.*(image)", 72), (r"uvot.*(src|source|chart)", 73), (r"uvot", 81), (r"swift.*point", 83),
    (r"spi-?acs", 52), (r"integral.*wakeup", 53), (r"integral.*refined", 54), (r"integral.*offline", 55), (r"integral.*weak", 56),
    (r"konus", 59), (r"maxi.*unknown", 134), (r"maxi.*known", 135), (r"counterpart", 45), (r"calet", 160), (r"moa", 139),
    (r"gecam.*fl", 188), (r"gecam.*g", 189), (r"snews|supernova", 149), (r"sk.?sn|super-?k", 175), (r"ipn", 31), (r"agile", 105),
]  # fmt: skip
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_J2000 = re.compile(r"([+-]?\d+(?:\.\d+)?)d?\s*(?:\{[^}]*\})?\s*\(J2000\)")
_PERCENT = re.compile(r"(\d{2}(?:\.\d+)?)\s*%\s*containment")
_UNITS = {"arcsec": 1 / 3600, "arcmin": 1 / 60, "deg": 1.0}
_NAMES = ("grb", "src", "cntrpart", "event", "trigger", "burst")
_TAKEN = {"title", "notice_date", "notice_type", "comments"}
_DISCARD = ("sun_", "moon_", "gal_coords", "ecl_coords")


def recognises(said: Any) -> bool:
    """True for the lines of a notice by key: a title and a notice's date."""
    return isinstance(said, dict) and {"title", "notice_date"} <= said.keys()


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """The one notice of a text. Raises Unparsable where nothing in it names an event."""
    said = {fields.clean(key).lower(): value if isinstance(value, str) else str(value) for key, value in said.items()}
    kind = _kind(said)
    extra = {key: value for key, value in said.items() if key not in _TAKEN and not key.startswith(_DISCARD)}
    time = _time(said)
    return (
        Notice(
            event=fields.event(_name(said, kind, time)),
            kind=kind.kind,
            alert_type=_alert_type(said, kind),
            role="test" if kind.test or "test" in said.get("notice_type", "").lower() else "observation",
            source=kind.source,
            time=time,
            sent=_sent(said.get("notice_date", "")),
            far_hz=_rate(said.get("far", "")),
            properties=_properties(said),
            sky=_sky(said, kind),
            cites=_cites(said),
            links={key: address for key, value in said.items() if (address := fields.link(value.strip()))},
            text=said.get("comments") or None,
            extra=extra,
        ),
    )


def _kind(said: dict[str, str]) -> Kind:
    words = f"{said.get('title', '')} {said.get('notice_type', '')}".lower()
    if "lvc" in words and "counterpart" not in words:
        return Kind(
            "LVK", "GW", next((t for t in ("preliminary", "initial", "update", "retraction") if t in words), "other")
        )
    for pattern, number in _TYPES:
        if re.search(pattern, words):
            return PACKETS[number]
    return Kind(fields.clean(said.get("title")).removesuffix("NOTICE").strip() or "GCN", "UNK", "other")


def _name(said: dict[str, str], kind: Kind, time: datetime | None) -> str:
    for key in ("trigger_num", "event_trig_num", "grb_trig_num", "trig_num", "superevent"):
        superevent = fields.superevent(said.get(key, "").strip())
        if superevent:
            return superevent
    run, event = _number(said.get("run_num", "")), _number(said.get("event_num", ""))
    if run and event is not None:
        return f"{kind.source} {run:.0f}_{event:.0f}"
    for key in ("trigger_num", "event_trig_num", "grb_trig_num", "trig_num", "trigger_number"):
        number = _number(said.get(key, ""))
        if number and number > 0:
            prefix = "Swift" if kind.source == "COUNTERPART" else kind.prefix or kind.source
            return f"{prefix} {number:.0f}"
    if time is None:
        raise Unparsable("a notice with neither a trigger number nor a time to be named by")
    return f"{kind.source} {time:%Y-%m-%dT%H:%M:%SZ}"


def _alert_type(said: dict[str, str], kind: Kind) -> str:
    words = " ".join((said.get("notice_type", ""), said.get("comments", ""))).lower()
    if "retraction" in words or "not a grb" in words.replace("is not a grb.", "not a grb"):
        return "retraction"
    revision = _number(said.get("revision", ""))
    return "update" if revision and kind.alert_type == "initial" else kind.alert_type


def _number(text: str) -> float | None:
    match = _NUMBER.search(text[:200])
    return fields.number(match[0]) if match else None


def _time(said: dict[str, str]) -> datetime | None:
    """From `20412 TJD; ...` and `20026 SOD {05:33:46.89} UT`, whose braces are finer than the seconds before them."""
    for name in ("grb", "discovery", "event", "trigger", "burst", "obs", "src"):
        day, clock = said.get(f"{name}_date", ""), said.get(f"{name}_time", "")
        tjd = re.search(r"(\d+)\s*TJD", day[:200])
        hands = re.search(r"\{(\d{2}):(\d{2}):(\d{2}(?:\.\d+)?)\}", clock[:200])
        second = re.search(r"(\d+(?:\.\d+)?)\s*SOD", clock[:200])
        if tjd and (hands or second):
            seconds = int(hands[1]) * 3600 + int(hands[2]) * 60 + float(hands[3]) if hands else float(second[1])  # type: ignore[index]
            if int(tjd[1]) < 40_000 and seconds < 86_401:
                return _TJD_ZERO + timedelta(days=int(tjd[1]), seconds=seconds)
    return None


def _sent(text: str) -> datetime | None:
    """`Fri 12 Apr 24 05:34:35 UT`."""
    try:
        return datetime.strptime(" ".join(text.split()[1:5]), "%d %b %y %H:%M:%S").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _rate(text: str) -> float | None:
    value = _number(text)
    if value is None or value < 0:
        return None
    return value / _YEAR if "yr" in text else value if "hz" in text.lower() or "s^-1" in text else None


def _properties(said: dict[str, str]) -> dict[str, Any]:
    pairs = {
        "signalness": "signalness",
        "energy": "energy",
        "rank": "rank",
        "data_signif": "significance",
        "trigger_dur": "duration_s",
    }
    return {ours: number for key, ours in pairs.items() if (number := _number(said.get(key, ""))) is not None}


def _sky(said: dict[str, str], kind: Kind) -> Sky | None:
    for name in _NAMES:
        ra, dec = (_J2000.search(said.get(f"{name}_{axis}", "")[:300]) for axis in ("ra", "dec"))
        if not ra or not dec:
            continue
        where = float(ra[1]) % 360.0, float(dec[1])
        error = said.get(f"{name}_error", "") or said.get("error", "")
        radius = _number(error)
        factor = next((factor for unit, factor in _UNITS.items() if unit in error), None)
        if abs(where[1]) > 90:
            return None
        if not radius or radius <= 0 or factor is None:
            return Sky("point", *where)
        percent = _PERCENT.search(error)
        return Sky(
            "circle",
            *where,
            radius_deg=radius * factor,
            containment=float(percent[1]) / 100 if percent else kind.containment,
        )
    return None


def _cites(said: dict[str, str]) -> tuple[Cite, ...]:
    superevent = fields.superevent(said.get("event_trig_num", "").strip())
    return (Cite(superevent, "followup"),) if superevent else ()
