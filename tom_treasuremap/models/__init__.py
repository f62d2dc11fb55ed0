"""The rows of this app, one file a group of tables."""

from tom_treasuremap.models.fetches import EventName, FetchState
from tom_treasuremap.models.instruments import Instrument
from tom_treasuremap.models.pointings import Pointing

__all__ = ["EventName", "FetchState", "Instrument", "Pointing"]
