"""Bytes that strangers wrote, handed to a browser so that it only saves them."""

from __future__ import annotations

import re

from django.http import HttpResponse


def attachment(data: bytes, name: str, content_type: str = "application/octet-stream") -> HttpResponse:
    """A download under a harmless file name; the browser neither guesses a type nor runs anything."""
    safe = re.sub(r"[^A-Za-z0-9._+-]+", "_", name).strip("._")[:120] or "file"
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{safe}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
