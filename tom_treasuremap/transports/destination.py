"""What the Destinations of every way to a telescope share: addressed by the telescope's name, they say what they ask."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tom_scimma.destinations import Destination
from tom_scimma.errors import Rejected
from tom_scimma.models import Delivery
from tom_treasuremap import telescopes
from tom_treasuremap.followup.request import Request
from tom_treasuremap.models import Asked
from tom_treasuremap.telescopes.telescope import Telescope
from tom_treasuremap.transports.acp import sexagesimal
from tom_treasuremap.transports.document import request_of


class AtTelescope(Destination):
    """One telescope, by one way."""

    way: str  #: `Telescope.transport` of those that are asked this way

    def telescope(self) -> Telescope:
        """The telescope of the address. Raises Rejected where there is none any more."""
        try:
            return telescopes.telescope(self.address)
        except KeyError as error:
            raise Rejected(str(error.args[0])) from error

    def may_send(self, delivery: Delivery, user: Any) -> str:
        return may_leave(self.address, self.way, json.loads(bytes(delivery.payload)), delivery, user)

    def show(self, payload: bytes) -> str:
        said = json.loads(payload)
        if "cancel" in said:
            why = f" ({said['why']})" if said.get("why") else ""
            return f"Cancel at {self.address}{why}:\n\n" + "\n".join(said["cancel"])
        return f"Ask {self.address}:\n\n" + "\n\n".join(told(request) for request in asked(payload))


def may_leave(name: str, way: str, said: Mapping[str, Any], delivery: Delivery, user: Any) -> str:
    """Why what a payload says may not leave for a telescope now; "" where it may. Asked just before it does, whatever the way."""
    found = telescopes.telescopes().get(name)
    if found is None:
        return f"There is no telescope {name} here any more."
    if found.transport != way:
        return f"{found.label} is not asked this way any more, but by {found.transport}."
    return _unseen(said, user) or ("" if delivery.resend_of_id else _disarmed(said))


def _unseen(said: Mapping[str, Any], user: Any) -> str:
    """Which of the requests in a payload its sender may not see any more; the outbox itself looks at the first alone."""
    ids = [str(row["id"]) for row in said.get("requests", ())] or [str(name) for name in said.get("cancel", ())]
    rows = Asked.objects.filter(request_id__in=ids).exclude(record=None)
    if user is None or not rows.exists():
        return ""
    seen = rows.visible_to(user).values("pk")
    hidden = rows.exclude(pk__in=seen).values_list("request_id", flat=True).first()
    return f"{user.get_username()} may not see {hidden} (any more)." if hidden else ""


def _disarmed(said: Mapping[str, Any]) -> str:
    """Why what this TOM asks for by itself may not leave any more; "" too where a person asks."""
    from tom_treasuremap.followup import arming

    rows = Asked.objects.filter(request_id__in=[str(row["id"]) for row in said.get("requests", ())]).exclude(
        armed_by=""
    )
    return next(
        (why for row in rows.select_related("arming__by", "arming__rule__owner") if (why := arming.over(row.arming))),
        "",
    )


def asked(payload: bytes) -> list[Request]:
    """The requests that a payload asks for. Raises Rejected for one that says none."""
    try:
        return [request_of(one) for one in json.loads(payload)["requests"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Rejected(f"This asks for nothing that can be understood: {error!r}") from error


def withdrawn(payload: bytes) -> tuple[str, ...]:
    """The ids of the requests that a payload cancels. Raises Rejected for one that names none."""
    try:
        return tuple(map(str, json.loads(payload)["cancel"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Rejected(f"This cancels nothing that can be understood: {error!r}") from error


def refuse(faults: Sequence[tuple[Request, dict[str, list[str]]]]) -> None:
    """Raises Rejected where any of these has faults, with the field of each."""
    found: dict[str, list[str]] = {}
    for request, wrong in faults:
        for field, texts in wrong.items():
            found.setdefault(field, []).extend(f"{request.name}: {text}" for text in texts)
    if found:
        raise Rejected("; ".join(text for texts in found.values() for text in texts), found)


def told(request: Request) -> str:
    """A request as people read it."""
    exposures = ", ".join(f"{one.count} × {one.seconds:g} s in {one.filter}" for one in request.exposures)
    place = f"{sexagesimal(request.ra / 15, 2, 24)} {'-' if request.dec < 0 else '+'}{sexagesimal(abs(request.dec), 1)}"
    angle = f", position angle {request.pos_angle:g}°" if request.pos_angle else ""
    begins = "at" if request.fixed else "from"
    return (
        f"{request.name} ({request.id})\n{request.target} at {place}{angle}\n{exposures}\n"
        f"{begins} {_minute(request.start)}, until {_minute(request.end)} UTC, priority {request.priority:g}"
    )


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}"
