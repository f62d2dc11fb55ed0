"""Completing what we planned, by its id: treasuremap-complete. Only its time and angle change there.

complete(report, user, time, pos_angle)     -> the Delivery, behind the one that gave it its id
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from tom_scimma import outbox
from tom_scimma.destinations import Receipt
from tom_scimma.errors import Rejected, ReplyLost, Unavailable
from tom_scimma.models import Delivery
from tom_treasuremap import rules
from tom_treasuremap.cancelling import destination_of
from tom_treasuremap.client import TreasureMap
from tom_treasuremap.destination import SECOND, AtTreasureMap, packed
from tom_treasuremap.models import Report
from tom_treasuremap.receipts import receipt
from tom_treasuremap.sources import moment


class TreasureMapComplete(AtTreasureMap):
    """A planned pointing of ours that was done as it was planned."""

    name = "treasuremap-complete"
    label = "Complete at the Treasure Map"

    def text_of(self, said: Mapping[str, Any]) -> str:
        return (
            f"{said['event']}: the planned pointing of {said['source']} was done at {said['time']}, as it was planned"
        )

    def send(self, payload: bytes, key: str, credential: Any) -> Receipt:
        said = json.loads(payload)
        there, number = self.there(credential), _number(said)
        row = _row(there, number)
        if _done(row, said):
            return receipt(number, said["graceid"], "completed")
        if row.get("status") != "planned":  # the server makes completed whatever it is sent an id for
            raise Rejected(f"Pointing {number} is {row.get('status')} at the Treasure Map, and no longer planned.")
        posted = there.complete(said["graceid"] or _report(said).graceid, number, said["time"], said.get("pos_angle"))
        if posted.ids != (number,):
            raise ReplyLost(f"the Treasure Map answered with the ids {posted.ids} instead of {number}")
        return receipt(number, said["graceid"], "completed")

    def find(self, payload: bytes, key: str, since: datetime) -> Receipt | None:
        said = json.loads(payload)
        number = _number(said)
        done = _done(_row(self.asking_again(key), number), said)
        return receipt(number, said["graceid"], "completed") if done else None

    def delivered(self, delivery: Delivery, receipt: Receipt) -> None:
        said = json.loads(bytes(delivery.payload))
        report = _report(said)
        report.said = {**report.said, "status": "completed", "time": said["time"]}
        if said.get("pos_angle") is not None:
            report.said["pos_angle"] = said["pos_angle"]
        report.status, report.digest, report.problem, report.completed = "completed", delivery.sha256, "", delivery
        report.save()


def _report(said: Mapping[str, Any]) -> Report:
    found = Report.objects.filter(pk=said["report"]).first()
    if found is None:
        raise Rejected("Nothing is known any more of the pointing that was to be completed.")
    return found


def _number(said: Mapping[str, Any]) -> int:
    number = said.get("number") or _report(said).number
    if number is None:
        raise Rejected("Its id at the Treasure Map is not known.")
    return number


def _row(there: TreasureMap, number: int) -> dict[str, Any]:
    found = next(iter(there.pointings(id=number)), None)
    if found is None:
        raise Rejected(f"The Treasure Map has no pointing {number}.")
    return found


def _done(row: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    try:
        when = moment(row.get("time"))
    except ValueError as error:
        raise Unavailable(f"the Treasure Map gives no time that can be read: {error}") from error
    return row.get("status") == "completed" and when is not None and abs(when - moment(said["time"])) < SECOND


@transaction.atomic
def complete(report: Report, by: Any, time: datetime, pos_angle: float | None = None) -> Delivery:
    """Queues the completion of a planned report, which may still be on its way."""
    said = {"event": report.event.name, "graceid": report.graceid, "source": report.source, "report": report.pk}
    said |= {"number": report.number, "time": rules.stamp(time)}
    if pos_angle is not None:
        said["pos_angle"] = pos_angle
    there = destination_of(TreasureMapComplete, report.event)
    key = outbox.key_of(
        there, report.event, packed({"report": report.pk, "time": said["time"], "pos_angle": pos_angle})
    )
    delivery = outbox.queue(
        there, packed(said), key=key, by=by, subject=subject_of(report), event=report.event,
        after=report.posted if report.number is None else None,
    )  # fmt: skip
    report.completed, report.wanted = delivery, "completed"
    report.save()
    return delivery


def subject_of(report: Report) -> Any:
    """What a delivery about a report is about, by which the right to send it is known."""
    return f"observation:{report.observation_id}" if report.observation_id else report.event
