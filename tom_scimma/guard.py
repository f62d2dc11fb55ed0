"""Which outside addresses may be fetched, how large their answers may be, and how long they may take.

The one place of the trunk that asks with `requests`. Every address that somebody wrote into a message passes here:

    fetch("https://archive.example/msg/1", allowed_hosts=["archive.example"], max_bytes=2**20, seconds=20) -> bytes
    ask("https://archive.example/topics", allowed_hosts=...) -> Answer(status, headers, body), whatever the status
    with exchange("POST", "https://service.example/api", ...) as response: text(response, 2**20)    for addresses of the settings

A host is allowed by its name (`archive.example`), by name and port (`archive.example:8443`), or by pattern
(`*.example`). What a pattern lets in must also have a public address; a full name may be private: it was chosen.
"""

from __future__ import annotations

import fnmatch
import os
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3

from tom_scimma.answers import in_words, retry_after
from tom_scimma.clock import deadline
from tom_scimma.errors import Refused, Unavailable
from tom_scimma.session import session_of

PORTS = {"http": 80, "https": 443}
LATER = {404, 408, 425, 429}  #: statuses after which asking again later may help
REDIRECTS = {301, 302, 303, 307, 308}
CHUNK = 64 * 1024
#: no answer in time, whichever library says so
TIMEOUTS = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)

#: what goes wrong on a line; OSError is the base of what requests raises
FAILURES = (OSError, urllib3.exceptions.HTTPError)


def fetch(
    url: str,
    *,
    allowed_hosts: Iterable[str],
    max_bytes: int,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    auth: Any = None,
    later: Collection[int] = LATER,
) -> bytes:
    """The body of `url`, at most `max_bytes` long after decompression and complete within `seconds`.

    `auth` is a requests authentication, used for this scheme, host and port only. Raises Refused for what will not
    change (not allowed, elsewhere, too large, 401, 403 ...), Unavailable for what may (statuses of `later`, 5xx, time-out),
    with the seconds that the server asked to wait.
    """
    with _line(url, allowed_hosts, seconds) as session:
        session.auth = auth
        session.headers.update({"Accept-Encoding": "identity", **(headers or {})})
        return _get(session, url, max_bytes, seconds, later)


@dataclass(frozen=True)
class Answer:
    """What a server said, whatever it was."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    url: str,
    *,
    method: str = "GET",
    data: bytes | None = None,
    allowed_hosts: Iterable[str],
    max_bytes: int,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    auth: Any = None,
) -> Answer:
    """The answer of a service whose errors say something: any status, the body at most `max_bytes` long, in full within `seconds`.

    Redirects are followed for GET, at the same origin. Raises Refused for an address or an answer that is not allowed,
    Unavailable where there is none in full.
    """
    with _line(url, allowed_hosts, seconds) as session:
        session.auth = auth
        session.headers.update({"Accept-Encoding": "identity", **(headers or {})})
        here = url
        for _ in range(4):
            asked = session.request(
                method, here, data=data, stream=True, allow_redirects=False, timeout=seconds, verify=_verify()
            )
            with asked as response:
                if response.status_code in REDIRECTS and method == "GET":
                    here = _same_origin(here, response.headers.get("Location", ""))
                    continue
                return Answer(response.status_code, response.headers, _body(here, response, max_bytes))
    raise Refused(f"{_short(url)} redirects in a circle")


@contextmanager
def exchange(
    method: str, url: str, *, connect: float, read: float, whole: float, **how: Any
) -> Iterator[requests.Response]:
    """The answer of a service that this TOM is set up for: one request, on a connection of its own.

    For addresses of the settings; what somebody wrote passes `fetch`. A redirect is an answer. Raises what requests does, and
    TimeoutError where not all of it was read within `whole` seconds. `how` is requests': params, data, json, headers.
    """
    late = f"not in full within {whole:g} s"
    with deadline(whole) as clock, session_of(clock) as session:
        try:
            with session.request(
                method, url, timeout=(connect, read), allow_redirects=False, stream=True, verify=_verify(), **how
            ) as response:
                yield response
        except (*FAILURES, Unavailable) as error:
            if clock.expired:
                raise TimeoutError(late) from error
            raise
        if clock.expired:  # a line that is cut looks like an end, where no length was said
            raise TimeoutError(late)


def text(response: requests.Response, most: int) -> str:
    """The text of an answer, at most so many bytes. Raises what requests does."""
    body = bytearray()
    for chunk in response.iter_content(CHUNK):
        body += chunk
        if len(body) > most:
            raise requests.exceptions.ContentDecodingError(f"more than {most} bytes")
    return body.decode("utf-8", "replace")


@contextmanager
def _line(url: str, allowed_hosts: Iterable[str], seconds: float) -> Iterator[requests.Session]:
    """A session for one question; what goes wrong on the way is Refused or Unavailable."""
    hosts = list(allowed_hosts)
    place = check(url, hosts)
    with deadline(seconds) as clock, session_of(clock, public_only=not _named(place, hosts)) as session:
        try:
            yield session
            if clock.expired:  # a line that is cut looks like an end, where no length was said
                raise TimeoutError
        except FAILURES as error:
            if isinstance(error, requests.exceptions.InvalidURL):
                raise Refused(f"{_short(url)} is not an address: {error}") from error
            if clock.expired or isinstance(error, TIMEOUTS):
                raise Unavailable(f"{_short(url)} did not answer in full within {seconds:g} s") from error
            raise Unavailable(f"{_short(url)} cannot be fetched: {in_words(error)}") from error


def check(url: str, allowed_hosts: Iterable[str]) -> SplitResult:
    """The address, split, when it may be fetched. Raises Refused and says why not."""
    try:
        place = urlsplit(url)
        port = place.port
    except ValueError as error:
        raise Refused(f"{_short(url)} is not an address: {error}") from error
    if place.scheme not in PORTS or not place.hostname:
        raise Refused(f"{_short(url)}: only http and https addresses are fetched")
    if "@" in place.netloc or any(char <= " " for char in url):
        raise Refused(f"{_short(url)}: an address with a user name or white space in it is not fetched")
    names = (place.hostname, f"{place.hostname}:{port or PORTS[place.scheme]}")
    if not any(fnmatch.fnmatchcase(name, allowed.lower()) for allowed in allowed_hosts for name in names):
        raise Refused(f"{_short(url)}: {names[1]} is not among the hosts that may be fetched (see FETCH_HOSTS)")
    return place


def _named(place: SplitResult, allowed_hosts: Iterable[str]) -> bool:
    """True when the host is allowed by its full name and not by a pattern."""
    port = place.port or PORTS[place.scheme]
    return any(allowed.lower() in (place.hostname, f"{place.hostname}:{port}") for allowed in allowed_hosts)


def _get(session: requests.Session, url: str, max_bytes: int, seconds: float, later: Collection[int]) -> bytes:
    for _ in range(4):
        with session.get(url, stream=True, allow_redirects=False, timeout=seconds, verify=_verify()) as response:
            if response.status_code in REDIRECTS:
                url = _same_origin(url, response.headers.get("Location", ""))
                continue
            if response.status_code != 200:
                said = f"{_short(url)} answered {response.status_code} {response.reason}"
                if response.status_code not in later and response.status_code < 500:
                    raise Refused(said)
                raise Unavailable(said, retry_after(response.headers, datetime.now(timezone.utc)))
            return _body(url, response, max_bytes)
    raise Refused(f"{_short(url)} redirects in a circle")


def _verify() -> str | bool:
    return os.environ.get("REQUESTS_CA_BUNDLE") or True


def _same_origin(url: str, location: str) -> str:
    """Where a redirect leads, when that is the same scheme, host and port."""
    target = urljoin(url, location)
    here, there = urlsplit(url), urlsplit(target)
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        raise Refused(f"{_short(url)} redirects elsewhere ({_short(target)}), which is not followed")
    return target


def _body(url: str, response: requests.Response, max_bytes: int) -> bytes:
    said = response.headers.get("Content-Length", "")
    if said.isdigit() and int(said) > max_bytes:
        raise Refused(f"{_short(url)} is {said} bytes long, more than the {max_bytes} allowed")
    body = bytearray()
    chunks = response.raw.stream(CHUNK, decode_content=False)
    for chunk in _plain(chunks, response.headers.get("Content-Encoding", "").lower(), url):
        body += chunk
        if len(body) > max_bytes:
            raise Refused(f"{_short(url)} is longer than the {max_bytes} bytes allowed")
    return bytes(body)


def _plain(chunks: Iterator[bytes], encoding: str, url: str) -> Iterator[bytes]:
    """The chunks, decompressed a piece at a time so that a small bomb never becomes a large one."""
    if encoding in ("", "identity"):
        yield from chunks
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Refused(f"{_short(url)} is encoded as {encoding!r}, which was not asked for")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        for chunk in chunks:
            while chunk:
                yield unpack.decompress(chunk, CHUNK)
                chunk = unpack.unconsumed_tail
        yield unpack.flush()
        if not unpack.eof:
            raise zlib.error("it ends too early")
    except zlib.error as error:
        raise Refused(f"{_short(url)} is not the {encoding} it says it is: {error}") from error


def _short(url: str) -> str:
    return repr(url if len(url) <= 200 else url[:200] + "...")
