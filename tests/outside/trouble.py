"""Trouble where the tests want it: the file TROUBLE has lines "name what", what being raise, hang or exit (SIGKILL).

A line is used up unless it has the word "always".
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def trouble(name: str) -> None:
    """Does what the file says of a name."""
    place = Path(os.environ.get("TROUBLE", "/nonexistent"))
    if not place.exists():
        return
    lines = place.read_text().splitlines()
    for line in lines:
        words = line.split()
        if name in words:
            if "always" not in words:
                place.write_text("\n".join(other for other in lines if other is not line))
            if "raise" in words:
                raise ValueError(f"{name} was told to fail")
            if "hang" in words:
                time.sleep(3600)
            if "exit" in words:
                os.kill(os.getpid(), signal.SIGKILL)
