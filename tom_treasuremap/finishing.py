"""A planned pointing of ours made a completed one at the Treasure Map, by its id: asked for once, and known when it is so.

finish(there, graceid, number, said)     -> the Receipt; `said` has the time (UTC), and the position angle (deg) where there is one
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tom_scimma.destinations import Receipt
from tom_scimma.errors import Rejected, ReplyLost, Unavailable
from tom_treasuremap.client import TreasureMap
from tom_treasuremap.receipts import receipt
from tom_treasuremap.sources import moment

SECOND = timedelta(seconds=1)


def finish(there: TreasureMap, graceid: str, number: int, said: Mapping[str, Any]) -> Receipt:
    """Completes it, unless it is completed at that time already. Raises Rejected where it is not planned there (any more)."""
    row = _row(there, number)
    if _is_finished(row, said):
        return receipt(number, graceid, "completed")
    if row.get("status") != "planned":  # the server makes completed whatever it is sent an id for
        raise Rejected(f"Pointing {number} is {row.get('status')} at the Treasure Map, and no longer planned.")
    posted = there.complete(graceid, number, said["time"], said.get("pos_angle"))
    if posted.ids != (number,):
        raise ReplyLost(f"the Treasure Map answered with the ids {posted.ids} instead of {number}")
    return receipt(number, graceid, "completed")


def finished(there: TreasureMap, graceid: str, number: int, said: Mapping[str, Any]) -> Receipt | None:
    """The receipt of what is completed there as it was asked; None where it is not."""
    return receipt(number, graceid, "completed") if _is_finished(_row(there, number), said) else None


def _row(there: TreasureMap, number: int) -> dict[str, Any]:
    found = next(iter(there.pointings(id=number)), None)
    if found is None:
        raise Rejected(f"The Treasure Map has no pointing {number}.")
    return found


def _is_finished(row: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    try:
        when = moment(row.get("time"))
    except ValueError as error:
        raise Unavailable(f"the Treasure Map gives no time that can be read: {error}") from error
    return row.get("status") == "completed" and when is not None and abs(when - moment(said["time"])) < SECOND
