"""Telescopes, a sky that can be seen tonight, and plans for tests of plans."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tests import factories as make
from tom_scimma import skymap
from tom_scimma.models import Event
from tom_treasuremap.models import Plan
from tom_treasuremap.plans import making, presets

NAME = "S261127ab"


def noon() -> float:
    """The longitude, degrees, where the mean Sun is at noon now: a whole night is to come there, and none goes on."""
    return (12.0 - timezone.now().timestamp() / 3600.0 % 24.0) * 15.0 % 360.0


def telescope(name: str = "tester", **changes: Any) -> dict[str, Any]:
    """A telescope of the settings: two degrees wide, with filters g and r, where it is noon whenever a test runs."""
    said = {
        "name": name, "label": name.title(), "field": {"rectangle": [2.0, 2.0]}, "transport": "download", "readout": 10,
        "site": {"latitude": -31.273, "longitude": noon(), "height": 1116, "timezone": "UTC", "name": "there"},
        "filters": [{"name": "g", "band": "g"}, {"name": "r", "band": "r"}], "limits": {"min_altitude": 30},
        "twilight": "astronomical", "instrument_id": 47,
    }  # fmt: skip
    return {**said, **changes}


def opposite() -> float:
    """The right ascension, degrees, that culminates at midnight: 180 from the mean Sun's."""
    days = (timezone.now().timestamp() / 86400 + 40587.0) - 51544.5
    return (280.46 + 0.9856474 * days + 180.0) % 360


def sky(sigma: float = 4.0, east: float = 0.0, **more: Any) -> Any:
    """A map that is up all night."""
    return skymap.from_gaussian(
        (opposite() + east) % 360, -30.0, sigma, order=5, rounds=2, distance=(100.0, 20.0), **more
    )


def event(name: str = NAME, **more: Any) -> Event:
    """An event with that map."""
    return make.known(name, sky=more.pop("sky", None) or sky(), **more)


def plan(event: Event, by: Any, **changes: Any) -> Plan:
    """A first plan, made at once as the worker would."""
    question = presets.question(presets.FIRST).but(**{"telescopes": ("tester",), "nodes": 0, **changes})
    row = making.ask(question, by=by, event=event)
    making.begin()
    row.refresh_from_db()
    return row
