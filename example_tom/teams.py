"""What other teams tell the demo's Treasure Map: three telescopes that looked, or will look, where the neutron stars merged."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import night
from night.names import GALAXY

from tom_treasuremap.fake import Fake

#: instrument, nickname, half a side of its squares in degrees with a gap between them, and squares a side
CAMERAS = (
    (47, "ZTF-like", 0.85, 4),
    (38, "DECam-like", 0.35, 3),
    (9, "Sinistro-like", 0.22, 1),
    (200, "Demo camera", 1.5, 1),
)
#: account, team, instrument, band, depth (AB), pointings done and to come
LOOKS = (
    (201, "wide_survey", 47, "r", 20.4, 12, 4),
    (202, "deep_team", 38, "i", 22.6, 14, 6),
    (203, "small_telescopes", 9, "g", 21.0, 9, 2),
)


def squares(half: float, side: int) -> list[str]:
    """The CCDs of a camera as WKT, with a tenth of their size between them."""
    step, found = 2.2 * half, []
    for i in range(side):
        for j in range(side):
            x, y = (i - (side - 1) / 2) * step, (j - (side - 1) / 2) * step
            corners = [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
            ring = ", ".join(f"{a:.4f} {b:.4f}" for a, b in [*corners, corners[0]])
            found.append(f"POLYGON(({ring}))")
    return found


def world() -> dict[str, Any]:
    """Accounts and instruments, before any event."""
    users = [(200, "demo", "demo-token"), *((identity, team, f"{team}-token") for identity, team, *_ in LOOKS)]
    footprints = [(number, wkt) for number, _, half, side in CAMERAS for wkt in squares(half, side)]
    return {
        "users": [
            {"id": i, "username": name, "firstname": name, "lastname": "", "email": f"{name}@example.org", "verified": True, "token": token}
            for i, name, token in users
        ],
        "instruments": [
            {"id": i, "instrument_name": name, "nickname": None, "instrument_type": "photometric", "submitterid": 200}
            for i, name, *_ in CAMERAS
        ],
        "footprints": [{"id": k, "instrumentid": i, "footprint": wkt} for k, (i, wkt) in enumerate(footprints, 1)],
    }  # fmt: skip


def look(fake: Fake, start: datetime) -> str:
    """Lets the Treasure Map know the night's merger and what the teams did about it; the event's name."""
    name, chance = night.names(start).merger, random.Random(4)
    sent = start.replace(tzinfo=None, microsecond=0)
    alert = {
        "id": len(fake.world.alerts) + 1,
        "graceid": name,
        "role": "observation",
        "alert_type": "Initial",
        "far": 1e-9,
    }
    times = {"time_of_signal": sent.isoformat(), "timesent": sent.isoformat(), "datecreated": sent.isoformat()}
    with fake.lock:
        fake.world.alerts.append({**alert, **times})
    for identity, _, instrument, band, depth, done, planned in LOOKS:
        rows = []
        for i in range(done + planned):
            moment = sent + (timedelta(seconds=20 * (i + 1)) if i < done else timedelta(minutes=60 + 10 * i))
            row = {
                "ra": GALAXY[0] + chance.gauss(0, 4.0), "dec": GALAXY[1] + chance.gauss(0, 3.0), "time": moment.isoformat(),
                "pos_angle": chance.choice((0.0, 0.0, 30.0)), "status": "completed" if i < done else "planned", "band": band,
            }  # fmt: skip
            rows.append(
                row if i >= done else {**row, "depth": round(depth + chance.gauss(0, 0.2), 2), "depth_unit": "ab_mag"}
            )
        fake.observe(name, rows, instrumentid=instrument, submitterid=identity)
    return name
