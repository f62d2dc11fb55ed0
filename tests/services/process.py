"""Child processes that die with the tests, and the ports they listen on."""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_PR_SET_PDEATHSIG = 1
#: opened here, since a child between fork and exec may not import or allocate much
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class NotReady(RuntimeError):
    """A service did not come up; the text holds the end of its log."""


def free_port() -> int:
    """A TCP port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def die_with_parent(by: int = signal.SIGKILL) -> None:
    """The kernel sends this process a signal when its parent dies, however that dies."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, by)


def spawn(command: list[str], log: Path, *, death: int = signal.SIGKILL, **options) -> subprocess.Popen:
    """A child, its output appended to `log`; the kernel sends it `death` when we die, however we die."""

    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in a terminal goes to the tests, which stop their children in order
            preexec_fn=functools.partial(die_with_parent, death),
            **options,
        )


def end(process: subprocess.Popen | None, *, by: int = signal.SIGTERM, seconds: float = 30) -> int | None:
    """Stop a child, by SIGKILL when it takes longer than `seconds`. Its exit code; None when there was no child."""
    if process is None:
        return None
    if process.poll() is None:
        process.send_signal(by)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def tail(log: Path, size: int = 3000) -> str:
    """The end of a log, for an error's text."""
    return log.read_bytes()[-size:].decode("utf-8", "replace") if log.exists() else "(no log)"


def wait_for(what: str, ready: Callable[[], object], *, seconds=60.0, every=0.1, explain: Callable[[], str] = str):
    """The first true value of `ready()`; NotReady, with `explain()`, after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        value = ready()
        if value:
            return value
        if time.monotonic() > until:
            raise NotReady(f"{what}: not within {seconds:g} s. {explain()}")
        time.sleep(every)


def environment(**extra: str) -> dict[str, str]:
    """Our environment with the project importable, and `extra`."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **extra}
