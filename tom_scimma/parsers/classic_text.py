"""GCN's classic notices as text: `KEY: value` lines, as a dict by lower-case key. Pure.

Format: https://gcn.gsfc.nasa.gov/ (each mission's page shows one). What type of packet a text is, its title and
NOTICE_TYPE say; from there on it is understood as the packet is (voevent/packets.py).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from ..errors import Unparsable
from ..notice import Cite, Notice, Sky
from . import classic_types, classic_values, fields
from .voevent.gcn import counterpart
from .voevent.packets import CONNECTION, NO_TRIGGER, PACKETS, Kind

_TJD_ZERO = datetime(1968, 5, 24, tzinfo=timezone.utc)
#: a superevent whose letters are not said
_CUT_OFF = re.compile(r"[MT]?S\d{6}|[GTM]\d{5,6}")
_BN = re.compile(r"bn\d{9}")
_SVOM = re.compile(r"\bsb\d{8}\b")
#: `103.7861d {+06h 55m 09s} (J2000),`, which some pass on without the braces
_J2000 = re.compile(r"([+-]?\d+(?:\.\d+)?)(?:d[^\n]{0,40}?|\s*(?:\{[^}]*\})?\s*)\(J2000\)")
_DATE = re.compile(r"(?<!\d)(\d{2}|\d{4})/(\d{2})/(\d{2})(?!\d)")
_CLOCK = re.compile(r"(?<!\d)(\d{2}):(\d{2}):(\d{2}(?:\.\d+)?)")
_PERCENT = re.compile(r"(\d{2}(?:\.\d+)?)\s*%\s*(?:containment|c\.?l|conf)?")
_UNITS = {"arcsec": 1 / 3600, "arcmin": 1 / 60, "deg": 1.0}
_NAMES = (
    "grb",
    "src",
    "cntrpart",
    "event",
    "transient",
    "trans",
    "trigger",
    "burst",
    "lens",
    "source",
    "sxc_cntr",
    "wxm_cntr",
    "grb_rxte",
    "grb_locburst",
)
#: when it happened stands here first, then in any other pair of a day and a time
_TIMES = ("grb", "discovery", "event", "trigger", "trans", "transient", "burst", "detection", "src", "img_start", "obs")
#: what says the error of a place, and with how much in it where the key says so
_ERRORS = {"error": None, "error90": 0.9, "error68": 0.68, "err": None, "error_radius": None}
#: where a trigger's number may stand
_TRIGGERS = (
    *(
        "trigger_num",
        "trigger_number",
        "event_trig_num",
        "grb_trig_num",
        "grb_trigger_num",
        "trig_num",
        "trans_num",
        "event_id_num",
        "src_id_num",
    ),
    *("event_id", "event_num", "burst_id", "superevent", "trigger_ref_num"),
)
#: words of a type that make a test of it; `Injected Preliminary Skymap` is of a signal that somebody put into the data
_TEST = {"test", "injected"}
_TAKEN = {"title", "notice_date", "notice_type", "comments"}
_DISCARD = ("sun_", "moon_", "gal_coords", "ecl_coords")


def recognises(said: Any) -> bool:
    """True for the lines of a notice by key: a title and a notice's date."""
    return isinstance(said, dict) and {"title", "notice_date"} <= said.keys()


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """The one notice of a text; none of a test of the connection. Raises Unparsable where nothing in it names an event."""
    said = {fields.clean(key).lower(): value if isinstance(value, str) else str(value) for key, value in said.items()}
    if classic_types.number(topic, _words(said)) in CONNECTION:
        return ()
    kind = _kind(topic, said)
    extra = {key: value for key, value in said.items() if key not in _TAKEN and not key.startswith(_DISCARD)}
    time = _time(said)
    sent = _sent(said.get("notice_date", ""))
    name = fields.event(_name(said, kind, time or sent))
    return (
        Notice(
            event=name,
            aliases=_aliases(said, name),
            kind=kind.kind,
            alert_type=_alert_type(said, kind),
            role=_role(said, kind, name),
            source=kind.source,
            time=time,
            sent=sent,
            instruments=classic_values.instruments(said, kind),
            far_hz=classic_values.rate(said.get("far", "")) or classic_values.rate(said.get("ann_rate", ""), "yr"),
            classification=classic_values.classes(said, name),
            properties=classic_values.properties(said, name),
            sky=_sky(said, kind),
            distance_mpc=classic_values.distance(said),
            cites=_cites(said),
            links=_links(said),
            text=said.get("comments") or None,
            extra=extra,
        ),
    )


def _words(said: dict[str, str]) -> str:
    """What says its type."""
    return f"{said.get('title', '')} {said.get('notice_type', '')}".lower()


def _kind(topic: str, said: dict[str, str]) -> Kind:
    words = _words(said)
    if "lvc" in words and "counterpart" not in words:
        found = next((kind for word, kind in classic_types.LVC_TYPES.items() if word in words), "other")
        return Kind("LVK", "GW", found)
    number = classic_types.number(topic, words)
    if number not in PACKETS:
        return Kind(fields.clean(said.get("title")).removesuffix("NOTICE").strip() or "GCN", "UNK", "other")
    kind = PACKETS[number]
    if number in (45, 155):
        who = counterpart(kind, said.get("telescope", ""))
        return who._replace(kind="GW") if "lvc" in words else who
    satellite = re.search(r"(?:gecam[- ]?|^ *)([a-d])\b", f"{said.get('mission', '')} {words}".lower())
    return kind._replace(source=f"GECAM-{satellite[1].upper()}") if satellite and kind.source == "GECAM" else kind


def _name(said: dict[str, str], kind: Kind, time: datetime | None) -> str:
    for key in _TRIGGERS:
        superevent = fields.superevent(said.get(key, "").strip())
        if superevent:
            return superevent
        if kind.kind == "GW" and _CUT_OFF.fullmatch(said.get(key, "").strip()):
            return said[key].strip()
    run, event = classic_values.number(said.get("run_num", "")), classic_values.number(said.get("event_num", ""))
    if run and event is not None:
        return f"{kind.source} {run:.0f}_{event:.0f}"
    for key in _TRIGGERS:
        burst = _SVOM.search(said.get(key, ""))
        if burst:
            return burst[0]
        number = classic_values.number(said.get(key, ""))
        if number and number > 0 and int(number) not in NO_TRIGGER:
            return f"{kind.prefix or kind.source} {number:.0f}"
    if time is None:
        raise Unparsable("a notice with neither a trigger number nor a time to be named by")
    return f"{kind.source} {time:%Y-%m-%dT%H:%M:%SZ}"


def _links(said: dict[str, str]) -> dict[str, str]:
    return {key: address for key, value in said.items() if (address := fields.link(value.strip()))}


def _aliases(said: dict[str, str], name: str) -> tuple[str, ...]:
    """A cascade's public name, and the GBM's bn number, which is in the addresses of its files."""
    given = fields.clean(said.get("event_name", ""))[: fields.LONGEST_NAME]
    found = [given, *(number for address in _links(said).values() for number in _BN.findall(address))]
    return tuple(alias for alias in dict.fromkeys(found) if alias and alias != name)


def _role(said: dict[str, str], kind: Kind, name: str) -> str:
    """A test by its type, its own word for it, or the name of a mock superevent."""
    comments = said.get("comments", "").lower()
    words = (
        _TEST & set(said.get("notice_type", "").lower().split())
        or "this is a test" in comments
        or "not a real event" in comments
    )
    if kind.test or words or fields.is_test_superevent(name):
        return "test"
    return "utility" if "point" in said.get("notice_type", "").lower() and kind.kind == "UNK" else "observation"


def _alert_type(said: dict[str, str], kind: Kind) -> str:
    if "retract" in said.get("notice_type", "").lower() or classic_types.takes_back(said.get("comments", "")):
        return "retraction"
    revision = classic_values.number(said.get("revision", ""))
    return "update" if revision and kind.alert_type == "initial" else kind.alert_type


def _time(said: dict[str, str]) -> datetime | None:
    """From `20412 TJD; 103 DOY; 24/04/12` and `20026 SOD {05:33:46.89} UT`, whose braces are finer than the seconds before them."""
    others = [key.removesuffix("_date") for key in said if key.endswith("_date") and not key.startswith("max")]
    for name in (*_TIMES, *others):
        day, clock = said.get(f"{name}_date", ""), said.get(f"{name}_time", "")
        midnight = _midnight(day[:200])
        hands = _CLOCK.search(clock[:200])
        second = re.search(r"(\d+(?:\.\d+)?)\s*SOD", clock[:200])
        if midnight and (hands or second):
            seconds = int(hands[1]) * 3600 + int(hands[2]) * 60 + float(hands[3]) if hands else float(second[1])  # type: ignore[index]
            if seconds < 86_401:
                return midnight + timedelta(seconds=seconds)
    return None


def _midnight(text: str) -> datetime | None:
    """The beginning of a day, by its truncated Julian day, else by its date."""
    tjd, date = re.search(r"(\d+)\s*TJD", text), _DATE.search(text)
    if tjd:
        return _TJD_ZERO + timedelta(days=int(tjd[1])) if int(tjd[1]) < 40_000 else None
    try:
        return (
            datetime.strptime(f"{date[1][-2:]}/{date[2]}/{date[3]}", "%y/%m/%d").replace(tzinfo=timezone.utc)
            if date
            else None
        )
    except ValueError:
        return None


def _sent(text: str) -> datetime | None:
    """`Fri 12 Apr 24 05:34:35 UT`."""
    try:
        return datetime.strptime(" ".join(text.split()[1:5]), "%d %b %y %H:%M:%S").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _sky(said: dict[str, str], kind: Kind) -> Sky | None:
    """The place in the epoch J2000, and the address of a map; LVC has that alone."""
    keys = ("skymap_fits_url", "skymap_url", "healpix_url")
    address = next((link for key in keys if (link := fields.link(said.get(key, "").strip()))), None)
    found = None
    for name in _NAMES:
        ra, dec = (_J2000.search(said.get(f"{name}_{axis}", "")[:300]) for axis in ("ra", "dec"))
        if ra and dec:
            where = classic_values.degrees((ra, dec))
            found = _circle(said, name, where, kind) if where else None
            break
    return replace(found or Sky("healpix"), skymap_url=address) if address else found


def _circle(said: dict[str, str], name: str, where: tuple[float, float], kind: Kind) -> Sky | None:
    error, contains = next(
        ((text, part) for key, part in _ERRORS.items() if (text := said.get(f"{name}_{key}", ""))), ("", None)
    )
    error = error or said.get("error", "") or said.get("error_radius", "")
    half = 1.0
    if not error and name.endswith("_cntr"):  # HETE says the box's diameter
        error, half = said.get(name.replace("cntr", "max_size"), ""), 0.5
    radius = classic_values.number(error)
    factor = next((factor * half for unit, factor in _UNITS.items() if unit in error), None)
    if abs(where[1]) > 90 or (where == (0.0, 0.0) and not radius) or (radius and factor and radius * factor >= 180):
        return None
    if not radius or radius <= 0 or factor is None:
        return Sky("point", *where)
    percent = _PERCENT.search(error)
    containment = float(percent[1]) / 100 if percent else contains or kind.containment
    return Sky("circle", *where, radius_deg=radius * factor, containment=containment)


def _cites(said: dict[str, str]) -> tuple[Cite, ...]:
    superevent = fields.superevent(said.get("event_trig_num", "").strip())
    return (Cite(superevent, "followup"),) if superevent else ()
