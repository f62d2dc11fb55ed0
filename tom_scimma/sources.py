"""Where messages come from: TOM_SCIMMA["SOURCES"] with every default filled in, and which topics of it are wanted.

sources()["hopskotch"]     -> Source(name, kind, brokers, auth, group, start, topics, config)
chosen(patterns, offered, clicked) -> the topics to listen to
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tom_scimma.conf import conf
from tom_scimma.times import parse

#: a source whose `kind` is not given is of the kind of that name
KINDS = ("hopskotch", "gcn", "kafka")
BROKERS = {"hopskotch": "kafka.scimma.org:9092", "gcn": "kafka.gcn.nasa.gov:9092"}
GCN_DOMAIN = "gcn.nasa.gov"
#: environment variables that hold a credential, by kind
ENVIRONMENT = {
    "hopskotch": ("HOP_USERNAME", "HOP_PASSWORD"),
    "gcn": ("GCN_CLIENT_ID", "GCN_CLIENT_SECRET"),
    "kafka": ("KAFKA_USERNAME", "KAFKA_PASSWORD"),
}


@dataclass(frozen=True)
class Login:
    """A credential and how it is shown to the broker."""

    username: str
    password: str = field(repr=False)
    mechanism: str = "SCRAM-SHA-512"
    protocol: str = "SASL_SSL"  #: SASL_SSL, or SASL_PLAINTEXT for a broker without TLS
    ca: str = ""  #: file of certificates to trust; empty: certifi's
    token_endpoint: str = ""  #: OpenID Connect, for OAUTHBEARER
    scope: str = ""


@dataclass(frozen=True)
class Source:
    """One Kafka service and what this TOM wants of it."""

    name: str
    kind: str
    brokers: str  #: host:port, comma-separated
    auth: Login | bool | None = None  #: False: no login; None: look in hop's auth file
    group: str = ""  #: empty: made from the credential and the TOM's name
    start: str | datetime = "latest"
    topics: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The first broker, host:port."""
        return self.brokers.split(",")[0]


def sources() -> dict[str, Source]:
    """Every source of the settings, by name. Raises ImproperlyConfigured that says which key is wrong."""
    table = conf.SOURCES
    if not isinstance(table, Mapping):
        raise ImproperlyConfigured(
            f'TOM_SCIMMA["SOURCES"] must be a dict of sources by name, not {type(table).__name__}.'
        )
    return {name: _source(name, entry or {}) for name, entry in table.items()}


def _source(name: str, entry: Mapping[str, Any]) -> Source:
    where = f'TOM_SCIMMA["SOURCES"][{name!r}]'
    if not isinstance(entry, Mapping):
        raise ImproperlyConfigured(f"{where} must be a dict, not {type(entry).__name__}.")
    kind = entry.get("kind") or (name if name in KINDS else "kafka")
    if kind not in KINDS:
        raise ImproperlyConfigured(f"{where}: kind {kind!r} is not one of {', '.join(KINDS)}.")
    try:
        start = start_position(entry.get("start", "latest"))
    except ValueError as error:
        raise ImproperlyConfigured(f"{where}: {error}") from error
    topics = entry.get("topics")
    return Source(
        name=name,
        kind=kind,
        brokers=_brokers(where, kind, entry),
        auth=_login(where, kind, entry.get("auth")),
        group=entry.get("group") or "",
        start=start,
        topics=tuple(topics if topics is not None else _policy_topics(name)),
        config=dict(entry.get("config") or {}),
    )


def start_position(value: str | datetime) -> str | datetime:
    """ "latest", "earliest" or an aware datetime (UTC where none is said). Raises ValueError for anything else."""
    if value in ("latest", "earliest"):
        return value
    time = value if isinstance(value, datetime) else parse(value).time
    if time is None:
        raise ValueError(f'start {value!r} is neither "latest" nor "earliest" nor an ISO 8601 time')
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


def _brokers(where: str, kind: str, entry: Mapping[str, Any]) -> str:
    """host:port, comma-separated, from a list, a comma-separated text or kafka:// addresses."""
    value = entry.get("brokers") or BROKERS.get(kind)
    if kind == "gcn" and not entry.get("brokers") and isinstance(entry.get("auth"), Mapping):
        value = f"kafka.{entry['auth'].get('domain', GCN_DOMAIN)}:9092"
    if not value:
        raise ImproperlyConfigured(f'{where}: say which "brokers" (host:port) it has.')
    names = value.split(",") if isinstance(value, str) else list(value)
    return ",".join(_broker(str(name).strip()) for name in names)


def _broker(name: str) -> str:
    place = urlsplit(name if "//" in name else f"//{name}").netloc.rpartition("@")[2]
    return place if re.search(r":\d+$", place) else f"{place}:9092"


def _login(where: str, kind: str, auth: Any) -> Login | bool | None:
    """The credential in the settings, else in the environment; None when hop's auth file must be asked."""
    if auth is False:
        return False
    if auth is None or auth is True:
        names = ENVIRONMENT[kind]
        values = [os.environ.get(name, "") for name in names]
        if not any(values):
            return None
        if not all(values):
            raise ImproperlyConfigured(f"{where}: of {names[0]} and {names[1]} only one is set in the environment.")
        auth = dict(zip(("username", "password"), values, strict=True))
    if not isinstance(auth, Mapping):
        raise ImproperlyConfigured(
            f"{where}: auth must be a dict, False (no login) or None, not {type(auth).__name__}."
        )
    username = auth.get("username") or auth.get("client_id")
    password = auth.get("password") or auth.get("client_secret")
    if not username or not password:
        raise ImproperlyConfigured(
            f"{where}: auth needs a username and a password (client_id and client_secret for GCN)."
        )
    endpoint = auth.get("token_endpoint", "")
    if kind == "gcn" and not endpoint and "mechanism" not in auth:
        endpoint = f"https://auth.{auth.get('domain', GCN_DOMAIN)}/oauth2/token"
    return Login(
        username=username,
        password=password,
        mechanism=auth.get("mechanism") or ("OAUTHBEARER" if endpoint else "SCRAM-SHA-512"),
        protocol=auth.get("protocol", "SASL_SSL").upper(),
        ca=str(auth.get("ssl_ca_location", "")),
        token_endpoint=endpoint,
        scope=auth.get("scope", ""),
    )


def tom_name() -> str:
    """This TOM's name as Kafka allows it in a consumer group: letters, digits, dot, dash, underscore."""
    name = conf.TOM_NAME or getattr(settings, "TOM_NAME", "") or "tom"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-") or "tom"


def _policy_topics(source: str) -> list[str]:
    """The topics that TOM_SCIMMA["TOPICS"] names for this source, or for any."""
    return [topic for topic, entry in conf.TOPICS.items() if (entry or {}).get("source", source) in (source, "", None)]


def is_pattern(topic: str) -> bool:
    """True when a topic of the settings is a shell-style pattern and not a name."""
    return any(sign in topic for sign in "*?[")


def chosen(patterns: Iterable[str], offered: Iterable[str], clicked: Collection[str] = ()) -> set[str]:
    """The topics to listen to: of those offered, what the settings name or match, and what somebody clicked."""
    patterns = tuple(patterns)
    return {
        topic
        for topic in offered
        if topic in clicked or any(fnmatch.fnmatchcase(topic, pattern) for pattern in patterns)
    }


def absent(patterns: Iterable[str], offered: Iterable[str]) -> set[str]:
    """The topics that the settings name outright and the broker does not offer us."""
    return {topic for topic in patterns if not is_pattern(topic)} - set(offered)


def default() -> Source:
    """The first source of kind hopskotch, else the first that is not GCN (which lets nobody write)."""
    found = sorted(
        (item for item in sources().values() if item.kind != "gcn"), key=lambda item: item.kind != "hopskotch"
    )
    if not found:
        raise ImproperlyConfigured(
            "No source to publish to: TOM_SCIMMA['SOURCES'] names none that is Hopskotch or a Kafka of your own."
        )
    return found[0]
