"""The C library's memory in a process of many threads: few pools, and what is free goes back to the system.

glibc gives each thread a pool of its own and keeps what large pieces of work left in it: with some thirty lanes that came
to several hundred megabytes. Elsewhere (macOS, musl) nothing is done. mallopt(3), malloc_trim(3).
"""

from __future__ import annotations

import ctypes

#: mallopt's name for the number of pools, and how many there are to be
ARENA_MAX, POOLS = -8, 2


def few_pools() -> None:
    """To be called before threads begin."""
    _call("mallopt", ARENA_MAX, POOLS)


def give_back() -> None:
    """What is free, to the system."""
    _call("malloc_trim", 0)


def _call(name: str, *numbers: int) -> None:
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*numbers)
