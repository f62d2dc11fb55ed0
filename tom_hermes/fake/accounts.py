"""The accounts of the stand-in, and who a request comes from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TOPICS = ["gcn.circulars", "igwn.gwalert", "hermes.test", "hermes.message", "hermes.photometry", "hermes.spectroscopy"]


class Denied(Exception):
    """What the server says to a token that is none: always 403."""


@dataclass
class Account:
    """Somebody who may log in at HERMES."""

    username: str
    credential: str = ""  #: the SCRAM credential that it publishes with
    gcn: bool = False  #: has logged in at GCN
    token: str = ""
    alias: str = ""  #: what recordings call the token; taken for it
    bot: tuple[int, str] = (-1, "")  #: of TNS: id and name
    topics: list[str] = field(default_factory=lambda: list(TOPICS))

    @property
    def email(self) -> str:
        return f"{self.username}@example.org"

    @property
    def apps(self) -> list[str]:
        return [*(["GCN"] if self.gcn else []), *(["TNS"] if self.bot[1] else [])]


def token_of(username: str, generation: int = 0) -> str:
    """The API token of an account: 40 hexadecimal digits, the same at each start."""
    return hashlib.sha1(f"{username}/{generation}".encode(), usedforsecurity=False).hexdigest()


def everybody() -> list[Account]:
    """The accounts at the start: tom-demo, tom-other, tom-nogcn (no GCN log-in), tom-nocred (no credential either)."""
    aliases = ("token", "token-other", "token-no-gcn", "token-no-credential")
    names = ("tom-demo", "tom-other", "tom-nogcn", "tom-nocred")
    return [
        Account(
            name,
            credential="" if name == "tom-nocred" else f"{name}-0badcafe",
            gcn=name in names[:2],
            token=token_of(name),
            alias=alias,
        )
        for name, alias in zip(names, aliases, strict=True)
    ]


def who(headers: Mapping[str, str], accounts: list[Account]) -> Account | None:
    """The account of a request, None for nobody. Raises Denied for a token that nobody has."""
    scheme, _, rest = headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "token":  # other schemes are not looked at
        return None
    if not rest.strip():
        raise Denied("Invalid token header. No credentials provided.")
    if " " in rest.strip():
        raise Denied("Invalid token header. Token string should not contain spaces.")
    for account in accounts:
        if rest.strip() in (account.token, account.alias):
            return account
    raise Denied("Invalid token.")


def profile(account: Account, writable: list[str], groups: dict[str, str]) -> dict[str, Any]:
    """What `profile/` answers."""
    return {
        "api_token": account.token,
        "email": account.email,
        "credential_name": account.credential,
        "writable_topics": writable,
        "integrated_apps": account.apps,
        "can_submit_to_gcn": account.gcn,
        "tns_bot_id": account.bot[0],
        "tns_bot_name": account.bot[1],
        "group_memberships": groups,
        "default_topics_list": account.topics,
    }
