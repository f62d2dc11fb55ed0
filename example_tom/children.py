"""The processes that the demo starts, and ends.

with Children(logs) as children:
    children.start("web", "manage.py", "runserver")
    children.fallen()                -> None, or what ended by itself and its last words
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
#: how long a child may take to end after SIGTERM before it is killed: a worker gives what it has in hand half a minute
GRACE_SECONDS = 40.0
LAST_WORDS = 25  #: lines of its log that are shown of a child that ended by itself


class Fallen(Exception):
    """A child ended by itself; the text has its last words."""


@dataclass
class Child:
    """One process, in a group of its own so that Ctrl-C reaches the demo alone, which then ends them in order."""

    name: str
    process: subprocess.Popen
    log: Path

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def last_words(self, count: int = LAST_WORDS) -> str:
        """The last lines of its log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-count:])


@dataclass
class Children:
    """All of them; leaving the `with` ends the newest first."""

    logs: Path
    environment: dict[str, str] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)

    def __enter__(self) -> Children:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self, name: str, script: str, *arguments: str, **environment: str) -> Child:
        """Starts a script of this folder on a leash, its output in a log of its name."""
        log = self.logs / f"{name}.log"
        command = [sys.executable, "-u", str(HERE / "leash.py"), str(os.getpid()), str(HERE / script), *arguments]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment, **environment},
                start_new_session=True,
            )
        self.children.append(Child(name, process, log))
        return self.children[-1]

    def run(self, name: str, script: str, *arguments: str, quote: bool = False) -> str:
        """Runs a script to its end; its last line. Raises Fallen when it fails: with `quote`, in its own words alone."""
        child = self.start(name, script, *arguments)
        if child.process.wait():
            raise Fallen(child.last_words() if quote else _report(child))
        self.children.remove(child)
        return child.last_words(1)

    def check(self) -> None:
        """Raises Fallen when a child has ended by itself."""
        for child in self.children:
            if not child.running:
                raise Fallen(_report(child))

    def end(self) -> None:
        """Ends every child, the newest first so that none loses what it needs; what SIGTERM leaves, SIGKILL ends."""
        for child in reversed(self.children):
            _signal(child, signal.SIGTERM)
            try:
                child.process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                print(f"The {child.name} did not end in {GRACE_SECONDS:.0f} s and was killed.", flush=True)
            _signal(child, signal.SIGKILL)
            child.process.wait()
        self.children.clear()


def _report(child: Child) -> str:
    status = child.process.returncode
    return f"The {child.name} ended by itself (status {status}). The end of {child.log}:\n\n{child.last_words()}"


def _signal(child: Child, number: int) -> None:
    try:
        os.killpg(child.process.pid, number)
    except ProcessLookupError:
        pass  # the whole group has ended
    except PermissionError:
        pass  # macOS says so of a group of zombies
