"""A service's stand-in on a loopback port: real HTTP in threads, what it was asked, and the faults that a test asks for.

A service of its own says what is answered (`answer`) and what its own faults are (`does`).
"""

from __future__ import annotations

import fnmatch
import json
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


class Answer(Exception):
    """An answer that ends the request, an error mostly."""

    def __init__(self, status: int, body: Any, kind: str = "application/json", headers: dict[str, str] | None = None):
        super().__init__(status, body)
        self.status, self.body, self.kind, self.headers = status, body, kind, headers or {}


HTML = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
#: what a fault may do anywhere. `drop`, `drop_after`, `hang`, `hang_after`, `half`, `slow` are done on the wire; the others are answers
DOES: dict[str, Answer | None] = {
    **dict.fromkeys(("drop", "drop_after", "hang", "hang_after", "half", "slow", "500_after"), None),
    "html": Answer(200, HTML.encode(), "text/html; charset=utf-8"),
    "html_404": Answer(404, HTML.encode(), "text/html; charset=utf-8"),
    "502": Answer(502, HTML.encode(), "text/html; charset=utf-8"),
    "text": Answer(200, b"OK", "application/json"),
    "empty": Answer(200, b"", "application/json"),
    "null": Answer(200, None),
    "302": Answer(302, b"", headers={"Location": "https://elsewhere.example/"}),
}


@dataclass
class Asked:
    """One request, as tests look at it."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    user: str | None
    headers: dict[str, str] = field(default_factory=dict)


class Standin:
    """Serves from construction to `close`."""

    does: dict[str, Answer | None] = DOES
    software = "nginx"  #: what it says it is
    broken = Answer(500, HTML.encode(), "text/html; charset=utf-8")
    ends: Any = None  #: the body after which it drops the line without having said so

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, faults: list[dict[str, Any]] | None = None):
        self.faults: list[dict[str, Any]] = list(faults or [])
        self.requests: list[Asked] = []
        self.lock, self.closing = threading.RLock(), threading.Event()
        self._server = ThreadingHTTPServer((host, port), _Handler)
        self._server.daemon_threads, self._server.block_on_close = True, False
        self._server.standin = self  # type: ignore[attr-defined]
        self.url = f"http://{host}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def __enter__(self):
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
        """What the service says to a request."""
        split = urlsplit(target)
        asked = Asked(
            method, split.path, dict(parse_qsl(split.query, keep_blank_values=True)), None, None, dict(headers)
        )
        with self.lock:
            self.requests.append(asked)
            try:
                found = self.found(asked, data, headers)
            except Answer as said:
                return said
        return found if isinstance(found, Answer) else Answer(200, found)

    def found(self, asked: Asked, data: bytes, headers: Any) -> Any:
        """The body of the answer, or an Answer, also raised. Fills in `asked.body` and `asked.user`."""
        raise NotImplementedError


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def version_string(self) -> str:
        return self.server.standin.software  # type: ignore[attr-defined]

    def log_message(self, *words: object) -> None:
        """Nothing is written."""

    def _serve(self) -> None:
        standin: Standin = self.server.standin  # type: ignore[attr-defined]
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = standin.fault(self.command, urlsplit(self.path).path)
        does = fault["do"] if fault else ""
        if does == "drop":
            return self._drop()
        if does == "hang":
            standin.closing.wait(fault.get("seconds", 60))
            return self._drop()
        said = standin.does.get(does) or standin.answer(self.command, self.path, self.headers, data)
        if does == "hang_after":
            standin.closing.wait(fault.get("seconds", 60))
        if does in ("drop_after", "hang_after"):
            return self._drop()
        if does == "500_after":
            said = standin.broken
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
        body = b"" if said.status == 204 or self.command == "HEAD" else body
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
        if said.body is not None and said.body == self.server.standin.ends:  # type: ignore[attr-defined]
            self._drop()  # without having said `Connection: close`
        return None

    def _trickle(self, data: bytes, seconds: float) -> None:
        standin: Standin = self.server.standin  # type: ignore[attr-defined]
        step = max(1, len(data) // 20)
        for begin in range(0, len(data), step):
            self.connection.sendall(data[begin : begin + step])
            if standin.closing.wait(seconds / 20):
                return


def serve(standin: Standin) -> None:
    """Prints its address and serves until the process is ended."""
    with standin:
        print(standin.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass
