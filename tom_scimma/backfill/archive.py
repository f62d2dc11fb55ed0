"""A topic's past in the Hopskotch archive, behind Kafka's retention: what it lists first, then the bodies of what is not here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from tom_scimma import offload
from tom_scimma.archive import look, rows
from tom_scimma.archive.client import FULL, Client, Closed
from tom_scimma.archive.records import Meta, Opened, moment
from tom_scimma.backfill import Batch
from tom_scimma.conf import conf
from tom_scimma.errors import Refused, Unavailable
from tom_scimma.ingest import Result
from tom_scimma.notice import iso
from tom_scimma.record import Record

#: messages of a batch, stored in one transaction: two lists of them, asked for at the same time
BATCH = 2 * FULL
#: so many questions at once
THREADS = 4
#: a list of messages with their bodies is asked for where it has at least so many new ones, and no more than so many bytes
WORTH, TOGETHER = 8, 4 * 2**20


def words(since: datetime | None, until: datetime | None) -> str:
    """Which stretch it is, as Backfill.asked has it."""
    return f"archive: {iso(since) or 'the first'} to {iso(until) or 'now'}"


class Archived:
    """What the archive has of a topic from `since` until `until`; None: all it has, to now.

    The cursor holds the time up to which all is stored: pages are the archive's own business, and good for one run.
    What is here already is not opened again. `whole` fetches large messages too, whose references are kept else.
    What does not open is counted in `tally["unopened"]`, and the rest goes on.
    """

    def __init__(
        self,
        client: Client,
        source: str,
        topic: str,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        whole: bool = False,
    ):
        self._client, self.since, self.until, self._whole = client, since, until, whole
        self.source, self.topic = source, topic
        self.asked = words(since, until)
        self.tally: Counter[str] = Counter()  #: what a batch adds to the run's row besides its records
        self._opened: list[Opened] = []  #: those of the batch that was given last
        self._metas: dict[UUID, Meta] = {}

    def total(self) -> int:
        """How many messages the stretch has, as the archive counts."""
        return self._client.count(self.topic, self.since, self._end())

    def batches(self, cursor: Mapping[str, Any]) -> Iterator[Batch]:
        """Records in batches with the cursor after them. Raises Unavailable, Refused."""
        at = cursor.get("at")
        begin = moment(at) if isinstance(at, int) else self.since
        with ThreadPoolExecutor(THREADS, "archive") as pool:
            for page in self._client.metas(self.topic, begin, self._end()):
                metas = [meta for meta in page if meta.topic == self.topic]
                known = rows.here(self.source, metas)
                rows.note(self.source, self._client.url, metas, known, timezone.now())
                self.tally["seen"] += len(page) - len(metas)
                asked = ((part, self._ask(pool, part, known)) for part in _pieces(metas, BATCH))
                for part, lists in _one_ahead(asked):
                    new = [meta for meta in part if meta.uuid not in known]
                    self._metas = {meta.uuid: meta for meta in new}
                    self._opened = self._bodies(pool, new, lists)
                    self.tally["seen"] += sum(meta.timestamp != at or meta.uuid not in known for meta in part)
                    yield [one.record for one in self._opened], {"at": part[-1].timestamp}

    def _end(self) -> datetime | None:
        """Where it ends: what a listener may still bring live is left to it, since what came this way is never acted on."""
        young = look.youngest(self.source, self.topic, timezone.now())
        return min(filter(None, (self.until, young)), default=None)

    def stored(self, results: Sequence[Result]) -> None:
        """Notes where each message of the last batch is in the archive."""
        from tom_scimma.models import Message

        keys = dict(Message.objects.filter(uid__in=[result.uid for result in results]).values_list("uid", "pk"))
        pairs = list(zip(self._opened, results, strict=True))
        found = {one.meta.uuid: keys[result.uid] for one, result in pairs if result.uid in keys}
        large = [one.meta.uuid for one, _ in pairs if one.record.header(offload.REFERENCE) is not None]
        # a full record does not say whether the message is retracted: what the list said counts
        metas = [self._metas.get(one.meta.uuid, one.meta) for one, _ in pairs]
        rows.note(self.source, self._client.url, metas, found, timezone.now(), large=large)

    def _ask(self, pool: Executor, part: Sequence[Meta], known: Collection[UUID]) -> list[Future]:
        """Asks for lists of messages with their bodies, where that is worth it."""
        return [pool.submit(self._list, piece) for piece in _pieces(part, FULL) if _worth(piece, known)]

    def _bodies(self, pool: Executor, new: Sequence[Meta], lists: Sequence[Future]) -> list[Opened]:
        """The new ones, opened: those that lists have, the others one by one, several at a time."""
        found: dict[UUID, Opened] = {}
        for several in lists:
            found.update(several.result())
        left = [meta for meta in new if meta.uuid not in found]
        errors: dict[UUID, str] = {}
        for meta, one in zip(left, pool.map(self._open, left), strict=True):
            if isinstance(one, Opened):
                found[meta.uuid] = one
            else:
                errors[meta.uuid] = one
        if errors:
            rows.note(self.source, self._client.url, new, {}, timezone.now(), errors=errors)
        self.tally["unopened"] += len(errors)
        opened = [found[meta.uuid] for meta in new if meta.uuid in found]
        return [replace(one, record=self._large(one.record)) for one in opened]

    def _list(self, piece: Sequence[Meta]) -> dict[UUID, Opened]:
        """These in one answer; none of them where it cannot be had, perhaps because of one of them: then each for itself."""
        try:
            return self._client.bodies(self.topic, piece[0], piece[-1], self.source)
        except (Refused, Unavailable):
            return {}

    def _open(self, meta: Meta) -> Opened | str:
        """The message, or why it is not to be had. Raises Unavailable when the archive itself is away."""
        if meta.size > conf.MAX_MESSAGE_BYTES + offload.ENVELOPE:
            return f"{meta.size:,} bytes, more than MAX_MESSAGE_BYTES allows"
        try:
            return self._client.open(meta.uuid, self.source)
        except Closed as error:
            return str(error).removeprefix(f"{meta.uuid}: ")

    def _large(self, record: Record) -> Record:
        """A stub as it is kept: with the message in its place, or as a reference that says so."""
        if not offload.is_stub(record):
            return record
        if self._whole:
            from tom_scimma.broker import retrieve

            return retrieve(record, pauses=offload.PAUSES[:1])
        return replace(record, headers=(*record.headers, (offload.REFERENCE, b"")))


def _pieces(metas: Sequence[Meta], size: int) -> Iterator[Sequence[Meta]]:
    return (metas[start : start + size] for start in range(0, len(metas), size))


def _worth(piece: Sequence[Meta], known: Collection[UUID]) -> bool:
    """Whether so many of these are new, and all of them are so small, that they are asked for in one answer."""
    return sum(meta.uuid not in known for meta in piece) >= WORTH and sum(meta.size for meta in piece) <= TOGETHER


def _one_ahead(items: Iterable[Any]) -> Iterator[Any]:
    """The same; each is made before the one before it is worked on, so that the archive answers while we store."""
    before = None
    for item in items:
        if before is not None:
            yield before
        before = item
    if before is not None:
        yield before
