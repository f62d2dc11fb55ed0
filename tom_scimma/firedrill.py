"""A fire drill: one mock superevent goes through this TOM as it is configured, and nothing of it stays or leaves.

All of it happens in one transaction that is never committed, so that neither the worker nor anybody else sees it, and it is gone
whatever happens meanwhile. Apps add what they do by `firedrill_steps() -> [{"name", "run": "dotted.path(event, user) -> words"}]`;
what goes wrong is an exception.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from tom_scimma import hooks, ledger, skymap
from tom_scimma.ingest import ingest
from tom_scimma.models import Alert, Event, Reaction
from tom_scimma.record import Record
from tom_scimma.worker.lane import caught

TOPIC = "igwn.gwalert"
#: deg, of the mock map: some of it is up wherever a telescope stands
WIDTH = 10.0


@dataclass(frozen=True)
class Step:
    """How one step went."""

    name: str
    words: str
    seconds: float
    failed: bool = False


@dataclass(frozen=True)
class Drill:
    """How all of it went."""

    event: str
    steps: tuple[Step, ...]
    ledger: ledger.Ledger | None

    @property
    def failed(self) -> bool:
        return any(step.failed for step in self.steps)


def drill(user: Any, *, topic: str = TOPIC, now: datetime | None = None) -> Drill:
    """Plays it in the name of a user; nothing of it stays."""
    now = now or timezone.now()
    with transaction.atomic(), _without_hooks():
        try:
            found = _play(user, topic, now)
        finally:
            transaction.set_rollback(True)
    return found


@contextmanager
def _without_hooks() -> Iterator[None]:
    """The host's own hooks do not run: what one tells the world of a mock target, no rollback takes back."""
    before = getattr(settings, "HOOKS", {})
    settings.HOOKS = {}
    try:
        yield
    finally:
        settings.HOOKS = before


def _play(user: Any, topic: str, now: datetime) -> Drill:
    name = f"MS{now:%y%m%d}firedrill"
    heard: list[Event] = []
    steps = [_step("heard and understood", lambda: _hear(name, topic, now, heard))]
    if heard:
        event = heard[0]
        alert = Alert.objects.select_related("message").filter(event=event).latest("pk")
        steps += [_step(label, work) for label, work in _work(alert, event, user)]
        return Drill(name, tuple(steps), ledger.ledger(alert))
    return Drill(name, tuple(steps), None)


def _step(name: str, work: Callable[[], str]) -> Step:
    words: list[str] = []

    def inside() -> None:
        with transaction.atomic():
            words.append(work())

    began = time.monotonic()
    error = caught(inside)
    said = words[0] if words and error is None else f"{type(error).__name__}: {error}"
    return Step(name, said, time.monotonic() - began, failed=error is not None)


def _hear(name: str, topic: str, now: datetime, heard: list[Event]) -> str:
    payload = orjson.dumps(mock(name, now))
    record = Record(
        topic, payload, published=now, received=timezone.now(), broker="a fire drill", partition=0, offset=None
    )
    result = ingest([record])[0]
    if result.state != "parsed" or not result.alerts:
        raise RuntimeError(f"{topic} is {result.state} and not parsed: does TOPICS keep it?")
    alert = Alert.objects.select_related("event").get(pk=result.alerts[0])
    if not alert.authority:
        raise RuntimeError(f"{topic} is no authority for LVK: its policy in TOPICS names none")
    heard.append(alert.event)
    return f"{alert.event.name}, 90 % area {alert.event.area_90:,.0f} deg²"


def _work(alert: Alert, event: Event, user: Any) -> Iterator[tuple[str, Callable[[], str]]]:
    for reaction in Reaction.objects.filter(alert=alert).order_by("pk"):
        yield f"reaction: {reaction.name}", lambda reaction=reaction: _react(reaction)
    for found in hooks.gather("firedrill_steps"):
        for one in found:
            yield one["name"], lambda one=one: import_string(one["run"])(event, user)
    yield "something to share is composed", lambda: _compose(event, user)


def _react(reaction: Reaction) -> str:
    import_string(reaction.run)(reaction.alert_id, reaction.change)
    Reaction.objects.filter(pk=reaction.pk).update(state=Reaction.State.DONE, finished=timezone.now())
    return "done"


def _compose(event: Event, user: Any) -> str:
    from tom_scimma.compose import drafts
    from tom_scimma.compose.selection import Selection

    proof = drafts.proof_of(drafts.opened(Selection.of({"event": [event.name]}), user))
    count = len(proof.letters)
    return f"{count} place{'' if count == 1 else 's'} to say it"


def mock(name: str, now: datetime) -> dict[str, Any]:
    """A mock superevent in the shape of igwn.gwalert, opposite to the Sun, so that it is up tonight. Documentation:
    https://emfollow.docs.ligo.org/userguide/content.html"""
    days = now.timestamp() / 86400 + 40587.0 - 51544.5
    east = (280.46 + 0.9856474 * days + 180.0) % 360  # the mean Sun's right ascension, and half a turn
    sky = skymap.from_gaussian(east, 0.0, WIDTH, order=4, rounds=2, distance=(150.0, 40.0))
    return {
        "alert_type": "PRELIMINARY",
        "time_created": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "superevent_id": name,
        "event": {
            "time": f"{now - timedelta(seconds=30):%Y-%m-%dT%H:%M:%S}.000Z", "far": 1e-10, "significant": True,
            "instruments": ["H1", "L1"], "group": "CBC", "pipeline": "gstlal", "search": "MDC", "duration": None,
            "central_frequency": None, "classification": {"BNS": 0.95, "NSBH": 0.0, "BBH": 0.0, "Terrestrial": 0.05},
            "properties": {"HasNS": 1.0, "HasRemnant": 1.0, "HasMassGap": 0.0, "HasSSM": 0.0},
            "skymap": base64.b64encode(sky.to_fits()).decode(),
        },
        "external_coinc": None,
        "urls": {},
    }  # fmt: skip
