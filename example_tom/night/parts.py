"""What both halves of the night are written in: a message before it has headers, and times."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Draft:
    """A message that is to be sent `at` seconds after the start."""

    at: float
    topic: str
    payload: bytes = field(repr=False)
    label: str
    format: str = "json"  #: as hop names it
    test: bool = False


def after(start: datetime, seconds: float) -> datetime:
    """`seconds` after the start; before it when negative."""
    return start + timedelta(seconds=seconds)
