"""A telescope and requests for tests of what is asked of telescopes; no database."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from tom_treasuremap.followup.request import Exposure, Request
from tom_treasuremap.telescopes.telescope import Filter, Limits, Site, Telescope

DUSK = datetime(2026, 11, 20, 10, 0, tzinfo=timezone.utc)
SQUARE = ((-0.2, -0.2), (0.2, -0.2), (0.2, 0.2), (-0.2, 0.2))


def telescope(name: str = "tester", **changes: Any) -> Telescope:
    """A small telescope at Siding Spring with filters g and r."""
    values = {
        "label": "Tester 0.4 m",
        "site": Site(-31.2733, 149.0612, 1116.0, "Australia/Sydney", "Q58", "Siding Spring"),
        "rings": (SQUARE,),
        "filters": {
            "g": Filter("g", "g", 4770, 1379, ((30, 18.5), (300, 20.0))),
            "rp": Filter("rp", "r", 6231, 1382, ((30, 18.5), (300, 20.0))),
        },
        "limits": Limits(min_altitude=20),
        "readout": 10.0,
        "filter_change": 5.0,
    }
    return Telescope(name, **{**values, **changes})


def request(number: int = 1, **changes: Any) -> Request:
    """Three exposures in g and one in r of one place, from dusk on, within six hours."""
    values = {
        "id": f"tom-{number:04}",
        "telescope": "tester",
        "name": f"Request {number}",
        "target": f"AT2026abc{number}",
        "ra": 150.25,
        "dec": -30.5,
        "exposures": (Exposure("g", 60.0, 3), Exposure("rp", 120.0)),
        "start": DUSK,
        "end": DUSK + timedelta(hours=6),
        "event": "S261120ab",
        "by": "alice",
    }
    return Request(**{**values, **changes})


def know(settings, *known: Telescope) -> None:
    """Lets this TOM's settings name these telescopes beside the shipped ones."""
    before = getattr(settings, "TOM_TREASUREMAP", {})
    settings.TOM_TREASUREMAP = {**before, "TELESCOPES": [said(one) for one in known]}


def said(one: Telescope) -> dict[str, Any]:
    """A telescope as settings and files have it."""
    filters = [
        {"name": item.name, "band": item.band, "depths": [list(pair) for pair in item.depths]}
        for item in one.filters.values()
    ]
    return {
        "name": one.name,
        "label": one.label,
        "site": {"latitude": one.site.latitude, "longitude": one.site.longitude, "height": one.site.height},
        "field": {"rectangle": [0.4, 0.4]},
        "filters": filters,
        "limits": {"min_altitude": one.limits.min_altitude},
        "readout": one.readout,
        "filter_change": one.filter_change,
        "transport": one.transport,
        "options": dict(one.options),
    }
