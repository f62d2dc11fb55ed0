"""An event's name as one segment of an address: readable, and escaped where it would break the address."""

from __future__ import annotations

import base64
import binascii

MARK = "~"


def segment(name: str) -> str:
    """The name itself, or `~` and its base64 where it holds what no segment may: `/`, controls, only dots."""
    plain = (
        name.isprintable() and "/" not in name and "\\" not in name and name.strip(".") and not name.startswith(MARK)
    )
    return (
        name
        if plain
        else MARK + base64.urlsafe_b64encode(name.encode("utf-8", "surrogatepass")).decode("ascii").rstrip("=")
    )


def name_of(part: str) -> str:
    """The name that `segment` turned into this; anything else is taken as a name."""
    if not part.startswith(MARK):
        return part
    try:
        code = part[1:].encode("ascii")
        name = base64.b64decode(code + b"=" * (-len(code) % 4), altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return part
    return part if "\x00" in name else name


class EventName:
    """Path converter `<event:name>`: any name an event may have."""

    regex = r"[^/\x00]+"

    def to_python(self, value: str) -> str:
        return name_of(value)

    def to_url(self, value: str) -> str:
        return segment(value)
