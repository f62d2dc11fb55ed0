"""What a search of the archive found, as the host's data services pass it on.

The host keeps results in one cache for everybody, by their number, and lets whoever is logged in make targets of them, by
any data service. So what is kept there is not the result but a reference that only its asker can open: pickled, a Result
is reduced to a signed text with the message's uuid, the target's place in it and who asked. Nothing that HERMES showed
one account reaches another through the cache; whoever opens a reference asks HERMES again, with their own token.
"""

from __future__ import annotations

from typing import Any

from django.core import signing

SALT = "tom_hermes.results"
#: what references say: a message, a target of it, and who asked
KEY = "hermes"


class Result(dict):
    """One target of one message. In this process it says all of it; where it is stored, the reference alone."""

    def __reduce__(self):
        return sealed, (self[KEY],)


def sealed(reference: str) -> dict[str, Any]:
    """What of a result is kept for everybody."""
    return {KEY: reference, "reduced_datums": {"HERMES": [{KEY: reference}]}}


def reference(uuid: str, index: int, user: Any) -> str:
    """The text that stands for a target of a message, for one asker."""
    return signing.dumps([uuid, index, getattr(user, "pk", None)], salt=SALT)


def opened(text: Any, user: Any) -> tuple[str, int]:
    """(uuid, index) of a reference. Raises ValueError when it is none, or somebody else's."""
    try:
        uuid, index, asker = signing.loads(str(text), salt=SALT)
    except signing.BadSignature:
        raise ValueError("that is no result of a search at HERMES; search again") from None
    if asker != getattr(user, "pk", None):
        raise ValueError("that is the result of somebody else's search; search yourself")
    return str(uuid), int(index)


class Once:
    """Equal to nothing: among a query's parameters it keeps the host from answering it with what another query found."""

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0
