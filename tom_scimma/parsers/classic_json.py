"""`gcn.classic.json.*`: GCN's classic binary packets, turned into JSON by GCN. Pure.

Examples: https://github.com/nasa-gcn/gcn-classic-to-json. Most do not say who speaks or what the packet is to its event: the last
word of the topic is the packet's type, and from there on it is understood as the packet is (voevent/packets.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..errors import Unparsable
from ..notice import Notice
from . import classic_types, fields, gcn_converted, gcn_json
from .voevent.gcn import counterpart
from .voevent.packets import CONNECTION, PACKETS, Kind

_SPIACS = 52
_COUNTERPARTS = {45, 155}
_CORE = {"alert_datetime", "trigger_time", "id", "ra", "ref_ID", "observation_start"}


def recognises(said: Any) -> bool:
    """False: but for its topic nothing tells such a record from others. What names a mission, gcn_json knows."""
    return False


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """The one notice of a packet; none of a test of the connection. Raises Unparsable for a record without any of their keys."""
    if not _CORE & said.keys():
        raise Unparsable(f"{topic} carries converted packets, but this has none of {', '.join(sorted(_CORE))}")
    number = classic_types.NAMES.get(topic.rpartition(".")[2].upper())
    if number in CONNECTION:
        return ()
    kind = PACKETS.get(number) if number is not None else None
    if kind is None:
        return gcn_json.parse(topic, said)
    if number in _COUNTERPARTS:
        kind = counterpart(kind, fields.clean(said.get("ref_instrument")))
    mission, _, instrument = kind.source.partition(" ")
    said = gcn_converted.as_core(said)
    said.setdefault("mission", mission)
    if number == _SPIACS:
        said["notice_type"] = "SPI-ACS"
    elif instrument:
        said.setdefault("instrument", instrument)
    return tuple(_as_packet(notice, kind, said) for notice in gcn_json.parse(topic, said))


def _as_packet(notice: Notice, kind: Kind, said: dict[str, Any]) -> Notice:
    """The notice with what its type says of it; the sender's own word for an update or a retraction counts more."""
    changed: dict[str, Any] = {"kind": kind.kind}
    if not fields.clean(said.get("alert_type")):
        taken_back = classic_types.takes_back(str(said.get("additional_info") or ""))
        changed["alert_type"] = "retraction" if taken_back else kind.alert_type
    if kind.test:
        changed["role"] = "test"
    if kind.prefix and notice.id and notice.id.isdigit():
        changed["event"] = f"{kind.prefix} {notice.id}"
    if notice.sky is not None and notice.sky.radius_deg and not said.get("containment_probability"):
        changed["sky"] = replace(notice.sky, containment=kind.containment or notice.sky.containment)
    return replace(notice, **changed)
