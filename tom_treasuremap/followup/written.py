"""A Request as JSON and back, its identity, and what an observation's parameters say of it. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from tom_treasuremap.followup.request import Request
from tom_treasuremap.telescopes.telescope import Filter, Telescope
from tom_treasuremap.transports.document import document, request_of

#: before every id of ours, so that the ids of other facilities cannot be the same
PREFIX = "fu-"


def identity(request: Request, key: str = "") -> str:
    """The id of a request: of what it asks, who asks, and `key`, by which the same may be meant to be asked twice."""
    said = {**as_json(request), "id": "", "key": key}
    return PREFIX + hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]


def identified(request: Request, key: str = "") -> Request:
    """The request with its id."""
    return replace(request, id=identity(request, key))


def as_json(request: Request) -> dict[str, Any]:
    """A request as its row has it: as telescopes are told it, with times to the second."""
    return {**document(request), "start": iso(request.start), "end": iso(request.end)}


from_json = request_of


def iso(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds")


def as_host(moment: datetime) -> str:
    """A moment as parameters of observations have it: UTC without saying so, since the host's cadences compare it with such."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="seconds")


def parameters(request: Request, telescope: Telescope) -> dict[str, Any]:
    """What the observation says of the request, under the names by which pointings are read from it."""
    first = request.exposures[0] if request.exposures else None
    known = telescope.filters.get(first.filter) if first is not None else None
    return {
        "observation_type": request.kind,
        "name": request.name,
        "telescope": telescope.name,
        "treasuremap_instrument": telescope.instrument_id,
        "event": request.event,
        "ra": request.ra,
        "dec": request.dec,
        "pos_angle": request.pos_angle,
        **_through(request, known),
        "exposures": [asdict(one) for one in request.exposures],
        "start": as_host(request.start),
        "end": as_host(request.end),
        "priority": request.priority,
        **({"fixed": True} if request.fixed else {}),
        **request.extra,
    }


def _through(request: Request, known: Filter | None) -> dict[str, str]:
    """The first filter, as the Treasure Map calls it where it does; of a spectrum its spectrograph, which is no filter."""
    first = request.exposures[0].filter if request.exposures else ""
    if request.kind == "spectrum":
        return {"instrument": first}
    return {"filter": (known.band or known.name) if known is not None else first}


def night_of(moment: datetime, telescope: Telescope) -> date:
    """The date of the evening, at the telescope, of the night that a moment is in; by day, also in the morning, of the one to come."""
    from tom_treasuremap import nights

    found = nights.night(telescope, moment)
    if found is None or telescope.site is None:
        return (moment.astimezone(timezone.utc) - timedelta(hours=12)).date()
    return nights.utc(found.noon + telescope.site.longitude / 360.0).date()
