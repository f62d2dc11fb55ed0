"""Why a subscription asks a telescope for nothing, though it is armed for it: said where people arm."""

from __future__ import annotations

from tom_scimma.actions import options
from tom_scimma.models import Subscription
from tom_treasuremap import telescopes
from tom_treasuremap.followup import acting
from tom_treasuremap.plans import automatic, setting

TO_ASK = "Give it the action “Ask a telescope”, or “Make a plan” that is sent by itself"


def asks(rule: Subscription) -> list[str] | None:
    """The telescopes that its actions ask by themselves; None where they ask none at all."""
    asked, plan = options(rule, acting.NAME), options(rule, automatic.NAME)
    found = [asked["telescope"]] if asked.get("telescope") else []
    if plan.get("send"):
        found += plan.get("telescopes") or setting.defaults(telescopes.telescopes())
    return list(dict.fromkeys(found)) or None


def why(rule: Subscription, telescope: str) -> str:
    """Why nothing will be asked of that telescope; "" where something may be."""
    named = asks(rule)
    if named is None:
        return f"“{rule}” asks no telescope. {TO_ASK}; until then nothing is asked."
    if telescope not in named:
        return f"“{rule}” asks {', '.join(named)}, not {telescope}: of {telescope} nothing is asked."
    return ""
