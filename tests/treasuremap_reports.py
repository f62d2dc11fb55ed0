"""What is told to a Treasure Map in tests, at the stand-in, and whether it has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from tests import factories as make
from tests import hermes_content
from tom_scimma.compose.content import Content, Counterpart, Observation
from tom_scimma.models import Event
from tom_treasuremap import instruments
from tom_treasuremap.destination import packed
from tom_treasuremap.fake import Fake
from tom_treasuremap.models import Report
from tom_treasuremap.service import service

NAME = "S251112cm"
POINTING = {
    "ra": 125.25, "dec": -12.5, "instrumentid": 100, "time": "2025-11-12T18:00:00Z", "status": "planned", "depth": 21.5,
    "depth_unit": "ab_mag", "band": "r", "central_wave": 6415.4, "bandwidth": 1487.58, "pos_angle": 30.0,
}  # fmt: skip


@dataclass
class Said:
    """Something to say: what is sent, what is refused, and whether it is there."""

    payload: bytes
    refused: bytes
    arrived: Callable[[], int]
    path: dict[str, Any] = field(default_factory=dict)  #: which request says it
    content: Any = "event:S251112cm"


@contextmanager
def at_standin(settings, **more: Any) -> Iterator[Fake]:
    """A stand-in that settings name, whose event and instruments are known here."""
    with Fake() as fake:
        settings.TOM_TREASUREMAP = {
            "BASE_URL": fake.url,
            "TOKEN": fake.token,
            "PAUSE_SECONDS": 0,
            "READ_SECONDS": 5.0,
            **more,
        }
        if not Event.objects.filter(name=NAME).exists():
            make.event(NAME)
        instruments.renew(service(), datetime.now(timezone.utc))
        yield fake


def said(**changes: Any) -> dict[str, Any]:
    """What is said of a pointing."""
    return {"event": NAME, "source": "observation:17", "turn": 1, "pointing": {**POINTING, **changes}}


def content(**changes: Any) -> Content:
    """One observation chosen in the composer, that says all but which instrument it is there."""
    parameters = {"filter": "r", "depth": 21.5, "depth_unit": "ab_mag"}
    values = {"target": "AT2026abc", "facility": "LCO", "observation_id": "1", "status": "COMPLETED"}
    row = Observation(**{"pk": 17, **values, "start": hermes_content.NIGHT, "parameters": parameters, **changes})
    happening = hermes_content.event(name=NAME, circulars=())
    return hermes_content.content(event=happening, observations=(row,))


def planned(fake: Fake) -> Report:
    """A planned pointing that the stand-in has and we know of."""
    number = service(fake.token).post_pointings(NAME, [POINTING]).ids[0]
    event = Event.objects.get(name=NAME)
    values = {"said": POINTING, "wanted": "planned", "status": "planned", "number": number, "graceid": NAME}
    return Report.objects.create(event=event, origin=service().origin, source=f"form:{number}", **values)


def rows(fake: Fake, **wanted: Any) -> list[dict[str, Any]]:
    """Pointings that the stand-in has."""
    return [row for row in fake.world.pointings.values() if all(row[name] == value for name, value in wanted.items())]


def _posting(fake: Fake) -> Said:
    path = {"path": "/api/v1/pointings", "method": "POST"}
    return Said(packed(said()), packed(said(instrumentid=4242)), lambda: len(rows(fake)), path, content())


def _completing(fake: Fake) -> Said:
    report = planned(fake)
    body = {"event": NAME, "graceid": NAME, "source": report.source, "report": report.pk, "number": report.number}
    body["time"] = "2025-11-12T18:07:11Z"
    path = {"path": "/api/v1/pointings", "method": "POST"}
    return Said(packed(body), packed({**body, "number": 9}), lambda: len(rows(fake, status="completed")), path)


def _cancelling(fake: Fake) -> Said:
    body = {"event": NAME, "graceid": NAME, "ids": [planned(fake).number], "reason": "it was retracted"}
    return Said(packed(body), packed({**body, "ids": [9]}), lambda: len(rows(fake, status="cancelled")))


def _doi(fake: Fake) -> Said:
    fake.world.zenodo = True
    report = planned(fake)
    service(fake.token).complete(NAME, report.number, "2025-11-12T18:07:11Z")
    body = {"event": NAME, "graceid": NAME, "ids": [report.number], "creators": [{"name": "A", "affiliation": "B"}]}
    count = lambda: sum(row["doi_url"] is not None for row in rows(fake))  # noqa: E731
    path = {"path": "/api/v1/request_doi", "method": "POST"}
    return Said(packed(body), packed({**body, "ids": [9]}), count, path)


def _candidate(fake: Fake) -> Said:
    row = {"candidate_name": "AT2025abc", "discovery_date": "2025-11-12T19:00:00Z", "discovery_magnitude": 19.5}
    body = {"event": NAME, "candidate": {**row, "magnitude_unit": "ab_mag", "ra": 10.0, "dec": -20.0}}
    refused = {**body, "candidate": {**body["candidate"], "candidate_name": "X", "magnitude_unit": "mag"}}
    path = {"path": "/api/v1/candidate", "method": "POST"}
    first = hermes_content.point(unit="AB mag")
    counterpart = Counterpart("AT2026abc", "interesting", pk=3)
    chosen = hermes_content.content(
        event=hermes_content.event(name=NAME), candidates=(counterpart,), photometry=(first,)
    )
    return Said(packed(body), packed(refused), lambda: len(fake.world.candidates), path, chosen)


def _galaxies(fake: Fake) -> Said:
    row = {"name": "NGC 1", "ra": 10.0, "dec": -20.0, "score": 0.5, "rank": 1}
    body = {"event": NAME, "galaxies": [row]}
    refused = {**body, "galaxies": [{"name": "NGC 2", "score": 0.5, "rank": 1}]}
    path = {"path": "/api/v1/event_galaxies", "method": "POST"}
    return Said(packed(body), packed(refused), lambda: len(fake.world.lists), path)


def _instrument(fake: Fake) -> Said:
    row = {
        "instrument_name": "Ours",
        "instrument_type": 1,
        "footprint_type": "Rectangular",
        "unit": "deg",
        "height": 1,
        "width": 2,
    }
    refused = {**row, "instrument_name": "Other", "footprint_type": "Polygon", "polygon": "nonsense"}
    path = {"path": "/api/v1/instruments", "method": "POST"}
    began = len(fake.world.instruments)
    count = lambda: len(fake.world.instruments) - began  # noqa: E731
    return Said(packed({"instrument": row}), packed({"instrument": refused}), count, path)


#: name of a destination: what is said there
SAID: dict[str, Callable[[Fake], Said]] = {
    "treasuremap": _posting,
    "treasuremap-candidate": _candidate,
    "treasuremap-doi": _doi,
    "treasuremap-galaxies": _galaxies,
    "treasuremap-instrument": _instrument,
    "treasuremap-cancel": _cancelling,
    "treasuremap-complete": _completing,
}
