"""Completing what we planned, by its id: treasuremap-complete. Only its time and angle change there.

complete(report, user, time, pos_angle)     -> the Delivery, behind the one that gave it its id
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from tom_scimma import acts, outbox
from tom_scimma.destinations import Receipt
from tom_scimma.errors import Rejected
from tom_scimma.models import Delivery
from tom_treasuremap import rules
from tom_treasuremap.cancelling import destination_of
from tom_treasuremap.destination import AtTreasureMap, packed
from tom_treasuremap.finishing import finish, finished
from tom_treasuremap.models import Report


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
        graceid = said["graceid"] or _report(said).graceid
        return finish(self.there(credential), graceid, _number(said), said)

    def find(self, payload: bytes, key: str, since: datetime) -> Receipt | None:
        said = json.loads(payload)
        return finished(self.asking_again(key), said["graceid"], _number(said), said)

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


@transaction.atomic
def complete(
    report: Report, by: Any, time: datetime, pos_angle: float | None = None, *, anew: bool = False
) -> Delivery:
    """Queues the completion of a planned report, which may still be on its way. `anew`: also what was refused before."""
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
    if anew:
        delivery = acts.afresh(delivery, by, left=True)
    report.completed, report.wanted = delivery, "completed"
    report.save()
    return delivery


def subject_of(report: Report) -> Any:
    """What a delivery about a report is about, by which the right to send it is known."""
    return f"observation:{report.observation_id}" if report.observation_id else report.event
