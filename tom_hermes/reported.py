"""Which targets this TOM has reported to TNS, or is about to: an object is reported once, whoever presses the button second."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q
from tom_targets.models import Target

from tom_scimma.compose.selection import TARGET
from tom_scimma.models import Delivery, SharedItem

State = Delivery.State
#: a report in one of these is there, may be there, or will be
STANDS = (State.QUEUED, State.HELD, State.SENDING, State.UNKNOWN, State.DELIVERED)


def again(payload: bytes, server: str, *, resent: bool = False) -> list[str]:
    """Why a payload with an AT report is none to send: its targets that have one, by the same HERMES. [] for a classification.

    With `resent` the very same report does not stand in its own way while its reply is lost: a person has decided on that.
    """
    names = _reports(json.loads(payload))
    sha256 = hashlib.sha256(payload).hexdigest()
    found: dict[int, Delivery] = {}
    for row, numbers in _carrying(names):
        stands = row.state in STANDS and row.origin.startswith(f"{server}/")
        itself = resent and row.state == State.UNKNOWN and row.sha256 == sha256
        if stands and not itself and _reports(json.loads(bytes(row.payload))):
            found = {**dict.fromkeys(numbers, row), **found}
    return [
        f"{names[key]} has an AT report of this TOM already: #{row.pk}, {row.get_state_display()}. An object is reported once."
        for key, row in found.items()
    ]


def lock(payload: bytes) -> None:
    """Until the transaction ends nobody else queues a report of these targets, where the database locks rows.

    SQLite locks the whole of itself: from the first statement in IMMEDIATE transactions, else at the first write, which
    fails where somebody has written since.
    """
    names = _reports(json.loads(payload))
    list(Target.objects.select_for_update(no_key=True).filter(pk__in=names).order_by("pk").values_list("pk"))


def _reports(said: Mapping[str, Any]) -> dict[int, str]:
    """The targets of an AT report, names by key; {} for a classification."""
    if (said["message"].get("data") or {}).get("spectroscopy"):
        return {}
    return {key: name for name, key in said["targets"].items()}


def _carrying(names: Iterable[int]) -> list[tuple[Delivery, list[int]]]:
    """Deliveries to TNS that carry these targets, also such as were sent again, in their order; with which targets."""
    items = SharedItem.objects.filter(kind=TARGET, number__in=list(names), delivery__service="tns")
    carried: dict[int, list[int]] = {}
    for delivery, number in items.values_list("delivery_id", "number"):
        carried.setdefault(delivery, []).append(number)
    rows, fresh = {}, set(carried)
    while fresh:
        found = Delivery.objects.filter(Q(pk__in=fresh) | Q(resend_of__in=fresh))
        new = [row for row in found.order_by("pk") if row.pk not in rows]
        for row in new:
            rows[row.pk] = row
            carried.setdefault(row.pk, carried.get(row.resend_of_id, []))
        fresh = {row.pk for row in new}
    return [(rows[key], carried[key]) for key in sorted(rows)]
