"""Pages without a CDN: Bootstrap, Alpine and Aladin Lite from npm packages, where `npm ci` has put them.

The host names its CDN in two ways: Bootstrap by the BOOTSTRAP5 setting, which we set, and Alpine in the HTML of its
base page, which we change on the way out rather than keep a copy of that page. Without node_modules nothing here does
anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static

MODULES = Path(__file__).resolve().parent.parent / "node_modules"

#: folder below STATIC_URL -> the npm package's own folder
PACKAGES = {"npm/bootstrap": MODULES / "bootstrap" / "dist", "npm/alpinejs": MODULES / "alpinejs" / "dist"}

#: Aladin Lite, for the interactive sky; pages are complete without it
SKY = {"npm/aladin-lite": MODULES / "aladin-lite" / "dist"}

#: any address of Alpine's build for browsers on a CDN, as the host's base page asks for it
ALPINE = re.compile(rb"https://[a-z0-9.-]+/(?:npm/)?alpinejs@[0-9x.]+/dist/cdn\.min\.js")


def present() -> bool:
    """True when `npm ci` has run, so that every package that the host's pages need is here."""
    return all(folder.is_dir() for folder in PACKAGES.values())


def found() -> list[tuple[str, Path]]:
    """STATICFILES_DIRS entries of the packages that are here."""
    return [(name, folder) for name, folder in {**PACKAGES, **SKY}.items() if folder.is_dir()]


def sky() -> dict[str, str]:
    """What TOM_SCIMMA says of our own copy of Aladin Lite; nothing where there is none."""
    ((name, folder),) = SKY.items()
    return {"ALADIN_URL": f"{name}/aladin.js"} if folder.is_dir() else {}


def bootstrap(static_url: str) -> dict[str, dict[str, str]]:
    """The BOOTSTRAP5 setting that names our own copies: css_url and javascript_url."""
    return {
        "css_url": {"url": f"{static_url}npm/bootstrap/css/bootstrap.min.css"},
        "javascript_url": {"url": f"{static_url}npm/bootstrap/js/bootstrap.bundle.min.js"},
    }


class LocalAlpine:
    """Middleware: in HTML pages the CDN's address of Alpine becomes that of our own copy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response
        content = ALPINE.sub(static("npm/alpinejs/cdn.min.js").encode(), response.content)
        if content != response.content:
            response.content = content
            if response.has_header("Content-Length"):
                response["Content-Length"] = str(len(content))
        return response
