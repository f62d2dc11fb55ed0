"""SIGTERM and Ctrl-C for our long-running commands."""

from __future__ import annotations

import signal
import threading


def stop_on_signals(stop: threading.Event) -> None:
    """The first SIGTERM or Ctrl-C lets what is in hand be finished; a second one does not wait."""

    def ask(number, frame):
        stop.set()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
