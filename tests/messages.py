"""Messages of our own making, in the shape the formats say, as Records."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import datetime, timedelta, timezone

from tom_scimma.notice import iso
from tom_scimma.record import Record

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=timezone.utc)


def record(document, topic, *, minutes=0.0, now=NOW, **values) -> Record:
    """A JSON document (or bytes) as a Record of that topic, published some minutes before now."""
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    time = now - timedelta(minutes=minutes)
    headers = values.pop("headers", ())
    if "_id" not in dict(headers):
        headers = (("_id", uuid.uuid5(uuid.NAMESPACE_OID, repr((topic, payload, minutes))).bytes), *headers)
    values = {"partition": 0, "offset": 1, "published": time, "received": now, "broker": "broker:9092", **values}
    return Record(topic=topic, payload=payload, headers=headers, **values)


def igwn(name="S261121a", kind="INITIAL", *, minutes=5.0, now=NOW, skymap: bytes | None = None, **event) -> dict:
    """An igwn.gwalert document as the public schema has it, created some minutes before now."""
    retraction = kind == "RETRACTION"
    body = {
        "time": iso(now - timedelta(minutes=10)),
        "far": 1e-9,
        "significant": True,
        "instruments": ["H1", "L1"],
        "group": "CBC",
        "pipeline": "gstlal",
        "search": "AllSky",
        "properties": {"HasNS": 0.9, "HasRemnant": 0.8, "HasMassGap": 0.0},
        "classification": {"BNS": 0.9, "NSBH": 0.05, "BBH": 0.0, "Terrestrial": 0.05},
        "duration": None,
        "central_frequency": None,
        "skymap": base64.b64encode(skymap).decode() if skymap else None,
        **event,
    }
    return {
        "alert_type": kind,
        "time_created": (now - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "superevent_id": name,
        "urls": {"gracedb": f"https://gracedb.ligo.org/superevents/{name}/view/"},
        "event": None if retraction else body,
        "external_coinc": None,
    }


def gw(name="S261121a", kind="INITIAL", *, minutes=5.0, topic="igwn.gwalert", record_values=None, **event) -> Record:
    """A gravitational-wave alert as a Record."""
    return record(igwn(name, kind, minutes=minutes, **event), topic, minutes=minutes, **(record_values or {}))


def wxt(trigger="01708973486", *, ra=120.0, dec=40.0, radius=0.02, minutes=5.0, now=NOW, **values) -> dict:
    """An Einstein Probe WXT alert in the shape of the GCN schema."""
    return {
        "$schema": "https://gcn.nasa.gov/schema/v4.1.0/gcn/notices/einstein_probe/wxt/alert.schema.json",
        "instrument": "WXT",
        "trigger_time": iso(now - timedelta(minutes=minutes)),
        "id": [trigger],
        "ra": ra,
        "dec": dec,
        "ra_dec_error": radius,
        "image_energy_range": [0.5, 4],
        "net_count_rate": 1,
        "image_snr": 8.0,
        **values,
    }


def xrt(
    trigger="01708973486", *, minutes=5.0, topic="gcn.notices.einstein_probe.wxt.alert", record_values=None, **values
) -> Record:
    """An X-ray transient as a Record."""
    return record(wxt(trigger, minutes=minutes, **values), topic, minutes=minutes, **(record_values or {}))
