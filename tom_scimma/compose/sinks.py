"""Where a person may share to: the destinations that the composer can fill, with the addresses that are theirs.

offers(user)                      -> what the page offers, and why something is not
find("hopskotch:tom.news", user)  -> the Destination; Unoffered where this person may not choose it
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from tom_scimma import destinations
from tom_scimma.compose.ades_sink import Ades
from tom_scimma.compose.rules import may_send
from tom_scimma.destinations import Destination
from tom_scimma.errors import ScimmaError

WILD = set("*?[")


class Unoffered(ScimmaError, LookupError):
    """A sink that this person cannot choose; the text says why."""


class Unasked(Unoffered):
    """The same of one that the worker is still asking what this person may choose there."""


@dataclass(frozen=True)
class Choice:
    """One sink that may be ticked."""

    name: str  #: of the destination, in full
    label: str
    is_test: bool
    is_dry: bool
    why_not: str = ""  #: a rule's word; it cannot be ticked
    approval: bool = False  #: somebody else must approve what goes there


@dataclass(frozen=True)
class Offer:
    """One service: its choices, patterns that a typed address must fit, and why it has none."""

    service: str
    label: str
    choices: tuple[Choice, ...] = ()
    patterns: tuple[str, ...] = ()
    unready: str = ""
    waits: bool = False  #: the worker is still asking; a page goes on when it has the answer
    kept: tuple[str, ...] = ()  #: chosen before, and neither to be shown nor forgotten while it waits


def services() -> dict[str, type[Destination]]:
    """The classes that the composer can fill, by name; the MPC's file besides those of `destinations()`."""
    known = {name: item for name, item in destinations.services().items() if item.composes() and not item.personal}
    return {**dict(sorted(known.items(), key=lambda pair: pair[1].label)), Ades.name: Ades}


def offers(user: Any, chosen: list[str] = ()) -> list[Offer]:
    """What this person may choose; what was chosen before stays among the choices."""
    return [_offer(name, item, user, chosen) for name, item in services().items()]


def _offer(name: str, item: type[Destination], user: Any, chosen) -> Offer:
    waits = item.waits(user)
    if why := item.unready(user):
        kept = tuple(one for one in chosen if waits and one.partition(":")[0] == name)
        return Offer(name, item.label, unready=why, waits=waits, kept=kept)
    if not item.addressed:
        return Offer(name, item.label, (_choice(item(), user),), waits=waits)
    addresses = item.addresses(user)
    patterns = tuple(one for one in addresses if WILD & set(one))
    plain = [one for one in addresses if one not in patterns]
    plain += [
        one.partition(":")[2] for one in chosen if one.startswith(f"{name}:") and fits(one.partition(":")[2], patterns)
    ]
    choices = tuple(_choice(item(address), user) for address in dict.fromkeys(plain))
    unready = "" if choices or patterns else "There is no address that you may send to."
    return Offer(name, item.label, choices, patterns, unready, waits)


def _choice(there: Destination, user: Any) -> Choice:
    word = may_send(there.full_name, user)
    why = "" if word.allowed else word.reason
    return Choice(there.full_name, str(there), there.is_test, there.is_dry, why, word.approval)


def fits(address: str, patterns) -> bool:
    """Whether an address is one of these, or fits a pattern of them."""
    return any(fnmatch.fnmatchcase(address, pattern) for pattern in patterns)


def find(name: str, user: Any) -> Destination:
    """The destination of that name, if this person may choose it. Raises Unoffered."""
    service, _, address = name.partition(":")
    item = services().get(service)
    if item is None:
        raise Unoffered(f"There is no sink called {name[:80]!r} here.")
    if why := item.unready(user):
        raise (Unasked if item.waits(user) else Unoffered)(f"{item.label}: {why}")
    if (item.addressed and not fits(address, item.addresses(user))) or (address and not item.addressed):
        raise Unoffered(f"{item.label}: {address[:80]!r} is no address that you may send to.")
    there = item(address)
    try:
        there.origin()
    except ImproperlyConfigured as error:
        raise Unoffered(f"{item.label}: {error}") from error
    word = may_send(there.full_name, user)
    if not word.allowed:
        raise Unoffered(word.reason)
    return there
