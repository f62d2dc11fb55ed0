"""The HTTP of the Treasure Map's client: one request at a time, with its time-outs, and what became of it."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from tom_scimma import guard
from tom_scimma.errors import DeliveryError, Rejected, ReplyLost, Unavailable
from tom_treasuremap import answers, rows

Row = dict[str, Any]
FAILURES = (requests.RequestException, TimeoutError, OSError)
MAX_BYTES = 256 * 2**20  #: of one answer; 50,000 pointings are some 25 MB


class Line:
    """Questions to one server, and what is sent there, with one person's token."""

    def __init__(
        self, base_url: str, token: str = "", *, connect: float = 5.0, read: float = 30.0, whole: float = 120.0
    ):
        self.base = re.sub(r"/api/v1/?$", "", base_url.rstrip("/"))
        self.token, self.waits, self.whole = token, (connect, read), whole

    @property
    def origin(self) -> str:
        """Which server this is: its host, with the port where one is named."""
        return urlsplit(self.base).netloc

    @contextmanager
    def _ask(
        self, method: str, path: str, query: Row | None = None, data: bytes | None = None
    ) -> Iterator[requests.Response]:
        """One request on a connection of its own: the server drops those that are kept, without saying so.

        Raises TimeoutError where the whole answer takes too long, requests' errors for everything else.
        """
        headers = {"Accept": "application/json", **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        if data is not None:
            headers["Content-Type"] = "application/json"
        with guard.deadline(self.whole) as clock, guard.session_of(clock) as session:
            try:
                with session.request(
                    method, f"{self.base}/api/v1/{path}", params=query, data=data, headers=headers, timeout=self.waits,
                    allow_redirects=False, stream=True,
                ) as response:  # fmt: skip
                    yield response
                if clock.expired:  # a line that is cut looks like an end, where no length was said
                    raise TimeoutError(f"not in full within {self.whole:g} s")
            except (requests.RequestException, Unavailable) as error:
                if clock.expired:
                    raise TimeoutError(f"not in full within {self.whole:g} s") from error
                raise

    def _stream(self, path: str, query: Row) -> Iterator[Row]:
        """The rows of a list while they arrive."""
        try:
            with self._ask("GET", path, query) as response:
                if response.status_code != 200:
                    raise answers.error(response.status_code, response.headers, _body(response), writing=False)
                yield from rows.rows(response.iter_content(64 * 1024), limit=MAX_BYTES)
        except FAILURES as error:
            raise Unavailable(f"{self.origin} did not answer in full: {answers.plain(error)}") from error

    def _read(self, path: str, query: Row | None = None, kind: type = dict) -> Any:
        """What a question is answered with. Raises Rejected and Unavailable."""
        try:
            with self._ask("GET", path, query) as response:
                text = _body(response)
        except FAILURES as error:
            raise Unavailable(f"{self.origin} did not answer in full: {answers.plain(error)}") from error
        if response.status_code != 200:
            raise answers.error(response.status_code, response.headers, text, writing=False)
        said = answers.read(text)
        if not isinstance(said, kind):
            raise Unavailable(f"{self.origin} answered no JSON {kind.__name__}: {answers.short(text)}")
        return said

    def _write(self, method: str, path: str, body: Any, query: Row | None = None) -> Any:
        """What something that was sent is answered with. Raises every DeliveryError."""
        try:
            data = None if body is None else json.dumps(body, allow_nan=False).encode()
        except ValueError as error:
            raise Rejected(f"a number that is not finite cannot be sent: {error}") from error
        try:
            with self._ask(method, path, query, data) as response:
                text = _body(response)
        except FAILURES as error:
            raise self._lost(error) from error
        if not 200 <= response.status_code < 300:
            raise answers.error(response.status_code, response.headers, text, writing=True)
        said = answers.read(text)
        if said is answers.UNREADABLE and response.status_code != 204:
            raise ReplyLost(
                f"{self.origin} answered {response.status_code} with what cannot be read: {answers.short(text)}"
            )
        return said

    def _lost(self, error: Exception) -> DeliveryError:
        """Whether a request surely did not arrive."""
        cause = getattr(error.args[0] if error.args else None, "reason", None)
        early = (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.InvalidURL)
        if (
            isinstance(error, early)
            or isinstance(cause, (NewConnectionError, ConnectTimeoutError))
            or _unconnected(error)
        ):
            return Unavailable(f"{self.origin} cannot be reached: {answers.plain(error)}")
        return ReplyLost(f"{self.origin} did not answer: {answers.plain(error)}")


def _body(response: requests.Response) -> str:
    body = bytearray()
    for chunk in response.iter_content(64 * 1024):
        body += chunk
        if len(body) > MAX_BYTES:
            raise requests.exceptions.ContentDecodingError(f"more than {MAX_BYTES} bytes")
    return body.decode("utf-8", "replace")


def _unconnected(error: BaseException) -> bool:
    """True where a connection was refused or a name not found, which is before anything was written."""
    while error is not None:
        if isinstance(error, (ConnectionRefusedError, socket.gaierror)):
            return True
        error = error.__cause__ or error.__context__
    return False
