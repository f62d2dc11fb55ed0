"""Who asks, or cancels, by the host's REST API: its view does not tell the facility, ours does, for as long as it answers.

with asking_as(request.user): ...
asker()                             -> that user; None: nobody said
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_ASKER: ContextVar[Any] = ContextVar("tom_treasuremap_asker", default=None)


def asker() -> Any:
    """Whoever the page that is being answered says asks; None where none does."""
    return _ASKER.get()


@contextmanager
def asking_as(user: Any) -> Iterator[None]:
    """What is asked inside is asked by this user."""
    token = _ASKER.set(user)
    try:
        yield
    finally:
        _ASKER.reset(token)
