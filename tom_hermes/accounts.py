"""Whose account at HERMES a user speaks with, and what it may do there; TNS's lists. Asked seldom, and kept.

    account(user).topics          where they may write; `problem` says why there is nothing, or nothing new
    tns_options()                 TNS's lists; {} while nobody could have them

The worker asks, so that no click waits for HERMES: every ten minutes, and at once for what a page has never had an answer of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from tom_hermes.client import Hermes
from tom_hermes.conf import conf
from tom_hermes.credentials import stands, token_of
from tom_hermes.models import HermesProfile, Known
from tom_scimma.errors import DeliveryError
from tom_scimma.models import Job
from tom_scimma.secrets import Lost

NO_TOKEN = (
    "There is no HERMES token: add yours on your profile page, or ask whoever runs this TOM to set TOM_HERMES['TOKEN']."
)
SILENT = (
    "HERMES did not say which topics may be written: SCiMMA did not answer it. An empty list may mean that, or that there "
    "are none; test it again in a minute."
)
ASKED = "HERMES is asked what this account may do; this page goes on by itself."
NONE = "This account may write no topic: ask SCiMMA for permission, or log in at HERMES anew."
OPTIONS = "tns_options"
#: the worker's job that asks what was never asked
JOB = "HERMES accounts never asked"


@dataclass(frozen=True)
class Account:
    """An account as HERMES describes it."""

    token: str = ""
    own: bool = False  #: the user's, not the TOM's
    topics: tuple[str, ...] = ()
    gcn: bool = False  #: may send circulars
    apps: tuple[str, ...] = ()  #: GCN, TNS
    name: str = ""  #: of the credential that it publishes with
    email: str = ""
    bot: str = ""  #: its own TNS bot
    problem: str = ""
    waits: bool = False  #: never asked yet; the worker does

    def __repr__(self) -> str:
        return f"Account({self.name!r})"  # never the token


def lost(error: Lost) -> str:
    return f"Your HERMES token: {error}"


def client(token: str, **seconds: float) -> Hermes:
    return Hermes(conf.BASE_URL, token, **seconds)


def account(user: Any) -> Account:
    """What is known of it; where it was never asked, the worker is woken to do that."""
    own = bool(stands(user))
    try:
        token = token_of(user)
    except Lost as error:
        return Account(own=own, problem=lost(error))
    if not token:
        return Account(problem=NO_TOKEN)
    row = Known.objects.filter(name=name_of(token)).first()
    if row is None:
        Job.wake(JOB)
        return Account(token, own, problem=ASKED, waits=True)
    return _account(row, token, own)


def ask_anew(token: str) -> None:
    """Has the worker ask about an account, whatever it said before; what is known stays until it answers."""
    Known.objects.filter(name=name_of(token)).update(asked=None)
    Job.wake(JOB)


def asked(token: str) -> Known:
    """Asks HERMES about an account now, and keeps the answer; what was known stays where there is none."""
    return _ask(name_of(token), lambda: _profile(token))


def _profile(token: str) -> tuple[dict[str, Any], str]:
    with client(token, ask=4.0) as hermes:
        said = hermes.profile()
    content = {
        "topics": [str(name) for name in said.get("writable_topics") or []],
        "gcn": bool(said.get("can_submit_to_gcn")),
        "apps": [str(name) for name in said.get("integrated_apps") or []],
        "name": str(said.get("credential_name") or ""),
        "email": str(said.get("email") or ""),
        "bot": str(said.get("tns_bot_name") or ""),
    }
    if content["topics"]:
        return content, ""
    return content, SILENT if not said.get("group_memberships") else NONE


def _account(row: Known, token: str, own: bool) -> Account:
    said = row.content
    topics = said.get("topics", ())
    ordered = sorted(topics, key=lambda name: (name != conf.DEFAULT_TOPIC, name))
    many = {"topics": tuple(ordered), "apps": tuple(said.get("apps", ()))}
    one = {name: said.get(name, "") for name in ("name", "email", "bot")}
    return Account(token, own, gcn=bool(said.get("gcn")), problem=row.problem, **many, **one)


def tns_options() -> dict[str, Any]:
    """TNS's lists by name; {} where they could not be had, or were never asked for."""
    row = Known.objects.filter(name=_options()).first()
    return row.content if row is not None else {}


def waits_for_options() -> bool:
    """Whether TNS's lists were never asked for; the worker is woken to do that."""
    if Known.objects.filter(name=_options()).exists():
        return False
    Job.wake(JOB)
    return True


def _asked_options() -> Known:
    def ask() -> tuple[dict[str, Any], str]:
        with client("", ask=4.0) as hermes:
            said = hermes.tns_options()
        return said, "" if said else "HERMES could not have TNS's lists."

    return _ask(_options(), ask)


def _ask(name: str, ask: Callable[[], tuple[dict[str, Any], str]]) -> Known:
    """Keeps an answer. Where nothing came, what was known stays, with the reason."""
    now = timezone.now()
    try:
        content, problem = ask()
    except DeliveryError as error:
        content, problem = {}, str(error)[:500]
    row, _ = Known.objects.get_or_create(name=name, defaults={"asked": now})
    if content and (problem != SILENT or not row.content.get("topics")):
        row.content = content
    row.problem, row.asked = problem, now
    row.save()
    return row


def refresh() -> None:
    """The worker's job: asks about every account that is used here, and for TNS's lists."""
    tokens = _tokens()
    for token in tokens:
        asked(token)
    if tokens:
        _asked_options()


def first() -> None:
    """The worker's other job: asks what was never asked, or is to be asked anew, for which a page may wait."""
    known, tokens = set(Known.objects.exclude(asked=None).values_list("name", flat=True)), _tokens()
    for token in tokens:
        if name_of(token) not in known:
            asked(token)
    if tokens and _options() not in known:
        _asked_options()


def _tokens() -> list[str]:
    """The tokens that are used here: the TOM's, and people's own."""
    own = [row.token for row in HermesProfile.objects.all() if isinstance(row.token, str) and row.token]
    return list(dict.fromkeys([*([conf.TOKEN] if conf.TOKEN else []), *own]))


def name_of(token: str) -> str:
    """The name of what is known of an account: a hash, never the token."""
    return f"account:{hashlib.sha256(f'{conf.BASE_URL} {token}'.encode()).hexdigest()}"


def _options() -> str:
    return f"{OPTIONS}:{hashlib.sha256(conf.BASE_URL.encode()).hexdigest()[:16]}"
