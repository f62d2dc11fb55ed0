"""A limit to how long somebody else's function may take, in this very thread.

    with within(10):
        annotate(event, map)        # TookTooLong after 10 s, wherever it was

In the same thread, so that it uses this thread's database connection and transaction. In the main thread an alarm
ends also a call that waits; in another thread Python ends it at its next step.
"""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TookTooLong(Exception):
    """Something did not end within its limit."""


class _Over(BaseException):
    """Raised inside; no Exception, so that what catches everything else lets it pass."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Ends what is inside after so many seconds. Raises TookTooLong then."""
    main = threading.current_thread() is threading.main_thread()
    try:
        with _alarm(seconds) if main else _timer(seconds):
            yield
    except _Over:
        raise TookTooLong(f"not done after {seconds:g} s") from None


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
def _timer(seconds: float) -> Iterator[None]:
    thread, lock = ctypes.c_ulong(threading.get_ident()), threading.Lock()
    state = {"done": False}

    def ring():
        with lock:
            if not state["done"]:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(_Over))

    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            state["done"] = True
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)  # one that rang and was not heard yet
        timer.cancel()
