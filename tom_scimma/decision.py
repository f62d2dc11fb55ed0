"""What an answer of the world means for a delivery: done, tried again when, or a person's to decide. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tom_scimma import retry
from tom_scimma.errors import Rejected, Unavailable

#: seconds after the first failure, and at most, before the next try
FIRST, CAP = 2.0, 300.0
#: the same for looking up a lost reply, and how often it is looked for
LOOK_FIRST, LOOK_CAP, LOOKS = 5.0, 3600.0, 20
#: the last try is so long before the deadline
MARGIN = timedelta(seconds=2)
#: a service that asks for more patience than this is believed no more
LONGEST = timedelta(days=30)


@dataclass(frozen=True)
class Decision:
    """The state that a delivery goes to, when it is tried next, and why, for people."""

    state: str  #: delivered, rejected, queued, unknown, expired
    not_before: datetime | None = None
    reason: str = ""


def decide(
    answer: BaseException | None,
    *,
    attempts: int,
    now: datetime,
    deadline: datetime,
    harmless: bool,
    chance: Callable[[], float] = random.random,
) -> Decision:
    """The next state after the `attempts`-th try (from 1) was answered by `answer`: an exception, or None for a receipt.

    Rejected is final. Unavailable is tried again, later each time or when the service said, until the deadline. Anything
    else may have arrived: it is sent again only where a repeat is harmless, else it is looked up.
    """
    if answer is None:
        return Decision("delivered")
    if isinstance(answer, Rejected):
        return Decision("rejected", reason=str(answer))
    surely_not = isinstance(answer, Unavailable)
    if not surely_not and not harmless:
        return Decision("unknown", not_before=now, reason=_words(answer))
    asked = answer.retry_after if isinstance(answer, Unavailable) else None
    return _again(_words(answer), _pause(attempts, asked, chance), _asked(asked), now, deadline)


def next_look(looks: int, now: datetime, *, chance: Callable[[], float] = random.random) -> datetime | None:
    """When a lost reply is looked up again after `looks` times in vain; None: never by itself."""
    if looks >= LOOKS:
        return None
    return now + timedelta(seconds=retry.delay(looks, first=LOOK_FIRST, cap=LOOK_CAP, chance=chance))


def _again(words: str, pause: float, asked: float, now: datetime, deadline: datetime) -> Decision:
    due = now + timedelta(seconds=pause)
    last = deadline - MARGIN
    if now >= last or now + timedelta(seconds=asked) > last:
        when = "" if now >= last else f" It asked to be left alone for {asked:g} s, which is past the deadline."
        return Decision("expired", reason=f"Not sent in time. The last answer: {words}{when}")
    return Decision("queued", not_before=min(due, last), reason=words)


def _pause(attempts: int, asked: float | None, chance: Callable[[], float]) -> float:
    """Seconds to wait: our own back-off, or as long as the service asked where that is longer, and a little more."""
    own = retry.delay(max(1, attempts), first=FIRST, cap=CAP, chance=chance)
    return own if _asked(asked) < own else _asked(asked) + FIRST * chance()


def _asked(retry_after: float | None) -> float:
    """A Retry-After that can be believed, in seconds; else 0."""
    if retry_after is None or not math.isfinite(retry_after):
        return 0.0
    return min(max(0.0, retry_after), LONGEST.total_seconds())


def _words(answer: BaseException) -> str:
    return str(answer) or type(answer).__name__
