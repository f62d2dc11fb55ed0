"""One database with a TOM's tables, made by the migrations once a run; every process of the tests copies it.

Migrating takes ten seconds of a processor, which each process would spend again. Nothing is kept from one run to the
next, so nothing can be out of date.

`python -m tests.template FOLDER` makes it.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from django.db.backends.signals import connection_created

from tests.embedded import migrated, wait_for
from tests.services.process import end, environment, spawn, tail


class Template:
    """Makes it in a process of its own, beside what pytest does first."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="tom-template-"))
        command = [sys.executable, "-m", "tests.template", str(self.home)]
        self._process: subprocess.Popen = spawn(command, self.home / "log", env=environment())

    def stop(self) -> None:
        """Ends the process if it still runs, and removes what it made."""
        end(self._process)
        shutil.rmtree(self.home, ignore_errors=True)


def made(home: Path) -> Path:
    """The folder with db.sqlite3, once that is migrated; to copy."""
    wait_for("the migrated database", (home / "ended").exists, seconds=300, explain=lambda: tail(home / "log"))
    assert (home / "ended").read_text() == "well", tail(home / "log")
    return home / "tom"


def fill(folder: Path) -> None:
    """The next connection that Django makes, which is the first to the tests' database in memory, finds the tables."""

    def copy(connection, **_):
        connection_created.disconnect(copy)
        with closing(sqlite3.connect(folder / "db.sqlite3")) as template:
            template.backup(connection.connection)

    connection_created.connect(copy, weak=False)


def main(home: Path) -> None:
    ended = "badly"
    try:
        (home / "tom").mkdir()
        with closing(sqlite3.connect(migrated(home / "tom") / "db.sqlite3")) as database:
            database.execute("PRAGMA journal_mode=DELETE")  # memory has no write-ahead log
        ended = "well"
    finally:
        (home / "ending").write_text(ended)
        (home / "ending").rename(home / "ended")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
