"""What a word of the composer about an observation means where it was told before: its planned pointing is completed by its
id, or cancelled for a new one; what is completed stays. One word about an observation is on its way at a time.

amended(event, source, said)     -> {"turn": 1}, or with `completes` or `instead`: the id of the planned pointing
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from tom_scimma.compose.selection import OBSERVATION
from tom_scimma.models import Delivery, Event, SharedItem
from tom_treasuremap import rules
from tom_treasuremap.finishing import SECOND
from tom_treasuremap.models import Report
from tom_treasuremap.service import origin
from tom_treasuremap.sources import moment

State = Delivery.State
ON_ITS_WAY = (State.QUEUED, State.HELD, State.SENDING, State.UNKNOWN)


def amended(event: str, source: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Which report of its source it is, and which planned pointing it completes or takes the place of.

    Raises ValueError where it is completed otherwise, or being taken back, so that it cannot be told.
    """
    last = Report.objects.filter(event__name=event, origin=origin(), source=source).order_by("-turn").first()
    if last is None:
        return {"turn": 1}
    if "cancelled" in (last.status, last.wanted):
        return {"turn": last.turn + 1}
    if last.number is None or _same(last.said, said):
        return {"turn": last.turn}
    if last.status == "completed":
        raise ValueError(
            f"the Treasure Map has it completed, as pointing {last.number}; that can neither be changed nor taken back."
        )
    if said["status"] == "completed" and not rules.beyond_update(last.said, said):
        return {"turn": last.turn, "completes": last.number}
    return {"turn": last.turn + 1, "instead": last.number}


def _same(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether nothing is said that was not said before."""
    times = [moment(said.get("time")) for said in (before, after)]
    if before.get("status") != after.get("status") or None in times or rules.beyond_update(before, after):
        return False
    return abs(times[0] - times[1]) < SECOND and after.get("pos_angle") in (None, before.get("pos_angle"))


def under_way(event: Event, payload: bytes) -> Delivery | None:
    """Another word about the same observation that may yet arrive; not the very same whose reply is lost: that one a person resends."""
    said, sha256 = json.loads(payload), hashlib.sha256(payload).hexdigest()
    carriers = SharedItem.objects.filter(
        kind=OBSERVATION, number=int(said["source"].split(":")[1]), delivery__service="treasuremap"
    )
    shared = Q(pk__in=carriers.values("delivery")) | Q(share__first__in=carriers.values("delivery"))
    ruled = Q(pk__in=Report.objects.filter(event=event, origin=origin(), source=said["source"]).values("posted"))
    rows = Delivery.objects.filter(
        shared | ruled | Q(resend_of__share__first__in=carriers.values("delivery")), event=event, state__in=ON_ITS_WAY
    )
    for row in rows.order_by("pk"):
        other = json.loads(bytes(row.payload))
        itself = row.sha256 == sha256 and row.state == State.UNKNOWN
        if not itself and (other["source"], other["turn"]) == (said["source"], said["turn"]):
            return row
    return None
