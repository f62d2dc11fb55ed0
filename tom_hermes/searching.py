"""A search -> messages of HERMES' archive that fit, the newest first. HTTP by client.py alone; no ORM.

HERMES' index finds by name, place and event, among the topics hermes.* and microlensing.*, but needs a token, keeps no
text and knows no target at RA or Dec 0 and none that moves. Without a token, and for topics, times and words, its archive
is read page by page. What is found is looked at here again: a target fits by its name or other names, and by its place.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from tom_hermes import reading
from tom_hermes.client import Hermes
from tom_hermes.said import Said, SaidTarget
from tom_scimma import tnsnames
from tom_scimma.errors import Rejected
from tom_scimma.skymap.makers import separation

#: messages of an index are fetched so many at once
AT_ONCE = 8
PAGE = 100


@dataclass(frozen=True)
class Search:
    """What is looked for; empty fields are not asked for. Angles in degrees, times aware."""

    names: tuple[str, ...] = ()
    exact: bool = False
    cone: tuple[float, float, float] | None = None
    event: str = ""
    topics: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    words: str = ""
    uuid: str = ""


@dataclass(frozen=True)
class Found:
    """One message of the archive."""

    uuid: str
    topic: str
    sent: datetime | None
    document: Any = field(repr=False)
    sent_id: uuid.UUID | None = None  #: its `_id` header
    retracted: bool = False

    @property
    def said(self) -> Said:
        """What it says."""
        return reading.read(self.document)


def found(row: dict[str, Any]) -> Found:
    """A message as `query/` gives it."""
    about, notes = (row.get(key) if isinstance(row.get(key), dict) else {} for key in ("metadata", "annotations"))
    headers = about.get("headers") if isinstance(about.get("headers"), dict) else {}
    try:
        sent_id = uuid.UUID(str(headers.get("_id")))
    except ValueError:
        sent_id = None
    when = about.get("timestamp")
    sent = None
    with contextlib.suppress(TypeError, ValueError, OverflowError, OSError):
        sent = datetime.fromtimestamp(float(when) / 1000, timezone.utc)  # type: ignore[arg-type]
    ident = str(sent_id or notes.get("con_text_uuid") or "")
    return Found(ident, str(about.get("topic") or ""), sent, row.get("message"), sent_id, bool(notes.get("retracted")))


def search(base_url: str, reader: str, index: str, wanted: Search, most: int) -> list[tuple[Found, Said]]:
    """Messages that fit, each once, at most so many looked at. Raises the client's errors.

    `reader` is the token of who reads, "" for nobody in person: only what it shows is found. `index` is the one that asks
    the index, which tells no text; it may be the TOM's.
    """
    fitting = {}
    with Hermes(base_url, reader) as hermes:
        if wanted.uuid:
            rows: Iterator[Found] = iter([found(hermes.archived(wanted.uuid))])
        elif index and (wanted.names or wanted.cone or wanted.event):
            rows = _indexed(base_url, reader, index, wanted, most)
        else:
            rows = _pages(hermes, wanted, most)
        for message in rows:
            said = message.said
            if message.uuid not in fitting and not message.retracted and _fits(message, said, wanted):
                fitting[message.uuid] = (message, said)
    return list(fitting.values())


def _indexed(base_url: str, reader: str, index: str, wanted: Search, most: int) -> Iterator[Found]:
    with Hermes(base_url, index) as hermes:
        rows = (row for filters in _filters(wanted) for row in _some(hermes.messages(**filters), most))
        uuids = list(dict.fromkeys(row["uuid"] for row in rows))
    with ThreadPoolExecutor(AT_ONCE) as threads:
        yield from filter(None, threads.map(lambda ident: one(base_url, reader, ident), uuids[:most]))


def _filters(wanted: Search) -> Iterator[dict[str, str]]:
    """The index's filters: one question a name, since it takes one."""
    common = {"cone_search": ",".join(map(str, wanted.cone)) if wanted.cone else "", "event_id": wanted.event}
    if wanted.names and wanted.cone and wanted.exact:  # a target's own: by its names, or at its place
        yield {"cone_search": common["cone_search"]}
        common["cone_search"] = ""
    for name in wanted.names or ("",):
        yield {**common, "target_name_exact" if wanted.exact else "target_name": name}


def _some(rows: Iterator[dict[str, Any]], most: int) -> Iterator[dict[str, Any]]:
    for row, _ in zip(rows, range(most), strict=False):
        if row.get("uuid"):
            yield row


def one(base_url: str, token: str, ident: str) -> Found | None:
    """A message of the archive; None when it has none of that uuid, or does not show it to this account."""
    with Hermes(base_url, token) as hermes:  # a session of its own, since threads may not share one
        try:
            return found(hermes.archived(ident))
        except Rejected:
            return None


def _pages(hermes: Hermes, wanted: Search, most: int) -> Iterator[Found]:
    words = wanted.words or wanted.event or (wanted.names[0] if len(wanted.names) == 1 else "")
    page, count = "", 0
    while count < most:
        answer = hermes.archive(
            topics=wanted.topics,
            start=wanted.start,
            end=wanted.end,
            search=words,
            page=page,
            limit=PAGE,
            retracted=False,
        )
        yield from map(found, answer.messages)
        count += len(answer.messages)
        page = answer.next
        if not page or not answer.messages:
            return


def _fits(message: Found, said: Said, wanted: Search) -> bool:
    if wanted.topics and message.topic not in wanted.topics:
        return False
    if (wanted.start and message.sent and message.sent < wanted.start) or (
        wanted.end and message.sent and message.sent > wanted.end
    ):
        return False
    if wanted.event and wanted.event.lower() not in said.event.lower():
        return False
    if wanted.words and wanted.words.lower() not in f"{said.title} {said.text} {said.authors} {said.submitter}".lower():
        return (
            any(fits(target, wanted) for target in said.targets)
            and wanted.words.lower() in str(message.document).lower()
        )
    return not (wanted.names or wanted.cone) or any(fits(target, wanted) for target in said.targets)


def fits(target: SaidTarget, wanted: Search) -> bool:
    """Whether one target of a message is what is looked for."""
    named = not wanted.names or any(_called(name, target, wanted.exact) for name in wanted.names)
    if wanted.cone is None:
        return named
    ra, dec, radius = wanted.cone
    near = target.ra is not None and float(separation(target.ra, target.dec, ra, dec)) <= radius
    return named or near if wanted.names and wanted.exact else named and near


def _called(name: str, target: SaidTarget, exact: bool) -> bool:
    if exact:
        return tnsnames.key(name) in map(tnsnames.key, target.names)
    return any(name.lower() in known.lower() for known in target.names)
