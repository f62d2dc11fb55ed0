"""A limit to how long somebody else's function may take.

    apart("northern", 10, work)      # in a thread of its own, with a database connection of its own

What does not end within its limit is left: nothing is raised inside it. An exception put into a running thread, or raised by
an alarm, may strike between a BEGIN and Django's knowing of it, or while a lock is held, and that is never made good again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

#: what was left, by name, while it has not ended
_left: dict[str, threading.Thread] = {}


class TookTooLong(Exception):
    """Something did not end within its limit."""


def apart(name: str, seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises, within so many seconds; inside a transaction it runs right here, without a limit.

    Raises TookTooLong; then it is left to end when it can, and the next of that name is not begun before that.
    """
    from django.db import connection

    if connection.in_atomic_block:  # what was written so far is seen by this connection alone
        return work()
    if name in _left and _left[name].is_alive():
        raise TookTooLong(f"an earlier one was not done after {seconds:g} s and has still not ended")
    came: list[tuple[bool, Any]] = []
    thread = threading.Thread(target=_work, args=(work, came), name=f"apart {name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if not came:
        _left[name] = thread
        raise TookTooLong(f"not done after {seconds:g} s")
    well, said = came[0]
    if not well:
        raise said
    return said


def _work(work: Callable[[], Any], came: list[tuple[bool, Any]]) -> None:
    from django.db import connection, connections

    try:
        connection.ensure_connection()
        if connection.vendor == "sqlite":
            connection.transaction_mode = "DEFERRED"  # one that never ends keeps nobody from writing
        came.append((True, work()))
    except Exception as error:  # noqa: BLE001  raised again where it is waited for
        came.append((False, error))
    finally:
        connections.close_all()
