"""Which targets this TOM has reported to TNS, or is about to: an object is reported once, whoever presses the button second."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tom_scimma.compose.selection import TARGET
from tom_scimma.models import Delivery, SharedItem

State = Delivery.State
#: a report in one of these is there, may be there, or will be
STANDS = (State.QUEUED, State.HELD, State.SENDING, State.UNKNOWN, State.DELIVERED)


def again(said: Mapping[str, Any], server: str) -> list[str]:
    """Why a payload with an AT report is none to send: its targets that have one, by the same HERMES. [] for a classification."""
    names = {key: name for name, key in said["targets"].items()}
    if _classifies(said) or not names:
        return []
    rows = SharedItem.objects.filter(kind=TARGET, number__in=names, delivery__service="tns", delivery__state__in=STANDS)
    rows = rows.filter(delivery__origin__startswith=f"{server}/").select_related("delivery").order_by("delivery")
    first: dict[int, Delivery] = {}
    for row in rows:
        if row.number not in first and not _classifies(json.loads(bytes(row.delivery.payload))):
            first[row.number] = row.delivery
    return [
        f"{names[key]} has an AT report of this TOM already: #{row.pk}, {row.get_state_display()}. An object is reported once."
        for key, row in first.items()
    ]


def _classifies(said: Mapping[str, Any]) -> bool:
    return bool((said["message"].get("data") or {}).get("spectroscopy"))
