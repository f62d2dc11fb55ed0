"""The world in which the stand-in begins: four accounts, a few events, three instruments."""

from __future__ import annotations

from typing import Any

#: graceid, role, time of the signal, run, then (minutes after it, kind) of each notice
EVENTS = (
    ("S251112cm", "observation", "2025-11-12T15:18:45", "O4", ((5.25, "Preliminary"), (65.25, "Initial"))),
    ("MS251112a", "test", "2025-11-12T00:00:00", "O4", ((5, "Initial"),)),
    ("S170817a", "observation", "2017-08-17T12:41:04", "O2", ((27, "Initial"),)),
    *((f"MS26010{n}a", "test", f"2026-01-0{n}T00:00:00", "O4", ((5, "Initial"),)) for n in range(1, 9)),
)
ALTERNATES = {"S170817a": "GW170817"}
WITH_MAPS = ("S251112cm", "MS251112a")


def seed() -> dict[str, Any]:
    """Users, alerts, instruments with footprints, DOI groups; tokens are `token`, `token-other` and `token-pw`."""
    return {
        "users": [
            user(100, "tomuser", "Tom", "Toolkit", "token"),
            user(101, "tomother", "Other", "Person", "token-other"),
            {**user(103, "pwuser", "Pass", "Word", "token-pw"), "email": "pw@example.org", "password": "test123"},
            {**user(104, "unverified", "Un", "Verified", None), "verified": False, "password": "test123"},
        ],
        "gw_alerts": [alert for event in EVENTS for alert in alerts(*event)],
        "instruments": [
            instrument(100, "TOM Test Sinistro", "sinistro"),
            {**instrument(101, "TOM Test Spectrograph", "FLOYDS", submitter=101), "instrument_type": "spectroscopic"},
            instrument(102, "TOM Empty Camera", None),
        ],
        "footprints": [
            square(100, 100, 0.2208),
            square(101, 101, 0.05),
            {"id": 102, "instrumentid": 102, "footprint": "POLYGON((-1 1, 0 1, 0 0, -1 0, -1 1))"},
            {"id": 103, "instrumentid": 102, "footprint": "POLYGON((0 1, 1 1, 1 0, 0 0, 0 1))"},
        ],
        "doi_author_groups": [
            {"id": 100, "userid": 100, "name": "TOM group"},
            {"id": 101, "userid": 100, "name": "Empty group"},
            {"id": 102, "userid": 101, "name": "Other group"},
        ],
        "doi_authors": [
            author(100, "Toolkit, Tom", "Las Cumbres", 100, "0000-0001-2345-6789"),
            author(102, "Person, Other", "Elsewhere", 102, None),
        ],
        "glade": [],
    }


def user(identity: int, name: str, first: str, last: str, token: str | None) -> dict[str, Any]:
    """An account, verified."""
    return {
        "id": identity,
        "username": name,
        "firstname": first,
        "lastname": last,
        "email": f"{name.removeprefix('tom')}@example.org" if name != "tomuser" else "tom@example.org",
        "verified": True,
        "token": token,
    }


def alerts(graceid: str, role: str, signal: str, run: str, notices: tuple) -> list[dict[str, Any]]:
    """The rows of one event, one a notice."""
    from datetime import datetime, timedelta

    rows = []
    for minutes, kind in notices:
        sent = datetime.fromisoformat(signal) + timedelta(minutes=minutes)
        rows.append(
            {
                "id": 100 + 10 * next((i for i, event in enumerate(EVENTS) if event[0] == graceid), 90) + len(rows),
                "graceid": graceid,
                "alternateid": ALTERNATES.get(graceid),
                "role": role,
                "time_of_signal": signal,
                "timesent": sent.isoformat(),
                "datecreated": (sent + timedelta(seconds=5)).isoformat(),
                "alert_type": kind,
                "observing_run": run,
                "far": 1e-9,
                "group": "CBC",
                "detectors": "H1,L1",
                "skymap_fits_url": f"fit/{graceid}-{kind}.fits.gz" if graceid in WITH_MAPS else None,
            }
        )
    return rows


def instrument(identity: int, name: str, nickname: str | None, submitter: int = 100) -> dict[str, Any]:
    return {
        "id": identity,
        "instrument_name": name,
        "nickname": nickname,
        "instrument_type": "photometric",
        "datecreated": "2025-01-01T00:00:00",
        "submitterid": submitter,
    }


def square(identity: int, instrument: int, half: float) -> dict[str, Any]:
    """A footprint: a square around the middle, half a side in degrees."""
    ring = f"{-half} {half}, {half} {half}, {half} {-half}, {-half} {-half}, {-half} {half}"
    return {"id": identity, "instrumentid": instrument, "footprint": f"POLYGON(({ring}))"}


def author(identity: int, name: str, affiliation: str, group: int, orcid: str | None) -> dict[str, Any]:
    return {"id": identity, "name": name, "affiliation": affiliation, "orcid": orcid, "author_groupid": group}
