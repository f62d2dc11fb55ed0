"""Runs a Python script that ends with the process that started it: `python leash.py PARENT script.py argument ...`

A parent that is killed cannot end its children. Each child therefore looks twice a second whether its parent is still
there, and ends itself, first kindly (SIGTERM), when it is not. This works on every Unix and needs no library.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time
from pathlib import Path

LOOK_SECONDS = 0.5
#: time to end kindly
GRACE_SECONDS = 10.0


def hold(parent: int) -> None:
    """Ends this process soon after the process `parent` is no longer its parent; returns at once."""
    threading.Thread(target=_watch, args=(parent,), name="leash", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


def main(arguments: list[str]) -> None:
    """Holds the leash and runs the script as if it had been started alone."""
    parent, script, *rest = arguments
    hold(int(parent))
    sys.argv = [script, *rest]
    sys.path[0] = str(Path(script).resolve().parent)
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
