"""Trouble where the tests want it: the file TROUBLE has lines "name what", what being raise, hang or exit (SIGKILL).

A line is used up unless it has the word "always".
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from pathlib import Path


def trouble(name: str) -> None:
    """Does what the file says of a name."""
    place = Path(os.environ.get("TROUBLE", "/nonexistent"))
    words = _taken(place, name) if place.exists() else []
    if "raise" in words:
        raise ValueError(f"{name} was told to fail")
    if "hang" in words:
        time.sleep(3600)
    if "exit" in words:
        os.kill(os.getpid(), signal.SIGKILL)


def _taken(place: Path, name: str) -> list[str]:
    """The words of the first line of a name. Two threads that ask at once do not both get it."""
    with place.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lines = file.read().splitlines()
        line = next((line for line in lines if name in line.split()), "")
        if line and "always" not in line.split():
            lines.remove(line)
            file.seek(0)
            file.truncate()
            file.write("\n".join(lines))
    return line.split()
