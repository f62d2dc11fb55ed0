"""Our side of the merging figure: events in a crowd, and bursts that two instruments see and a third notice ties together."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone

from tom_scimma.ingest import ingest
from tom_scimma.models import Alias, Event, Merge
from tom_scimma.record import Record

TOPIC = "gcn.notices.einstein_probe.wxt.alert"


def crowd(count: int) -> int:
    """Fills the TOM up to so many events, each with another name; how many there are."""
    now = datetime.now(timezone.utc)
    for start in range(Event.objects.count(), count, 5000):
        numbers = range(start, min(start + 5000, count))
        rows = [
            Event(
                name=f"Fermi GBM {300_000_000 + n}",
                kind="GRB",
                state="active",
                source="Fermi GBM",
                latest=now - timedelta(minutes=n),
            )
            for n in numbers
        ]
        Alias.objects.bulk_create([Alias(event=row, name=f"bn{row.pk:09d}") for row in Event.objects.bulk_create(rows)])
    return Event.objects.count()


def bursts(count: int, start: int) -> dict:
    """Seconds for three notices of each burst: one of each instrument, and the one that names them together."""
    records = [record for number in range(start, start + count) for record in _burst(number)]
    before, begun = Merge.objects.count(), time.perf_counter()
    for record in records:
        ingest([record])
    return {"seconds": time.perf_counter() - begun, "merged": Merge.objects.count() - before}


def _burst(number: int) -> list[Record]:
    name = f"EP{260000 + number:06d}a"
    return [_record(f"1{number:08d}", name), _record(f"2{number:08d}"), _record(f"2{number:08d}", name)]


def _record(trigger: str, name: str | None = None) -> Record:
    now = datetime.now(timezone.utc)
    said = {
        "$schema": "https://gcn.nasa.gov/schema/v4.1.0/gcn/notices/einstein_probe/wxt/alert.schema.json",
        "instrument": "WXT",
        "trigger_time": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "id": [trigger],
        **({"event_name": name} if name else {}),
    }
    return Record(TOPIC, json.dumps(said).encode(), partition=0, offset=0, published=now, received=now)
