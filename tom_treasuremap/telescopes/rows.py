"""Telescopes that people added by a page."""

from __future__ import annotations

from tom_scimma import bulk
from tom_treasuremap.telescopes.reading import read
from tom_treasuremap.telescopes.telescope import Telescope


def of_pages() -> dict[str, Telescope]:
    """By name; a row was read before it was stored, so it can be read."""
    from tom_treasuremap.models import TelescopeRow

    if bulk.is_empty(TelescopeRow):  # as most: it is asked with every batch of messages
        return {}
    return {row.name: read(row.said, stored=True) for row in TelescopeRow.objects.filter(removed=None)}
