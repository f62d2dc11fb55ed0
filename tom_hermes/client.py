"""HERMES over HTTP: the only file of this app that speaks it. Takes values; no settings, no Django.

    with Hermes("https://hermes.lco.global", token) as hermes:
        hermes.validate(message)        {} or what is wrong, by field
        hermes.submit(message, files)   what was published, with its uuid

What is said raises Rejected, Unavailable (surely not received) or ReplyLost (maybe). What is only asked raises Rejected
(asked in vain: a token that is none, no such thing) or Unavailable (no usable answer now).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import requests

from tom_hermes import replies
from tom_scimma import answers
from tom_scimma.errors import Rejected, ReplyLost, Unavailable

API = "/api/v0/"
#: seconds to connect, and for an answer: of what is said (TNS takes ten, a dead broker hangs), and of what is asked
CONNECT, SAY, ASK = 5.0, 90.0, 10.0
#: no answer is longer
LARGEST = 64 * 2**20


@dataclass(frozen=True)
class Page:
    """Messages of the archive, the newest first, and the name of the next page; "" where there is none."""

    messages: list[dict[str, Any]]
    next: str = ""


@dataclass(frozen=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def document(self) -> Any:
        """The JSON of it; None for anything else."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class Hermes:
    """One HERMES and one account of it; an empty token asks as nobody."""

    def __init__(self, base_url: str, token: str = "", *, say: float = SAY, ask: float = ASK):
        self.base_url = base_url.rstrip("/")
        self._seconds = {"say": say, "ask": ask}
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc would replace the token
        self._session.headers.update({"Accept": "application/json", "User-Agent": "tom-multimessenger"})
        if token:
            self._session.headers["Authorization"] = f"Token {token}"

    def __enter__(self) -> Hermes:
        return self

    def __exit__(self, *exc: object) -> None:
        self._session.close()

    # what is said

    def submit(self, message: Mapping[str, Any], files: Mapping[str, bytes] | None = None) -> dict[str, Any]:
        """Publishes a message and its files (name -> content): what HERMES published, with `uuid`."""
        onward = {name for name in ("tns", "gcn") if message.get(f"submit_to_{name}")}
        answer = self._say("POST", "submit_message/", message, files)
        return replies.submitted(answer.status, answer.headers, answer.text, onward)

    def retract(self, uuid: str, retracted: bool = True) -> None:
        """Hides a message in the archive, or shows it again."""
        answer = self._say("PATCH", f"query/message/{quote(uuid, safe='')}/", {"retracted": retracted})
        replies.retracted(answer.status, answer.headers, answer.text)

    def preload(self, message: Mapping[str, Any]) -> str:
        """Leaves a draft for a person: the key of it. Unknown keys of a valid one, and the three flags, do not survive."""
        answer = self._ask("POST", "submit_message/preload/", document=message)
        key = answer.document.get("key") if isinstance(answer.document, dict) else None
        if answer.status != 201 or not key:
            raise Unavailable(f"HERMES took no draft: HTTP {answer.status}: {answer.text[:200]}")
        return str(key)

    # what is asked

    def validate(self, message: Mapping[str, Any]) -> dict[str, list[str]]:
        """What HERMES says is wrong with a message, by field; {}: nothing."""
        return replies.validated(self._ask("POST", "submit_message/validate/", document=message).document)

    def plaintext(self, message: Mapping[str, Any]) -> str:
        """The message as HERMES writes it for people."""
        return str(self._ask("POST", "submit_message/plaintext/", document=message).document)

    def profile(self) -> dict[str, Any]:
        """The account: writable topics, what it is connected to; empty lists may mean that SCiMMA did not answer."""
        return self._object("profile/")

    def heartbeat(self) -> dict[str, Any]:
        """Whether the token is good: `is_authenticated`. Rejected for one that nobody has."""
        return self._object("heartbeat/")

    def tns_options(self) -> dict[str, Any]:
        """TNS's lists; {} while HERMES cannot have them."""
        return self._object("tns_options/")

    def topics(self) -> list[str]:
        """Topics that the account may read."""
        return [str(name) for name in self._object("topics/").get("topics", [])]

    def archive(
        self,
        *,
        topics: Iterable[str] = (),
        start: datetime | None = None,
        end: datetime | None = None,
        search: str = "",
        page: str = "",
        limit: int = 100,
        retracted: bool = True,
    ) -> Page:
        """One page of the archive's messages, the newest first; times are aware, `page` is the last one's `next`."""
        # the proxy pastes these into another address: what is quoted once would end at an &
        pairs = [("topic", quote(topic, safe="")) for topic in topics]
        pairs += [("limit", str(limit)), ("include_retracted", str(retracted).lower())]
        pairs += [(name, when.isoformat()) for name, when in (("start", start), ("end", end)) if when is not None]
        pairs += [(name, quote(value, safe="")) for name, value in (("search_query", search), ("page", page)) if value]
        found = self._object("query/", pairs)
        messages = found.get("messages")
        if not isinstance(messages, list):
            raise Unavailable("HERMES answered without messages")
        return Page([item for item in messages if isinstance(item, dict)], str(found.get("next") or ""))

    def archived(self, uuid: str) -> dict[str, Any]:
        """One message of the archive. Rejected where it has none of that uuid."""
        return self._object(f"query/message/{quote(uuid, safe='')}/")

    def messages(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """The index of messages, the newest first, all pages; without their text."""
        return self._rows("messages/", filters)

    def targets(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """The index of targets, all pages."""
        return self._rows("targets/", filters)

    def events(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """The index of events, all pages."""
        return self._rows("nonlocalizedevents/", filters)

    def _rows(self, path: str, filters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        pairs = [(name, str(value)) for name, value in filters.items() if value not in (None, "")]
        while True:
            found = self._object(path, pairs)
            yield from found.get("results", [])
            if not found.get("next"):
                return
            pairs = parse_qsl(urlsplit(found["next"]).query)  # the address itself is not followed

    def _object(self, path: str, pairs: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
        document = self._ask("GET", path, pairs=pairs).document
        if not isinstance(document, dict):
            raise Unavailable(f"HERMES answered {path} with something else than an object")
        return document

    # the line

    def _say(
        self, method: str, path: str, document: Mapping[str, Any], files: Mapping[str, bytes] | None = None
    ) -> Answer:
        try:
            return self._line(method, path, document, files, (), self._seconds["say"])
        except (requests.RequestException, OSError) as error:
            raise answers.of_failure(error) from error

    def _ask(self, method: str, path: str, *, document: Any = None, pairs: Iterable[tuple[str, str]] = ()) -> Answer:
        try:
            answer = self._line(method, path, document, None, pairs, self._seconds["ask"])
        except (requests.RequestException, OSError) as error:
            raise Unavailable(f"HERMES did not answer: {answers.of_failure(error)}") from error
        wrong = answers.of_status(answer.status, answer.headers, answer.text)
        if isinstance(wrong, ReplyLost):
            raise Unavailable(f"HERMES answered {path}: {wrong}") from wrong
        if isinstance(wrong, Rejected):
            raise replies.refused(answer.status, answer.headers, answer.text)
        if wrong is not None:
            raise wrong
        return answer

    def _line(self, method: str, path: str, document: Any, files: Any, pairs: Any, seconds: float) -> Answer:
        """One request and its whole answer. A redirect is an answer: followed, a POST becomes a GET of the documentation."""
        body = None if document is None else json.dumps(document, allow_nan=False)
        how: dict[str, Any] = {"data": body, "headers": {"Content-Type": "application/json"} if body else {}}
        if files:
            parts = [("data", (None, body, "application/json"))]
            parts += [("files", (name, content)) for name, content in files.items()]
            how = {"files": parts}
        response = self._session.request(
            method,
            self.base_url + API + path,
            params=list(pairs),
            allow_redirects=False,
            timeout=(CONNECT, seconds),
            stream=True,
            verify=os.environ.get("REQUESTS_CA_BUNDLE") or True,
            **how,
        )
        with response:
            return Answer(response.status_code, response.headers, _body(response, seconds))


def _body(response: requests.Response, seconds: float) -> str:
    """The whole text of an answer, which has so long, and not forever, to come."""
    until, body = time.monotonic() + seconds, bytearray()
    for chunk in response.iter_content(64 * 1024):
        body += chunk
        if len(body) > LARGEST or time.monotonic() > until:
            raise requests.ReadTimeout(f"the answer did not end within {seconds:g} s or {LARGEST} bytes")
    return body.decode("utf-8", "replace")
