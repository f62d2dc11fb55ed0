"""Words, topic and time -> archived messages that anybody may see; and a place on the sky out of one of them.

Asked as nobody: what comes back may be told to everybody, since the host keeps results in a cache that all its users share.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from tom_scimma import reading
from tom_scimma.archive import access
from tom_scimma.archive.client import Client
from tom_scimma.archive.records import Meta
from tom_scimma.conf import conf, reading_limits
from tom_scimma.errors import Refused
from tom_scimma.notice import Notice, iso
from tom_scimma.sources import Source

PAGE = 100
#: pages of a search that may be asked for
PAGES = 50


@dataclass(frozen=True)
class Sought:
    """What is looked for; what is None or empty is not asked."""

    text: str = ""  #: words as PostgreSQL's web search has them: "a phrase", or, -word
    topic: str = ""
    since: datetime | None = None  #: of the message
    until: datetime | None = None
    page: int = 1


def search(sought: Sought) -> list[dict[str, Any]]:
    """One page of public messages, the newest first, as plain values. Raises Refused, Unavailable."""
    source, client = _asking()
    pages = client.metas(sought.topic, sought.since, sought.until, search=sought.text, newest_first=True, limit=PAGE)
    found = next(islice(pages, max(1, min(sought.page, PAGES)) - 1, None), [])
    return [_plain(client, source, meta) for meta in found if meta.public]


def notice(uuid: UUID) -> Notice:
    """The first notice with a position that a public message has. Raises Refused where it has none, Unavailable."""
    source, client = _asking()
    opened = client.open(uuid, source.name if source else "hopskotch")
    if not opened.meta.public:
        raise Refused("that message is not public")
    read = reading.read(opened.record, maps=False, **reading_limits())
    for said in read.notices:
        if said.sky is not None and said.sky.ra_deg is not None:
            return said
    raise Refused("nothing in that message says where on the sky it is" + (f" ({read.error})" if read.error else ""))


def _asking() -> tuple[Source | None, Client]:
    """The first source with an archive, or none, and its archive, asked as nobody."""
    source = next(iter(access.archived_sources().values()), None)
    return source, access.client(source, anonymous=True, pauses=(), seconds=min(conf.FETCH_SECONDS, 10.0))


def _plain(client: Client, source: Source | None, meta: Meta) -> dict[str, Any]:
    return {
        "archived": str(meta.uuid),
        "source": source.name if source else "hopskotch",
        "topic": meta.topic,
        "sent": iso(meta.time),
        "title": meta.title,
        "sender": meta.sender,
        "retracted": bool(meta.retracted),
        "address": client.address(meta.uuid),
    }
