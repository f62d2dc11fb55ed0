"""The table of answers: what an HTTP status, or the failure to get one, says about something sent. Pure.

    answer = of_status(response.status_code, response.headers, text)    -> None (2xx), Rejected, Unavailable or ReplyLost
    answer = of_failure(error)                                          -> Unavailable or ReplyLost, for what `requests` raised

Rejected: refused for good. Unavailable: surely not received. ReplyLost: nobody knows. A service with habits of its own
(a 200 that is an error) looks at those first and leaves the rest to this table.
"""

from __future__ import annotations

import errno
import json
import math
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from tom_scimma.errors import DeliveryError, Rejected, ReplyLost, Unavailable

#: characters of an answer that are kept in an error's text
SAID = 500
#: names of exceptions (of requests and urllib3) that come before anything of the request was written
BEFORE = {
    "ConnectTimeout",
    "ConnectTimeoutError",
    "NewConnectionError",
    "NameResolutionError",
    "ProxyError",
    "InvalidURL",
    "MissingSchema",
    "InvalidSchema",
    "LocationParseError",
}
#: names of exceptions for an answer that did not come in time, and for a line that was cut
LATE = {"Timeout", "ReadTimeout", "ReadTimeoutError", "TimeoutError", "timeout"}
CUT = {
    "RemoteDisconnected",
    "ConnectionResetError",
    "BrokenPipeError",
    "ConnectionAbortedError",
    "ProtocolError",
    "ChunkedEncodingError",
    "IncompleteRead",
}
UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH}
#: how our own time-outs begin, and what libraries say of their own objects
OURS = re.compile(r"(no connection to \S+ within|not in full within|the answer did not end within) ")
OBJECTS = re.compile(r"<[^>]* object at 0x[0-9a-f]+>:? ?|\b\w*Pool\([^)]*\):? ?")


def of_status(
    status: int, headers: Mapping[str, str], text: str, *, now: datetime | None = None
) -> DeliveryError | None:
    """What a status means, None for 2xx. `text` is the body; a JSON object with lists of errors gives the fields."""
    if 200 <= status < 300:
        return None
    said = f"HTTP {status}: {_short(text)}".rstrip(": ")
    wait = retry_after(headers, now or datetime.now(timezone.utc))
    if status == 429 or (status == 503 and wait is not None):
        return Unavailable(said, wait)
    if 300 <= status < 500 and status != 408:
        where = next((value for name, value in headers.items() if name.lower() == "location"), "")
        return Rejected(f"{said} (to {where})" if where else said, fields(text))
    return ReplyLost(said)


def of_failure(error: BaseException) -> DeliveryError:
    """What an exception of an HTTP client means: Unavailable where nothing can have been received, else ReplyLost."""
    said = in_words(error)
    for cause in _causes(error):
        if type(cause).__name__ in BEFORE or isinstance(cause, (ConnectionRefusedError, socket.gaierror)):
            return Unavailable(said)
        if isinstance(cause, ssl.SSLCertVerificationError) or _handshake(cause):
            return Unavailable(said)
    return ReplyLost(said)


def in_words(error: BaseException) -> str:
    """What went wrong on a line, for people: not in the words of the libraries, which name their own objects."""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "there is no host of that name"
        if isinstance(cause, ConnectionRefusedError):
            return "nothing listens there (connection refused)"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not to be trusted: {cause.verify_message}"
        if _handshake(cause):
            return "it does not speak TLS as it should"
        if isinstance(cause, OSError) and cause.errno in UNREACHABLE:
            return "no way leads to that host (unreachable)"
    names = {type(cause).__name__ for cause in _causes(error)}
    own = next((text for cause in _causes(error) if (text := _own(cause))), "")
    if own:
        return own
    if names & {"ConnectTimeout", "ConnectTimeoutError"}:
        return "no connection in time"
    if names & LATE:
        return "no answer in time"
    if names & CUT:
        return "the connection was cut before the answer was complete"
    return f"{type(error).__name__}: {OBJECTS.sub('', _short(str(error)))}"[:SAID]


def _own(cause: BaseException) -> str:
    """Words of ours that a time-out carries (guard.py, session.py): how long was waited."""
    text = str(cause.args[-1]) if cause.args else ""
    return text if OURS.match(text) else ""


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or a date; None without a usable one."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - now).total_seconds()
        except (TypeError, ValueError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def fields(text: str) -> dict[str, Any]:
    """The errors by field of a JSON object; {} for anything else."""
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _handshake(cause: BaseException) -> bool:
    """TLS that failed before there was a line to write on."""
    reason = getattr(cause, "reason", None)
    words = (
        "WRONG_VERSION",
        "HANDSHAKE",
        "UNSUPPORTED_PROTOCOL",
        "PROTOCOL_VERSION",
        "UNKNOWN_PROTOCOL",
        "HTTP_REQUEST",
    )
    return isinstance(cause, ssl.SSLError) and isinstance(reason, str) and any(word in reason for word in words)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and what it wraps: causes, contexts, `reason` (urllib3) and exceptions among its arguments."""
    left, seen = [error], set()
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        left += [cause for cause in inner if isinstance(cause, BaseException)]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SAID else f"{line[:SAID]} …"
