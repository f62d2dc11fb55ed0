"""The ground the sides stand on: a PostgreSQL of our own with default durability, working files, and the sides themselves.

with Bench(quick=False) as bench:
    ours = bench.ours("gw", bench.database("gw"))
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from benchmarks.side import WORK, Side
from tests.services.postgres import Postgres

HERE = Path(__file__).resolve().parent


class Unavailable(RuntimeError):
    """A peer or a service that is not to be had here; the text says why."""


class Bench:
    """Started as it is needed; ends everything it started."""

    def __init__(self, *, quick: bool = False):
        self.quick = quick
        self._stack = ExitStack()
        self._number = 0
        WORK.mkdir(exist_ok=True)

    def __enter__(self) -> Bench:
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir=WORK)))
        return self

    def __exit__(self, *exc) -> None:
        self._stack.close()

    @cached_property
    def postgres(self) -> Postgres:
        """PostgreSQL with fsync and synchronous_commit on, as it comes."""
        server = self._stack.enter_context(Postgres())
        with server.connect("postgres") as connection:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                (value,) = connection.execute(f"SHOW {name}").fetchone()
                if value != "on":
                    raise Unavailable(f"PostgreSQL has {name} {value}: a figure without durability is no figure")
            (self.postgres_version,) = connection.execute("SHOW server_version").fetchone()
        return server

    postgres_version = ""

    def database(self, name: str) -> dict[str, str]:
        """Environment of a new, empty database; `sqlite...` names are SQLite's with the example's settings."""
        self._number += 1
        var = self.folder / f"{name}{self._number}"
        var.mkdir()
        if name.startswith("sqlite"):
            return {"TOM_VAR": str(var), "DATABASE_URL": ""}
        url = self.postgres.database(f"{name}_{self._number}")
        # tom_nonlocalizedevents opens a second pool by SQLAlchemy, which must be told that its driver is psycopg2
        return {
            "TOM_VAR": str(var),
            "DATABASE_URL": url,
            "SA_DB_CONNECTION_URL": url.replace("postgresql:", "postgresql+psycopg2:"),
        }

    def side(self, module: str, environment: dict[str, str], python: str = sys.executable) -> Side:
        """A side that runs until the bench ends."""
        return self._stack.enter_context(
            Side([python, "-m", f"benchmarks.{module}"], environment, self.folder / f"{module}.log")
        )

    def ours(self, name: str, targets: int = 0) -> Side:
        """Our side on a new database with its tables and so many targets."""
        made = self.side("ours", self.database(name))
        made("migrate")
        if targets:
            made("targets", total=targets)
        return made

    def enter(self, context):
        """Starts something that ends with the bench."""
        return self._stack.enter_context(context)


def peer(name: str, *requirements: str) -> str:
    """The Python of a peer's own virtual environment, made the first time. Raises Unavailable where it cannot be."""
    folder = HERE / f".venv-{name}"
    python = folder / "bin" / "python"
    stamp, wanted = folder / "requirements", "\n".join(requirements)
    if stamp.exists() and stamp.read_text() == wanted:
        return str(python)
    print(
        f"Installing {', '.join(requirements)} into {folder.relative_to(HERE.parent)} ...", file=sys.stderr, flush=True
    )
    shutil.rmtree(folder, ignore_errors=True)
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements]
    for command in ([sys.executable, "-m", "venv", str(folder)], install):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise Unavailable(f"{requirements[0]} cannot be installed: {' '.join(last)[:300]}")
    stamp.write_text(wanted)
    return str(python)
