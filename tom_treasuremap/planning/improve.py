"""Better plans and lower bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tom_treasuremap.planning.search import Search

SEED = 1


def improve(search: Search, nodes: int) -> str:
    """Improves the plan in hand; why it ended."""
    return search.ended() or "nodes"
