"""What the Treasure Map's answers bring, and what of it is kept: the pointing's id, by which alone it can be changed later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tom_scimma import events
from tom_scimma.destinations import Receipt
from tom_scimma.models import Delivery
from tom_treasuremap.conf import conf
from tom_treasuremap.models import Report
from tom_treasuremap.service import origin


def receipt(number: Any, graceid: str, status: str = "", **more: Any) -> Receipt:
    """The receipt of what the server has: its id, the page of the event."""
    data = {"graceid": graceid, "status": status, **more}
    return Receipt(str(number), page(graceid), {name: value for name, value in data.items() if value not in ("", None)})


def page(graceid: str) -> str:
    """The event's page at the Treasure Map."""
    return f"{conf.BASE_URL.rstrip('/')}/alerts?graceids={quote(graceid)}" if graceid else ""


def told(event: str, said: Mapping[str, Any]) -> str:
    """A pointing in a line."""
    depth = f", to {said['depth']:g} {said.get('depth_unit', '')}" if said.get("depth") is not None else ""
    band = f" in {said['band']}" if said.get("band") else ""
    where = f"RA {said['ra']:.5f}, dec {said['dec']:.5f}" if "ra" in said and "dec" in said else "no place"
    instrument = f"instrument {said.get('instrumentid', 'not chosen')}"
    return f"{event}: {said.get('status')} at {where}, {said.get('time', 'no time')}, {instrument}{band}{depth}"


def keep_posted(delivery: Delivery, receipt: Receipt) -> None:
    """Keeps a pointing's id. What was to be cancelled meanwhile is cancelled now, for the first time that it can be."""
    from tom_treasuremap import cancelling

    said = json.loads(bytes(delivery.payload))
    event = delivery.event or events.named(said["event"])
    values = {"by": delivery.by, "said": said["pointing"], "wanted": said["pointing"]["status"]}
    values["observation_id"] = _observation(said["source"])
    identity = {"event": event, "origin": origin(), "source": said["source"], "turn": said["turn"]}
    report, _ = Report.objects.get_or_create(**identity, defaults=values)
    report.number, report.graceid = int(receipt.id), str(receipt.data.get("graceid", ""))
    report.status, report.digest = said["pointing"]["status"], delivery.sha256
    report.posted, report.problem = delivery, ""
    report.save()
    if report.wanted == "cancelled":
        cancelling.cancel([report], delivery.by, "It was to be cancelled before its id was known.")


def _observation(source: str) -> int | None:
    from tom_observations.models import ObservationRecord

    kind, _, number = source.partition(":")
    if kind != "observation" or not number.isdecimal():
        return None
    return ObservationRecord.objects.filter(pk=int(number)).values_list("pk", flat=True).first()
