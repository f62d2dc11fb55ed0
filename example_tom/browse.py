"""A person with a browser, as far as the demo's check needs one: cookies, the log-in form, pages.

Standard library only.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, Request, build_opener

SECONDS = 60  #: for one page
PATIENCE = 120.0  #: for what the TOM does by itself; a machine may be busy


@dataclass(frozen=True)
class Page:
    """An answer of the server."""

    status: int
    body: bytes
    kind: str  #: its Content-Type

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def answer(self) -> str:
        """The status, and with an error the words of Django's page about it."""
        if self.status < 400:
            return str(self.status)
        words = re.search(r"<title>(.*?)</title>", self.text, re.DOTALL)
        value = re.search(r'<pre class="exception_value">(.*?)</pre>', self.text, re.DOTALL)
        found = [" ".join(match[1].split()) for match in (words, value) if match]
        return " ".join([str(self.status), *(found or [self.text[:200]])])

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """Asks one server for pages and keeps its cookies. `meanwhile` is called before each: life goes on while one looks."""

    def __init__(self, url: str, meanwhile: Callable[[], object] = lambda: None):
        self.url, self._meanwhile = url, meanwhile
        self.cookies = CookieJar()
        self.opener: OpenerDirector = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> Page:
        """The page at a path, whatever its status."""
        return self._ask(Request(self.url + path))

    def post(self, path: str, **fields: str) -> Page:
        """What the server answers to a form, after its redirects."""
        fields["csrfmiddlewaretoken"] = self._csrf()
        headers = {"Referer": self.url + path, "X-CSRFToken": self._csrf()}
        return self._ask(Request(self.url + path, urlencode(fields).encode(), headers))

    def log_in(self, user: str, password: str) -> bool:
        """Logs in through the TOM's own form; False when it is refused."""
        self.get("/accounts/login/")
        self.post("/accounts/login/", login=user, password=password)
        return any(cookie.name == "sessionid" for cookie in self.cookies)

    def wait(self, look: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """The first true value of `look()`, which asks for pages; its last one when none comes in time."""
        deadline = time.monotonic() + seconds
        while not (found := look()) and time.monotonic() < deadline:
            time.sleep(0.3)
        return found

    def _csrf(self) -> str:
        return next((cookie.value or "" for cookie in self.cookies if cookie.name == "csrftoken"), "")

    def _ask(self, request: Request) -> Page:
        self._meanwhile()
        try:
            with self.opener.open(request, timeout=SECONDS) as response:
                return Page(response.status, response.read(), response.headers.get("Content-Type", ""))
        except HTTPError as error:
            with error:
                return Page(error.code, error.read(), error.headers.get("Content-Type", ""))


def assets(html: str) -> list[str]:
    """Addresses of the scripts and style sheets that a page asks for, in its order."""
    found = re.findall(r'<(?:script[^>]*\ssrc|link[^>]*\shref)="([^"]+)"', html)
    return [address for address in found if address.split("?")[0].endswith((".js", ".css"))]


def count(browser: Browser, path: str) -> int:
    """How many rows a list of the REST interface has; 0 where it does not answer."""
    page = browser.get(path)
    return page.json["count"] if page.status == 200 else 0
