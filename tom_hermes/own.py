"""Which messages are our own, come back by the stream or the archive: nothing is taken in of them, and nothing echoed."""

from __future__ import annotations

from collections.abc import Sequence

from tom_hermes.arrived import Arrived


def mark(arrivals: Sequence[Arrived]) -> None:
    """Notes the arrivals that this TOM sent."""
