"""The HTTP of the stand-ins: one server, threads, routes from tables, and the faults that a test asks for."""

from __future__ import annotations

import fnmatch
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tom_scimma.fake_services.world import World

HTML = '<!doctype html>\n<html lang="en">\n<head>\n  <title>{0}</title>\n</head>\n<body>\n  <h1>{0}</h1><p></p>\n</body>\n</html>\n'


@dataclass
class Request:
    """One request, read."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes = b""
    parts: tuple[str, ...] = ()  #: what the route's pattern caught, unquoted
    url: str = ""  #: of the server: scheme, host and port
    caller: Any = None  #: who asks, once that is known; see scram.who
    said: dict[str, str] = field(default_factory=dict)  #: headers that go out with whatever is answered
    again: Callable[[Request], Response] | None = None  #: answers a request inside this one

    def one(self, name: str, default: str = "") -> str:
        """A parameter of the query, the last given."""
        return dict(self.query).get(name, default)


@dataclass
class Response:
    """An answer: bytes as they are, text, or a value that becomes JSON. `kind` "" sends no Content-Type."""

    status: int = 200
    body: Any = b""
    kind: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else str(self.body).encode()


def as_json(body: Any, status: int = 200, **headers: str) -> Response:
    return Response(status, json.dumps(body).encode(), "application/json", headers)


def html(status: int, title: str) -> Response:
    """A page of Django's with DEBUG off."""
    return Response(status, HTML.format(title), "text/html; charset=utf-8")


def crash() -> Response:
    return html(500, "Server Error (500)")


class Answered(Exception):
    """Raised by a route that has its answer."""

    def __init__(self, response: Response):
        super().__init__(response.status)
        self.response = response


Route = Callable[[World, Request], Response]
Table = Mapping[tuple[str, str], Route]

#: what a fault may do. With an answer: instead of doing anything; the others are done on the wire
DOES: dict[str, Response | None] = {
    **dict.fromkeys(("drop", "drop_after", "hang", "half", "slow", "500_after"), None),
    "500": crash(),
    "502": html(502, "502 Bad Gateway"),
    "503": Response(503, b"Service Unavailable", "text/plain", {"Retry-After": "1"}),
    "429": as_json({"detail": "Request was throttled."}, 429, **{"Retry-After": "1"}),
    "refuse": as_json({"detail": "invalid auth token"}, 403),
    "html": html(200, "Maintenance"),
    "empty": Response(200, b"", "application/json"),
    "text": Response(200, b"OK", "application/json"),
    "404": html(404, "Not Found"),
    "302": Response(302, b"", "", {"Location": "https://elsewhere.example/"}),
}


def tables() -> list[Table]:
    """The routes of every stand-in; the first that fits wins."""
    from tom_scimma.fake_services import archive, hopauth, hopauth_topics, hopauth_users, issuer  # noqa: F401  two add to hopauth's

    return [issuer.ROUTES, hopauth.ROUTES, archive.ROUTES]


class Running:
    """A World over HTTP, from construction to `close`. `url` is scheme, host and port."""

    def __init__(self, world: World, port: int = 0, tls: ssl.SSLContext | None = None, faults: Any = ()):
        self.world = world
        self.faults: list[dict[str, Any]] = list(faults)
        self.asked: list[Request] = []
        self.closing = threading.Event()
        self._routes = [
            (method, re.compile(pattern), answer) for table in tables() for (method, pattern), answer in table.items()
        ]
        self._server = _Threads(("127.0.0.1", port), _Handler)
        self._server.running = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def issuer(self) -> str:
        return f"{self.url}/realms/SCiMMA"

    @property
    def hopauth(self) -> str:
        return f"{self.url}/hopauth"

    @property
    def archive(self) -> str:
        return f"{self.url}/archive"

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def fault(self, path: str) -> dict[str, Any] | None:
        """The fault that this request meets, counted down; `times` None is for ever."""
        with self.world.lock:
            for fault in self.faults:
                if fnmatch.fnmatchcase(path, fault.get("path", "*")):
                    left = fault.get("times", 1)
                    if left is not None:
                        fault["times"] = left - 1
                        if left <= 1:
                            self.faults.remove(fault)
                    return fault
        return None

    def answer(self, request: Request) -> Response:
        """What the services say; sub-requests of `multi` come here too."""
        request.url, request.again = self.url, self.answer
        for method, pattern, route in self._routes:
            found = pattern.fullmatch(request.path)
            if found is not None and method in (request.method, "*"):
                request.parts = tuple(unquote(part or "") for part in found.groups())
                try:
                    with self.world.lock:
                        response = route(self.world, request)
                except Answered as said:
                    response = said.response
                return replace(response, headers={**response.headers, **request.said})
        return html(404, "Not Found")


def start(world: World, port: int = 0, tls: ssl.SSLContext | None = None, faults: Any = ()) -> Running:
    """The stand-ins of this world, answering on loopback."""
    return Running(world, port, tls, faults)


class _Threads(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    running: Running

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of clients that went away, or would not have our certificate."""
        import sys
        import traceback

        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc()


class _Handler(BaseHTTPRequestHandler):
    server: _Threads
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *words: object) -> None:
        """Nothing is written."""

    def _serve(self) -> None:
        running = self.server.running
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        place = urlsplit(self.path)
        query = parse_qsl(place.query, keep_blank_values=True)
        request = Request(self.command, place.path, query, self.headers, body)
        with running.world.lock:
            running.asked.append(request)
        fault = running.fault(place.path) or {}
        does = fault.get("do", "")
        if does == "hang":
            running.closing.wait(fault.get("seconds", 60))
        if does in ("drop", "hang"):
            return self._drop()
        said = DOES.get(does) or running.answer(request)
        if does == "drop_after":
            return self._drop()
        return self._say(crash() if does == "500_after" else said, does, fault.get("seconds", 1.0))

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _serve

    def _drop(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the client was quicker

    def _say(self, said: Response, does: str, seconds: float) -> None:
        body = b"" if said.status == 204 else said.data()
        head = [f"HTTP/1.1 {said.status} {self.responses.get(said.status, ('',))[0]}"]
        head += [f"Content-Type: {said.kind}"] if said.kind else []
        head += [f"{name}: {value}" for name, value in said.headers.items()]
        data = "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body
        try:
            if does == "half":
                self.connection.sendall(data[: len(data) - len(body) // 2 - 1])
                return self._drop()
            step = max(1, len(data) // 20) if does == "slow" else len(data)
            for begin in range(0, len(data), step):
                self.connection.sendall(data[begin : begin + step])
                if does == "slow" and self.server.running.closing.wait(seconds / 20):
                    return None
        except OSError:
            self.close_connection = True
        return None
