"""Telescopes and requests for tests of what is asked and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from tom_treasuremap.followup import written
from tom_treasuremap.followup.request import Exposure, Request
from tom_treasuremap.telescopes.telescope import Filter, Limits, Site, Telescope

#: a Friday evening in Australia
EVENING = datetime(2026, 11, 27, 11, 0, tzinfo=timezone.utc)
SQUARE = ((-0.25, -0.25), (0.25, -0.25), (0.25, 0.25), (-0.25, 0.25))

COJ = Telescope(
    name="one-metre",
    label="Our 1 m",
    site=Site(latitude=-31.27, longitude=149.07, height=1149.0, timezone="Australia/Sydney"),
    rings=(SQUARE,),
    filters={
        "r": Filter("r", "r", 6215.0, 1390.0, ((30.0, 20.0), (300.0, 21.8))),
        "B": Filter("B", "B", 4361.0, 890.0, ((30.0, 19.5), (300.0, 21.0))),
    },
    limits=Limits(min_altitude=30.0),
    twilight=-12.0,
    readout=20.0,
    filter_change=5.0,
    instrument_id=100,
)


def request(**changes) -> Request:
    """A request of that telescope, with its id."""
    values = {
        "id": "",
        "telescope": COJ.name,
        "name": "r of AT2026abc",
        "target": "AT2026abc",
        "ra": 60.0,
        "dec": -30.0,
        "exposures": (Exposure("r", 120.0, 3),),
        "start": EVENING,
        "end": EVENING + timedelta(hours=4),
        "by": "ada",
    }
    return written.identified(replace(Request(**values), **changes))
