"""Connections of `requests` that the clock can cut and that go only to an address that was looked at; guard.py asks with them."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from tom_scimma.answers import UNREACHABLE
from tom_scimma.clock import Clock
from tom_scimma.errors import Refused


def session_of(clock: Clock, *, public_only: bool = False) -> requests.Session:
    """A session whose connections the clock cuts when its time is over, also where an answer comes drop by drop."""
    session, adapter = requests.Session(), _Adapter(clock, public_only=public_only)
    session.trust_env = False  # no .netrc password for whoever asks, and no proxy that would resolve names for us
    session.headers["User-Agent"] = "tom-multimessenger"
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


class _Adapter(HTTPAdapter):
    """Connections that go only to an address that was looked at, and that the clock can cut."""

    def __init__(self, clock: Clock, *, public_only: bool):
        self._open: Callable[..., socket.socket] = partial(_connect, clock, public_only)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, **kwargs)
        open_line = self._open

        class Plain(HTTPConnection):
            def _new_conn(self):
                return _line_of(self, open_line)

        class Secure(HTTPSConnection):
            def _new_conn(self):
                return _line_of(self, open_line)

        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": Plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": Secure}),
        }


def _line_of(connection: Any, open_line: Callable[..., socket.socket]) -> socket.socket:
    """The line of a urllib3 connection. That there was none is said as urllib3 says it: who sends then knows that nothing left."""
    try:
        return open_line(connection.host, connection.port, connection.timeout)
    except TimeoutError as error:
        said = f"no connection to {connection.host} within {connection.timeout:g} s"
        raise ConnectTimeoutError(connection, said) from error
    except OSError as error:
        if error.errno not in UNREACHABLE:
            raise
        raise NewConnectionError(connection, f"{connection.host}: {error}") from error


def _connect(clock: Clock, public_only: bool, host: str, port: int, wait: float) -> socket.socket:
    """A connection to one of the host's addresses; the address that is checked is the one that is used."""
    trouble = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM):
        if public_only and not is_public(str(address[0])):
            raise Refused(
                f"{host} is at {address[0]}, which is not a public address; name the host in full to allow it"
            )
        line = socket.socket(family, kind, protocol)
        try:
            line.settimeout(wait)
            clock.watch(line)
            line.connect(address)
            return line
        except OSError as error:
            trouble = error
            line.close()
    raise trouble


def is_public(address: str) -> bool:
    """True for an IP address of the open internet: not private, loopback, link-local, shared, multicast or reserved."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
