"""GraceDB's public API: superevents that were missed, with each alert that LVK sent of them and the sky map it names.

API: https://gracedb.ligo.org/documentation/rest.html and .../queries.html. Only what is public is asked for, without a log-in.
A superevent without VOEvents speaks for itself, with its newest map. What is here already is not fetched again.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode, urlsplit

from tom_scimma import events, guard
from tom_scimma.backfill import Batch
from tom_scimma.errors import Refused, Unavailable, Undecodable, Unparsable
from tom_scimma.models import Alert
from tom_scimma.notice import Notice, iso
from tom_scimma.parsers import fields, gracedb, gracedb_alert
from tom_scimma.record import Record

TOPIC, SOURCE = "igwn.gwalert", "gracedb"
#: what the API answers in JSON is no larger
MOST_JSON = 8 * 2**20
PAGE = 50
PAGES = 10_000
#: seconds between attempts, where the server does not say how long to wait; and the longest it may ask for
PAUSES = (1.0, 5.0, 15.0)
LONGEST = 120.0
#: the same alert has this much time between its VOEvent and its message on Kafka
APART = timedelta(minutes=2)
#: the maps of a superevent, the best first; of each the newest version
MAPS = ("bilby", "bayestar", "cwb", "olib", "mly", "")
TABLES = ("p_astro.json", "em_bright.json")
_VERSION = re.compile(r"(.+),(\d+)")
_LATER = frozenset({408, 425, 429})  #: a 404 will not change while we wait


class GraceDB:
    """Superevents by name, or those of a time. The cursor holds the address of the page that is being read."""

    source, topic = SOURCE, TOPIC

    def __init__(
        self,
        base: str,
        names: Iterable[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        max_bytes: int,
        seconds: float,
        pauses: Iterable[float] = PAUSES,
        sleep: Callable[[float], Any] = time.sleep,
    ):
        self._base, self._names = base.rstrip("/"), [fields.superevent(name) or name for name in names]
        self._since, self._until = since, until
        self._max_bytes, self._seconds, self._pauses, self._sleep = max_bytes, seconds, tuple(pauses), sleep
        times = f"{iso(since) or 'the first'} to {iso(until) or 'now'}"
        self.asked = " ".join(sorted(self._names)) or times
        self.missing: list[str] = []  #: names that GraceDB does not know, or does not show

    def batches(self, cursor: Mapping[str, Any]) -> Iterator[Batch]:
        """The Records of one superevent at a time. Raises Unavailable, or Refused for what GraceDB will not say."""
        for page, superevents in self._pages(str(cursor.get("page") or "")):
            for superevent in superevents:
                yield list(self._records(superevent)), {"page": page}
        yield [], {}

    def _pages(self, page: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        if self._names:
            yield "", list(self._named())
            return
        page = (
            page
            or f"{self._base}/api/superevents/?{urlencode({'query': self._query(), 'count': PAGE, 'format': 'json'})}"
        )
        for _ in range(PAGES):
            said = self._json(page)
            found = said.get("superevents") if said is not None else None
            if not isinstance(found, list):
                raise Refused(f"{page} answered no list of superevents; is GRACEDB_URL that of a GraceDB?")
            yield page, [item for item in found if isinstance(item, dict)]
            links = said.get("links") if said else None
            following = links.get("next") if isinstance(links, dict) else None
            if not isinstance(following, str) or following == page or not found:
                return
            page = following

    def _query(self) -> str:
        """Public superevents by the time of the event; GraceDB leaves tests out by itself."""
        first = to_gps(self._since) if self._since else 0
        last = to_gps(self._until or datetime.now(timezone.utc))
        return f"gpstime: {first:.0f} .. {last:.0f}"

    def _named(self) -> Iterator[dict[str, Any]]:
        for name in self._names:
            found = self._json(f"{self._base}/api/superevents/{name}/")
            if found is None:
                self.missing.append(name)
            else:
                yield found

    def _records(self, superevent: dict[str, Any]) -> Iterator[Record]:
        """A record for each alert of a superevent that is not here; of one without VOEvents, for itself."""
        name = fields.clean(superevent.get("superevent_id"))
        here = f"{self._base}/api/superevents/{name}/"
        listed = (self._json(f"{here}voevents/") or {}).get("voevents") if name else None
        alerts = [item for item in listed or () if isinstance(item, dict) and item.get("filename")]
        for item in sorted(alerts, key=lambda item: fields.number(item.get("N")) or 0):
            file = f"{item['filename']},{fields.number(item.get('file_version')) or 0:.0f}"
            xml = self._get(f"{here}files/{file}", MOST_JSON)
            if xml is not None:
                yield from self._alert(superevent, f"{here}files/{file}", xml)
        if name and not alerts:
            yield from self._itself(superevent, here)

    def _alert(self, superevent: dict[str, Any], address: str, xml: bytes) -> Iterator[Record]:
        try:
            document = gracedb_alert.pack(superevent, xml, {})
            (notice,) = gracedb_alert.parse(TOPIC, document)
        except (Unparsable, Undecodable):  # it is kept, and its quarantine says what is wrong with it
            yield _record(
                address,
                {"superevent": superevent, "voevent": xml.decode("utf-8", "replace"), "files": {}, "map_url": ""},
            )
            return
        if known(notice):
            return
        url = (notice.sky and notice.sky.skymap_url) or ""
        fits = self._map(url) if url else None
        files = {url.rpartition("/")[2]: fits} if fits else {}
        yield _record(address, gracedb_alert.pack(superevent, xml, files, url))

    def _itself(self, superevent: dict[str, Any], here: str) -> Iterator[Record]:
        if known(gracedb.notice(superevent)):
            return
        listed = self._json(f"{here}files/") or {}
        files: dict[str, bytes] = {}
        chosen = best_map(listed)
        for name in (*filter(None, (newest(listed, table) for table in TABLES)), *([chosen] if chosen else [])):
            data = self._get(f"{here}files/{name}", self._max_bytes // 2)
            if data is not None:
                files[name] = data
        url = f"{here}files/{chosen}" if chosen else ""
        yield _record(here, gracedb_alert.pack(superevent, None, files, url))

    def _map(self, url: str) -> bytes | None:
        """A map of this GraceDB; None for one that lies elsewhere, is too large, or is not there."""
        if urlsplit(url).netloc != urlsplit(self._base).netloc:
            return None
        try:
            return self._get(url, self._max_bytes // 2)  # base64 takes a third more
        except Refused:
            return None

    def _json(self, url: str) -> dict[str, Any] | None:
        data = self._get(url, MOST_JSON)
        try:
            said = None if data is None else json.loads(data)
        except (ValueError, RecursionError) as error:
            raise Unavailable(f"{url} answered what is no JSON: {data[:80]!r}") from error
        return said if isinstance(said, dict) else None

    def _get(self, url: str, most: int) -> bytes | None:
        """What lies there; None for a 404. Asks again, as long as the server wants it, while it is busy or away."""
        host = urlsplit(self._base).netloc
        for pause in (*self._pauses, None):
            try:
                return guard.fetch(url, allowed_hosts=[host], max_bytes=most, seconds=self._seconds, later=_LATER)
            except Unavailable as error:
                if pause is None:
                    raise
                self._sleep(min(error.retry_after or pause, LONGEST))
            except Refused as error:
                if "answered 404" in str(error):
                    return None
                raise
        return None


def known(notice: Notice) -> bool:
    """Whether the alert is here already, heard on Kafka or fetched before."""
    rows = Alert.objects.filter(event=events.named(notice.event), source="LVK")
    if notice.sent is None:
        return rows.exists()
    near = (notice.sent - APART, notice.sent + APART)
    return rows.filter(alert_type=notice.alert_type, sent__range=near).exists()


def _record(address: str, document: dict[str, Any]) -> Record:
    """A record whose `_id` follows from where it lies, so that fetching it again is the same message."""
    headers = (("_id", uuid.uuid5(uuid.NAMESPACE_URL, address).bytes), ("_format", b"json"))
    payload = json.dumps(document, sort_keys=True).encode()
    return Record(TOPIC, payload, SOURCE, headers=headers, received=datetime.now(timezone.utc), broker=address[:255])


def newest(listed: Iterable[str], name: str) -> str | None:
    """The newest version of a file, as `name,3`; None where there is no such file."""
    versions = [int(match[2]) for key in listed if (match := _VERSION.fullmatch(key)) and match[1] == name]
    return f"{name},{max(versions)}" if versions else name if name in listed else None


def best_map(listed: Iterable[str]) -> str | None:
    """The map that stands for a superevent: multi-order before flat, by MAPS, its newest version."""
    names = {match[1] if (match := _VERSION.fullmatch(key)) else key for key in listed}
    for ending in (".multiorder.fits", ".fits.gz"):
        maps = sorted(name for name in names if name.lower().endswith(ending))
        for maker in MAPS:
            found = next((name for name in maps if name.lower().startswith(maker)), None)
            if found:
                return newest(listed, found)
    return None


def to_gps(moment: datetime) -> float:
    """Seconds since 1980 on GPS's clock, by the leap seconds that came with astropy's ERFA."""
    import erfa

    leaps = float(erfa.dat(moment.year, moment.month, moment.day, 0.0)) - 19
    return (moment - datetime(1980, 1, 6, tzinfo=timezone.utc)).total_seconds() + leaps
