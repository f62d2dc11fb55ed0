"""With which token HERMES is asked, or told something, for somebody."""

from __future__ import annotations

from typing import Any

from tom_hermes.conf import conf
from tom_hermes.models import HermesProfile
from tom_scimma import secrets


def own_token(user: Any) -> str:
    """The API token that a person gave; "" for none."""
    return secrets.own(HermesProfile, user)


def token_of(user: Any) -> str:
    """The API token of a person, else the TOM's; "" for none, which asks as nobody."""
    return own_token(user) or conf.TOKEN
