"""Memory in a process of many threads: few pools, what is free goes back to the system, and one at a time unpacks maps.

glibc gives each thread a pool of its own and keeps what large pieces of work left in it: with some thirty lanes that came
to several hundred megabytes. Elsewhere (macOS, musl) nothing is done. mallopt(3), malloc_trim(3).
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: seconds after which whoever waits for another's map goes on beside it: alerts come before memory
PATIENCE = 30.0
_map = threading.RLock()

#: mallopt's name for the number of pools, and how many there are to be
ARENA_MAX, POOLS = -8, 2


def few_pools() -> None:
    """To be called before threads begin."""
    _call("mallopt", ARENA_MAX, POOLS)


@contextmanager
def one_map() -> Iterator[None]:
    """For work on a whole sky map, of which the largest take 100 MB while they are asked: one thread at a time.

    To be entered before a transaction begins, so that nobody waits for it with rows locked.
    """
    mine = _map.acquire(timeout=PATIENCE)
    try:
        yield
    finally:
        if mine:
            _map.release()


def give_back() -> None:
    """What is free, to the system."""
    _call("malloc_trim", 0)


def _call(name: str, *numbers: int) -> None:
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*numbers)
