"""The HTTP of the stand-in: tokens, answers, and the faults that a test asks for."""

from __future__ import annotations

import fnmatch
import json
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tom_treasuremap.fake import accounts
from tom_treasuremap.fake.answers import DATABASE, NO_TOKEN, UNEXPECTED, Answer
from tom_treasuremap.fake.routes import nowhere, route
from tom_treasuremap.fake.schema import Faults
from tom_treasuremap.fake.world import World

HTML = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
ODD = {
    "pointing_ids": [],
    "ERRORS": [["Object: {}", ["400: something the stand-in was told to say"]]],
    "WARNINGS": [],
    "DOI": None,
}
#: what a fault may do. `drop`, `drop_after`, `hang`, `half` and `slow` are done on the wire; the others are answers
DOES: dict[str, Answer | None] = {
    **dict.fromkeys(("drop", "drop_after", "hang", "half", "slow", "500_after"), None),
    "500": Answer(500, {"message": DATABASE}),
    "200_error": Answer(200, ODD),
    "html": Answer(200, HTML.encode(), "text/html; charset=utf-8"),
    "html_404": Answer(404, HTML.encode(), "text/html; charset=utf-8"),
    "502": Answer(502, HTML.encode(), "text/html; charset=utf-8"),
    "text": Answer(200, b"OK", "application/json"),
    "empty": Answer(200, b"", "application/json"),
    "null": Answer(200, None),
    "429": Answer(429, {"message": "Too many requests"}, headers={"Retry-After": "3"}),
    "503": Answer(503, {"message": "Service unavailable"}, headers={"Retry-After": "3"}),
    "302": Answer(302, b"", headers={"Location": "https://elsewhere.example/"}),
}


@dataclass
class Call:
    """One request, read."""

    query: dict[str, str]
    body: Any
    user: dict[str, Any] | None
    parts: tuple[str, ...] = ()


@dataclass
class Asked:
    """One request, as tests look at it."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    user: str | None
    headers: dict[str, str] = field(default_factory=dict)


class Fake:
    """The stand-in, serving from construction to `close`."""

    def __init__(
        self,
        seed: dict[str, Any] | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: list[dict[str, Any]] | None = None,
        zenodo: bool = False,
    ):
        self.world = World(seed, zenodo=zenodo)
        self.faults: list[dict[str, Any]] = list(faults or [])
        self.requests: list[Asked] = []
        self.lock, self.closing = threading.RLock(), threading.Event()
        self._server = ThreadingHTTPServer((host, port), _Handler)
        self._server.daemon_threads, self._server.block_on_close = True, False
        self._server.fake = self  # type: ignore[attr-defined]
        self.url = f"http://{host}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def token(self) -> str:
        """The first account's token."""
        return self.world.users[0]["token"]

    def observe(self, graceid: str, rows: list[dict[str, Any]], **common: Any) -> list[int]:
        """Stores pointings as other teams' reports would have; their ids."""
        with self.lock:
            return [self.world.keep({**common, **row, "graceid": graceid})["id"] for row in rows]

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def __enter__(self) -> Fake:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def fault(self, method: str, path: str) -> dict[str, Any] | None:
        """The fault that this request meets, counted down."""
        with self.lock:
            for fault in self.faults:
                if fault.get("method", method) == method and fnmatch.fnmatchcase(path, fault.get("path", "*")):
                    left = fault.get("times", 1)
                    if left is not None:
                        fault["times"] = left - 1
                        if left <= 1:
                            self.faults.remove(fault)
                    return fault
        return None

    def answer(self, method: str, target: str, headers: Any, data: bytes) -> Answer:
        """What the server says to a request."""
        split = urlsplit(target)
        asked = Asked(
            method, split.path, dict(parse_qsl(split.query, keep_blank_values=True)), None, None, dict(headers)
        )
        with self.lock:
            self.requests.append(asked)
            try:
                found = self._found(asked, data, headers)
            except Answer as said:
                return said
        return found if isinstance(found, Answer) else Answer(200, found)

    def _found(self, asked: Asked, data: bytes, headers: Any) -> Any:
        found, parts = route(asked.method, asked.path)
        if found is None:
            raise nowhere(asked.path, asked.query, headers.get("Host", ""))
        asked.body = _decoded(data, headers.get("Content-Type", ""))
        user = accounts.bearer(self.world, headers)
        asked.user = user["username"] if user else None
        if found[3] and user is None:
            raise Answer(401, {"message": NO_TOKEN})
        return found[2](self.world, Call(asked.query, asked.body, user, parts))


def _decoded(data: bytes, kind: str) -> Any:
    """The body as JSON; what was not sent as JSON is text, which no schema takes."""
    if not data:
        return None
    if kind and "json" not in kind:
        return data.decode("utf-8", "replace")
    try:
        return json.loads(data)
    except ValueError as error:
        faults = Faults()
        faults.add("JSON decode error", f"body.{getattr(error, 'pos', 0)}", "json_invalid")
        faults.stop()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "uvicorn"
    disable_nagle_algorithm = True

    def log_message(self, *words: object) -> None:
        """Nothing is written."""

    def _serve(self) -> None:
        fake: Fake = self.server.fake  # type: ignore[attr-defined]
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = fake.fault(self.command, urlsplit(self.path).path)
        does = fault["do"] if fault else ""
        if does == "drop":
            return self._drop()
        if does == "hang":
            fake.closing.wait(fault.get("seconds", 60))
            return self._drop()
        said = DOES.get(does) or fake.answer(self.command, self.path, self.headers, data)
        if does == "drop_after":
            return self._drop()
        if does == "500_after":
            said = Answer(500, {"message": DATABASE})
        self._say(said, does, fault.get("seconds", 1.0) if fault else 0.0)
        return None

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = _serve

    def _drop(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the client was quicker

    def _say(self, said: Answer, does: str, seconds: float) -> None:
        body = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
        body = b"" if said.status == 204 else body
        head = [f"HTTP/1.1 {said.status} {self.responses.get(said.status, ('',))[0]}"]
        if said.kind:
            head.append(f"Content-Type: {said.kind}")
        head += [f"{name}: {value}" for name, value in said.headers.items()]
        head.append(f"Content-Length: {len(body)}")
        start = "\r\n".join([*head, "", ""]).encode()
        try:
            if does == "half":
                self.connection.sendall(start + body[: len(body) // 2])
                return self._drop()
            if does == "slow":
                return self._trickle(start + body, seconds)
            self.connection.sendall(start + body)
        except OSError:
            self.close_connection = True
        if said.body == {"message": UNEXPECTED}:
            self._drop()  # without having said `Connection: close`, as the real one does
        return None

    def _trickle(self, data: bytes, seconds: float) -> None:
        fake: Fake = self.server.fake  # type: ignore[attr-defined]
        step = max(1, len(data) // 20)
        for begin in range(0, len(data), step):
            self.connection.sendall(data[begin : begin + step])
            if fake.closing.wait(seconds / 20):
                return
