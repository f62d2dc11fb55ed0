"""A selection of events, messages or alerts as a file that is made while it is sent, so that memory stays flat.

JSON lines (an object a line), CSV, or a zip of VOEvents, one a notice. What is in it is looked up for the user chunk by chunk.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from tom_scimma import found, query, site
from tom_scimma.models import Alert
from tom_scimma.models.alerts import FOREMOST
from tom_scimma.notice import iso
from tom_scimma.query.names import EVENTS
from tom_scimma.translate import to_voevent
from tom_scimma.translate.ivorn import ivorn

#: form -> ending of the file, content type, what people call it
FORMS = {
    "json": ("jsonl", "application/x-ndjson", "JSON lines"),
    "csv": ("csv", "text/csv; charset=utf-8", "CSV"),
    "voevent": ("zip", "application/zip", "VOEvents (zip)"),
}
CHUNK = 100
_MESSAGE = {
    "uid": lambda row: str(row.uid),
    "topic": lambda row: row.topic,
    "source": lambda row: row.source,
    "state": lambda row: row.state,
    "format": lambda row: row.format,
    "parser": lambda row: row.parser,
    "published": lambda row: iso(row.published),
    "received": lambda row: iso(row.received),
    "place": lambda row: row.place,
    "sender": lambda row: row.sender,
    "size": lambda row: row.size,
    "sha256": lambda row: row.sha256,
    "error": lambda row: row.error,
}  # fmt: skip
MESSAGE_COLUMNS = tuple(_MESSAGE)


def events(rows: QuerySet, form: str, user: Any) -> Iterator[bytes]:
    """Events as they are known now; as VOEvents of each the newest notice of its source that the user may see, else the newest report."""
    if form == "voevent":
        newest = Alert.objects.visible_to(user).filter(event=OuterRef("pk")).order_by(*FOREMOST).values("pk")[:1]
        keys = rows.annotate(newest_alert=Subquery(newest)).values_list("newest_alert", flat=True)
        return _voevents(_alerts(keys, "pk", user))
    records = found.records(EVENTS, rows.iterator(chunk_size=CHUNK))
    return _csv(tuple(found.COLUMNS[EVENTS]), records) if form == "csv" else _json(records)


def messages(rows: QuerySet, form: str, user: Any) -> Iterator[bytes]:
    """Messages and what was understood of each, without their bytes; as VOEvents each notice that the user may see."""
    if form == "voevent":
        return _voevents(_alerts(rows.values_list("pk", flat=True), "message", user))
    plain = ({name: said(row) for name, said in _MESSAGE.items()} for row in rows.iterator(chunk_size=CHUNK))
    return _csv(MESSAGE_COLUMNS, plain) if form == "csv" else _json(_with_notices(rows, user))


def alerts(rows: QuerySet, user: Any) -> Iterator[bytes]:
    """Alerts as VOEvents."""
    return _voevents(_alerts(rows.values_list("pk", flat=True), "pk", user))


def results(thing: str, keys: list[int], form: str, user: Any, said: dict[str, Any]) -> Iterator[bytes]:
    """What a query found, by its rows' keys and in their order: CSV, or one JSON object with `results` behind what is `said`."""
    records = found.records(thing, _rows(thing, keys, user))
    if form == "csv":
        yield from _csv(tuple(found.COLUMNS[thing]), records)
        return
    between = json.dumps(said)[:-1] + ', "results": ['
    for record in records:
        yield f"{between}\n{json.dumps(record)}".encode()
        between = ","
    yield f"{between if between != ',' else ''}\n]}}\n".encode()


def _rows(thing: str, keys: list[int], user: Any) -> Iterator[Any]:
    for chunk in _chunks(keys):
        rows = found.with_all(thing, query.visible(thing, user)).filter(pk__in=chunk).in_bulk()
        yield from (rows[key] for key in chunk if key in rows)


def _with_notices(rows: QuerySet, user: Any) -> Iterator[dict[str, Any]]:
    for chunk in _chunks(rows.iterator(chunk_size=CHUNK)):
        notices: dict[int, list[Any]] = {}
        seen = Alert.objects.visible_to(user).filter(message__in=chunk).order_by("message", "position")
        for key, document in seen.values_list("message", "document"):
            notices.setdefault(key, []).append(document)
        for row in chunk:
            yield {**{name: said(row) for name, said in _MESSAGE.items()}, "notices": notices.get(row.pk, [])}


def _alerts(keys: QuerySet, field: str, user: Any) -> Iterator[Alert]:
    """The alerts with those keys, in their order, as far as the user may see them."""
    for chunk in _chunks(keys.iterator(chunk_size=CHUNK)):
        place = {key: number for number, key in enumerate(chunk)}
        rows = Alert.objects.visible_to(user).filter(**{f"{field}__in": [key for key in chunk if key is not None]})
        attribute = "pk" if field == "pk" else f"{field}_id"
        yield from sorted(rows, key=lambda row: (place[getattr(row, attribute)], row.position))


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _json(records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for record in records:
        yield json.dumps(record, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"


def _csv(columns: tuple[str, ...], records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(columns)
    for record in records:
        table.writerow([found.cell(value) for value in record.values()])
        if text.tell() > 65536:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    said = text.getvalue()
    text.seek(0)
    text.truncate()
    return said.encode("utf-8", "replace")


def _voevents(rows: Iterable[Alert]) -> Iterator[bytes]:
    """A zip that never goes back in the file, with each VOEvent under its identity; the same notice stands in it once."""
    authority, pipe = site.authority(), _Pipe()
    names: set[str] = set()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for row in rows:
            notice = row.notice
            name = f"{ivorn(notice, authority).rpartition('#')[2]}.xml"
            if name not in names:
                names.add(name)
                archive.writestr(
                    zipfile.ZipInfo(name, row.order.timetuple()[:6]),
                    to_voevent(notice, authority),
                    zipfile.ZIP_DEFLATED,
                )
                yield pipe.take()
    yield pipe.take()


class _Pipe:
    """What a ZipFile writes into and we read out of."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        """What was written since the last time."""
        data = bytes(self._held)
        self._held.clear()
        return data


EXPORTS: dict[str, Callable[..., Iterator[bytes]]] = {"events": events, "messages": messages}
