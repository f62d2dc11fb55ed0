"""SCiMMA Auth ("hopauth") over HTTP: what a Hopskotch credential is and may. The only file that speaks it.

    asking = HopAuth("https://my.hop.scimma.org/hopauth", "alice-bed6b3a5", password)
    asking.account()            whose it is, their groups, what it reads and writes, what could be added
    asking.token()              for the archive too; renewed before it ends

Takes values; no settings, no database. Raises CredentialRefused (a wrong, suspended or revoked credential, whatever
status says so) or Unavailable (no usable answer now).
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from tom_scimma import guard
from tom_scimma.answers import retry_after
from tom_scimma.clock import deadline
from tom_scimma.errors import Rejected, Unavailable
from tom_scimma.scimma_account import READS, Account, account_of
from tom_scimma.session import session_of
from tom_scimma.times import parse

#: seconds for an answer in full, and bytes that it may have
SECONDS, LARGEST = 10.0, 16 * 2**20
#: a token lives 24 hours; so many seconds before its end a new one is made
EARLY = 3600.0
API = "/api/v1"
BAD_TOKEN = "invalid auth token"

_tokens: dict[tuple[str, str, str], tuple[str, float]] = {}
_lock = threading.Lock()


class CredentialRefused(Rejected):
    """SCiMMA does not take this credential; the text says which of the three it is, as far as it can be known."""


@dataclass(frozen=True)
class Said:
    """One answer, whole."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> Any:
        """The JSON of it; None for anything else."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class HopAuth:
    """One SCiMMA Auth and one credential of it."""

    def __init__(self, url: str, name: str, password: str, *, seconds: float = SECONDS):
        self.url, self.name, self._password, self._seconds = url.rstrip("/"), name, password, seconds
        digest = hashlib.sha256(password.encode()).hexdigest()
        self._key = (self.url, name, digest)

    def token(self, *, anew: bool = False) -> str:
        """A token of this credential, kept in this process until an hour before it ends."""
        with _lock:
            token, until = _tokens.get(self._key, ("", 0.0))
        if token and not anew and time.time() < until:
            return token
        token, until = self._log_in()
        with _lock:
            _tokens[self._key] = (token, until)
        return token

    def account(self) -> Account:
        """Everything about the credential and its owner, in one round trip."""
        paths = {
            "user": "/current_user", "memberships": "/current_user/memberships", "topics": "/topics",
            "available": "/current_user/available_permissions", "permissions": "/current_credential/permissions",
        }  # fmt: skip
        said = self._several({**paths, "credentials": "/current_user/credentials"})
        self._refuse_suspended(said.pop("credentials")[1])
        for name, (status, document) in said.items():
            if status != 200 or not isinstance(document, dict if name == "user" else list):
                raise Unavailable(
                    f"SCiMMA Auth does not say what this credential may (HTTP {status} for {paths[name]})"
                )
        try:
            return account_of(self.name, {name: document for name, (_, document) in said.items()})
        except (KeyError, TypeError, AttributeError) as error:
            raise Unavailable(f"SCiMMA Auth answers in a form that is not known here: {error!r}") from error

    def members(self, groups: Iterable[str]) -> dict[str, dict[str, str]]:
        """Of each group whose members this credential's owner may see: subject -> Owner or Member."""
        said = self._several({name: f"/groups/{quote(name, safe='')}/members" for name in groups})
        found = {name: _rows(document, "user", "status") for name, (status, document) in said.items() if status == 200}
        return {name: {row["user"]: row["status"] for row in rows} for name, rows in found.items()}

    def readers(self, topics: Iterable[str]) -> dict[str, frozenset[str]]:
        """Of each topic whose permissions this credential's owner may see: the groups that may read it."""
        said = self._several({name: f"/topics/{quote(name, safe='')}/permissions" for name in topics})
        found = {name: _rows(body, "principal", "operation") for name, (status, body) in said.items() if status == 200}
        return {
            name: frozenset(row["principal"] for row in rows if row["operation"] in READS)
            for name, rows in found.items()
        }

    # how it is asked

    def _refuse_suspended(self, credentials: Any) -> None:
        """A token outlives the suspension of its credential, by up to a day; the owner's list says it at once."""
        for row in credentials if isinstance(credentials, list) else ():
            if isinstance(row, Mapping) and row.get("username") == self.name and row.get("suspended") is True:
                raise CredentialRefused(f"SCiMMA has suspended the credential {self.name}; ask SCiMMA why.")

    def _several(self, paths: Mapping[str, str]) -> dict[str, tuple[int, Any]]:
        """Status and document of each path, asked for in one request."""
        if not paths:
            return {}
        place = urlsplit(self.url).path + API
        asked = {
            name: {"method": "get", "path": place + path, "headers": {"Authorization": "Inherit"}}
            for name, path in paths.items()
        }
        said = self._with_token("/multi", asked)
        document = said.document
        if said.status != 200 or not isinstance(document, dict) or set(asked) - set(document):
            raise self._away(said)
        parts = {name: document[name] if isinstance(document[name], dict) else {} for name in asked}
        return {name: (part.get("status", 0), part.get("body")) for name, part in parts.items()}

    def _with_token(self, path: str, document: Any) -> Said:
        """The answer; a token that is not good (any more) is replaced, once."""
        said = self._ask(path, document, self.token())
        if said.status in (401, 403) and BAD_TOKEN in said.body.decode("utf-8", "replace"):
            said = self._ask(path, document, self.token(anew=True))
        if said.status in (401, 403):
            raise CredentialRefused(f"SCiMMA does not let {self.name} in (any more): it was suspended or revoked.")
        return said

    def _log_in(self) -> tuple[str, float]:
        """A fresh token and when to renew it, by SCRAM-SHA-512."""
        from scramp import ScramClient, ScramException

        try:
            client = ScramClient(["SCRAM-SHA-512"], self.name, self._password)
        except ScramException as error:  # SASLprep: no server takes such words
            raise CredentialRefused(
                f"{self.name or 'This'} can be no credential of SCiMMA's: its name or password is empty, or has letters that "
                "none has. Was all of it, and nothing else, pasted?"
            ) from error
        first = self._ask("/scram/first", {"client_first": client.get_client_first()})
        if first.status in (400, 401, 403):
            raise CredentialRefused(
                f"SCiMMA does not take the credential {self.name}: there is none of that name (any more), or it is suspended. "
                "Look at it in SCiMMA Auth, or make a new one there."
            )
        if first.status != 200 or not isinstance(first.document, dict):
            raise self._away(first)
        try:
            client.set_server_first(first.document["server_first"])
            sent = {"client_final": client.get_client_final(), "sid": first.document["sid"]}
            final = self._ask("/scram/final", sent)
            if final.status in (400, 401, 403, 500):  # a wrong password is a 500 there
                raise CredentialRefused(
                    f"SCiMMA knows the credential {self.name} but does not take this password: it is most likely wrong "
                    f"(HTTP {final.status} at the end of the log-in)."
                )
            if final.status != 200 or not isinstance(final.document, dict):
                raise self._away(final)
            client.set_server_final(final.document["server_final"])
            return final.document["token"], _renewal(final.document.get("token_expires"))
        except (ScramException, KeyError, TypeError) as error:
            raise Unavailable(
                f"the log-in at SCiMMA Auth ended oddly, so its answer is not trusted: {error}"
            ) from error

    def _ask(self, path: str, document: Any, token: str = "") -> Said:
        """The answer to a POST of JSON: nothing else is asked here."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        headers |= {"Authorization": f"Token {token}"} if token else {}
        data = json.dumps(document).encode()
        late = f"SCiMMA Auth ({self.url}) did not answer in full within {self._seconds:g} s"
        with deadline(self._seconds) as clock, session_of(clock) as session:
            try:
                response = session.post(
                    self.url + API + path, data=data, headers=headers, timeout=self._seconds,
                    allow_redirects=False, stream=True,
                )  # fmt: skip
                body = response.raw.read(LARGEST + 1, decode_content=True)
            except guard.FAILURES as error:
                timed_out = clock.expired or isinstance(error, guard.TIMEOUTS)
                raise Unavailable(late if timed_out else self._no_answer(error)) from error
        length = response.headers.get("Content-Length", "")
        if clock.expired or len(body) > LARGEST or (length.isdigit() and len(body) < int(length)):
            raise Unavailable(late)
        return Said(response.status_code, body, response.headers)

    def _no_answer(self, error: Exception) -> str:
        text = str(error)
        if "CERTIFICATE_VERIFY_FAILED" in text:
            return f"SCiMMA Auth at {self.url} shows a certificate that is not to be trusted; nothing was sent to it"
        return f"SCiMMA Auth ({self.url}) does not answer: {type(error).__name__}"

    def _away(self, said: Said) -> Unavailable:
        from django.utils import timezone

        wait = retry_after(said.headers, timezone.now())
        return Unavailable(f"SCiMMA Auth ({self.url}) does not answer as it should: HTTP {said.status}", wait)


def _rows(document: Any, *names: str) -> list[Mapping[str, Any]]:
    """A list of objects that have these names. Raises Unavailable for anything else: no answer is not an empty one."""
    if isinstance(document, list) and all(isinstance(row, dict) and set(names) <= set(row) for row in document):
        return document
    raise Unavailable(f"SCiMMA Auth answers in a form that is not known here: no list with {' and '.join(names)}")


def _renewal(expires: Any) -> float:
    """When to make a new token, in seconds since 1970: an hour before its end, or in 23 hours where none is said."""
    when = parse(expires).time
    return when.timestamp() - EARLY if when else time.time() + 23 * 3600
