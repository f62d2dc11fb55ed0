"""System checks of telling people: schemes that exist, hosts that are hosts, an address for links, a mail server."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from tom_scimma.conf import conf
from tom_scimma.outward import split


@register()
def telling_check(app_configs, **kwargs) -> list[CheckMessage]:
    """TOM_SCIMMA's NOTIFY_SCHEMES, NOTIFY_HOSTS and URL."""
    lists = (conf.NOTIFY_SCHEMES, conf.NOTIFY_HOSTS, conf.REPUBLISH_TOPICS)
    if not all(isinstance(value, (list, tuple)) for value in lists) or not isinstance(conf.URL, str):
        return []  # E003 says so
    return [*_schemes(), *_hosts(), *_url()]


def _schemes() -> Iterator[CheckMessage]:
    for scheme in conf.NOTIFY_SCHEMES:
        if not isinstance(scheme, str) or not scheme.isalnum() or scheme != scheme.lower():
            text = f"TOM_SCIMMA['NOTIFY_SCHEMES'] has {scheme!r}."
            yield Error(
                text, hint='Schemes as apprise writes them, without "://": "slack", "ntfys".', id="tom_scimma.E022"
            )


def _hosts() -> Iterator[CheckMessage]:
    for entry in conf.NOTIFY_HOSTS:
        host = split(entry)[0] if isinstance(entry, str) else ""
        if not host or any(char in host for char in "/@*? "):
            text = f"TOM_SCIMMA['NOTIFY_HOSTS'] has {entry!r}."
            yield Error(
                text, hint='Hosts by full name: "ntfy.intern" or "10.0.0.7:8080"; no patterns.', id="tom_scimma.E022"
            )


def _url() -> Iterator[CheckMessage]:
    parts = urlsplit(conf.URL)
    if conf.URL and (parts.scheme not in ("http", "https") or not parts.netloc):
        hint = 'The address of this TOM, for links: "https://tom.example.org".'
        yield Error(f"TOM_SCIMMA['URL'] is {conf.URL!r}.", hint=hint, id="tom_scimma.E022")
    elif parts.scheme == "http" and not settings.DEBUG and parts.hostname not in ("localhost", "127.0.0.1"):
        hint = "Links that acknowledge are signed; over HTTPS nobody else reads them."
        yield Warning(f"TOM_SCIMMA['URL'] is {conf.URL!r}, not HTTPS.", hint=hint, id="tom_scimma.W022")
