"""The HTTP of the Treasure Map's client: one request at a time, with its time-outs, and what became of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests

from tom_scimma import guard
from tom_scimma.answers import in_words, of_failure
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
        connect, read = self.waits
        with guard.exchange(
            method, f"{self.base}/api/v1/{path}", params=query, data=data, headers=headers,
            connect=connect, read=read, whole=self.whole,
        ) as response:  # fmt: skip
            yield response

    def _stream(self, path: str, query: Row) -> Iterator[Row]:
        """The rows of a list while they arrive."""
        try:
            with self._ask("GET", path, query) as response:
                if response.status_code != 200:
                    raise answers.error(
                        response.status_code, response.headers, guard.text(response, MAX_BYTES), writing=False
                    )
                yield from rows.rows(response.iter_content(64 * 1024), limit=MAX_BYTES)
        except FAILURES as error:
            raise Unavailable(f"{self.origin} did not answer in full: {in_words(error)}") from error

    def _read(self, path: str, query: Row | None = None, kind: type = dict) -> Any:
        """What a question is answered with. Raises Rejected and Unavailable."""
        try:
            with self._ask("GET", path, query) as response:
                text = guard.text(response, MAX_BYTES)
        except FAILURES as error:
            raise Unavailable(f"{self.origin} did not answer in full: {in_words(error)}") from error
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
                text = guard.text(response, MAX_BYTES)
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
        kind = type(of_failure(error))
        what = "cannot be reached" if kind is Unavailable else "did not answer"
        return kind(f"{self.origin} {what}: {in_words(error)}")
