"""VOEvents that translate/voevent.py wrote, here or at another TOM -> the notice as it was. Pure."""

from __future__ import annotations

from typing import Any

from ...notice import Notice
from .. import saying
from .packet import Packet

#: key of the normal form -> the Param that says it
PARAMS = {
    "event": "Event", "kind": "Kind", "alert_type": "AlertType", "source": "Source", "id": "Id", "time": "Time", "sent": "Sent",
    "far_hz": "FAR", "distance_mpc": "Distance",
}  # fmt: skip
#: type of the Group, and name of its one Param, that holds entries whose names a Param cannot have
ODD = "json"
_NUMBERS = ("far_hz", "distance_mpc")


def recognises(packet: Packet) -> bool:
    """True for packets of ours, which say so."""
    return packet.params.get("Notice") == saying.MARK


def parse(packet: Packet) -> tuple[Notice, ...]:
    """The one notice of a packet. Raises Unparsable where somebody garbled it."""
    said: dict[str, Any] = {"role": packet.role}
    for key, name in PARAMS.items():
        if name in packet.params:
            said[key] = (saying.value if key in _NUMBERS else saying.text)(packet.params[name])
    for key in saying.LISTS:
        said[key] = [saying.text(item) for item in _group(packet, key).values()]
    said["cites"] = [
        {"id": saying.text(cited), "relation": name.partition(" ")[2]}
        for name, cited in _group(packet, "cites").items()
    ]
    for key in (*saying.MAPS, "sky"):
        said[key] = _mapping(packet, key)
    for name in ("type", "skymap_sha256", "skymap_url"):
        if name in said["sky"]:
            said["sky"][name] = str(said["sky"][name])
    said["links"] = {name: str(address) for name, address in said["links"].items()}
    said["text"] = packet.texts[0] if packet.texts else None
    return (saying.notice(said),)


def _group(packet: Packet, name: str) -> dict[str, str]:
    """The Params of the first Group of that name."""
    return next((group.params for group in packet.groups if group.name == name and group.type != ODD), {})


def _mapping(packet: Packet, name: str) -> dict[str, Any]:
    """A Group's Params as values, with those of its fellow for odd names."""
    found = {key: saying.value(said) for key, said in _group(packet, name).items()}
    for group in packet.groups:
        if group.name == name and group.type == ODD:
            odd = saying.value(group.params.get(ODD, ""))
            found.update(odd if isinstance(odd, dict) else {})
    return found
