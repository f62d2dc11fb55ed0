"""With which token HERMES is asked for somebody."""

from __future__ import annotations

from typing import Any

from tom_hermes.conf import conf


def token_of(user: Any) -> str:
    """The API token of a person, else the TOM's; "" for none, which asks as nobody."""
    profile = getattr(user, "hermesprofile", None)
    return getattr(profile, "token", None) or conf.TOKEN
