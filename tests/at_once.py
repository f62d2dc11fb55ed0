"""What several do at once, each with a connection of its own. SQLite has one writer at a time, so that it proves nothing there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

needs_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="two connections at once: PostgreSQL")


def at_once(*tasks: Callable[[], Any]) -> list[Any]:
    """What these give, each run in a thread with a connection of its own."""

    def run(task: Callable[[], Any]) -> Any:
        try:
            return task()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result(60) for future in [pool.submit(run, task) for task in tasks]]
