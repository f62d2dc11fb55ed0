"""What guard.py lets out and in, over real loopback sockets.

Authority: RFC 9110 (statuses, redirects, content codings), the address registries in `ipaddress`, docs/listening.md.
"""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from requests.auth import HTTPBasicAuth

from tom_scimma import answers, guard, session
from tom_scimma.errors import Refused, Unavailable

BOMB = gzip.compress(bytes(50_000_000))


class Handler(BaseHTTPRequestHandler):
    """A server that behaves as badly as the path says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        try:
            getattr(self, "do_" + self.path.strip("/").partition("/")[0])()
        except OSError:
            pass  # the client hung up, as it should

    def log_message(self, *args):
        pass

    def reply(self, body=b"", status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_plain(self):
        self.reply(b"hello")

    def do_status(self):
        self.reply(b"no", int(self.path.rpartition("/")[2]))

    def do_away(self):
        self.reply(b"", 302, Location="http://127.0.0.2:1/plain")

    def do_near(self):
        self.reply(b"", 302, Location="/plain")

    def do_circle(self):
        self.reply(b"", 302, Location="/circle")

    def do_gzip(self):
        self.reply(gzip.compress(b"hello" * 1000), Content_Encoding="gzip")

    def do_bomb(self):
        self.reply(BOMB, Content_Encoding="gzip")

    def do_cut(self):
        self.reply(gzip.compress(b"hello" * 1000)[:-12], Content_Encoding="gzip")

    def do_brotli(self):
        self.reply(b"x", Content_Encoding="br")

    def do_notgzip(self):
        self.reply(b"plain", Content_Encoding="gzip")

    def do_huge(self):
        self.reply(b"x" * 2000)

    def do_endless(self):  # no length, and no end
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 65536)

    def do_short(self):
        self.reply(b"x", Content_Length="10")
        self.close_connection = True

    def do_drip(self):  # a byte now and then: no single read ever times out
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(1000):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.1)

    def do_headers(self):  # the same with the headers
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(1000):
            self.wfile.write(b"X-%d: y\r\n" % number)
            self.wfile.flush()
            time.sleep(0.1)

    def do_silence(self):
        time.sleep(20)


@contextmanager
def serving():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.asked = []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def server():
    with serving() as made:
        yield made


def fetch(server, path, *, hosts=("127.0.0.1",), max_bytes=1000, seconds=2.0, **options):
    url = f"http://127.0.0.1:{server.server_port}/{path}"
    return guard.fetch(url, allowed_hosts=hosts, max_bytes=max_bytes, seconds=seconds, **options)


def test_an_allowed_host_is_fetched_with_the_headers_given(server):
    assert fetch(server, "plain", headers={"X-Why": "test"}) == b"hello"
    assert server.asked[-1][1]["X-Why"] == "test"


def test_a_host_may_be_named_with_its_port_and_then_only_that_port(server):
    assert fetch(server, "plain", hosts=[f"127.0.0.1:{server.server_port}"]) == b"hello"
    with pytest.raises(Refused, match="not among the hosts"):
        fetch(server, "plain", hosts=["127.0.0.1:1"])


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/plain",
        "file:///etc/passwd",
        "gopher://127.0.0.1",
        "http://",
        "127.0.0.1/plain",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:x/",
        "http://[::1/",
        "http://127.0.0.1@evil.example/",
        "http://user:pass@127.0.0.1/",
        "http://127.0.0.1 .evil.example/",
        "http://127.0.0.1\r\nHost: evil/",
        "http://127.0.0.1.evil.example/",
        "http://evil.example#127.0.0.1/",
        "http://evil.example\\@127.0.0.1/",
        "",
    ],
)
def test_what_is_not_an_allowed_web_address_is_refused_without_asking_anybody(url):
    with pytest.raises(Refused):
        guard.fetch(url, allowed_hosts=["127.0.0.1"], max_bytes=10, seconds=1)


def test_a_pattern_lets_in_public_addresses_only(server):
    with pytest.raises(Refused, match="not a public address"):
        fetch(server, "plain", hosts=["*"])
    with pytest.raises(Refused, match="not a public address"):
        guard.fetch(f"http://localhost:{server.server_port}/plain", allowed_hosts=["local*"], max_bytes=10, seconds=1)
    assert not any(path == "/never" for path, _ in server.asked)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True), ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False),
        ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False),
        ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("fe80::1%eth0", False), ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True), ("::", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address, public):
    """As the IANA special-purpose address registries say."""
    assert session.is_public(address) is public


@pytest.mark.parametrize("status", [400, 401, 403, 410, 418, 204, 304])
def test_what_will_not_change_is_refused(server, status):
    with pytest.raises(Refused, match=str(status)):
        fetch(server, f"status/{status}")


@pytest.mark.parametrize("status", [404, 408, 425, 429, 500, 502, 503])
def test_what_may_change_is_unavailable(server, status):
    with pytest.raises(Unavailable, match=str(status)):
        fetch(server, f"status/{status}")


def test_a_redirect_within_the_server_is_followed_and_one_elsewhere_is_not(server):
    assert fetch(server, "near") == b"hello"
    with pytest.raises(Refused, match="redirects elsewhere"):
        fetch(server, "away", hosts=["127.0.0.1", "127.0.0.2"])
    with pytest.raises(Refused, match="circle"):
        fetch(server, "circle")


def test_credentials_go_where_they_are_meant_to(server):
    fetch(server, "plain", auth=HTTPBasicAuth("a", "b"))
    assert "Authorization" in server.asked[-1][1]
    fetch(server, "plain")
    assert "Authorization" not in server.asked[-1][1]


def test_a_password_in_netrc_is_sent_to_nobody(server, tmp_path, monkeypatch):
    path = tmp_path / "netrc"
    path.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(path))
    fetch(server, "plain")
    assert "Authorization" not in server.asked[-1][1]


def test_compressed_bodies_are_opened(server):
    assert fetch(server, "gzip", max_bytes=5000) == b"hello" * 1000


def test_a_bomb_is_refused_while_it_is_still_small(server):
    begun = time.monotonic()
    with pytest.raises(Refused, match="longer than"):
        fetch(server, "bomb", max_bytes=100_000)
    assert time.monotonic() - begun < 15
    assert len(BOMB) < 100_000  # as sent it would have been allowed


@pytest.mark.parametrize("path", ["cut", "brotli", "notgzip"])
def test_codings_that_are_broken_or_were_not_asked_for_are_refused(server, path):
    with pytest.raises(Refused):
        fetch(server, path, max_bytes=10_000)


@pytest.mark.parametrize("path", ["huge", "endless"])
def test_what_is_too_large_is_refused_said_or_not(server, path):
    with pytest.raises(Refused, match="allowed"):
        fetch(server, path)


def test_a_body_exactly_as_large_as_allowed_is_fetched(server):
    assert fetch(server, "plain", max_bytes=5) == b"hello"
    with pytest.raises(Refused):
        fetch(server, "plain", max_bytes=4)


@pytest.mark.parametrize("path", ["drip", "headers", "silence"])
def test_the_time_is_for_all_of_it(server, path):
    begun = time.monotonic()
    with pytest.raises(Unavailable, match="within"):
        fetch(server, path, seconds=0.5)
    assert 0.4 < time.monotonic() - begun < 15


def test_a_body_that_ends_early_is_unavailable(server):
    with pytest.raises(Unavailable):
        fetch(server, "short")


def test_nobody_there_is_unavailable():
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        port = line.getsockname()[1]
    with pytest.raises(Unavailable, match="cannot be fetched"):
        guard.fetch(f"http://127.0.0.1:{port}/", allowed_hosts=["127.0.0.1"], max_bytes=10, seconds=1)
    with pytest.raises(Unavailable):
        guard.fetch("http://no-such-host.invalid/", allowed_hosts=["no-such-host.invalid"], max_bytes=10, seconds=2)


def test_nothing_is_left_open(server):
    """Each fetch closes its sockets and its timer, whatever came of it."""
    before = threading.active_count()
    for path in ("plain", "huge", "status/500"):
        for _ in range(20):
            try:
                fetch(server, path)
            except (Refused, Unavailable):
                pass
    end = time.monotonic() + 30
    while threading.active_count() > before + 3 and time.monotonic() < end:
        time.sleep(0.05)
    assert threading.active_count() <= before + 3


def test_deflate_as_zlib_writes_it_is_opened(server, monkeypatch):
    monkeypatch.setattr(
        Handler, "do_deflate", lambda self: self.reply(zlib.compress(b"hi"), Content_Encoding="deflate"), raising=False
    )
    assert fetch(server, "deflate") == b"hi"


def asked(server, path, **options):
    place = f"http://127.0.0.1:{server.server_port}/{path}"
    return guard.ask(place, **{"allowed_hosts": ["127.0.0.1"], "max_bytes": 1000, "seconds": 5, **options})


def test_what_a_service_says_with_an_error_is_heard(server):
    said = asked(server, "status/500")
    assert (said.status, said.body) == (500, b"no")
    assert asked(server, "plain").body == b"hello"
    assert asked(server, "near").body == b"hello"


def test_something_is_posted_and_an_answer_is_no_larger_or_slower_than_allowed(server, monkeypatch):
    def post(self):
        self.reply(self.rfile.read(int(self.headers["Content-Length"])), 201)

    monkeypatch.setattr(Handler, "do_POST", post, raising=False)
    said = asked(server, "plain", method="POST", data=b"{}", headers={"Content-Type": "application/json"})
    assert (said.status, said.body) == (201, b"{}")
    for path, error in (("huge", Refused), ("away", Refused), ("short", Unavailable), ("drip", Unavailable)):
        with pytest.raises(error):
            asked(server, path, seconds=0.5)
    with pytest.raises(Refused, match="not among the hosts"):
        asked(server, "plain", allowed_hosts=["archive.example"])


@contextmanager
def line(answer: bytes | None):
    """A port that reads a question, says this and hangs up; None: it says nothing, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    other, _ = server.accept()
                except OSError:
                    return
                other.recv(10_000)
                if answer is None:
                    held.append(other)
                    continue
                other.sendall(answer)
                other.close()

        held: list[socket.socket] = []
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        for other in held:
            other.close()


@pytest.mark.parametrize(
    ("scheme", "answer", "words"),
    [
        ("http", None, "no answer in time"),
        ("http", b"", "the connection was cut before the answer was complete"),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "the connection was cut before the answer was complete"),
        ("https", b"HTTP/1.1 400 Bad\r\n\r\n", "it does not speak TLS as it should"),
    ],
)  # fmt: skip
def test_what_went_wrong_on_a_line_is_said_in_plain_words(scheme, answer, words):
    """docs/outbox.md: reasons are read by people; "PlainPool(host='127.0.0.1', port=1): Read timed out" stood there."""
    with line(answer) as port:
        assert str(failure(f"{scheme}://127.0.0.1:{port}/")) == words


def test_a_host_that_is_not_there_is_said_in_plain_words_too():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert str(failure(f"http://127.0.0.1:{port}/")) == "nothing listens there (connection refused)"
    assert str(failure("http://nobody.invalid/")) == "there is no host of that name"
    with line(None) as port:
        assert str(failure(f"http://127.0.0.1:{port}/", whole=0.2)) == "not in full within 0.2 s"


def failure(url: str, whole: float = 5.0):
    """What a delivery's page would say."""
    with pytest.raises(guard.FAILURES) as caught:
        with guard.exchange("GET", url, connect=1.0, read=0.5, whole=whole) as response:
            guard.text(response, 1000)
    return answers.of_failure(caught.value)
