"""A time limit to a whole conversation over the network, however slowly the other side speaks."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Cuts every connection of one fetch when its time is over, whatever it is waiting for."""

    def __init__(self):
        self.expired = False
        self._lock = threading.Lock()
        self._lines: list[socket.socket] = []

    def watch(self, line: socket.socket) -> None:
        # a duplicate, because TLS takes the first one over; shutting either down ends the connection
        with self._lock:
            self._lines.append(line.dup())
        if self.expired:
            self.expire()

    def expire(self) -> None:
        with self._lock:
            self.expired = True
            for line in self._lines:
                try:
                    line.shutdown(socket.SHUT_RDWR)
                except OSError:  # already gone
                    pass

    def close(self) -> None:
        with self._lock:
            while self._lines:
                self._lines.pop().close()


@contextmanager
def deadline(seconds: float) -> Iterator[Clock]:
    clock = Clock()
    timer = threading.Timer(seconds, clock.expire)
    timer.daemon = True
    timer.start()
    try:
        yield clock
    finally:
        timer.cancel()
        clock.close()
