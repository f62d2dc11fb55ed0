"""Telescopes and requests for tests of what is asked and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from django.utils import timezone as clock
from tom_targets.models import Target

from tests import factories as make
from tom_scimma.models import Alert, Event
from tom_treasuremap.followup import written
from tom_treasuremap.followup.request import Exposure, Request
from tom_treasuremap.nights import night, utc
from tom_treasuremap.telescopes.reading import read
from tom_treasuremap.telescopes.telescope import Telescope

#: a Friday evening in Australia
EVENING = datetime(2026, 11, 27, 11, 0, tzinfo=timezone.utc)

SAID = {
    "name": "one-metre",
    "label": "Our 1 m",
    "site": {"latitude": -31.27, "longitude": 149.07, "height": 1149, "timezone": "Australia/Sydney"},
    "field": {"rectangle": [0.5, 0.5]},
    "filters": [
        {"name": "r", "band": "r", "depths": [[30, 20.0], [300, 21.8]]},
        {"name": "B", "band": "B", "depths": [[30, 19.5], [300, 21.0]]},
    ],
    "limits": {"min_altitude": 30},
    "twilight": -12.0,
    "readout": 20,
    "filter_change": 5,
    "instrument_id": 100,
}
COJ: Telescope = read(SAID)
#: the same with a transport that sends, and answers
SENT = {**SAID, "name": "dome", "label": "The dome", "transport": "simulated"}


@contextmanager
def known(settings, *more) -> Iterator[None]:
    """A TOM that has these telescopes besides the shipped ones."""
    settings.TOM_TREASUREMAP = {**getattr(settings, "TOM_TREASUREMAP", {}), "TELESCOPES": [SAID, *more]}
    yield


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


def dark() -> tuple[datetime, datetime]:
    """The dark of the night to come at that telescope, whatever day it is."""
    found = night(COJ, clock.now() + timedelta(hours=12))
    return utc(found.start), utc(found.end)


def overhead(moment: datetime) -> tuple[float, float]:
    """A place that is near the zenith there at a moment, by the mean sidereal time."""
    days = (moment - datetime(2000, 1, 1, 12, tzinfo=timezone.utc)).total_seconds() / 86400
    return (280.46062 + 360.98564737 * days + 149.07) % 360.0, -31.0


def target(*users, name="AT2026abc", permissions="PRIVATE", **place) -> Target:
    """A target that these may see and change; overhead in the middle of the night to come."""
    start, end = dark()
    ra, dec = overhead(start + (end - start) / 2)
    where = {"ra": ra, "dec": dec, **place}
    found = Target.objects.create(name=name, type="SIDEREAL", permissions=permissions, **where)
    for user in users:
        found.give_user_access(user)
    return found


def heard(event: Event, **said) -> Alert:
    """An alert of an event that was heard just now."""
    now = clock.now()
    message = make.message(
        via=said.pop("via", "listen"), published=now, received=now, topic=said.pop("topic", "igwn.gwalert")
    )
    live = said.pop("live", True)
    return make.alert(event, make.notice(event.name, sent=now, **said), message, live=live)
