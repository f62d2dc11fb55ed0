"""The Observatory Control System over HTTP: the only file that speaks it. Takes values; no settings, no Django.

    portal = Ocs("https://observe.lco.global", token)
    portal.validate(group)          {} or what is wrong, by field
    portal.submit(group)            the group as it is there now, with its ids

What is said (submit, cancel) raises Rejected, Unavailable (surely not received) or ReplyLost (maybe). What is asked
raises Rejected (in vain: no such thing, a token that is none) or Unavailable. Paths are those of TOM Toolkit's
`tom_observations/facilities/ocs.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from tom_scimma import answers, guard
from tom_scimma.errors import Rejected, ReplyLost, Unavailable
from tom_treasuremap.transports.requestgroup import flat

MAX_BYTES = 16 * 2**20
PAGES = 20  #: of a list, at most
Row = dict[str, Any]


class Ocs:
    """One portal and one person's token."""

    root = "/api"

    def __init__(
        self, base_url: str, token: str = "", *, connect: float = 5.0, read: float = 30.0, whole: float = 60.0
    ):
        self.base, self._token = base_url.rstrip("/").removesuffix("/api"), token
        self._waits, self._whole = (connect, read), whole

    @property
    def origin(self) -> str:
        """Which server this is: its host, with the port where one is named."""
        return urlsplit(self.base).netloc

    def validate(self, group: Mapping[str, Any]) -> dict[str, list[str]]:
        """What the server says is wrong, by field; {}: it would be taken. Stores nothing."""
        said = self._ask("POST", "requestgroups/validate/", group)
        return flat(said.get("errors") or {})

    def submit(self, group: Mapping[str, Any]) -> Row:
        """Submits it: the row of the group, with those of its requests."""
        said = self._say("requestgroups/", group)
        if not isinstance(said.get("id"), int) or not said.get("requests"):
            raise ReplyLost(f"{self.origin} took it, perhaps: its answer names no id")
        return said

    def cancel(self, number: int) -> Row:
        """Cancels all of a group that has not ended: its row. Cancelling again changes nothing."""
        return self._say(f"requestgroups/{int(number)}/cancel/", {})

    def group(self, number: int) -> Row:
        """One group by its id."""
        return self._ask("GET", f"requestgroups/{int(number)}/")

    def named(self, part: str) -> list[Row]:
        """The groups that one may see whose name has this part, the newest first."""
        return list(self._list("requestgroups/", {"name": part}))

    def observations(self, request: int) -> list[Row]:
        """When and where a request was, or will be, tried."""
        return self._ask("GET", f"requests/{int(request)}/observations/", kind=list)

    def instruments(self) -> dict[str, Row]:
        """What instruments there are, by their type."""
        return self._ask("GET", "instruments/")

    def profile(self) -> Row:
        """Whose token it is, and their proposals."""
        return self._ask("GET", "profile/")

    # the line

    def _list(self, path: str, query: Row) -> Iterator[Row]:
        for page in range(PAGES):
            said = self._ask("GET", path, query={**query, "limit": 100, "offset": page * 100})
            yield from said.get("results") or ()
            if not said.get("next"):
                return
        raise Unavailable(f"{self.origin} has more than {PAGES * 100} of these; nobody can say which is meant")

    def _say(self, path: str, body: Mapping[str, Any]) -> Row:
        """The answer to something that was sent."""
        try:
            status, headers, text = self._send("POST", path, body)
        except (requests.RequestException, TimeoutError, OSError) as error:
            raise answers.of_failure(error) from error
        self._check(status, headers, text)
        said = _read(text)
        if not isinstance(said, dict):
            raise ReplyLost(f"{self.origin} answered {status} with what cannot be read")
        return said

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Row | None = None,
        kind: type = dict,
    ) -> Any:
        """The answer to a question: nothing is stored by it, so that it can be asked again."""
        try:
            status, headers, text = self._send(method, path, body, query)
            self._check(status, headers, text)
        except (requests.RequestException, TimeoutError, OSError, ReplyLost) as error:
            raise Unavailable(f"{self.origin} did not answer: {_why(error)}") from error
        said = _read(text)
        if not isinstance(said, kind):
            raise Unavailable(f"{self.origin} answered {status} with what cannot be read")
        return said

    def _check(self, status: int, headers: Mapping[str, str], text: str) -> None:
        """Raises what a status means; a refusal with the server's own words."""
        wrong = answers.of_status(status, headers, text)
        if isinstance(wrong, Rejected):
            fields = flat(_read(text)) if isinstance(_read(text), (dict, list)) else {}
            words = "; ".join(value for values in fields.values() for value in values) or str(wrong)
            raise Rejected(f"{self.origin} says ({status}): {words[:500]}", fields)
        if wrong is not None:
            raise wrong

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, query: Row | None = None
    ) -> tuple[int, Mapping[str, str], str]:
        headers = {"Accept": "application/json", **({"Authorization": f"Token {self._token}"} if self._token else {})}
        connect, read = self._waits
        with guard.exchange(
            method, f"{self.base}{self.root}/{path}", params=query, json=body, headers=headers,
            connect=connect, read=read, whole=self._whole,
        ) as response:  # fmt: skip
            return response.status_code, response.headers, guard.text(response, MAX_BYTES)


class Archive(Ocs):
    """The science archive that belongs to a portal, asked with the same token."""

    root = ""

    def frames(self, request: int) -> list[Row]:
        """What was taken for a request, raw and reduced.

        Asked by the old name and by the new one, of which an archive does not know each: then it gives everybody's frames.
        """
        number = int(request)
        rows = self._list("frames/", {"REQNUM": number, "request_id": number})
        return [row for row in rows if str(row.get("request_id", row.get("REQNUM"))) == str(number)]

    def frame(self, number: int) -> Row:
        """One frame, with the address that its file has just now."""
        return self._ask("GET", f"frames/{int(number)}/")


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _why(error: Exception) -> str:
    """In words: what the portal said, or what went wrong on the line."""
    return str(error) if isinstance(error, ReplyLost) else answers.in_words(error)
