"""Bytes that strangers wrote, handed to a browser so that it only saves them."""

from __future__ import annotations

import re
from typing import TypeVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase

Response = TypeVar("Response", bound=HttpResponseBase)


def attachment(data: bytes, name: str, content_type: str = "application/octet-stream") -> HttpResponse:
    """A download under a harmless file name; the browser neither guesses a type nor runs anything."""
    return as_attachment(HttpResponse(data, content_type=content_type), name)


def as_attachment(response: Response, name: str) -> Response:
    """The same response as such a download."""
    safe = re.sub(r"[^A-Za-z0-9._+-]+", "_", name).strip("._")[:120] or "file"
    response["Content-Disposition"] = f'attachment; filename="{safe}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
