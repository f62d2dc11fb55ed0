"""Metas -> ArchiveRecord rows: which of them are here, what is marked retracted, which did not open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from tom_scimma.archive.records import Meta
from tom_scimma.models import ArchiveRecord, Message
from tom_scimma.record import Record

PIECE = 500  #: rows asked for at once; SQLite takes no more than 999 values


def here(source: str, metas: Sequence[Meta]) -> dict[UUID, int]:
    """Of these, those that we have: uuid -> primary key of the message. By identity, else by what was noted earlier."""
    found: dict[UUID, int] = {}
    for piece in pieces(metas):
        known = {identity(source, meta): meta.uuid for meta in piece}
        for uid, pk in Message.objects.filter(uid__in=known).order_by().values_list("uid", "pk"):
            found[known[uid]] = pk
        noted = ArchiveRecord.objects.filter(source=source, uuid__in=[meta.uuid for meta in piece])
        found.update(noted.filter(message__isnull=False).order_by().values_list("uuid", "message_id"))
    return found


def identity(source: str, meta: Meta) -> UUID:
    """The identity of the message whose `_id` is its uuid in the archive."""
    return Record(meta.topic, b"", source, headers=(("_id", meta.uuid.bytes),)).uid


def note(
    source: str,
    url: str,
    metas: Sequence[Meta],
    messages: Mapping[UUID, int],
    now: datetime,
    *,
    errors: Mapping[UUID, str] | None = None,
    large: Iterable[UUID] = (),
) -> int:
    """Writes what the archive says of messages that are here or that did not open; returns how many became retracted.

    Marks only: no event is folded, nobody is told.
    """
    errors, marked, kept = errors or {}, 0, set(large)
    for piece in pieces([meta for meta in metas if meta.uuid in messages or meta.uuid in errors]):
        rows = ArchiveRecord.objects.filter(source=source, uuid__in=[meta.uuid for meta in piece])
        stored = {row.uuid: row for row in rows}
        new, changed = [], []
        for meta in {meta.uuid: meta for meta in piece}.values():
            row = stored.get(meta.uuid) or ArchiveRecord(source=source, uuid=meta.uuid, seen=now)
            before = _said(row)
            marked += _write(row, meta, url, now)
            row.message_id = messages.get(meta.uuid, row.message_id)
            row.error = "" if row.message_id else errors.get(meta.uuid, row.error)[:1000]
            if meta.uuid in kept and not row.large:
                row.large = ArchiveRecord.Large.KEPT
            if row.pk is None:
                new.append(row)
            elif _said(row) != before:
                changed.append(row)
        ArchiveRecord.objects.bulk_create(new, ignore_conflicts=True)  # another run may be at the same stretch
        ArchiveRecord.objects.bulk_update(changed, [*FIELDS, "seen"])
    return marked


FIELDS = ["url", "message_id", "retracted", "retracted_seen", "doi", "large", "error"]


def _said(row: ArchiveRecord) -> tuple:
    return tuple(getattr(row, name) for name in FIELDS)


def _write(row: ArchiveRecord, meta: Meta, url: str, now: datetime) -> bool:
    """Writes on a row what a record says; whether it is marked retracted now and was not before."""
    row.topic, row.time, row.url, row.seen = meta.topic[:255], meta.time, url[:300], now
    row.doi = meta.doi or row.doi
    if meta.retracted is None or meta.retracted == row.retracted:
        return False
    row.retracted = meta.retracted
    row.retracted_seen = now if meta.retracted else None
    return meta.retracted


def pieces(items: Sequence[Meta]) -> Iterable[Sequence[Meta]]:
    """Them, so many at a time as a query takes."""
    return (items[begin : begin + PIECE] for begin in range(0, len(items), PIECE))
