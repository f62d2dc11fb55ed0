"""The Treasure Map that the settings name, and how this TOM may ask it."""

from __future__ import annotations

from tom_scimma.errors import Refused
from tom_scimma.models import Event
from tom_treasuremap.client import TreasureMap
from tom_treasuremap.conf import conf


def service(token: str | None = None, *, whole: float | None = None) -> TreasureMap:
    """The client, with this TOM's token or a person's. Raises Refused when no server is set."""
    if not conf.BASE_URL:
        raise Refused("no Treasure Map is set (TOM_TREASUREMAP['BASE_URL'])")
    waits = {"connect": conf.CONNECT_SECONDS, "read": conf.READ_SECONDS, "whole": whole or conf.FETCH_SECONDS}
    return TreasureMap(conf.BASE_URL, conf.TOKEN if token is None else token, **waits)


def origin() -> str:
    """Which server that is; "" when none is set."""
    return service().origin if conf.BASE_URL else ""


def why_not_asked(event: Event) -> str:
    """Why a server is not asked about an event; empty when it may be."""
    if not conf.BASE_URL:
        return "No Treasure Map is set for this TOM."
    if not event.public and not conf.PRIVATE:
        return (
            "This event is protected: a public server is not asked about it, since the question alone would tell of it."
        )
    return ""
