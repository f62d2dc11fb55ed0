"""`ivo://nasa.gsfc.gcn/...`: GCN's classic notices as VOEvents, every mission. What differs is in packets.py. Pure.

Formats: https://gcn.gsfc.nasa.gov/voevent.html and the missions' pages.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from ...notice import Notice, Sky
from .. import angles, fields
from . import common, place
from .packet import Packet
from .packets import CONNECTION, EXPERIMENTS, GBM_CLASSES, PACKETS, STREAMS, Kind

#: flags by which a notice takes back what it or an earlier one said
_RETRACTING = (
    "Def_NOT_a_GRB", "Definite_NOT_GRB", "Definite_NOT_a_GRB", "Retraction", "RetractFlag", "Retract_Flag", "retraction",
)  # fmt: skip
_TESTS = ("Test", "Test_Submission", "Test_Notice", "InternalTest", "Test_Event")
_TRIGGERS = ("TrigID", "Trigger_Number", "TRIGGER_NUM", "Trans_Num", "Event_ID")
#: what says how strong or how sure, kept under the sender's names
_PROPERTIES = (
    "Burst_Signif", "Trans_Signif", "Rate_Signif", "Image_Signif", "Trigger_Signif", "Inten_Sigma", "TRIGGER_SIGNIF", "signalness",
    "Long_short", "Reliability", "Spectral_class", "Duration_class", "energy", "SRC_CLASS", "delta_T", "deltaT", "Pvalue", "pvalue",
    "grb_signif", "peak_signif", "StarTrack_Lost_Lock", "GRB_Identified", "isRealAlert", "N_Hits",
    "N_Events", "SubType", "Source_Name", "Sigma",
)  # fmt: skip
_DURATIONS = ("Trans_Duration", "BURST_DUR", "Burst_Dur", "duration", "Duration")
#: a radius said beside that of the position, with what it contains
_ERROR = re.compile(r"src_err(?:or)?_?(\d\d)", re.IGNORECASE)
_GRB = re.compile(r"GRB \d{6}[A-Z]?")
_BN = re.compile(r"bn\d{9}")
_WORDS = re.compile(r"[#/_]")


def recognises(packet: Packet) -> bool:
    """True for packets of GCN's classic stream, LVC's apart."""
    return packet.stream.startswith("nasa.gsfc.gcn") and "LVC" not in packet.ivorn


def parse(packet: Packet) -> tuple[Notice, ...]:
    """The one notice of a packet; none of a sign of life, or where it ends a connection."""
    if fields.number(packet.params.get("Packet_Type")) in CONNECTION:
        return ()
    extra: dict[str, Any] = {}
    kind = _kind(packet)
    time = place.when(packet, extra)
    name, aliases = _named(packet, kind, time)
    taken = common.properties(packet, _PROPERTIES, _DURATIONS)
    links = common.links(packet)
    aliases += [name for name in packet.why.get("names", ()) if _GRB.fullmatch(name)]
    aliases += [found for link in links.values() for found in _BN.findall(link)]
    return (
        Notice(
            event=fields.event(name),
            aliases=tuple(alias for alias in dict.fromkeys(aliases) if alias != name),
            kind=kind.kind,
            alert_type=_alert_type(packet, kind),
            role="test" if kind.test or packet.flag(*_TESTS) else common.role(packet),
            source=kind.source,
            id=packet.ivorn,
            time=time,
            sent=common.sent(packet, extra),
            instruments=_instruments(packet, kind),
            far_hz=common.far(packet, extra),
            classification=_classes(packet),
            properties=taken,
            sky=_sky(packet, kind, extra),
            distance_mpc=_distance(packet),
            cites=common.cites(packet),
            links=links,
            text=common.text(packet),
            extra={**common.rest(packet, taken), **extra},
        ),
    )


def _kind(packet: Packet) -> Kind:
    """What the packet's type says; one that is not known, or that another stream uses otherwise, goes by the ivorn."""
    number = fields.number(packet.params.get("Packet_Type"))
    words = _WORDS.split(packet.ivorn.partition("nasa.gsfc.gcn/")[2].lower())
    stream = STREAMS.get("_".join(words[:2])) or STREAMS.get(words[0])
    found = PACKETS.get(int(number)) if number is not None else None
    if found is None:
        found = stream or Kind(packet.author or "GCN", "UNK", "other")
    if found.source == "GECAM" and packet.get("MISSION"):
        found = found._replace(source=f"GECAM-{packet.get('MISSION')}")
    if found.source == "COUNTERPART":
        return counterpart(found, packet.get("Telescope") or "")
    return found


def _named(packet: Packet, kind: Kind, time: datetime | None) -> tuple[str, list[str]]:
    """The event's name by the naming rule, and aliases the packet gives."""
    given = [name for name in (packet.get("event_name"), packet.get("Event_Name")) if name and name != "(null)"]
    run, event = (fields.number(packet.get(*keys)) for keys in (("run_id", "Run_ID"), ("event_id", "Event_ID")))
    if run and event is not None:
        return f"{kind.source} {run:.0f}_{event:.0f}", given
    superevent = fields.superevent(packet.get("TrigID", "Event_TrigID") or "")
    trigger = _trigger(packet, kind)
    if superevent or trigger:
        return superevent or f"{kind.prefix or kind.source} {trigger}", given
    if given:
        return given[0], given
    return common.by_time(kind.source, time, packet), given


def _instruments(packet: Packet, kind: Kind) -> tuple[str, ...]:
    """The experiments that SNEWS flags as participating; else the instrument in the source's name."""
    if kind.source != "SNEWS":
        return common.instruments(kind.source)
    return tuple(name for letter, name in EXPERIMENTS.items() if packet.flag(f"Detector_{letter}_Participate"))


def _trigger(packet: Packet, kind: Kind) -> str | None:
    """The trigger's number, without the zeros before it."""
    found = common.trigger(packet, _TRIGGERS)
    if found is None or not found.isdecimal():
        return found
    if kind.source == "MAXI":
        return _unscrambled(found, packet.local)
    # the high half of theirs counts the notices of the trigger
    number = int(found) & 0xFFFF if kind.source.startswith(("INTEGRAL", "HETE")) else int(found)
    return str(number) if number else None


def _unscrambled(found: str, local: str) -> str:
    """MAXI's number: until 2019 the Param had its first digit behind the fifth, while the ivorn and the mails had it right."""
    said = next((word for word in re.findall(r"_(\d{10})-", local)), "")
    return said if said and found == said[1:5] + said[0] + said[5:] else str(int(found))


def counterpart(kind: Kind, telescope: str) -> Kind:
    """Who followed up, as it calls itself (`Swift-XRT`); the trigger it names is that of whom it followed."""
    name = fields.clean(telescope)[:60]
    mission, _, instrument = name.partition("-")
    if mission.lower() == "swift":
        return kind._replace(source=f"Swift {instrument}".strip(), prefix="Swift")
    return kind._replace(source=name or kind.source, prefix="GCN trigger")


def _alert_type(packet: Packet, kind: Kind) -> str:
    if packet.flag(*_RETRACTING) or any(relation == "retraction" for relation, _ in packet.cites):
        return "retraction"
    revision = fields.number(packet.get("Rev", "revision"))
    if revision and kind.alert_type == "initial":
        return "update"
    return kind.alert_type


def _sky(packet: Packet, kind: Kind, extra: dict[str, Any]) -> Sky | None:
    """The source's place. Not every packet that names a place means one: CALET's is where it looks."""
    found = place.sky(packet, extra, kind.containment, valid=kind.source != "CALET" and not _points(kind))
    if found is not None and found.radius_deg and (said := _contained(packet, found.radius_deg)):
        found = replace(found, containment=said)
    radius = fields.number(packet.get("Src_Error90"))
    if found is not None and found.radius_deg is None and radius and radius > 0:  # Super-K says it apart
        found = Sky("circle", found.ra_deg, found.dec_deg, radius_deg=radius, containment=0.9)
    map_url = fields.link(packet.get("skymap_fits", "HealPix_URL") or "")
    if map_url is None:
        return found
    return replace(found or Sky("healpix"), skymap_url=map_url)


def _points(kind: Kind) -> bool:
    """True for where a spacecraft looks or turns to, which speaks of no source."""
    return kind.source in ("Swift", "Fermi", "INTEGRAL") and (kind.kind, kind.alert_type) == ("UNK", "other")


def _contained(packet: Packet, radius: float) -> float | None:
    """The containment of the Param that says the same radius: `src_err_50` in arcminutes, `src_error_90` in degrees."""
    for name, value in packet.params.items():
        match = _ERROR.fullmatch(name)
        size = angles.size(value.strip(), packet.units.get(name) or "deg") if match else None
        if match and size and abs(size - radius) < 2e-4:  # GCN cuts its digits off
            return float(match[1]) / 100
    return None


def _classes(packet: Packet) -> dict[str, float]:
    """GBM's most likely classes; percent as a probability."""
    found = {}
    for index, chance in (("Most_Likely_Index", "Most_Likely_Prob"), ("Sec_Most_Likely_Index", "Sec_Most_Likely_Prob")):
        number, percent = fields.number(packet.get(index)), fields.number(packet.get(chance))
        if number is None or percent is None or not 0 <= int(number) < len(GBM_CLASSES) or percent <= 0:
            continue
        found[GBM_CLASSES[int(number)] or f"class {int(number)}"] = percent / 100
    return found


def _distance(packet: Packet) -> tuple[float, float] | None:
    """Super-K's range of distance, kpc, as its middle and half its width in Mpc."""
    low, high = (
        fields.number(packet.get("Min_Distance")),
        fields.number(packet.get("Max_Distance")),
    )
    if low is None or high is None or not 0 <= low < high:
        return None
    return (low + high) / 2000, (high - low) / 2000
