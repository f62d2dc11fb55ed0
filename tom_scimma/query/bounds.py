"""A database that is not asked longer than so many seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from tom_scimma.query.errors import QueryError

#: SQLite looks at the clock each time it has done so many steps
STEPS = 20_000


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Ends statements that take longer. Raises QueryError for them; other errors pass."""
    guard = {"postgresql": _postgresql, "sqlite": _sqlite}.get(connection.vendor, _none)
    start = time.monotonic()
    try:
        with guard(seconds):
            yield
    except OperationalError as error:
        cancelled = getattr(error.__cause__, "sqlstate", None) == "57014" or "interrupted" in str(error)
        if not cancelled or time.monotonic() - start < seconds / 2:
            raise
        raise QueryError(
            f"the database was still looking after {seconds:g} s",
            hint='Ask for less: a kind, or a time such as time > "-30d"',
        ) from error


@contextmanager
def _postgresql(seconds: float) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        before = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{max(1, round(seconds * 1000))}ms"])
        yield
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])


@contextmanager
def _sqlite(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    until = time.monotonic() + seconds
    raw = connection.connection
    raw.set_progress_handler(lambda: time.monotonic() > until, STEPS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)


@contextmanager
def _none(seconds: float) -> Iterator[None]:
    yield
