"""Notices in the sender's order -> what is known of the event. Pure: values in, values out.

Each value is the last one that an authority gave; a retraction marks the event and keeps the values it had; a later
notice may lift it. Follow-ups may sharpen the position and nothing else, and so may another instrument that saw the
same thing: a trigger is its own mission's to state and to retract.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tom_scimma.notice import KINDS, ROLES, Notice, Sky

#: alert types that state what the event is
STATEMENTS = frozenset({"early_warning", "preliminary", "initial", "update"})
#: what an alert did to its event; a report (no authority) is none of these
NEW, UPDATED, RETRACTED, REINSTATED, REPORTED = "new", "updated", "retracted", "reinstated", "reported"
#: an authority's word that came behind a newer one: it changed nothing, but has a place in the history
LATE = "late"


@dataclass(frozen=True)
class Map:
    """What is needed here of a localization that was stored."""

    id: int | None
    area_50: float | None
    area_90: float | None
    ra: float | None
    dec: float | None
    distance_mpc: tuple[float, float] | None


@dataclass(frozen=True)
class Values:
    """The event as its authorities last described it; the field names are those of the Event table."""

    kind: str = "UNK"
    role: str = "observation"
    state: str = "reported"
    source: str = ""
    time: datetime | None = None
    first_sent: datetime | None = None
    folded: datetime | None = None
    instruments: tuple[str, ...] = ()
    far_hz: float | None = None
    classification: tuple[tuple[str, float], ...] = ()
    properties: tuple[tuple[str, Any], ...] = ()
    distance_mpc: float | None = None
    distance_sd_mpc: float | None = None
    ra: float | None = None
    dec: float | None = None
    radius_deg: float | None = None
    area_50: float | None = None
    area_90: float | None = None
    localization_id: int | None = None

    @property
    def top(self) -> tuple[str, float | None]:
        """The most probable class and its probability; ("", None) without classes."""
        numbers = [(value, name) for name, value in self.classification if isinstance(value, (int, float))]
        if not numbers:
            return "", None
        value, name = max(numbers)
        return name, float(value)


def fold(statements: Iterable[tuple[datetime, Notice, Map | None]], values: Values | None = None) -> Values:
    """The event's values after these (order, notice, map) on top of those known before.

    Statements are given in the sender's order, and only those of authorities.
    """
    values = values or Values()
    for order, notice, skymap in statements:
        values = _after(values, order, heard(values, notice), skymap)
    return values


def heard(values: Values, notice: Notice) -> Notice:
    """The notice itself from the event's own source; from another at most a follow-up."""
    own = not values.source or notice.source.split()[0] == values.source.split()[0]
    if own or notice.alert_type == "other":
        return notice
    return replace(notice, alert_type="other" if notice.alert_type == "retraction" else "followup")


def change(before: Values, after: Values, alert_type: str = "update") -> str:
    """What the newest notice, heard as that type, did to the event, by its state before and after."""
    if alert_type == "other":
        return REPORTED
    if after.state == "retracted" and (before.state != "retracted" or alert_type == "retraction"):
        return RETRACTED  # also where history, which is not acted on, knew of it already
    if before.state == "reported":
        return NEW
    if before.state == "retracted" and after.state == "active":
        return REINSTATED
    return UPDATED


def _after(values: Values, order: datetime, notice: Notice, skymap: Map | None) -> Values:
    changes: dict[str, Any] = {"folded": order, "first_sent": values.first_sent or order}
    first = not values.source
    if notice.alert_type == "retraction":
        changes["state"] = "retracted"
    elif notice.alert_type in STATEMENTS or (first and notice.alert_type == "followup"):
        changes["state"] = "active"
    if first:  # until somebody states it
        changes.update(least(values if values.folded else None, notice))
    if notice.alert_type in STATEMENTS or (first and notice.alert_type != "other"):
        changes.update(_statement(notice))
    if notice.alert_type in STATEMENTS or notice.alert_type == "retraction" or _sharper(values, notice):
        changes.update(_place(notice.sky, skymap))
    return replace(values, **changes)


def least(before: Any, notice: Any) -> dict[str, str]:
    """Kind and role of an event that nobody has stated, after one more word: the first of each in their lists, in any order."""
    said = [item for item in (before, notice) if item is not None]
    return {
        "kind": min((item.kind for item in said), key=KINDS.index),
        "role": min((item.role for item in said), key=ROLES.index),
    }


def _statement(notice: Notice) -> dict[str, Any]:
    """What the notice says of the event itself; what it leaves out keeps its last known value."""
    said: dict[str, Any] = {"source": notice.source, "role": notice.role}
    if notice.kind != "UNK":
        said["kind"] = notice.kind
    for name in ("time", "far_hz", "instruments"):
        value = getattr(notice, name)
        if value is not None and value != ():
            said[name] = value
    if notice.classification:
        said["classification"] = tuple(notice.classification.items())
    if notice.properties:
        said["properties"] = tuple(notice.properties.items())
    if notice.distance_mpc:
        said["distance_mpc"], said["distance_sd_mpc"] = notice.distance_mpc
    return said


def _sharper(values: Values, notice: Notice) -> bool:
    """Whether a follow-up knows the place better than anybody before."""
    sky = notice.sky
    if notice.alert_type != "followup" or sky is None or sky.radius_deg is None:
        return False
    return values.ra is None or (values.radius_deg is not None and sky.radius_deg < values.radius_deg)


def _place(sky: Sky | None, skymap: Map | None) -> dict[str, Any]:
    """Position and areas of a notice: of its map where it has one, else of its error region."""
    if skymap is not None:
        place: dict[str, Any] = {
            "localization_id": skymap.id,
            "area_50": skymap.area_50,
            "area_90": skymap.area_90,
            "ra": skymap.ra,
            "dec": skymap.dec,
            "radius_deg": None,
        }
        if skymap.distance_mpc:
            place["distance_mpc"], place["distance_sd_mpc"] = skymap.distance_mpc
        if sky is None or sky.ra_deg is None:
            return place
        return {**place, "ra": sky.ra_deg, "dec": sky.dec_deg, "radius_deg": sky.radius_deg}
    if sky is None or sky.ra_deg is None:
        return {}
    return {
        "localization_id": None,
        "ra": sky.ra_deg,
        "dec": sky.dec_deg,
        "radius_deg": sky.radius_deg,
        "area_50": area(sky, 0.5),
        "area_90": area(sky, 0.9),
    }


def area(sky: Sky, level: float) -> float | None:
    """Area (deg2) that holds `level` of the probability of a circular or elliptical error; None without a radius.

    The error is taken as a two-dimensional Gaussian, P(<r) = 1 - exp(-r^2 / 2 sigma^2) (Rayleigh distribution), scaled
    from the containment that the sender gave (0.9 where it gave none); a circle is a spherical cap.
    """
    if not sky.radius_deg or sky.radius_deg <= 0:
        return None
    containment = sky.containment if sky.containment and 0 < sky.containment < 1 else 0.9
    scale = math.sqrt(math.log(1 - level) / math.log(1 - containment))
    if sky.semi_axes_deg:
        a, b = (axis * scale for axis in sky.semi_axes_deg)
        return min(math.pi * a * b, 41252.96)
    radius = math.radians(min(sky.radius_deg * scale, 180))
    return 2 * math.pi * (1 - math.cos(radius)) * math.degrees(1) ** 2
