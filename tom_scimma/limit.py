"""A limit to how long somebody else's function may take.

    with within(10):                 # in this very thread, with its database connection and transaction
        annotate(event, map)         # TookTooLong after 10 s

    apart("northern", 10, work)      # in a thread of its own: also what waits for ever is left

In the main thread an alarm ends also a call that waits. In another thread Python ends it at its next step, which never
comes while it waits: what nobody vouches for runs apart.
"""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

#: what was left, by name, while it has not ended
_left: dict[str, threading.Thread] = {}


class TookTooLong(Exception):
    """Something did not end within its limit."""


class _Over(BaseException):
    """Raised inside; no Exception, so that what catches everything else lets it pass."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Ends what is inside after so many seconds. Raises TookTooLong then."""
    try:
        with _alarm(seconds) if _in_main() else _timer(seconds, threading.get_ident()):
            yield
    except _Over:
        raise TookTooLong(f"not done after {seconds:g} s") from None


def apart(name: str, seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises, within so many seconds; run in a thread of its own unless this is the main one.

    Raises TookTooLong; then it is left to end when it can, and the next of that name is not begun before that.
    """
    if _in_main():
        with within(seconds):
            return work()
    if name in _left and _left[name].is_alive():
        raise TookTooLong(f"an earlier one was not done after {seconds:g} s and has still not ended")
    came: list[tuple[bool, Any]] = []
    thread = threading.Thread(target=_work, args=(work, came), name=f"apart {name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if not came:
        _left[name] = thread
        _end(thread.ident or 0)
        raise TookTooLong(f"not done after {seconds:g} s")
    well, said = came[0]
    if not well:
        raise said
    return said


def _work(work: Callable[[], Any], came: list[tuple[bool, Any]]) -> None:
    from django.db import connections

    try:
        came.append((True, work()))
    except Exception as error:  # noqa: BLE001  raised again where it is waited for
        came.append((False, error))
    except _Over:
        pass
    finally:
        connections.close_all()


def _in_main() -> bool:
    return threading.current_thread() is threading.main_thread()


def _end(thread: int, error: type[BaseException] | None = _Over) -> None:
    """Has a thread raise at its next step; None takes that back."""
    said = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), said)


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(number, frame):
        raise _Over

    before = signal.signal(signal.SIGALRM, ring)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:  # somebody else's alarm goes on
            signal.setitimer(signal.ITIMER_REAL, left)


@contextmanager
def _timer(seconds: float, thread: int) -> Iterator[None]:
    lock, state = threading.Lock(), {"done": False}

    def ring():
        with lock:
            if not state["done"]:
                _end(thread)

    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            state["done"] = True
            _end(thread, None)  # one that rang and was not heard yet
        timer.cancel()
