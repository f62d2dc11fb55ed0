"""The team's telescopes, as data: `telescope.py` says what is known of one, each JSON file here is one.

telescopes()              {name: Telescope}: shipped, of the settings, and those that people added
telescope("ztf")          one; KeyError says which are known
status("ztf").state       open, weather, taken or off
"""

from __future__ import annotations

from tom_treasuremap.telescopes.known import names, shipped, telescope, telescopes
from tom_treasuremap.telescopes.states import STATES, Status, status, statuses

__all__ = ["STATES", "Status", "names", "shipped", "status", "statuses", "telescope", "telescopes"]
