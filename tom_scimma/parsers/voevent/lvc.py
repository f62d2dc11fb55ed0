"""LIGO-Virgo-KAGRA's VOEvents: superevents, and the candidates of O1 and O2. Pure.

Format: https://emfollow.docs.ligo.org/userguide/content.html. They name no position; their map is an address.
"""

from __future__ import annotations

import re
from typing import Any

from ...errors import Unparsable
from ...notice import Cite, Notice, Sky
from .. import fields
from . import common, place
from .packet import Packet

_TYPES = {
    "earlywarning": "early_warning", "preliminary": "preliminary", "initial": "initial", "update": "update",
    "retraction": "retraction",
}  # fmt: skip
_PACKETS = {163: "early_warning", 150: "preliminary", 151: "initial", 152: "update", 153: "update", 164: "retraction"}
_GROUPS = {"classification": "Classification", "properties": "Properties", "external": "External Coincidence"}
_WORDS = {"Group": "group", "Pipeline": "pipeline", "Search": "search"}
#: of O1 and O2
_OLD_PROPERTIES = {"ProbHasNS": "HasNS", "ProbHasRemnant": "HasRemnant"}
_GRACE = re.compile(r"[GMTES]+\d{3,}[a-z0-9]*", re.ASCII | re.IGNORECASE)
_IVORN_NAME = re.compile(r"#([A-Za-z]{1,2}\d+[a-z0-9]*)-\d+-\w+")


def recognises(packet: Packet) -> bool:
    """True for packets with a GraceID, whoever passed them on."""
    return bool(packet.params.get("GraceID")) or "/LVC#" in packet.ivorn


def parse(packet: Packet) -> tuple[Notice, ...]:
    """The one notice of a packet. Raises Unparsable where it names no superevent."""
    extra: dict[str, Any] = {}
    name = _name(packet)
    classes = {
        key: number for key, raw in packet.group("Classification").items() if (number := fields.number(raw)) is not None
    }
    found = _properties(packet)
    test = (
        fields.is_test_superevent(name)
        or packet.params.get("HardwareInj", "0").strip() == "1"
        or packet.params.get("Search", "").strip() == "MDC"
        or packet.flag("Test")
    )
    return (
        Notice(
            event=name,
            kind="GW",
            alert_type=_alert_type(packet),
            role="test" if test else common.role(packet),
            source="LVK",
            id=packet.ivorn,
            time=place.when(packet, extra),
            sent=common.sent(packet, extra),
            instruments=tuple(fields.detectors(packet.params.get("Instruments") or "")),
            far_hz=common.far(packet, extra, "Hz"),
            classification=classes,
            properties=found,
            sky=_sky(packet),
            cites=(*common.cites(packet), *_coincidence(packet)),
            links=_links(packet),
            text=common.text(packet),
            extra={**_rest(packet, found), **extra},
        ),
    )


def _name(packet: Packet) -> str:
    raw = fields.clean(packet.params.get("GraceID") or "")
    if not raw:
        match = _IVORN_NAME.search(packet.ivorn)
        raw = match[1] if match else ""
    if not raw:
        raise Unparsable(f"{packet.ivorn} names no superevent: it has no GraceID")
    return fields.event(fields.superevent(raw) or raw)


def _alert_type(packet: Packet) -> str:
    word = (packet.params.get("AlertType") or packet.local.rpartition("-")[2]).strip().lower()
    number = fields.number(packet.params.get("Packet_Type"))
    if word in _TYPES:
        return _TYPES[word]
    return _PACKETS.get(int(number) if number is not None else -1, "other")


def _properties(packet: Packet) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, raw in packet.group("Properties").items():
        number = fields.number(raw)
        if number is not None:
            found[name] = number
    for name, ours in _OLD_PROPERTIES.items():
        number = fields.number(packet.params.get(name))
        if number is not None:
            found.setdefault(ours, number)
    if packet.params.get("Significant", "").strip() in ("0", "1"):
        found["significant"] = packet.params["Significant"].strip() == "1"
    for name, ours in _WORDS.items():
        if packet.params.get(name):
            found[ours] = packet.params[name]
    for names, ours in ((("Duration",), "duration_s"), (("CentralFreq", "frequency"), "central_frequency_hz")):
        number = next((n for name in names if (n := fields.number(packet.params.get(name))) is not None), None)
        if number is not None:
            found[ours] = number
    return found


def _sky(packet: Packet) -> Sky | None:
    address = fields.link(
        packet.get("skymap_fits", "skymap_fits_shib", "SKYMAP_FITS_URL", "SKYMAP_URL_FITS_BASIC") or ""
    )
    return Sky("healpix", skymap_url=address) if address else None


def _coincidence(packet: Packet) -> tuple[Cite, ...]:
    said = packet.group("External Coincidence")
    cited = fields.names([said.get("External_Ivorn") or said.get("External_GCN_Notice_Id")])
    return tuple(Cite(name, "coincidence") for name in cited)


def _links(packet: Packet) -> dict[str, str]:
    links = common.links(packet)
    page = links.pop("EventPage", None)
    return {**({"gracedb": page} if page else {}), **links}


def _rest(packet: Packet, taken: dict[str, Any]) -> dict[str, Any]:
    """What has no place of its own; the external coincidence under the key that LVK's own alerts have."""
    used = {
        "GraceID",
        "AlertType",
        "Instruments",
        "Significant",
        "Duration",
        "CentralFreq",
        "frequency",
        "FAR",
        *_WORDS,
        *_OLD_PROPERTIES,
    }
    left = {key: value for key, value in common.rest(packet, taken).items() if key not in used or key in ("FAR",)}
    for name in list(left):
        if name.lower() in ("classification", "properties"):
            left.pop(name)
    if fields.number(packet.params.get("FAR")) is not None:
        left.pop("FAR", None)
    outside = packet.group("External Coincidence")
    if outside:
        left = {key: value for key, value in left.items() if key.lower() != "external coincidence"}
        left["external_coinc"] = outside
    return left
