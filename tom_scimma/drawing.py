"""Pictures drawn outside the process that needs them.

To draw takes some 100 MB, of which matplotlib leaves much behind. A worker has another process do it: one that was forked
before threads began, imports what drawing needs when it is first asked, and forks again for each picture, so that
what a picture took ends with it. It ends when its worker does, however that ends.

    with drawing.apart():                       # before threads begin, and before locks are taken
        drawing.draw(event_map, title="...")    # PNG bytes; without `apart` it is drawn right here
"""

from __future__ import annotations

import gc
import importlib
import logging
import os
import pickle
import select
import signal
import socket
import struct
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from tom_scimma.eventmaps import EventMap

logger = logging.getLogger(__name__)

#: seconds that a picture may take
LIMIT = 30
#: what drawing imports, and would import again for each picture
NEEDED = (
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_pdf",
    "matplotlib.backends.backend_svg",
    "astropy_healpix.healpy",
    "scipy.sparse.csgraph",
    "zstandard",
)

_studio: Studio | None = None


class NotDrawn(Exception):
    """There is no picture; the text says why."""


def draw(found: EventMap, **options: Any) -> bytes:
    """The picture of a map, as `skyplot.draw` makes it. Raises NotDrawn, or what that raises."""
    if _studio is not None and _studio.open:
        try:
            return _studio.draw(found.by_itself(), options)
        except ConnectionError as error:
            logger.error("pictures are drawn in this process from now on: %s", error)
    return _draw(found, options)


def _draw(found: EventMap, options: dict[str, Any]) -> bytes:
    from tom_scimma import skyplot

    return skyplot.draw(found.sky, **options)


@contextmanager
def apart() -> Iterator[None]:
    """While it lasts pictures are drawn by another process."""
    global _studio
    _studio = Studio()
    try:
        yield
    finally:
        _studio.close()
        _studio = None


class Studio:
    """The other process, and the line to it."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair()
        self._turn = threading.Lock()
        gc.collect()
        gc.freeze()  # or each process's garbage collector would write on, and so copy, all that the two share
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._line.close()  # or it would not hear of its worker's end
                _serve(theirs)
            finally:
                os._exit(0)
        theirs.close()
        self._line.settimeout(LIMIT + 10)
        self.open = True

    def draw(self, found: EventMap, options: dict[str, Any]) -> bytes:
        """Raises NotDrawn, and ConnectionError when there is nobody any more who draws."""
        with self._turn:
            try:
                _send(self._line, pickle.dumps((found, options)))
                said = _receive(self._line)
            except OSError as error:
                self.open = False
                raise ConnectionError(f"the process that draws does not answer: {error}") from error
            if said is None:
                self.open = False
                raise ConnectionError("the process that draws has ended")
        well, answer = pickle.loads(said)
        if not well:
            raise NotDrawn(answer)
        return answer

    def close(self) -> None:
        """Ends it, and what it draws."""
        self.open = False
        with suppress(OSError):  # it has ended before
            self._line.shutdown(socket.SHUT_RDWR)  # closing alone does not reach it while a thread waits for a picture
        self._line.close()
        os.waitpid(self.pid, 0)


def _serve(line: socket.socket) -> None:
    """What the other process does until its worker is gone."""
    for number in (signal.SIGTERM, signal.SIGINT):  # sent to all of a group: it ends after its worker
        signal.signal(number, signal.SIG_IGN)
    while (asked := _receive(line)) is not None:
        for name in NEEDED:
            importlib.import_module(name)
        gc.freeze()
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            _hand_over(asked, theirs)
        os.close(theirs)
        with open(ours, "rb") as pipe:
            if pipe not in select.select([pipe, line], [], [])[0]:  # the worker has ended: nobody waits for the picture
                os.kill(child, signal.SIGKILL)
            said = pipe.read()
        _, status = os.waitpid(child, 0)
        _send(line, said if status == 0 else pickle.dumps((False, f"drawing was ended (status {status})")))


def _hand_over(asked: bytes, theirs: int) -> NoReturn:
    """Draws into a pipe and ends, with a status that says whether all of it is there."""
    status = 1
    try:
        signal.alarm(LIMIT)
        with open(theirs, "wb") as out:
            out.write(_answer(asked))
        status = 0
    finally:
        os._exit(status)


def _answer(asked: bytes) -> bytes:
    try:
        return pickle.dumps((True, _draw(*pickle.loads(asked))))
    except Exception:  # noqa: BLE001  said where it was asked for
        return pickle.dumps((False, traceback.format_exc()))


def _send(line: socket.socket, data: bytes) -> None:
    line.sendall(struct.pack("<Q", len(data)) + data)


def _receive(line: socket.socket) -> bytes | None:
    """What comes next; None at the end."""
    head = _exactly(line, 8)
    return None if head is None else _exactly(line, struct.unpack("<Q", head)[0])


def _exactly(line: socket.socket, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        part = line.recv(min(count - len(data), 1 << 20))
        if not part:
            return None
        data += part
    return bytes(data)
