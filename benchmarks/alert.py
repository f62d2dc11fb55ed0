"""A gravitational-wave alert of real size: 1 MB of JSON with a map of 19,200 rows in base64. Ours, made from nothing but numbers.

fits = skymap()                      # about 0.45 s, once
payload = message(fits, "S261121abc")
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone


def skymap(sigma_deg: float = 8.0) -> bytes:
    """FITS bytes of a multi-order map as BAYESTAR makes them: 19,200 rows of UNIQ, PROBDENSITY, DISTMU, DISTSIGMA, DISTNORM."""
    from tom_scimma.skymap import from_gaussian

    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    made = from_gaussian(
        197.45,
        -23.38,
        sigma_deg,
        distance=(150.0, 40.0),
        meta={"OBJECT": "benchmark", "DATE": now, "INSTRUME": "H1,L1,V1"},
    )
    return made.to_fits()


def message(fits: bytes, name: str, sent: datetime | None = None) -> bytes:
    """The alert about a superevent as it is on igwn.gwalert in JSON."""
    sent = sent or datetime.now(timezone.utc)
    return json.dumps(
        {
            "alert_type": "PRELIMINARY",
            "time_created": sent.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "superevent_id": name,
            "urls": {"gracedb": f"https://gracedb.example.org/superevents/{name}/view/"},
            "event": {
                "time": sent.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "far": 9.11e-14,
                "significant": True,
                "instruments": ["H1", "L1", "V1"],
                "group": "CBC",
                "pipeline": "gstlal",
                "search": "AllSky",
                "properties": {"HasNS": 1.0, "HasRemnant": 1.0, "HasMassGap": 0.0},
                "classification": {"BNS": 0.95, "NSBH": 0.01, "BBH": 0.03, "Terrestrial": 0.01},
                "duration": None,
                "central_frequency": None,
                "skymap": base64.b64encode(fits).decode(),
            },
            "external_coinc": None,
        }
    ).encode()
