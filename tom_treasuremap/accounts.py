"""With which token the Treasure Map is told something for somebody, and who that is there."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.utils import timezone

from tom_scimma import secrets
from tom_scimma.errors import Unavailable
from tom_treasuremap.client import TreasureMap
from tom_treasuremap.conf import conf
from tom_treasuremap.models import Account, TreasureMapProfile
from tom_treasuremap.service import service

NO_TOKEN = (
    "There is no Treasure Map token: add yours on your profile page, or ask whoever runs this TOM to set "
    "TOM_TREASUREMAP['TOKEN']."
)
KNOWN_FOR = timedelta(days=7)
TEST_SECONDS = 8.0  #: that a test of a token waits for the server


def own_token(user: Any) -> str:
    """The API token that a person gave; "" for none. Raises Lost for one that cannot be read any more."""
    return secrets.own(TreasureMapProfile, user)


def token_of(user: Any) -> str:
    """The API token of a person, else the TOM's; "" for none. Raises Lost, as `own_token`."""
    return own_token(user) or conf.TOKEN


def stands(user: Any) -> str:
    """Whether a person gave a token: "", or secrets.OWN or LOST."""
    return secrets.stands(TreasureMapProfile, user)


def why_none(user: Any) -> str:
    """Why nothing can be told for this person, in words; "" where it can."""
    try:
        return "" if token_of(user) else NO_TOKEN
    except secrets.Lost as error:
        return f"Your Treasure Map token: {error}"


def tested(user: Any) -> str:
    """Whose the token is that a person speaks with, asked now, in words."""
    known = account(service(token_of(user), whole=TEST_SECONDS), anew=True)
    return f"The Treasure Map knows you as {known.username or known.number}."


def account(asking: TreasureMap, *, anew: bool = False) -> Account:
    """Who the client's token is there. Raises Rejected for a token that is not good, Unavailable."""
    digest, now = hashlib.sha256(asking.token.encode()).hexdigest(), timezone.now()
    row = Account.objects.filter(origin=asking.origin, digest=digest).first()
    if row is not None and not anew and now - row.checked < KNOWN_FOR:
        return row
    said = asking.me()
    if not isinstance(said.get("id"), int):
        raise Unavailable("the Treasure Map does not say whose token this is")
    values = {"number": said["id"], "username": str(said.get("username") or "")[:100], "checked": now}
    return Account.objects.update_or_create(origin=asking.origin, digest=digest, defaults=values)[0]
