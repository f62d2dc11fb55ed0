"""Somebody in front of a browser, who remembers everything that went wrong."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, expect

#: schemes that reach nobody
LOCAL = ("data", "blob", "about")


class Visitor:
    """A browser window of some width. `check()` says what a person with the console open would complain about."""

    def __init__(self, context: BrowserContext, width: int):
        self.width = width
        self.complaints: list[str] = []
        context.route("**/*", self._route)
        self.page = context.new_page()
        self.page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.page.on("response", self._response)

    def _route(self, route) -> None:
        address = urlsplit(route.request.url)
        if address.scheme in LOCAL or address.hostname in ("localhost", "127.0.0.1"):
            route.continue_()
            return
        self.complaints.append(f"{self.page.url} asked {address.hostname} for {address.path}")
        route.abort()

    def _console(self, message) -> None:
        if message.type == "error":
            self.complaints.append(f"{self.page.url}: console: {message.text}")

    def _response(self, response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.url} answered {response.status}")

    def go(self, path: str) -> None:
        """Opens a page and waits until it is at rest."""
        self.page.goto(path, wait_until="networkidle")
        self.fits()

    def settled(self) -> None:
        """Waits until htmx has put in what it fetched: before that a choice in it is not heard."""
        busy = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_function("busy => !document.querySelector(busy)", arg=busy)

    def fits(self) -> None:
        """Notes a page that has to be pushed sideways to be read."""
        needed = self.page.evaluate("document.documentElement.scrollWidth")
        if needed > self.width:
            self.complaints.append(f"{self.page.url} is {needed} pixels wide in a window of {self.width}")

    def menu(self) -> None:
        """Opens the navigation where the screen is too narrow to show it."""
        toggler = self.page.locator(".navbar-toggler")
        if toggler.is_visible():
            toggler.click()
            # Bootstrap moves it into place; clicks before that go elsewhere
            expect(self.page.locator(".navbar-collapse.show")).to_be_visible()

    def log_in(self, name: str = "ada", password: str = "a long password") -> None:
        """Logs in by the form."""
        self.go("/accounts/login/")
        form = self.page.locator("form", has=self.page.locator("input[type=password]"))
        form.locator("input[type=text], input[type=email]").first.fill(name)
        form.locator("input[type=password]").fill(password)
        form.locator("[type=submit]").first.click()
        self.page.wait_for_url(lambda url: "/accounts/login" not in url)
        self.page.wait_for_load_state("networkidle")

    def check(self) -> None:
        """AssertionError with everything noted."""
        assert not self.complaints, "\n".join(dict.fromkeys(self.complaints))
