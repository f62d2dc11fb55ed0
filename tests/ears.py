"""Who is told, in tests: a web server and a mail server on loopback that keep what they were sent."""

from __future__ import annotations

import email
import email.policy
import json
import socket
import threading
import time
from email.message import EmailMessage as Mail
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class WebEar:
    """A web server that takes every request. `answers` are statuses to give first; then 200."""

    def __init__(self):
        self.heard: list[dict[str, Any]] = []
        self.answers: list[int] = []
        self.location = ""  #: where a 3xx leads
        self.wait: threading.Event | None = None  #: no answer before it is set
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def _take(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                ear.heard.append(
                    {
                        "method": self.command,
                        "path": self.path,
                        "headers": self.headers,
                        "body": body,
                        "time": time.time(),
                    }
                )
                if ear.wait is not None:
                    ear.wait.wait(30)
                status = ear.answers.pop(0) if ear.answers else 200
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", ear.location)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_GET = do_POST = do_PUT = do_DELETE = _take

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def said(self) -> list[dict[str, Any]]:
        """The bodies, as apprise's json:// sends them."""
        return [json.loads(request["body"]) for request in list(self.heard)]

    def close(self) -> None:
        """Ends the server."""
        if self.wait is not None:
            self.wait.set()
        self.server.shutdown()
        self.server.server_close()


class MailEar:
    """A mail server that takes every mail; `answer` is what it says to one."""

    def __init__(self):
        from aiosmtpd.controller import Controller

        self.raw: list[bytes] = []
        self.answer = "250 OK"
        self.closed = False
        ear = self

        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                if address.startswith("nobody@"):
                    return "550 no such mailbox"
                envelope.rcpt_tos.append(address)
                return "250 OK"

            async def handle_DATA(self, server, session, envelope):
                if ear.answer.startswith("250"):
                    ear.raw.append(envelope.original_content)
                return ear.answer

        with socket.socket() as probe:  # the controller connects to the port it was given, so it cannot be 0
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.controller = Controller(Handler(), hostname="127.0.0.1", port=self.port)
        self.controller.start()

    @property
    def mails(self) -> list[Any]:
        """The mails, parsed."""
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.raw]

    def close(self) -> None:
        """Ends the server."""
        if not self.closed:
            self.controller.stop()
            self.closed = True


def text_of(mail: Mail) -> str:
    """The text part of a mail."""
    for part in mail.walk():
        if part.get_content_type() == "text/plain":
            return part.get_payload(decode=True).decode()
    return ""
