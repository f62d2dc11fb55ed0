"""Whether a subscription acts on an alert, and why. Pure.

    verdict("updated", holds=True, told="", ...) -> "matches"

A retraction is told to those who were told of the event, whatever their query says, and to nobody else unless the query
asks for the state. Who was told of an event that no longer meets the query is told that once.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Any

from tom_scimma.fold import REPORTED, RETRACTED
from tom_scimma.query.binding import named, understand
from tom_scimma.query.moments import Moment
from tom_scimma.query.tree import tests

MATCHES, TAKEN_BACK, ENDED = "matches", "retracted", "ended"
#: a subscription's cap counts what it acted on in so long
CAPPED_OVER = timedelta(hours=1)


def verdict(change: str, *, holds: bool, told: str, follow: bool, query: str) -> str | None:
    """Why a subscription acts: matches, retracted or ended; None: it does not.

    `told` is why its owner was last told of the event, "" for never. A query must be one that can be understood.
    """
    if change == RETRACTED:
        if told in (MATCHES, ENDED) and follow:
            return TAKEN_BACK
        return MATCHES if holds and speaks_of(query, "state") else None
    if holds:
        return MATCHES
    return ENDED if told == MATCHES and follow and change != REPORTED and not ages(query) else None


@lru_cache(maxsize=20_000)
def speaks_of(query: str, name: str) -> bool:
    """Whether a query asks for a name of the language."""
    return name in named(understand(query))


@lru_cache(maxsize=20_000)
def ages(query: str) -> bool:
    """Whether a query stops to hold by itself as time goes by: it then ends without news."""
    return any(test.name.name == "days" or _relative(test.value) for test in tests(understand(query)))


def _relative(value: Any) -> bool:
    return isinstance(value, Moment) and value.relative
