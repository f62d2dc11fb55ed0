"""A candidate as the Treasure Map's server has it, and as we say it: whether they are the same, and how it is changed there. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tom_treasuremap.sources import treasuremap
from tom_treasuremap.vocabulary import DEPTH_UNITS

CLOSE = 1e-5  #: deg


def same(row: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    """Whether the server's row says what we do of brightness, band and place; name and time were compared before."""
    try:
        ra, dec = treasuremap.where(row)
        bright = float(row["discovery_magnitude"])
    except (KeyError, TypeError, ValueError):
        return False
    near = abs((ra - said["ra"] + 180) % 360 - 180) < CLOSE and abs(dec - said["dec"]) < CLOSE
    unit = str(row.get("magnitude_unit")) in (said["magnitude_unit"], str(DEPTH_UNITS.get(said["magnitude_unit"])))
    band = said.get("magnitude_bandpass") in (None, row.get("magnitude_bandpass"))
    return near and unit and band and math.isclose(bright, said["discovery_magnitude"], rel_tol=1e-9)


def changes(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent to make the server's row say that: a place goes as text, since ra and dec break the server."""
    left = ("candidate_name", "discovery_date", "ra", "dec")
    kept = {name: value for name, value in said.items() if name not in left}
    return {**kept, "position": f"POINT({said['ra']} {said['dec']})"}
