"""Who of SNEWS's detectors is alive: heartbeats in, one row a detector; never a stored message each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tom_scimma.inbox import Arrival
from tom_scimma.models import Detector
from tom_scimma.parsers import snews

#: heartbeats come every minute or so; a detector silent for longer is marked
SILENT = timedelta(minutes=10)
#: a topic has no more detectors than this; further names are not believed
MOST = 200
#: a clock that is further ahead of ours is not believed
AHEAD = timedelta(minutes=10)


@dataclass(frozen=True)
class State:
    """One detector as a page shows it."""

    row: Detector
    light: str  #: green, yellow, red or grey
    words: str


def hear(arrivals: Iterable[Arrival], now: datetime) -> None:
    """Notes the newest heartbeat of each detector in a batch. Called inside ingest's transaction."""
    newest: dict[tuple[str, str, str, bool], tuple[datetime, datetime, str]] = {}
    for arrival in arrivals:
        if not arrival.reading.is_beat:
            continue
        record = arrival.reading.record
        heard = record.received or now
        for beat in snews.beats(arrival.reading.document.content):
            sent = beat.sent if beat.sent is not None and beat.sent <= heard + AHEAD else heard
            place = (record.source[:40], record.topic[:255], beat.detector, beat.test or record.is_test)
            if place not in newest or sent >= newest[place][0]:
                newest[place] = sent, heard, beat.status
    for place, (sent, heard, status) in sorted(newest.items()):
        _note(place, sent, heard, status)


def _note(place: tuple[str, str, str, bool], sent: datetime, heard: datetime, status: str) -> None:
    """Writes one detector's row, unless what is there is newer."""
    source, topic, name, test = place
    known = Detector.objects.filter(source=source, topic=topic, name=name, test=test).first()
    if known is None:
        if Detector.objects.filter(source=source, topic=topic).count() < MOST:
            Detector.objects.create(
                source=source, topic=topic, name=name, test=test, status=status, sent=sent, heard=heard, changed=sent
            )
    elif sent > known.sent:
        changed = known.changed if status == known.status else sent
        Detector.objects.filter(pk=known.pk, sent__lt=sent).update(
            status=status, sent=sent, heard=heard, changed=changed
        )


def states(user, now: datetime) -> list[State]:
    """The detectors that this user may see, each with its light; tests last."""
    return [State(row, *_light(row, now)) for row in Detector.objects.all().visible_to(user)]


def _light(row: Detector, now: datetime) -> tuple[str, str]:
    if now - row.sent > SILENT:
        return "red", "silent"
    if row.status == "ON":
        return "green", "takes data"
    return ("yellow", "alive, takes no data") if row.status == "OFF" else ("grey", row.status.lower() or "alive")
