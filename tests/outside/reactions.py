"""Reactions and a job that leave a mark at the service, and fail, hang or die when trouble.py says so."""

from __future__ import annotations

import requests

from tests.outside.parcel import server
from tests.outside.trouble import trouble


def _mark(name: str, alert_id: int, change: str) -> None:
    requests.post(f"{server()}/marks", json={"name": name, "alert": alert_id, "change": change}, timeout=5)


def first(alert_id: int, change: str) -> None:
    trouble("first")
    _mark("first", alert_id, change)
    trouble("first-after")


def second(alert_id: int, change: str) -> None:
    trouble("second")
    _mark("second", alert_id, change)


def tick() -> None:
    trouble("tick")
    _mark("tick", 0, "")
