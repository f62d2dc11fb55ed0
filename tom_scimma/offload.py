"""A large message's stub -> the message itself, fetched from the server that the broker names, through guard.py.

hop puts a message that is too large for its topic into the archive and a stub `{"url": ...}` with `_format: external`
on the topic. The stub's `_id` stays the identity; who fetches it first and who cannot fetch it agree on what it is.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from scramp import ScramException

from tom_scimma import guard
from tom_scimma.errors import Refused, Rejected, ScimmaError, Unavailable
from tom_scimma.record import Record

FORMAT = "external"
#: room for the reply's headers around the payload
ENVELOPE = 256 * 1024
#: seconds between attempts; the object is stored before its stub is sent, so that not finding it is not a race
PAUSES = (1.0, 5.0, 15.0)
#: headers that say who sent what: the topic's own are believed, never those of the archive's copy
OWN = ("_id", "_sender", "_relay")
#: header of ours on a stub that could not be fetched, with the reason, and on what was fetched, with the address
ERROR, ADDRESS = "_offload_error", "_offload_url"
#: header of ours on a stub whose server was away: when to ask again (ISO), empty for soon
AGAIN = "_offload_again"
#: header of ours on a stub that was kept as it is, to be fetched when somebody asks
REFERENCE = "_offload_reference"


@dataclass(frozen=True)
class Archive:
    """Where a broker's large messages lie and how we show who we are."""

    endpoint: str = ""  #: as the broker names it; "" when it names none
    auth: Any = None  #: a requests authentication, for the endpoint's scheme, host and port only


def is_stub(record: Record) -> bool:
    """True for a message that only says where the message is."""
    return record.format == FORMAT


def fetch(
    record: Record,
    where: Callable[[], Archive],
    *,
    loads: Callable[[bytes], Any],
    hosts: Iterable[str] = (),
    max_bytes: int,
    seconds: float,
    pauses: Iterable[float] = PAUSES,
    sleep: Callable[[float], Any] = time.sleep,
) -> Record:
    """The message that a stub stands for; the stub itself, with a header that says why, when it cannot be had.

    `where` finds the archive, `loads` reads BSON. What is refused is not asked for again; what is unavailable is, after
    each of `pauses`.
    """
    waits = iter(pauses)
    while True:
        again: tuple[tuple[str, bytes], ...] = ()
        try:
            url = address(record)
            body = _get(url, where(), hosts, max_bytes, seconds)
            return unpack(replace(record, headers=_unfailed(record)), url, document(url, body, loads), max_bytes)
        except Unavailable as error:
            failure: ScimmaError = error
            again = ((AGAIN, b""),)
            wait = next(waits, None)
            if wait is None:
                break
            sleep(wait)
        except (Refused, Rejected) as error:
            failure = error
            break
    reason = (ERROR, str(failure).encode("utf-8", "replace")[:1000])
    return replace(record, headers=(*_unfailed(record), reason, *again))


def _unfailed(record: Record) -> tuple[tuple[str, bytes], ...]:
    """The headers without those of an earlier failure, and of not having been asked for."""
    return tuple(item for item in record.headers if item[0] not in (ERROR, AGAIN, REFERENCE))


def address(record: Record) -> str:
    """The address in a stub. Raises Refused when it is no stub as hop writes them."""
    try:
        url = json.loads(record.payload)["url"] if len(record.payload) < 65536 else None
    except (ValueError, KeyError, TypeError, RecursionError):
        url = None
    if not isinstance(url, str) or not 0 < len(url) < 4096:
        raise Refused('the message says it is stored elsewhere, but is not {"url": "..."}')
    return url


def _get(url: str, archive: Archive, hosts: Iterable[str], max_bytes: int, seconds: float) -> bytes:
    named = origin(archive.endpoint) if archive.endpoint else None
    try:
        ours = named is not None and origin(url) == named
    except ValueError as error:
        raise Refused(f"{url[:200]!r} is not an address: {error}") from error
    allowed = [f"{named[1]}:{named[2]}"] if ours and named else list(hosts)
    if not allowed and named is None:
        raise Refused(
            f"{url[:200]!r}: the broker names no server for large messages (topic sys.metadata), nor does FETCH_HOSTS"
        )
    auth = archive.auth if ours else None
    with refusals(url):
        return guard.fetch(url, allowed_hosts=allowed, max_bytes=max_bytes + ENVELOPE, seconds=seconds, auth=auth)


@contextmanager
def refusals(url: str, kind: type[ScimmaError] = Unavailable) -> Iterator[None]:
    """hop's ways to say that a credential is refused, of a wrong password among others, as an error of ours."""
    try:
        yield
    except (RuntimeError, ScramException, ValueError) as error:
        if isinstance(error, ScimmaError):
            raise
        raise kind(f"{url[:200]!r}: our credential is refused, or log-in failed: {error}") from error


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address. Raises ValueError for a port that is none."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or guard.PORTS.get(parts.scheme, 0)


def document(url: str, body: bytes, loads: Callable[[bytes], Any]) -> Any:
    """What a BSON answer says, read by `loads` after its lengths were looked at. Raises Refused."""
    try:
        _walk(body, 0, len(body), 0)
        return loads(body)
    except (ValueError, KeyError, IndexError, TypeError, struct.error, OverflowError, OSError) as error:
        raise Refused(f"{url[:200]!r} answered {len(body)} bytes that are not BSON: {error}") from error


#: bytes of a BSON value by its type; -1 begins with its own length, -4 is a length-counted text, -5 binary
_SIZES = {1: 8, 2: -4, 3: -1, 4: -1, 5: -5, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8}


def _walk(data: bytes, start: int, end: int, depth: int) -> int:
    """The end of the BSON document at `start`. Raises ValueError unless every length leads forward and inside:
    hop's reader believes them, and would turn in circles on a negative one."""
    if depth > 16:
        raise ValueError("nested too deeply")
    (length,) = struct.unpack_from("<i", data, start)
    stop = start + length
    if length < 5 or stop > end or data[stop - 1] != 0:
        raise ValueError("a document's length is wrong")
    at = start + 4
    while at < stop - 1:
        kind, at = data[at], data.index(0, at + 1, stop) + 1
        size = _SIZES.get(kind)
        if size is None:
            raise ValueError(f"type {kind} is not read")
        if size == -1:
            at = _walk(data, at, stop - 1, depth + 1)
            continue
        if size < 0:
            (count,) = struct.unpack_from("<i", data, at)
            if count < 0:
                raise ValueError("a negative length")
            size = count - size
        at += size
    if at != stop - 1:
        raise ValueError("a value goes beyond its document")
    return stop


def unpack(record: Record, url: str, document: Any, max_bytes: int) -> Record:
    """The message in the archive's reply, under the identity, place, sender and times of its stub. Raises Refused.

    The reply must be of the stub's own topic: else a stub on an open topic could bring in what lies on a protected one.
    """
    metadata = document.get("metadata") if isinstance(document, Mapping) else None
    payload = document.get("message") if isinstance(document, Mapping) else None
    headers = metadata.get("headers") if isinstance(metadata, Mapping) else None
    if not isinstance(payload, bytes) or not isinstance(headers, list) or not all(map(_is_header, headers)):
        raise Refused(f"{url[:200]!r} answered BSON that is not a message with its headers")
    if metadata.get("topic", record.topic) not in (record.topic, f"{record.topic}+oversized"):
        raise Refused(f"{url[:200]!r} is a message of {str(metadata['topic'])[:200]!r}, not of {record.topic}")
    if len(payload) > max_bytes:
        raise Refused(f"{url[:200]!r} holds {len(payload)} bytes, more than the {max_bytes} allowed")
    kept = [(name, value) for name, value in record.headers if name.lower() != "_format"]
    theirs = [(name, value) for name, value in headers if name.lower() not in OWN]
    return replace(record, payload=payload, headers=(*kept, *theirs, (ADDRESS, url.encode())))


def _is_header(item: Any) -> bool:
    return isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], bytes)
