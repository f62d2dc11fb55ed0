"""A topic's past in the Hopskotch archive, behind Kafka's retention: what it lists first, then the bodies of what is not here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
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

#: messages are opened one by one by so many threads
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
        for page in self._client.metas(self.topic, begin, self._end()):
            metas = [meta for meta in page if meta.topic == self.topic]
            known = rows.here(self.source, metas)
            rows.note(self.source, self._client.url, metas, known, timezone.now())
            self.tally["seen"] += len(page) - len(metas)
            for part in (metas[start : start + FULL] for start in range(0, len(metas), FULL)):
                new = [meta for meta in part if meta.uuid not in known]
                self._metas = {meta.uuid: meta for meta in new}
                self._opened = self._bodies(part, new)
                self.tally["seen"] += len(part)
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

    def _bodies(self, part: Sequence[Meta], new: Sequence[Meta]) -> list[Opened]:
        """The new ones, opened: in one answer where that is worth it, the others one by one, several at a time."""
        found: dict[UUID, Opened] = {}
        if len(new) >= WORTH and sum(meta.size for meta in part) <= TOGETHER:
            try:
                found = self._client.bodies(self.topic, part[0], part[-1], self.source)
            except (Refused, Unavailable):  # perhaps for one of them alone: each for itself
                found = {}
        left = [meta for meta in new if meta.uuid not in found]
        errors: dict[UUID, str] = {}
        if left:
            with ThreadPoolExecutor(min(THREADS, len(left)), "archive") as pool:
                for meta, one in zip(left, pool.map(self._open, left), strict=True):
                    if isinstance(one, Opened):
                        found[meta.uuid] = one
                    else:
                        errors[meta.uuid] = one
        rows.note(self.source, self._client.url, new, {}, timezone.now(), errors=errors)
        self.tally["unopened"] += len(errors)
        opened = [found[meta.uuid] for meta in new if meta.uuid in found]
        return [replace(one, record=self._large(one.record)) for one in opened]

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
