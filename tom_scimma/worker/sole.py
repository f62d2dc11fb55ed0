"""SQLite has one writer at a time, so it gets one worker: whoever holds the lock beside the database's file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection


class Taken(Exception):
    """Another worker has this database."""


@contextmanager
def sole_worker() -> Iterator[bool]:
    """Holds SQLite's lock meanwhile: True; False for a database that any number of workers may share. Raises Taken.

    The system frees the lock when the process ends, however it ends.
    """
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or ":memory:" in name or "mode=memory" in name:
        yield False
        return
    try:
        import fcntl
    except ImportError:  # Windows: nothing to hold
        yield False
        return
    with Path(f"{name}.deliver.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken(
                f"Another worker already delivers from {name}: SQLite takes one. More of them need PostgreSQL; see docs/scale.md."
            ) from None
        yield True
