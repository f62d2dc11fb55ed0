"""What is told to a Treasure Map in tests, at the stand-in, and whether it has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from tests import factories as make
from tests import hermes_content
from tom_scimma.compose.content import Content, Observation
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


#: name of a destination: what is said there
SAID: dict[str, Callable[[Fake], Said]] = {
    "treasuremap": _posting,
    "treasuremap-cancel": _cancelling,
    "treasuremap-complete": _completing,
}
