"""How long to wait before trying again: exponential, capped, with jitter. Pure; chance is an argument."""

from __future__ import annotations

import random
from collections.abc import Callable


def delay(attempt: int, *, first: float, cap: float, chance: Callable[[], float] = random.random) -> float:
    """Seconds to wait after the `attempt`-th failure in a row (from 1): doubling from `first`, at most `cap`.

    Half of it is certain and half is chance, so that many listeners do not all return at once.
    """
    full = min(cap, first * 2.0 ** min(attempt - 1, 60))
    return full / 2 + full / 2 * chance()
