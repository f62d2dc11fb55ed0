"""With which token HERMES is asked, or told something, for somebody."""

from __future__ import annotations

from typing import Any

from tom_hermes.conf import conf
from tom_hermes.models import HermesProfile
from tom_scimma import secrets


def own_token(user: Any) -> str:
    """The API token that a person gave; "" for none. Raises Lost for one that cannot be read any more."""
    return secrets.own(HermesProfile, user)


def token_of(user: Any) -> str:
    """The API token of a person, else the TOM's; "" for none, which asks as nobody. Raises Lost, as `own_token`."""
    return own_token(user) or conf.TOKEN


def stands(user: Any) -> str:
    """Whether a person gave a token: "", or secrets.OWN or LOST."""
    return secrets.stands(HermesProfile, user)
