"""Connections that somebody else's library opens: only to public addresses or allowed hosts, for so long, and unlogged.

    with outward(allowed_hosts=["mail.example:587"], seconds=30):
        plugin.notify(...)              # Refused where it would connect to a private, loopback or link-local address

What is looked at is the address of each connection at the moment it is made (Python's audit events, PEP 578), whatever
a name led to a moment before: a second, other answer of the DNS gains nothing. It holds in the thread that entered;
only libraries that connect in the thread they are called in may be used inside.
"""

from __future__ import annotations

import logging
import re
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any

from tom_scimma.clock import Clock, deadline
from tom_scimma.errors import Refused, Unavailable
from tom_scimma.session import is_public

#: these write addresses, and with them tokens, into the log
TALKERS = ("apprise", "urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry", "requests_oauthlib")

#: how apprise begins to say that it leaves out one of those whom an address names
LEAVES_OUT = re.compile(r"Dropped\b|.* will be ignored")


@dataclass
class Heard:
    """What apprise said meanwhile, without a word of it."""

    dropped: int = 0  #: of those whom an address names, in so many lines


@dataclass(frozen=True)
class _Rules:
    allowed: frozenset[tuple[str, int | None]]  #: addresses that settings name, with a port or for any
    clock: Clock
    heard: Heard


_rules: ContextVar[_Rules | None] = ContextVar("tom_scimma_outward", default=None)


@contextmanager
def outward(allowed_hosts: Iterable[str] = (), *, seconds: float) -> Iterator[Heard]:
    """Holds every connection of this thread to the rules. Raises Refused, or Unavailable when the time was over.

    `allowed_hosts` are "host" or "host:port", by full name or address; they may be private.
    """
    _install()
    with deadline(seconds) as clock:
        heard = Heard()
        token = _rules.set(_Rules(frozenset(_addresses(allowed_hosts)), clock, heard))
        try:
            yield heard
        finally:
            _rules.reset(token)
        if clock.expired:
            raise Unavailable(f"no answer within {seconds:g} s")


def host_is_allowed(host: str, port: int | None, allowed_hosts: Iterable[str]) -> bool:
    """Whether every address that this name has now may be connected to. Raises OSError when it has none."""
    allowed = frozenset(_addresses(allowed_hosts))
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return all(_allowed(str(address[0]), port, allowed) for *_, address in found)


def _addresses(hosts: Iterable[str]) -> Iterator[tuple[str, int | None]]:
    """The addresses of hosts as settings name them; a name that leads nowhere now allows nothing."""
    for entry in hosts:
        host, port = split(entry)
        try:
            for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                yield _plain(str(address[0])), port
        except OSError:
            continue


def split(entry: str) -> tuple[str, int | None]:
    """Host and port of "host", "host:port", "::1" or "[::1]:25"."""
    host, colon, port = entry.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port)
    return entry.strip("[]"), None


def _plain(address: str) -> str:
    ip = ip_address(address.partition("%")[0])
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def _allowed(address: str, port: int | None, allowed: frozenset[tuple[str, int | None]]) -> bool:
    if is_public(address):
        return True
    plain = _plain(address)
    return (plain, None) in allowed or (plain, port) in allowed


@cache
def _install() -> None:
    """Once a process: an audit hook cannot be taken away again, so it looks at the rules of its own thread."""
    sys.addaudithook(_hear)
    for name in TALKERS:
        logging.getLogger(name).addFilter(_unsaid)


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if event not in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        return
    rules = _rules.get()
    if rules is None:
        return
    line, address = args[0], args[1]
    if not isinstance(address, tuple):
        if address is None:  # sendmsg on a line that is connected, and was looked at then
            return
        raise Refused("a message may not go to a program on this machine")
    if not _allowed(str(address[0]), address[1], rules.allowed):
        raise Refused(f"{address[0]} is not a public address; name the host in TOM_SCIMMA['NOTIFY_HOSTS'] to allow it")
    if event == "socket.connect":
        rules.clock.watch(line)


def _unsaid(record: logging.LogRecord) -> bool:
    """Nothing of what those libraries say while they hold an address; apprise never. That it leaves somebody out is counted."""
    rules = _rules.get()
    if rules is not None and record.name == "apprise" and LEAVES_OUT.match(str(record.msg)):
        rules.heard.dropped += 1
    return record.name != "apprise" and rules is None
