"""A TOM with the tests' app, its `manage.py deliver` processes, and a side that queues for it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from benchmarks.side import Side
from tests.nursery import Nursery
from tests.outside.standin import Standin
from tests.services.process import ROOT, end, spawn, tail, wait_for

MANAGE = ROOT / "example_tom" / "manage.py"


class Forked(Side):
    """A side that is a fork of a nursery."""

    def __init__(self, nursery: Nursery, command: list[str], environment: dict[str, str], log: Path):
        self.log = log
        self._process = nursery.start(command, environment, log, piped=True)


class Tom:
    """Ends everything it started. `database` is a DATABASE_URL, or "" for SQLite in the folder.

    With a nursery its processes are forks of that, which begin at once.
    """

    def __init__(
        self, folder: Path, outside: Standin, database: str = "", *, nursery: Nursery | None = None, **settings
    ):
        self.folder, self.outside, self.nursery = folder, outside, nursery
        self.trouble = folder / "trouble"
        self.environment = {
            **os.environ,
            "TOM_VAR": str(folder),
            "DATABASE_URL": database,
            "SECRET_KEY": "for tests only",
            "DJANGO_SETTINGS_MODULE": "tests.outside.settings",
            "TOM_SCIMMA": json.dumps(settings),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "OUTSIDE": outside.url,
            "TROUBLE": str(self.trouble),
        }
        self.workers: list[subprocess.Popen] = []
        self.side = self._side()

    def _side(self) -> Side:
        if self.nursery:
            return Forked(self.nursery, ["-m", "tests.outside.side"], self.environment, self.folder / "side.log")
        return Side([sys.executable, "-m", "tests.outside.side"], self.environment, self.folder / "side.log")

    def anew(self) -> None:
        """Another side, after the database was restarted under it."""
        self.side.__exit__()
        self.side = self._side()

    def __enter__(self) -> Tom:
        return self

    def __exit__(self, *exc) -> None:
        for worker in self.workers:
            end(worker, by=signal.SIGKILL)
        self.side.__exit__(*exc)
        if exc[0] is not None:
            print(self.logs())

    def work(self, *arguments: str, real: bool = False, **environment: str) -> subprocess.Popen:
        """Starts a worker; a `real` one as users start it, even where there is a nursery."""
        log = self.folder / f"deliver{len(self.workers)}.log"
        command, environment = [str(MANAGE), "deliver", *arguments], {**self.environment, **environment}
        if self.nursery and not real:
            worker = self.nursery.start(command, environment, log)
        else:
            worker = spawn([sys.executable, *command], log, env=environment)
        worker.log = log
        self.workers.append(worker)
        return worker

    def ready(self, worker: subprocess.Popen) -> subprocess.Popen:
        """Waits until a worker says that it works."""
        self.wait("a worker", lambda: b"delivers to" in worker.log.read_bytes())
        return worker

    def kill(self, worker: subprocess.Popen) -> None:
        end(worker, by=signal.SIGKILL)

    def stop(self, worker: subprocess.Popen, seconds: float = 40) -> int:
        """SIGTERM; its exit code."""
        return end(worker, seconds=seconds)

    def wait(self, what: str, ready, seconds: float = 60):
        """Waits until something is so."""
        return wait_for(what, ready, seconds=seconds, every=0.15, explain=lambda: f"{self.side('rows')}\n{self.logs()}")

    def told(self, worker: subprocess.Popen) -> None:
        """SIGTERM, and waits until the worker has taken note: from then on the next one would end it at once."""
        worker.send_signal(signal.SIGTERM)
        status = Path(f"/proc/{worker.pid}/status")
        handled = lambda: int(re.search(r"SigCgt:\s*(\w+)", status.read_text())[1], 16)  # noqa: E731
        self.wait("SIGTERM to be heard", lambda: not handled() >> (signal.SIGTERM - 1) & 1)

    def settled(self, seconds: float = 90) -> dict[str, int]:
        """Waits until nothing is queued or being sent, and every lost reply was looked for where one can; the states."""

        def nothing_open():
            self.side("hurry")
            found = self.side("states")
            open_ones = found.keys() & {"queued", "sending"} or self.side("unasked")
            return None if open_ones else found

        return self.wait("everything sent", nothing_open, seconds)

    def logs(self) -> str:
        return "\n".join(f"--- {worker.log.name}\n{tail(worker.log)}" for worker in self.workers[-6:])
