"""The archive's HTTP: every question that is asked of it, its answers in our words, always with a time-out and a largest size.

    service = Client("https://archive-api.hop.scimma.org", key=lambda fresh: token)
    for page in service.metas("igwn.gwalert", since, until): ...
    service.open(uuid)

Raises Refused for what will not change, Unavailable for what may; `open` raises Closed for one message that does not open.
A wrong or expired token is a 500 `Internal Server Error` where messages are listed: it is made anew and tried once more.
A topic that has nothing archived is a 500 `Internal Error`, which is an empty answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from tom_scimma import guard, offload
from tom_scimma.answers import retry_after
from tom_scimma.archive import records
from tom_scimma.archive.records import Meta, Opened, milliseconds
from tom_scimma.errors import Refused, Unavailable
from tom_scimma.record import printable

#: most records of a page: without their bodies, and with them
METAS, FULL = 1024, 64
#: a page without bodies is no larger
MOST_METAS = 8 * 2**20
PAUSES = (1.0, 5.0, 15.0)
LONGEST = 60.0  #: seconds that a server may ask us to wait
RENEWAL = 60.0  #: seconds from one new token to the next: a message that is broken there looks like an old token
_LATER = frozenset({408, 425, 429, 502, 503, 504})
_NOTHING, _NOT_KNOWN, _FORBIDDEN = b"Internal Error", b"Internal Server Error", b"Forbidden"


class Closed(Refused):
    """One message that the archive lists and does not open to us, or lost; the others are not concerned."""


@dataclass(frozen=True)
class Key:
    """Who we are there: `token(fresh)` gives a token of SCiMMA Auth, a new one where `fresh`; `auth` is SCRAM over HTTP."""

    token: Callable[[bool], str] | None = None
    auth: Any = None

    def shown(self, fresh: bool) -> tuple[Mapping[str, str], Any]:
        """Headers and requests' authentication."""
        token = self.token(fresh) if self.token else ""
        return ({"Authorization": f"Token {token}"}, None) if token else ({}, self.auth)


class Client:
    """One archive, asked as somebody or as nobody (then it gives public messages only)."""

    def __init__(
        self,
        url: str,
        key: Key | None = None,
        *,
        loads: Callable[[bytes], Any],
        max_bytes: int,
        seconds: float,
        pauses: Iterable[float] = PAUSES,
        sleep: Callable[[float], Any] = time.sleep,
    ):
        self.url, self.key = url.rstrip("/"), key
        self._loads, self._max_bytes, self._seconds = loads, max_bytes, seconds
        self._pauses, self._sleep, self._renewed = tuple(pauses), sleep, float("-inf")
        _, host, port = offload.origin(self.url)
        self._hosts = [f"{host}:{port}"]

    def address(self, uuid: UUID) -> str:
        """Where one message is."""
        return f"{self.url}/msg/{uuid}"

    def topics(self) -> set[str]:
        """Topics that have archived messages which we may list, and those that our groups may read."""
        said = self._document("/topics", MOST_METAS)
        names = said.get("topics") if isinstance(said, Mapping) else None
        if not isinstance(names, list):
            raise Refused(f"{self.url}/topics gave no list of topics; is ARCHIVE_URL that of an archive?")
        return {name for name in names if isinstance(name, str)}

    def count(self, topic: str, since: datetime | None = None, until: datetime | None = None, search: str = "") -> int:
        """How many messages we may list."""
        said = self._document("/messages/count", MOST_METAS, _asked(topic, since, until, search))
        number = said.get("count") if isinstance(said, Mapping) else 0
        return number if isinstance(number, int) else 0

    def metas(
        self,
        topic: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        search: str = "",
        newest_first: bool = False,
        limit: int = METAS,
    ) -> Iterator[list[Meta]]:
        """What there is, a page at a time, retracted ones too, from `since` until before `until`, without bodies."""
        order = "false" if newest_first else "true"
        more = {"meta": "true", "asc": order, "limit": limit, "include_retracted": "true"}
        asked, mark = {**_asked(topic, since, until, search), **more}, ""
        while True:
            said = self._document("/messages", MOST_METAS, {**asked, **({"page": mark} if mark else {})})
            found = self._list(said)
            yield [records.meta(item) for item in found]
            following = said.get("next") if isinstance(said, Mapping) else None
            if not isinstance(following, str) or following == mark or not found:
                return
            mark = following

    def bodies(self, topic: str, first: Meta, last: Meta, source: str) -> dict[UUID, Opened]:
        """The messages from one to another, at most FULL of them, in one answer; those that cannot be read are missing."""
        asked = {"topic": topic, "start_time": first.timestamp, "end_time": last.timestamp + 1, "limit": FULL}
        said = self._document("/messages", self._max_bytes + offload.ENVELOPE, {**asked, "asc": "true"})
        found = {}
        for item in self._list(said):
            try:
                one = self._read(item, source)
            except Refused:
                continue
            found[one.meta.uuid] = one
        return found

    def open(self, uuid: UUID, source: str) -> Opened:
        """One message. Raises Closed when this one does not open, whatever may come of others."""
        answer = self._answer(f"/msg/{uuid}", self._max_bytes + offload.ENVELOPE)
        if answer.status != 200:
            raise Closed(f"{uuid}: the archive answered {answer.status} {_words(answer.body)}")
        try:
            found = self._read(offload.document(self.address(uuid), answer.body, self._loads), source)
        except Refused as error:
            raise Closed(str(error)) from error
        if found.meta.uuid != uuid:
            raise Closed(f"{uuid}: the archive gave another message, {found.meta.uuid}")
        return found

    def _read(self, item: Any, source: str) -> Opened:
        return records.opened(item, source, broker=self.url, max_bytes=self._max_bytes)

    def _list(self, said: Any) -> list[Any]:
        found = said.get("messages") if isinstance(said, Mapping) else None
        if not isinstance(found, list):
            raise Refused(f"{self.url}/messages gave no list of messages; is ARCHIVE_URL that of an archive?")
        return found

    def _document(self, path: str, most: int, asked: Mapping[str, Any] | None = None) -> Any:
        """What BSON a question is answered with."""
        query = f"?{urlencode(asked, quote_via=quote)}" if asked else ""
        answer = self._answer(path + query, most)
        if answer.status == 500 and asked and answer.body.strip() == _NOTHING and "page" not in asked:
            return {"messages": [], "count": 0, "next": None}
        if answer.status in (401, 403):
            raise Refused(f"{self.url}{path}: our credential is refused ({_words(answer.body)})")
        if answer.status >= 500:
            raise Unavailable(f"{self.url}{path} answered {answer.status} {_words(answer.body)}")
        if answer.status != 200:
            raise Refused(f"{self.url}{path} answered {answer.status} {_words(answer.body)}")
        return offload.document(f"{self.url}{path}", answer.body, self._loads)

    def _answer(self, path: str, most: int) -> guard.Answer:
        """The answer, asked for again while the server is away, and once more with a new token where ours may be old."""
        for pause in (*self._pauses, None):
            try:
                answer = self._once(path, most, False)
                if _stale(answer) and self._may_renew():
                    answer = self._once(path, most, True)
                if answer.status not in _LATER:
                    return answer
                wait = retry_after(answer.headers, datetime.now(timezone.utc))
                said = f"{self.url}{path.partition('?')[0]} answered {answer.status}"
                raise Unavailable(said, wait)
            except Unavailable as error:
                if pause is None:
                    raise
                self._sleep(min(error.retry_after or pause, LONGEST))
        raise AssertionError("the last pause is None")

    def _may_renew(self) -> bool:
        """Whether a new token is worth a try: there is a token, and the last try is a while ago."""
        if self.key is None or self.key.token is None or time.monotonic() - self._renewed < RENEWAL:
            return False
        self._renewed = time.monotonic()
        return True

    def _once(self, path: str, most: int, fresh: bool) -> guard.Answer:
        headers, auth = self.key.shown(fresh) if self.key else ({}, None)
        with offload.refusals(self.url, Refused):
            return guard.ask(
                self.url + path,
                allowed_hosts=self._hosts,
                max_bytes=most,
                seconds=self._seconds,
                headers=headers,
                auth=auth,
            )


def _stale(answer: guard.Answer) -> bool:
    """Whether this may be the answer to an old token."""
    said = answer.body.strip()
    return answer.status == 401 or (answer.status, said) in ((403, _FORBIDDEN), (500, _NOT_KNOWN))


def _asked(topic: str, since: datetime | None, until: datetime | None, search: str) -> dict[str, Any]:
    said: dict[str, Any] = {"topic": topic, "search_query": search}
    said |= {"start_time": since and milliseconds(since), "end_time": until and milliseconds(until)}
    return {name: value for name, value in said.items() if value not in ("", None)}


def _words(body: bytes) -> str:
    """A body in an error, short and on one line."""
    return " ".join(printable(body[:200].decode("utf-8", "replace")).split())
