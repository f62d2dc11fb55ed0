"""What every author's VOEvents have in common, once they are a Packet. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ... import times
from ...errors import Unparsable
from ...notice import ROLES, Cite
from .. import fields
from .packet import Packet
from .packets import NO_TRIGGER

#: a Julian year, in which GCN and AMON count
YEAR = 365.25 * 86400
_RELATIONS = {
    "followup": "followup",
    "supersedes": "supersedes",
    "supercedes": "supersedes",
    "retraction": "retraction",
}
_FAR = ("FAR", "far", "False_Alarm_Rate")


def role(packet: Packet) -> str:
    """The packet's role; one that the standard does not know is a test."""
    return packet.role if packet.role in ROLES else "test"


def sent(packet: Packet, extra: dict[str, Any]) -> datetime | None:
    """When the author made it; what cannot be understood, or says more, stays in `extra`."""
    return fields.time({"Date": packet.date}, "Date", extra)


def cites(packet: Packet) -> tuple[Cite, ...]:
    """The ivorns it cites; a relation that the standard does not know counts as a follow-up."""
    return tuple(Cite(ivorn, _RELATIONS.get(relation, "followup")) for relation, ivorn in packet.cites)


def far(packet: Packet, extra: dict[str, Any], unsaid: str = "") -> float | None:
    """The false-alarm rate in Hz; a value in a unit that is not known stays in `extra`. `unsaid` is the unit of one without."""
    for name in _FAR:
        raw = packet.params.get(name)
        if raw is None:
            continue
        value = fields.rate(raw.strip())
        unit = packet.units.get(name, unsaid).strip().lower().replace(" ", "")
        if value is not None and unit in ("hz", "s^-1", "/s", "1/s"):
            return value
        if value is not None and unit in ("yr^-1", "/yr", "1/yr", "peryear", "year^-1"):
            return value / YEAR
        extra[name] = f"{raw} {packet.units.get(name, '')}".strip()
    return None


def properties(packet: Packet, names: Iterable[str], durations: Iterable[str] = ()) -> dict[str, Any]:
    """Those Params as numbers, truths or words; the first duration that is there as `duration_s`."""
    found: dict[str, Any] = {}
    said = packet.said
    for name in names:
        if name in said and said[name] != "(null)":
            found[name] = value(said[name])
    for name in durations:
        seconds = fields.number(packet.get(name))
        if seconds is not None and seconds > 0:
            found["duration_s"] = seconds
            break
    return {key: said for key, said in found.items() if fields.is_scalar(said)}


def value(raw: str) -> Any:
    """A Param's value as a truth, a number or its text."""
    low = raw.strip().lower()
    if low in ("true", "false"):
        return low == "true"
    number = fields.number(raw.strip())
    return raw.strip() if number is None else number


def links(packet: Packet) -> dict[str, str]:
    """Params that are web addresses, by their name without `_URL`; then References."""
    found: dict[str, str] = {}
    for name, raw in packet.addressing:
        address = fields.link(raw.strip())
        if address:
            found.setdefault(name.removesuffix("_URL").removesuffix("_url"), address)
    return {**packet.links, **found}


def rest(packet: Packet, taken: Mapping[str, Any]) -> dict[str, Any]:
    """All Params that have no place of their own, as sent; groups under their names."""
    addresses = {raw for _, raw in packet.addressing if fields.link(raw)}
    left: dict[str, Any] = {
        name: raw for name, raw in packet.params.items() if name not in taken and raw not in addresses
    }
    for group in packet.groups:
        name = group.name or group.type or "group"
        own = {key: raw for key, raw in group.params.items() if key not in taken and raw not in addresses}
        if own:
            key = name if name not in left else f"{name} (group)"
            left[key] = {**left[key], **own} if isinstance(left.get(key), dict) else own
    if packet.author:
        left["author"] = packet.author
    if packet.why:
        left["why"] = packet.why
    if packet.place.get("system"):
        left["coordinate_system"] = packet.place["system"]
    return left


def text(packet: Packet) -> str | None:
    """What is meant for people, without what every GCN packet repeats."""
    said = [line for line in packet.texts if not line.startswith("The RA,Dec coordinates are of the type")]
    return fields.texts(dict.fromkeys((*said, packet.why.get("description", ""))))


def trigger(packet: Packet, names: Iterable[str]) -> str | None:
    """The first of these Params that is a trigger's id; a negative number, 0, and one of all ones are none."""
    for name in names:
        raw = packet.params.get(name, "").strip()
        if not raw[:1].isdigit() or not raw.strip("0"):
            continue
        if not raw.isdecimal() or not raw.isascii():
            return fields.clean(raw)
        if int(raw[:40]) not in NO_TRIGGER:
            return raw[:40]
    return None


def by_time(source: str, time: datetime | None, packet: Packet) -> str:
    """`<source> <time to the second>`; the packet's own time where the event's is not known. Raises Unparsable without."""
    moment = time or times.parse(packet.date).time
    if moment is None:
        raise Unparsable(f"{packet.ivorn} has neither a trigger id nor a time to be named by")
    return f"{source} {moment:%Y-%m-%dT%H:%M:%SZ}"


def instruments(source: str) -> tuple[str, ...]:
    """The instrument in a source's name: `GBM` of `Fermi GBM`."""
    mission, _, which = source.partition(" ")
    return (which,) if which and mission in ("Fermi", "Swift", "INTEGRAL") else ()
