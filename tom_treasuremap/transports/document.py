"""A Request as a JSON document, and back. Pure. The schema is in docs/transports.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tom_scimma import times
from tom_scimma.notice import iso
from tom_treasuremap.followup.request import Exposure, Request


def document(request: Request) -> dict[str, Any]:
    """A request as JSON says it: degrees, seconds, times in ISO with `Z`."""
    return {
        "id": request.id,
        "telescope": request.telescope,
        "name": request.name,
        "target": request.target,
        "ra": request.ra,
        "dec": request.dec,
        "pos_angle": request.pos_angle,
        "exposures": [
            {"filter": exposure.filter, "seconds": exposure.seconds, "count": exposure.count}
            for exposure in request.exposures
        ],
        "start": iso(request.start),
        "end": iso(request.end),
        "kind": request.kind,
        "priority": request.priority,
        "fixed": request.fixed,
        "event": request.event,
        "by": request.by,
        "extra": dict(request.extra),
    }


def request_of(said: Mapping[str, Any]) -> Request:
    """The request that a document says. Raises ValueError, KeyError or TypeError for what is none."""
    start, end = (times.parse(said[name]).time for name in ("start", "end"))
    if start is None or end is None:
        raise ValueError(f"{said['start']!r} to {said['end']!r} is no window of time")
    exposures = tuple(
        Exposure(str(row["filter"]), float(row["seconds"]), int(row.get("count", 1))) for row in said["exposures"]
    )
    words = {name: str(said.get(name, "")) for name in ("event", "by")}
    numbers = {name: float(said.get(name, default)) for name, default in (("pos_angle", 0.0), ("priority", 1.0))}
    return Request(
        id=str(said["id"]), telescope=str(said["telescope"]), name=str(said["name"]), target=str(said["target"]),
        ra=float(said["ra"]), dec=float(said["dec"]), exposures=exposures, start=start, end=end,
        kind=str(said.get("kind", "imaging")), fixed=bool(said.get("fixed", False)), extra=dict(said.get("extra", {})),
        **words, **numbers,
    )  # fmt: skip


def packed(said: Any) -> bytes:
    """A document as bytes, always the same for the same. Raises ValueError for a number that is not finite."""
    return json.dumps(said, allow_nan=False, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
