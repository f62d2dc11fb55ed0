"""A stand-in for SCiMMA's archive on loopback HTTP: full records as BSON, and SCRAM over HTTP where a password is set."""

from __future__ import annotations

import base64
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from hop import bson
from scramp import ScramException, ScramMechanism

INNER = uuid.UUID(int=7)
HEADERS = [["_id", INNER.bytes], ["_sender", b"somebody-else"], ["_format", b"json"], ["title", b"big"]]
SCRAM = ScramMechanism("SCRAM-SHA-512")


def reply(topic="igwn.gwalert+oversized", payload=b'{"a": 1}', headers=HEADERS, **more) -> bytes:
    metadata = {"topic": topic, "timestamp": 1795251037080, "key": b"", "headers": headers, **more}
    return bson.dumps({"message": payload, "metadata": metadata, "annotations": {"public": True}})


class Handler(BaseHTTPRequestHandler):
    """An archive: `answers` holds what it says, one after the other; the last one stays."""

    def do_GET(self):
        self.server.asked.append(self.headers.get("Authorization"))
        if self.server.scram is not None:
            return self.scram()
        answers = self.server.answers
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        self.say(status, body)

    def say(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def scram(self):
        """RFC 7804: client-first gets 401 with server-first, client-final gets the answer with server-final."""
        said = self.headers.get("Authorization", "")
        data = base64.b64decode(said.partition("data=")[2]).decode()
        if "sid=" not in said:
            self.server.exchange = SCRAM.make_server(lambda user: SCRAM.make_auth_info(self.server.scram))
            self.server.exchange.set_client_first(data)
            first = base64.b64encode(self.server.exchange.get_server_first().encode()).decode()
            return self.say(401, WWW_Authenticate=f"SCRAM-SHA-512 sid=1, data={first}")
        try:
            self.server.exchange.set_client_final(data)
        except ScramException:  # the real one answers a wrong password with a page of HTML
            return self.say(500, b"<html>")
        final = base64.b64encode(self.server.exchange.get_server_final().encode()).decode()
        self.say(200, self.server.answers[0][1], Authentication_Info=f"sid=1, data={final}")

    def log_message(self, *args):
        pass


@contextmanager
def serving() -> Iterator[ThreadingHTTPServer]:
    """A running archive: `url`, `answers` [(status, body), ...] of which the last one stays, `asked`, `scram`."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    made.asked, made.answers, made.scram = [], [(200, reply())], None
    made.url = f"http://127.0.0.1:{made.server_port}"
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()
