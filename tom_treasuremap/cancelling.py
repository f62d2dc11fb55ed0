"""Cancelling what we planned: treasuremap-cancel. It waits for nothing, and twice does no harm.

cancel(reports, user, reason)     -> the Deliveries that cancel them; what has not left is cancelled here
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from tom_scimma import acts, outbox
from tom_scimma.destinations import Receipt
from tom_scimma.errors import Rejected
from tom_scimma.models import Delivery
from tom_treasuremap.destination import TEST, AtTreasureMap, packed
from tom_treasuremap.models import Report
from tom_treasuremap.receipts import receipt
from tom_treasuremap.service import origin

State = Delivery.State
WAITING = (State.QUEUED, State.HELD)
#: it may have arrived, and its id will be known
OPEN = (State.SENDING, State.UNKNOWN)


class TreasureMapCancel(AtTreasureMap):
    """Some planned pointings of ours, cancelled by their ids."""

    name = "treasuremap-cancel"
    label = "Cancel at the Treasure Map"
    takes_back = True
    repeat_is_harmless = True

    def text_of(self, said: Mapping[str, Any]) -> str:
        ids = ", ".join(str(number) for number in said["ids"])
        return f"{said['event']}: cancel {len(said['ids'])} planned pointing(s): {ids}. {said['reason']}".strip()

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        said = json.loads(payload)
        there = self.there(credential)
        count = there.cancel(said["ids"])
        after = {row["id"]: row.get("status") for row in there.pointings(ids=said["ids"])}
        done = [number for number in said["ids"] if after.get(number) == "cancelled"]
        left = {str(number): after.get(number) or "not there" for number in said["ids"] if number not in done}
        if not done:
            words = ", ".join(f"{number} is {status}" for number, status in left.items())
            raise Rejected(f"The Treasure Map cancelled none: {words}", {"ids": [words]})
        return receipt(done[0], said["graceid"], "cancelled", cancelled=done, left=left or None, counted=count)

    def delivered(self, delivery: Delivery, receipt: Receipt) -> None:
        said = json.loads(bytes(delivery.payload))
        reports = Report.objects.filter(origin=origin(), number__in=said["ids"])
        done = list(receipt.data.get("cancelled", said["ids"]))
        reports.filter(number__in=done).update(status="cancelled", problem="")
        for number, status in (receipt.data.get("left") or {}).items():
            words = f"It could not be cancelled: at the Treasure Map it is {status}."
            reports.filter(number=int(number)).update(problem=words)


@transaction.atomic
def cancel(reports: Iterable[Report], by: Any, reason: str = "", *, anew: bool = False) -> list[Delivery]:
    """Queues the cancelling of planned reports, a delivery an event; cancels here what has not left. Others are left alone.

    `anew`: a person asks, so that what was refused before is asked for once more.
    """
    ids: dict[Any, list[Report]] = defaultdict(list)
    for report in reports:
        if report.status in ("completed", "cancelled"):
            continue
        report.wanted = "cancelled"
        _drop(report, by, reason)
        if report.number is not None:
            ids[report.event, report.graceid].append(report)
        report.save()
    return [_queued(event, graceid, rows, by, reason, anew) for (event, graceid), rows in ids.items()]


def _drop(report: Report, by: Any, reason: str) -> None:
    """What has not left does not leave any more."""
    for delivery in (report.posted, report.completed):
        if delivery is None or delivery.state not in WAITING:
            continue
        try:
            acts.cancel(delivery, by, reason)
        except acts.NotNow:
            continue  # a worker was faster: once its id is known it is cancelled there
        if report.number is None:
            report.status, report.problem = "cancelled", reason or "Cancelled before it left."


def _queued(event: Any, graceid: str, rows: list[Report], by: Any, reason: str, anew: bool) -> Delivery:
    ids = sorted(row.number for row in rows)
    payload = packed({"event": event.name, "graceid": graceid, "ids": ids, "reason": reason})
    there = destination_of(TreasureMapCancel, event)
    delivery = outbox.queue(
        there, payload, key=outbox.key_of(there, event, packed({"ids": ids})), by=by, subject=event, event=event
    )
    if anew:
        delivery = acts.afresh(delivery, by, left=True)
    Report.objects.filter(pk__in=[row.pk for row in rows]).update(cancelled=delivery)
    for row in rows:
        row.cancelled = delivery
    return delivery


def destination_of(kind: type[AtTreasureMap], event: Any) -> str:
    """The full name of a destination for an event: tests have an address of their own."""
    return f"{kind.name}:{TEST}" if event.role == "test" else kind.name
