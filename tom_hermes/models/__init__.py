"""The tables, one file a group."""

from tom_hermes.models.received import Received, Unplaced

__all__ = ["Received", "Unplaced"]
