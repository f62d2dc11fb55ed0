"""Pointings of a source into rows: the same once, what changed with what it was, what is gone marked."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from tom_scimma import bulk
from tom_scimma.models import Event
from tom_treasuremap.models import Pointing
from tom_treasuremap.signals import pointings_changed
from tom_treasuremap.sources import Found

BATCH = 1000
CHANGES = 20  #: of a row's history are kept
#: fields of a row that are written from the normal form
WRITTEN = (
    "status", "team", "telescope", "instrument_id", "ra", "dec", "pos_angle", "time", "band", "central_wave", "bandwidth",
    "depth", "depth_err", "depth_unit", "doi", "submitter", "footprint",
)  # fmt: skip
#: what a new row needs, all of it
COLUMNS = (
    "event", "source", "origin", "source_id", "document", "digest", "observation", "group", "first_seen", "last_seen",
    "changed", "vanished", "history", *WRITTEN,
)  # fmt: skip
#: where the row has an empty text for None
TEXTS = ("team", "telescope", "band", "depth_unit", "doi", "submitter")


@dataclass(frozen=True)
class Kept:
    """What became of the rows of a source."""

    count: int = 0
    new: int = 0
    changed: int = 0
    vanished: int = 0

    def __add__(self, other: Kept) -> Kept:
        return Kept(*(getattr(self, item.name) + getattr(other, item.name) for item in fields(self)))


def keep(
    event: Event,
    source: str,
    origin: str,
    found: Iterable[Found],
    now: datetime,
    *,
    whole: bool,
    group: int | None = None,
) -> Kept:
    """Writes what a source has of an event, a batch a transaction, so that any number takes the memory of one.

    `whole`: the source was read to its end, so that what it has no more is marked as vanished. An error of `found` passes
    through, and leaves what came before it, with nothing marked.
    """
    kept = Kept()
    for batch in _batches(found):
        with transaction.atomic():
            kept += _keep(event, source, origin, batch, now, group)
    if whole:
        gone = Pointing.objects.filter(event=event, source=source, origin=origin, vanished=None, last_seen__lt=now)
        kept = replace(kept, vanished=gone.update(vanished=now, changed=now))
    if kept.new or kept.changed or kept.vanished:
        pointings_changed.send(sender=Pointing, event=event)
    return kept


def _batches(found: Iterable[Found]) -> Iterator[dict[str, Found]]:
    """Batches by id; of a repeated id the last one counts."""
    rest = iter(found)
    while batch := list(itertools.islice(rest, BATCH)):
        yield {item.pointing.source_id: item for item in batch}


def _keep(event: Event, source: str, origin: str, batch: dict[str, Found], now: datetime, group: int | None) -> Kept:
    known = Pointing.objects.filter(event=event, source=source, origin=origin, source_id__in=batch)
    old = {identity: rest for identity, *rest in known.values_list("source_id", "pk", "digest", "vanished")}
    new, other, same = [], {}, []
    for identity, item in batch.items():
        digest = _digest(item)
        if identity not in old:
            new.append(_row(event, source, origin, item, digest, now, group))
        elif old[identity][1:] == [digest, None]:
            same.append(old[identity][0])
        else:
            other[old[identity][0]] = (item, digest)
    changed = list(Pointing.objects.in_bulk(other).values())
    for row in changed:
        _change(row, *other[row.pk], now)
    _insert(new)
    Pointing.objects.bulk_update(
        changed, [*WRITTEN, "document", "digest", "last_seen", "changed", "vanished", "history"], batch_size=200
    )
    Pointing.objects.filter(pk__in=same).update(last_seen=now)
    return Kept(len(batch), len(new), len(changed))


def _digest(item: Found) -> str:
    said = json.dumps(item.document or _values(item), sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def _values(item: Found) -> dict[str, Any]:
    """The columns of a pointing."""
    values = {name: getattr(item.pointing, name) for name in WRITTEN}
    values["footprint"] = [[list(corner) for corner in ring] for ring in values["footprint"]]
    return {**values, **{name: values[name] or "" for name in TEXTS}}


def _row(
    event: Event, source: str, origin: str, item: Found, digest: str, now: datetime, group: int | None
) -> tuple[Any, ...]:
    """The values of COLUMNS."""
    said = item.pointing.source_id, item.document, digest, item.observation
    return (event.pk, source, origin, *said, group, now, now, now, None, [], *_values(item).values())


def _insert(rows: list[tuple[Any, ...]]) -> None:
    """Stores new rows; those that somebody else stored meanwhile stay as they are."""
    try:
        with transaction.atomic():
            bulk.insert_rows(Pointing, COLUMNS, rows)
    except IntegrityError:
        names = [Pointing._meta.get_field(name).attname for name in COLUMNS]
        made = [Pointing(**dict(zip(names, row, strict=True))) for row in rows]
        Pointing.objects.bulk_create(made, batch_size=500, ignore_conflicts=True)


def _change(row: Pointing, item: Found, digest: str, now: datetime) -> None:
    """Writes what is new into the row, and into its history what it was before."""
    values, entry = _values(item), {"at": now.isoformat()}
    for name, value in values.items():
        if getattr(row, name) != value and name != "footprint":
            entry[name] = [_plain(getattr(row, name)), _plain(value)]
        setattr(row, name, value)
    if row.vanished is not None:
        entry["vanished"] = [row.vanished.isoformat(), None]
    if len(entry) > 1:
        row.history = [*row.history, entry][-CHANGES:]
        row.changed = now
    row.document, row.digest, row.last_seen, row.vanished = item.document, digest, now, None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
