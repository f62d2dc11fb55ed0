"""Notice and Sky: the one normal form of what anybody says about the sky. Frozen, pure, no Django.

Numbers carry their unit in their name, as on the wire; `coord`, `radius`, `far` and `distance` give them as
astropy objects when asked. `None` means that the sender did not say.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord
    from astropy.units import Quantity

KINDS = ("GW", "GRB", "NU", "SN", "XRT", "FRB", "OT", "UNK")
ALERT_TYPES = (
    "early_warning", "preliminary", "initial", "update", "retraction", "followup", "report", "other",
)  # fmt: skip
ROLES = ("observation", "test", "utility", "prediction")
RELATIONS = ("supersedes", "followup", "retraction", "coincidence")
SKY_TYPES = ("point", "circle", "ellipse", "healpix")


def iso(time: datetime | None) -> str | None:
    """An aware datetime as ISO 8601 UTC with microseconds and `Z`; None for None. Raises ValueError if naive."""
    if time is None:
        return None
    if time.tzinfo is None:
        raise ValueError(f"a naive datetime has no place in a notice: {time!r}")
    return time.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


@dataclass(frozen=True)
class Sky:
    """Where on the sky. ICRS degrees. `type` decides which of the other fields apply."""

    type: str  #: point | circle | ellipse | healpix
    ra_deg: float | None = None
    dec_deg: float | None = None
    radius_deg: float | None = None  #: radius of the error circle, or the larger semi-axis of the ellipse
    containment: float | None = None  #: probability inside the radius, 0..1
    semi_axes_deg: tuple[float, float] | None = None
    angle_deg: float | None = None  #: of the major axis, east of north
    skymap_sha256: str | None = None  #: of the FITS bytes as sent: after base64, before gunzip
    skymap_url: str | None = None

    @property
    def coord(self) -> SkyCoord | None:
        """The position as an ICRS SkyCoord, or None for a map without one."""
        from astropy.coordinates import SkyCoord

        if self.ra_deg is None:
            return None
        return SkyCoord(self.ra_deg, self.dec_deg, unit="deg", frame="icrs")

    @property
    def radius(self) -> Quantity | None:
        """The error radius as an angle, or None."""
        from astropy import units

        return None if self.radius_deg is None else self.radius_deg * units.deg

    def to_json(self) -> dict[str, Any]:
        """The object the normal form describes; keys that do not apply are left out."""
        pairs = {
            "type": self.type,
            "ra_deg": self.ra_deg,
            "dec_deg": self.dec_deg,
            "radius_deg": self.radius_deg,
            "containment": self.containment,
            "semi_axes_deg": list(self.semi_axes_deg) if self.semi_axes_deg else None,
            "angle_deg": self.angle_deg,
            "skymap_sha256": self.skymap_sha256,
            "skymap_url": self.skymap_url,
        }
        return {key: value for key, value in pairs.items() if value is not None}


@dataclass(frozen=True)
class Cite:
    """Another notice or event that this one speaks about."""

    id: str
    relation: str  #: supersedes | followup | retraction | coincidence


@dataclass(frozen=True)
class Notice:
    """One statement by one source about one event."""

    event: str  #: the event's name by the naming rule; same trigger, same name
    kind: str  #: one of KINDS
    alert_type: str  #: one of ALERT_TYPES
    source: str  #: who speaks: LVK, Fermi GBM, IceCube ...
    role: str = "observation"  #: one of ROLES
    aliases: tuple[str, ...] = ()
    id: str | None = None  #: the sender's id of this notice
    time: datetime | None = None  #: when the event happened, UTC
    sent: datetime | None = None  #: when the sender made this notice
    instruments: tuple[str, ...] = ()
    far_hz: float | None = None
    classification: Mapping[str, float] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    sky: Sky | None = None
    distance_mpc: tuple[float, float] | None = None  #: mean, standard deviation
    cites: tuple[Cite, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)  #: everything else, as the sender said it
    #: FITS bytes as sent, by name ("skymap", "combined"); not part of the JSON form
    skymaps: Mapping[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for value, allowed, name in (
            (self.kind, KINDS, "kind"),
            (self.alert_type, ALERT_TYPES, "alert_type"),
            (self.role, ROLES, "role"),
        ):
            if value not in allowed:
                raise ValueError(f"{name} {value!r} is not one of {', '.join(allowed)}")
        for name in ("time", "sent"):
            stamp = getattr(self, name)
            if stamp is not None and stamp.tzinfo is None:
                raise ValueError(f"{name} must be aware (UTC), got naive {stamp!r}")

    @property
    def far(self) -> Quantity | None:
        """The false-alarm rate as a Quantity, or None."""
        from astropy import units

        return None if self.far_hz is None else self.far_hz * units.Hz

    @property
    def distance(self) -> tuple[Quantity, Quantity] | None:
        """Mean and standard deviation of the distance as Quantities, or None."""
        from astropy import units

        return None if self.distance_mpc is None else tuple(x * units.Mpc for x in self.distance_mpc)  # type: ignore[return-value]

    @cached_property
    def key(self) -> str:
        """Identity of what is said, whichever message carried it: SHA-256 over source, event, type, role, times and content.

        A superevent's alert is told by its type and time alone, because JSON and Avro copies of it differ in detail.
        """
        parts: tuple[object, ...] = (self.source, self.event, self.alert_type, self.role, iso(self.sent), self.id)
        if self.kind != "GW" or self.sent is None:
            parts += (_canonical(self._content()),)
        return hashlib.sha256("\n".join(map(str, parts)).encode("utf-8", "backslashreplace")).hexdigest()

    def _content(self) -> dict[str, Any]:
        return {
            "time": iso(self.time),
            "sky": self.sky.to_json() if self.sky else None,
            "far_hz": self.far_hz,
            "classification": dict(self.classification),
            "properties": dict(self.properties),
            "text": self.text,
            "extra": dict(self.extra),
        }

    def to_json(self) -> dict[str, Any]:
        """The JSON object of the normal form, sky-map bytes left out."""
        return {
            "event": self.event,
            "aliases": list(self.aliases),
            "kind": self.kind,
            "alert_type": self.alert_type,
            "role": self.role,
            "source": self.source,
            "id": self.id,
            "time": iso(self.time),
            "sent": iso(self.sent),
            "instruments": list(self.instruments),
            "far_hz": self.far_hz,
            "classification": dict(self.classification),
            "properties": dict(self.properties),
            "sky": self.sky.to_json() if self.sky else None,
            "distance_mpc": list(self.distance_mpc) if self.distance_mpc else None,
            "cites": [{"id": cite.id, "relation": cite.relation} for cite in self.cites],
            "links": dict(self.links),
            "text": self.text,
            "extra": dict(self.extra),
        }


def _canonical(content: dict[str, Any]) -> str:
    """One text for content that says the same, in whatever order its keys were sent."""
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str).decode()
    except TypeError:  # numbers beyond 64 bits, half characters
        return json.dumps(content, sort_keys=True, default=str)


def from_json(document: Mapping[str, Any]) -> Notice:
    """The Notice that `to_json` gave. Raises KeyError or ValueError for anything else."""
    sky = document.get("sky")
    if sky:
        axes = sky.get("semi_axes_deg")
        sky = Sky(**{**sky, "semi_axes_deg": tuple(axes) if axes else None})
    return Notice(
        event=document["event"],
        kind=document["kind"],
        alert_type=document["alert_type"],
        source=document["source"],
        role=document["role"],
        aliases=tuple(document["aliases"]),
        id=document["id"],
        time=_time(document["time"]),
        sent=_time(document["sent"]),
        instruments=tuple(document["instruments"]),
        far_hz=document["far_hz"],
        classification=document["classification"],
        properties=document["properties"],
        sky=sky or None,
        distance_mpc=tuple(document["distance_mpc"]) if document["distance_mpc"] else None,
        cites=tuple(Cite(**cite) for cite in document["cites"]),
        links=document["links"],
        text=document["text"],
        extra=document["extra"],
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))


__all__ = [
    "ALERT_TYPES",
    "KINDS",
    "RELATIONS",
    "ROLES",
    "SKY_TYPES",
    "Cite",
    "Notice",
    "Sky",
    "from_json",
    "iso",
    "replace",
]
