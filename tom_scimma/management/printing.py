"""Lines for whoever reads the command's output, who may stop before the command does: `manage.py ingest ... | head`."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable

from django.core.management.base import OutputWrapper


class Lines:
    """Writes lines until nobody reads them any more; `closed` tells."""

    def __init__(self, stdout: OutputWrapper):
        self._stdout, self.closed = stdout, False

    def write(self, line: str) -> None:
        """Writes a line; nothing once the reader has gone."""
        self._unless_closed(lambda: self._stdout.write(line))

    def flush(self) -> None:
        """Brings what is held back to the reader, so that one who has gone is known here and not when Python ends."""
        self._unless_closed(self._stdout.flush)

    def _unless_closed(self, write: Callable[[], object]) -> None:
        if self.closed:
            return
        try:
            write()
        except BrokenPipeError:
            self.closed = True
            with contextlib.suppress(io.UnsupportedOperation):  # no file of the system's, but somebody's object
                # Python writes what is left when it ends, and would complain then (its documentation of SIGPIPE)
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stdout._out.fileno())
