"""The stand-in on a loopback port: HTTP in threads, and the faults that it was told to have."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tom_hermes.fake.http import Reply, Request, crash
from tom_hermes.fake.routes import answer
from tom_hermes.fake.world import World
from tom_hermes.schema import Crash

#: what the real one does not catch either: it answers with its page of a crash
FAILURES = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
#: faults that answer without doing anything
ANSWERS: dict[str, Reply] = {
    "500": crash(),
    "200_error": Reply(200, {"error": "Something went wrong, and this is what a 200 may hold."}),
    "refuse": Reply(400, {"title": ["Refused by a fault of the stand-in."]}),
    "busy": Reply(429, {"detail": "Request was throttled."}, headers={"Retry-After": "1"}),
    "unavailable": Reply(503, {"detail": "Away."}, headers={"Retry-After": "1"}),
    "gateway": Reply(502, body=b"<html><body>Bad Gateway</body></html>", kind="text/html"),
    "denied": Reply(403, {"detail": "Invalid token."}),
    "moved": Reply(302, body=b"", headers={"Location": "/elsewhere/"}),
    "docs": Reply(200, {"message": "This endpoint is used to send a generic hermes message"}),
}
#: faults that answer badly after everything was done
AFTER = {"500_after", "garbage", "drop_after", "hang_after", "slow"}


class _Threads(ThreadingHTTPServer):
    daemon_threads = True
    standin: Server


class Server:
    """A World over HTTP. `with Server(world) as server: server.url`."""

    def __init__(self, world: World, port: int = 0):
        self.world = world
        self.ending = threading.Event()
        self._server = _Threads(("127.0.0.1", port), _Handler)
        self._server.standin = self
        world.url = self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()

    def reply(self, request: Request) -> Reply:
        """What HERMES would answer."""
        try:
            with self.world.lock:
                reply = answer(self.world, request)
            reply.bytes()
            return reply
        except (Crash, *FAILURES):  # also numbers that JSON cannot say, when all is done
            return crash()


class _Handler(BaseHTTPRequestHandler):
    server: _Threads
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._do()

    do_HEAD = do_OPTIONS = do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

    def log_message(self, *args: Any) -> None:
        """Silent."""

    def _do(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        place = urlsplit(self.path)
        request = Request(self.command, place.path, place.query, self.headers, self.rfile.read(length))
        fault = self.server.standin.world.take("", place.path) or {"do": ""}
        kind = fault["do"]
        if kind in ANSWERS:
            self._send(ANSWERS[kind])
        elif kind == "drop":
            self._cut()
        elif kind == "hang":
            self.server.standin.ending.wait()
            self._cut()
        else:
            self._after(kind, fault, self.server.standin.reply(request))

    def _after(self, kind: str, fault: dict[str, Any], reply: Reply) -> None:
        """Sends what there is to answer, the way the fault says."""
        if kind == "hang_after":
            self.server.standin.ending.wait()
        if kind in ("drop_after", "hang_after"):
            self._cut()
        elif kind == "500_after":
            self._send(crash())
        elif kind == "garbage":
            self._send(Reply(200, body=b"<html>not what was asked for", kind="text/html"))
        else:
            if kind == "slow":
                self.server.standin.ending.wait(fault.get("seconds", 1.0))
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        body = reply.bytes()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _cut(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:  # the other side was faster
            pass
