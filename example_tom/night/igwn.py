"""Invented gravitational-wave alerts in the shape of igwn.gwalert: the Avro container that is really sent, and JSON.

Documentation: https://emfollow.docs.ligo.org/userguide/content.html
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

CLASSES = ("BNS", "NSBH", "BBH", "Terrestrial")


def _record(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "record",
        "name": f"igwn.alerts.v1_0.{name}",
        "fields": [{"name": key, "type": kind} for key, kind in fields.items()],
    }


def _optional(kind: Any) -> list[Any]:
    return ["null", kind]


_NUMBERS = {"type": "map", "values": "double"}
_EVENT = _record(
    "EventInfo",
    {
        "time": "string",
        "far": "double",
        "significant": "boolean",
        "instruments": {"type": "array", "items": "string"},
        "group": "string",
        "pipeline": "string",
        "search": "string",
        "classification": _NUMBERS,
        "properties": _NUMBERS,
        "duration": _optional("double"),
        "central_frequency": _optional("double"),
        "skymap": _optional("bytes"),
    },
)
_COINCIDENCE = _record(
    "ExternalCoincInfo",
    {
        "gcn_notice_id": "int",
        "ivorn": "string",
        "observatory": "string",
        "search": "string",
        "time_difference": "double",
        "time_coincidence_far": _optional("double"),
        "time_sky_position_coincidence_far": _optional("double"),
        "combined_skymap": _optional("bytes"),
    },
)
#: the published schema of igwn.gwalert, version 1.0
SCHEMA = _record(
    "Alert",
    {
        "alert_type": {
            "type": "enum",
            "name": "igwn.alerts.v1_0.AlertType",
            "symbols": ["EARLYWARNING", "PRELIMINARY", "INITIAL", "UPDATE", "RETRACTION"],
        },
        "time_created": "string",
        "superevent_id": "string",
        "event": _optional(_EVENT),
        "external_coinc": _optional(_COINCIDENCE),
        "urls": {"type": "map", "values": "string"},
    },
)


def alert(
    name: str, kind: str, sent: datetime, event: dict[str, Any] | None = None, coincidence: dict[str, Any] | None = None
) -> dict:
    """One alert as a dict: `kind` in capitals, sky maps as FITS bytes. A retraction has no event and no coincidence."""
    return {
        "alert_type": kind,
        "time_created": sent.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "superevent_id": name,
        "event": event,
        "external_coinc": coincidence,
        "urls": {"gracedb": f"https://example.org/superevents/{name}/view/"},
    }


def merger(
    time: datetime,
    skymap: bytes | None,
    far: float,
    classes: tuple[float, ...],
    properties: Mapping[str, float],
    **more: Any,
) -> dict:
    """The `event` of a compact binary merger; `classes` are probabilities in the order of CLASSES."""
    return _event(
        time,
        skymap,
        far,
        group="CBC",
        classification=dict(zip(CLASSES, classes, strict=True)),
        properties=dict(properties),
        **more,
    )


def burst(time: datetime, skymap: bytes | None, far: float, duration: float, frequency: float) -> dict:
    """The `event` of an unmodelled burst: no classes, no distance; `duration` in s, `frequency` in Hz."""
    return _event(
        time,
        skymap,
        far,
        group="Burst",
        pipeline="CWB",
        search="AllSky",
        duration=duration,
        central_frequency=frequency,
    )


def _event(time: datetime, skymap: bytes | None, far: float, **more: Any) -> dict:
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z",
        "far": far,
        "significant": True,
        "instruments": ["H1", "L1"],
        "pipeline": "gstlal",
        "search": "AllSky",
        "classification": {},
        "properties": {},
        "duration": None,
        "central_frequency": None,
        "skymap": skymap,
        **more,
    }


def as_avro(document: dict) -> bytes:
    """The alert as an Avro object container file of one record, uncompressed, which is what igwn.gwalert carries."""
    import fastavro

    file = io.BytesIO()
    fastavro.writer(file, fastavro.parse_schema(SCHEMA), [document], sync_marker=b"tom-multimesseng")  # else random
    return file.getvalue()


def as_json(document: dict) -> bytes:
    """The alert as JSON, its sky maps in base64."""
    return json.dumps(document, default=lambda fits: base64.b64encode(fits).decode("ascii")).encode()
