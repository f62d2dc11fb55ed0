"""VOEvents of everybody else: SVOM, Gaia, ASAS-SN, radio telescopes, and authors nobody has heard of. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from ...errors import Unparsable
from ...notice import Notice
from .. import fields, missions, public_names
from . import common, place
from .packet import Packet


class Author(NamedTuple):
    """One stream of VOEvents: what we call its author and what it speaks of."""

    source: str
    kind: str
    alert_type: str = "initial"
    containment: float | None = None
    #: what stands before a trigger's number in the event's name; None: the source
    prefix: str | None = None


#: by the beginning of the ivorn behind `ivo://`, in lower case; the longest that fits counts
AUTHORS: dict[str, Author] = {
    "amon/icecube": Author("IceCube", "NU", "initial", 0.9),
    "au.csiro.atnf/parkes": Author("Parkes", "FRB"),
    "ca.chimenet.frb": Author("CHIME", "FRB", "initial", 0.95),
    "gaia.cam.uk/alerts": Author("Gaia", "OT"),
    "hess/grb": Author("HESS", "GRB"),
    "nvo.caltech/voeventnet": Author("CRTS", "OT"),
    "org.svom/fsc": Author("SVOM", "GRB", "initial", 0.9),
    "realfast.io": Author("realfast", "FRB"),
    "utmost": Author("UTMOST", "FRB"),
    "voevent.4pisky.org/alarrm-request": Author("ALARRM", "UNK", "followup"),
    "voevent.4pisky.org/asassn": Author("ASAS-SN", "OT"),
    "voevent.4pisky.org/gaia": Author("Gaia", "OT"),
}
#: nothing in them for us: signs of life and tests of the line
_LIVENESS = re.compile(
    r"iamalive|brokertest|testevent|test-response|test-trigger|subscribe-only|voevent-(broadcast|receive)",
    re.IGNORECASE,
)
_FRB = re.compile(r"FRB ?\d{6,8}[A-Za-z]?(?!\d)")
#: what the FRB community's template puts behind the `#`: the minute, then when the packet was made
_FRB_MINUTE = re.compile(r"(FRB\d{6})\d{4}/.*")
#: what AMON puts behind the `#`: stream, run, event, revision
_AMON = re.compile(r"\d+_(\d{5,7}_\d+)_(\d+)")
#: a name of the TNS without what stands before it
_TNS = re.compile(r"20[12]\d[a-z]{1,4}")
_SVOM = re.compile(r"sb\d{8}")
_SVOM_TYPES = {
    201: "initial",
    202: "initial",
    203: "initial",
    204: "update",
    205: "update",
    209: "followup",
    210: "followup",
    211: "followup",
    219: "retraction",
}
_PROPERTIES = (
    "SNR",
    "snr",
    "dm",
    "dm_error",
    "known_source_name",
    "width",
    "flux",
    "Trigger_Type",
    "alert_mag",
    "averagemag",
    "alert-magnitude",
    "magnitude",
    "mag",
    "mag_v",
    "AlertMag",
    "Class",
    "spec_class",
    "redshift",
    "Source_Name",
)
_DURATIONS = ("Timescale", "Duration", "duration")
#: where an author that nobody has heard of may say which trigger it was
_TRIGGERS = ("TrigID", "Trig_ID", "Trigger_Number", "TriggerID", "trigger_id", "TRIGGER_NUM")
_NAMES = ("Name", "name", "AlertName", "event_name", "Event_Name", "CSSID", "ID")


def parse(packet: Packet) -> tuple[Notice, ...]:
    """The one notice of a packet; none of a sign of life. Raises Unparsable where it cannot be named."""
    if packet.role != "observation" and _LIVENESS.search(packet.ivorn):
        return ()
    author = _author(packet)
    extra: dict[str, Any] = {}
    time = place.when(packet, extra)
    name, aliases = _named(packet, author, time)
    taken = common.properties(packet, _PROPERTIES, _DURATIONS)
    source = _source(packet, author)
    return (
        Notice(
            event=fields.event(name),
            aliases=tuple(alias for alias in dict.fromkeys(aliases) if alias and alias != name),
            kind=_kind(packet, author),
            alert_type=_alert_type(packet, author),
            role="test" if packet.flag("Test", "is_test") else common.role(packet),
            source=source,
            id=packet.ivorn,
            time=time,
            sent=common.sent(packet, extra),
            instruments=tuple(fields.names(packet.get("Instrument") or "")),
            far_hz=common.far(packet, extra),
            properties=taken,
            sky=place.sky(packet, extra, author.containment),
            cites=common.cites(packet),
            links=common.links(packet),
            text=common.text(packet),
            extra={**common.rest(packet, taken), **extra},
        ),
    )


def _author(packet: Packet) -> Author:
    stream = packet.ivorn.lower().removeprefix("ivo://")
    fitting = [begin for begin in AUTHORS if stream.startswith(begin)]
    if fitting:
        return AUTHORS[max(fitting, key=len)]
    if packet.group("Svom_Identifiers"):  # passed on by somebody else
        return AUTHORS["org.svom/fsc"]
    return _mission(packet) or Author(packet.signed or packet.stream, _guess(packet))


def _mission(packet: Packet) -> Author | None:
    """The mission that the author (`EinsteinProbe/WXT`) or else the stream (`AGILE.txt`) is called after."""
    for said in (packet.signed, packet.stream):
        words = re.split(r"[/.]", said)
        who = missions.known(words[0])
        if who is not None:
            named = fields.clean(packet.get("Instrument"))
            return Author(missions.source(who, missions.instrument(words, named)), who.kind, prefix=who.prefix)
    return None


def _kind(packet: Packet, author: Author) -> str:
    """The author's; SVOM's packets of type 203 are about a source that flares, of its catalogue."""
    return "XRT" if author.source == "SVOM" and packet.params.get("Packet_Type", "").strip() == "203" else author.kind


def _guess(packet: Packet) -> str:
    """What it is about by the words of IVOA's vocabulary in `Why`, and names that speak for themselves."""
    said = " ".join((*packet.why.get("concepts", ()), *packet.why.get("names", ()), packet.local)).lower()
    if packet.get("dm") and packet.get("snr"):  # a burst by its dispersion
        return "FRB"
    for word, kind in (
        ("frb", "FRB"),
        ("fast radio", "FRB"),
        ("neutrino", "NU"),
        ("em.gamma", "GRB"),
        ("grb", "GRB"),
        ("em.x-ray", "XRT"),
        ("em.opt", "OT"),
    ):
        if word in said:
            return kind
    return "UNK"


def _source(packet: Packet, author: Author) -> str:
    instrument = packet.get("Instrument")
    return f"{author.source} {instrument}" if author.source == "SVOM" and instrument else author.source


def _named(packet: Packet, author: Author, time: datetime | None) -> tuple[str, list[str]]:
    """The event's name: an id that is a name by itself, a name in `Why` or a Param, what stands behind the `#`."""
    burst = _SVOM.search(packet.get("Burst_Id") or packet.local)
    if author.source == "SVOM" and burst:
        return burst[0], []
    names = [fields.clean(name) for name in packet.why.get("names", ())]
    names += [fields.clean(packet.get(name) or "") for name in _NAMES if author.source != "CRTS"]
    names = [name for name in names if name and len(name) < 100]
    neutrino = _AMON.fullmatch(packet.local) if author.source == "IceCube" else None
    if neutrino:
        return f"IceCube {neutrino[1]}", names
    burst = _FRB.search(" ".join((*names, packet.local))) or _FRB_MINUTE.fullmatch(packet.local)
    if author.kind == "FRB" and burst:
        return burst[burst.lastindex or 0].replace(" ", ""), names
    if author.source == "ASAS-SN":
        return _asassn(packet)
    if author.source == "CHIME" and packet.get("event_no"):
        return f"CHIME {fields.clean(packet.get('event_no'))}", []
    if author.source == "Gaia":
        return packet.local or packet.ivorn, names
    trigger = common.trigger(packet, _TRIGGERS)
    if trigger and _is_counting(author):
        return f"{author.prefix or author.source} {trigger}"[: fields.LONGEST_NAME], names
    if packet.local:
        return f"{author.source} {packet.local}"[: fields.LONGEST_NAME], names
    if names:
        return names[0], names
    try:
        return common.by_time(author.source, time, packet), names
    except Unparsable:
        return packet.ivorn, names


def _is_counting(author: Author) -> bool:
    """Whether a trigger's number is the author's own: those of the table say what their events are called."""
    return author not in AUTHORS.values()


def _asassn(packet: Packet) -> tuple[str, list[str]]:
    """`ASASSN-13aa`, else the first of the names that others gave: `2016fvf (PTSS-16nqb) (PS16ejf)`."""
    own = [name for name in (packet.get("id_assasn"), packet.get("id_asassn"), packet.get("id_assassn")) if name]
    others = [name for name in re.split(r"[()\s,]+", packet.get("id_other") or "") if len(name) > 2]
    spelled = [public_names.find(name) for name in (packet.get("id_other") or "",)]
    names = [fields.clean(name) for name in own] + [found[0] for found in spelled if found]
    names += [
        f"AT {name}" if _TNS.fullmatch(name) else name for name in others if not any(name in known for known in names)
    ]
    return (names[0] if names else packet.local.rpartition("_")[2] or packet.ivorn), names


def _alert_type(packet: Packet, author: Author) -> str:
    relations = {relation for relation, _ in packet.cites}
    if "retraction" in relations or packet.flag("Retraction"):
        return "retraction"
    revised = _AMON.fullmatch(packet.local) if author.source == "IceCube" else None
    if revised and revised[2].strip("0"):
        return "update"
    number = fields.number(packet.params.get("Packet_Type"))
    if author.source == "SVOM" and number is not None:
        return _SVOM_TYPES.get(int(number), "update")
    if author.source == "CHIME":  # FRB-DETECTION-, FRB-SUBSEQUENT-, FRB-UPDATE-, FRB-RETRACTION-
        word = packet.stream.upper().rpartition("FRB-")[2].strip("-")
        return {"SUBSEQUENT": "followup", "UPDATE": "update", "RETRACTION": "retraction"}.get(word, author.alert_type)
    if "supersedes" in relations:
        return "update"
    return "followup" if "followup" in relations else author.alert_type
