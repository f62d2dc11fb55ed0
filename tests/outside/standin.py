"""The service of the tests, over real HTTP: it counts what it was sent, and answers badly when told to.

    with Standin() as outside: outside.url; outside.parcels; outside.faults.append("drop")

Faults, one for each request to POST /parcels: "drop" (stored, then the connection is cut), "refuse" (400), "busy" (429),
"busy:2" (with Retry-After), "cut" (cut before anything is stored), "500" (stored), "error" (200 with an error),
"garbage" (stored; a 200 that cannot be read), "odd" (stored; a 200 with what no database keeps), "rude" (400 with such words),
"hang" (stored, never answered), "wait" (stored, answered once `go` is set), "slow:0.5", "moved" (302).
"""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

#: what JSON can say and a database cannot keep; the last is harmless
ODD = {"said": "a\0b", "half": "\ud800", "rate": float("nan"), "path": "C:\\u0000"}


class Standin:
    """The service, in threads of this process."""

    def __init__(self, *, chance=None):
        self.parcels: list[dict] = []  #: what was stored, in order
        self.marks: list[dict] = []
        self.faults: list[str] = []
        self.chance = chance  #: () -> fault or ""; asked when no fault is left
        self.lock = threading.Lock()
        self.arrived = threading.Event()  #: set when a parcel has been stored
        self.go = threading.Event()  #: set it, and what waits is answered
        self.ending = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Standin:
        self._thread.start()
        return self

    def __exit__(self, *exc) -> None:
        self.go.set()
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()

    def keys(self) -> list[str]:
        """The key of each parcel stored, in order."""
        with self.lock:
            return [parcel["key"] for parcel in self.parcels]

    def fault(self) -> str:
        with self.lock:
            if self.faults:
                return self.faults.pop(0)
            return self.chance() if self.chance else ""

    def store(self, key: str, body: bytes, sender: str) -> str:
        with self.lock:
            identity = f"parcel-{len(self.parcels) + 1}"
            self.parcels.append(
                {"id": identity, "key": key, "body": body.decode("latin-1"), "from": sender, "time": time.time()}
            )
        self.arrived.set()
        return identity


def _handler(outside: Standin):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def do_GET(self):
            key = parse_qs(urlsplit(self.path).query).get("key", [""])[0]
            with outside.lock:
                found = [parcel for parcel in outside.parcels if parcel["key"] == key]
            self._say(200, {"parcels": found})

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == "/marks":
                with outside.lock:
                    outside.marks.append(json.loads(body))
                return self._say(200, {})
            fault, _, more = outside.fault().partition(":")
            if fault == "cut":
                return self._cut()
            if fault == "refuse":
                return self._say(400, {"text": ["This field is too dull."]})
            if fault == "rude":
                return self._say(400, {"te\0xt": ["No\0 \ud800"], **ODD})
            if fault == "busy":
                return self._say(429, {}, **({"Retry-After": more} if more else {}))
            if fault == "error":
                return self._say(200, {"error": "No, thank you."})
            if fault == "moved":
                return self._say(302, {}, Location="http://127.0.0.1:9/")
            if fault == "slow":
                time.sleep(float(more))
            identity = outside.store(self.headers.get("X-Key", ""), body, self.headers.get("X-From", ""))
            if fault == "drop":
                return self._cut()
            if fault == "hang":
                outside.ending.wait()
                return self._cut()
            if fault == "wait":
                outside.go.wait()
            if fault == "500":
                return self._say(500, {})
            self._say(200, {"id": identity, **(ODD if fault == "odd" else {})}, garbage=fault == "garbage")

        def _cut(self):
            self.close_connection = True
            self.connection.close()

        def _say(self, status, document, *, garbage=False, **headers):
            body = b"<html>" if garbage else json.dumps(document).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
