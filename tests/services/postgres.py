"""Debian's PostgreSQL on a free port of loopback, its data in a folder of its own.

    with Postgres() as postgres:
        url = postgres.database("tom")          # DATABASE_URL of a new, empty database
        copy = postgres.database("copy", template="tom")

`python -m tests.services.postgres [--fast] -- command ...` runs a command with DATABASE_URL set to a database with a
TOM's tables, and TEST_TEMPLATE to its name: the tests' databases are copies of it, since migrating takes long.
"""

from __future__ import annotations

import argparse
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

from tests.services.process import ROOT, NotReady, end, environment, free_port, spawn, tail, wait_for

USER = "tom"

#: durability as PostgreSQL has it by default; commit times are kept so that tests can say when a row became visible
_SETTINGS = {"track_commit_timestamp": "on", "max_connections": "60", "max_wal_size": "512MB"}
#: for suites that make and drop many databases: still safe when a process dies, not when the machine does
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def programs() -> Path:
    """The folder with initdb and postgres: the newest of Debian's, else that of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    if path := shutil.which("initdb"):
        return Path(path).parent
    raise NotReady("no PostgreSQL server found in /usr/lib/postgresql or PATH: apt-get install postgresql")


class Postgres:
    """One server. `stop()` and `start()` keep data and port."""

    def __init__(self, *, fast: bool = False):
        self.folder = Path(tempfile.mkdtemp(prefix="tom-postgres-"))
        self.log = self.folder / "postgres.log"
        self.port = free_port()
        self.password = secrets.token_urlsafe(16)
        self._settings = {**_SETTINGS, **(_FAST if fast else {})}
        self._process: subprocess.Popen | None = None
        # PostgreSQL refuses to run as root, who may become its own user
        self._as = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        self._initdb()

    def __enter__(self) -> Postgres:
        self.start()
        return self

    def __exit__(self, *exc) -> None:
        self.stop(by=signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _initdb(self) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password)
        if self._as:
            owner = pwd.getpwnam("postgres")
            for path in (self.folder, secret):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        command = [programs() / "initdb", "-D", self.folder / "data", "-U", USER, "--pwfile", secret]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, timeout=120, **self._as)
        if done.returncode:
            raise NotReady(f"initdb failed: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        secret.unlink()

    def start(self) -> None:
        """Start it and wait until it accepts a connection."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            **self._settings,
        }
        command = [str(programs() / "postgres"), "-D", str(self.folder / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self._process = spawn(command, self.log, death=signal.SIGQUIT, cwd=self.folder, **self._as)
        wait_for("PostgreSQL", self._answers, seconds=60, explain=lambda: tail(self.log))

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise NotReady(f"PostgreSQL ended with {self._process.returncode}: {tail(self.log)}")
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, *, by: int = signal.SIGINT) -> None:
        """Stop it: SIGINT ends sessions in order, SIGQUIT at once (the next start recovers from its log)."""
        end(self._process, by=by, seconds=30)
        self._process = None

    def connect(self, database: str) -> psycopg.Connection:
        """A connection in autocommit."""
        return psycopg.connect(self.url(database), autocommit=True, connect_timeout=5)

    def url(self, database: str) -> str:
        """DATABASE_URL of a database."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def database(self, name: str, *, template: str = "template0") -> str:
        """Make a database, empty or as a copy of another that nobody is connected to; its DATABASE_URL."""
        query = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with self.connect("postgres") as connection:
            connection.execute(query)
        return self.url(name)


def migrate(url: str) -> None:
    """Makes all tables in an empty database."""
    env = environment(DATABASE_URL=url, DJANGO_SETTINGS_MODULE="tests.services.settings")
    command = [sys.executable, str(ROOT / "example_tom" / "manage.py"), "migrate", "--verbosity=0", "--skip-checks"]
    subprocess.run(command, env=env, check=True, timeout=300)


def main(arguments: list[str]) -> int:
    """Run a command with DATABASE_URL set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fast", action="store_true", help="no fsync: for test suites, never for benchmarks")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("give a command after --")
    with Postgres(fast=options.fast) as postgres:
        url = postgres.database("tom")
        migrate(url)
        return subprocess.run(command, env=environment(DATABASE_URL=url, TEST_TEMPLATE="tom")).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
