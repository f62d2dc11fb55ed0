"""Processes that begin with everything imported: forks of one that did nothing else.

Starting `manage.py` takes three seconds of a processor, nearly all of it for imports. A fork runs the same command line
in the same environment, with settings read anew, and is a process of its own: it can be killed, and has its own
connections and threads. What a start itself does is for tests that start a real one.

    with Nursery("tests.outside.settings") as nursery:
        process = nursery.start(["manage.py", "deliver"], env, log)      # as subprocess.Popen
"""

from __future__ import annotations

import array
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.services.process import ROOT, die_with_parent, end, environment

#: what is imported before anything is asked; what these import comes with them
COMMANDS = ("listen", "deliver", "ingest", "loadgalaxies")
SETTINGS = ("example_tom.settings", "tests.services.settings", "tests.embedded_settings", "tests.outside.settings")


class Fork:
    """What tests use of subprocess.Popen, for a child of the nursery."""

    def __init__(self, nursery: Nursery, args: list[str], pid: int, stdin: Any = None, stdout: Any = None):
        self._nursery, self.args, self.pid = nursery, args, pid
        self.stdin, self.stdout = stdin, stdout
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._nursery.ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        until = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(self.args, timeout)
            time.sleep(0.02)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Nursery:
    """One that forks, with the apps of a settings module."""

    def __init__(self, settings: str, **more: str):
        self._socket, theirs = socket.socketpair()
        self._children: list[Fork] = []
        env = environment(DJANGO_SETTINGS_MODULE=settings, SECRET_KEY="for tests only", DATABASE_URL="", **more)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery", str(theirs.fileno())],
            cwd=ROOT, env=env, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, preexec_fn=die_with_parent,
        )  # fmt: skip
        theirs.close()

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_) -> None:
        for child in self._children:
            child.kill()
        self._socket.close()
        end(self._process)

    def start(self, command: list[str], env: Mapping[str, str], log: Path, *, piped=False, cwd: Path = ROOT) -> Fork:
        """A process as `python COMMAND` is: a file, "-m" and a module, or "-c" and code. Output is appended to the log."""
        pipes = (os.pipe(), os.pipe()) if piped else ()
        with log.open("ab") as output, open(os.devnull, "rb") as nothing:
            fds = [nothing.fileno(), output.fileno(), output.fileno()]
            if pipes:
                fds = [pipes[0][0], pipes[1][1], output.fileno()]
            pid = self.ask({"command": [str(word) for word in command], "env": dict(env), "cwd": str(cwd)}, fds)
        ends = {}
        if pipes:
            os.close(pipes[0][0]), os.close(pipes[1][1])
            ends = {"stdin": os.fdopen(pipes[0][1], "wb"), "stdout": os.fdopen(pipes[1][0], "rb")}
        child = Fork(self, command, pid, **ends)
        self._children.append(child)
        return child

    def ask(self, question: dict, fds: tuple | list = ()) -> Any:
        data = json.dumps(question).encode() + b"\n"
        sent = socket.send_fds(self._socket, [data], fds) if fds else self._socket.send(data)
        self._socket.sendall(data[sent:])
        return json.loads(_line(self._socket)[0])


def _line(source: socket.socket) -> tuple[bytes, list[int]]:
    """A line and the files that came with it; b"" at the end."""
    data, fds = b"", array.array("i")
    while not data.endswith(b"\n"):
        part, came, *_ = socket.recv_fds(source, 1 << 16, 3)
        if not part:
            return b"", []
        data += part
        fds.extend(came)
    return data, list(fds)


def serve(source: socket.socket) -> dict | None:
    """Answers until nobody asks any more, which is None; in a child, returns what it is to be."""
    while True:
        line, fds = _line(source)
        if not line:
            return None
        asked = json.loads(line)
        if "poll" in asked:
            pid, status = os.waitpid(asked["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if not answer:
                source.close()
                for number, file in enumerate(fds):
                    os.dup2(file, number)
                return asked
            for file in fds:
                os.close(file)
        source.sendall(json.dumps(answer).encode() + b"\n")


def become(command: list[str], env: dict[str, str], cwd: str) -> None:
    """Runs a command line of python in this process, as if it had begun with this environment."""
    die_with_parent()
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    _settings_anew()
    if command[0] == "-u":
        command = command[1:]
    how, *rest = command
    if how == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    elif how == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        sys.path.insert(0, str(Path(how).resolve().parent))
        runpy.run_path(how, run_name="__main__")


def _settings_anew() -> None:
    from django.conf import settings
    from django.db import connections

    for name in SETTINGS:
        sys.modules.pop(name, None)
    fresh = importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    assert fresh.INSTALLED_APPS == settings.INSTALLED_APPS, "apps are loaded once: this takes a nursery of its own"
    for name in filter(str.isupper, dir(fresh)):
        setattr(settings, name, getattr(fresh, name))
    for alias in connections:
        with suppress(AttributeError):  # none was made
            del connections[alias]
    connections.__dict__.pop("settings", None)
    connections._settings = None


def _import_all() -> None:
    sys.path.insert(0, str(ROOT / "example_tom"))
    import django

    django.setup()
    from django.core.checks import run_checks
    from django.core.management import load_command_class
    from django.urls import get_resolver

    assert get_resolver().url_patterns
    for name in COMMANDS:
        load_command_class("tom_scimma", name)
    run_checks()  # as each command does; what the first time takes long is done for all
    gc.collect()
    gc.freeze()  # no fork walks through it again


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as control:
        _import_all()
        begin = serve(control)
    if begin:
        become(**begin)
