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
    """Keeps a pointing's id. What was to be cancelled meanwhile is cancelled now, for the first time that it can be, and so is
    what it was told in the place of."""
    from tom_treasuremap import cancelling

    said = json.loads(bytes(delivery.payload))
    event = delivery.event or events.named(said["event"])
    report = _report_of(event, said, delivery, int(receipt.id))
    report.number, report.graceid = int(receipt.id), str(receipt.data.get("graceid", ""))
    report.status, report.digest = said["pointing"]["status"], delivery.sha256
    report.said, report.posted, report.problem = said["pointing"], delivery, ""
    if report.status == "completed" and report.wanted != "cancelled":
        report.wanted = report.status
    report.save()
    if report.wanted == "cancelled":
        cancelling.cancel([report], delivery.by, "It was to be cancelled before its id was known.")
    cancelling.cancel(_overtaken(report), delivery.by, "It was told anew.")


def _report_of(event: Any, said: Mapping[str, Any], delivery: Delivery, number: int) -> Report:
    """The report of what was posted; the next one where that is of another pointing by now, which is not forgotten."""
    values = {"by": delivery.by, "said": said["pointing"], "wanted": said["pointing"]["status"]}
    values["observation_id"] = _observation(said["source"])
    source = {"event": event, "origin": origin(), "source": said["source"]}
    report, _ = Report.objects.get_or_create(**source, turn=said["turn"], defaults=values)
    if report.number in (None, number):
        return report
    last = Report.objects.filter(**source).order_by("turn").last()
    return Report(**source, turn=last.turn + 1, **values)


def _overtaken(report: Report) -> list[Report]:
    """Of what is planned there of the same source all but the last word."""
    rows = Report.objects.filter(event=report.event, origin=report.origin, source=report.source).exclude(number=None)
    newest = max(rows, key=lambda row: (row.posted_id or 0, row.turn))
    return [row for row in rows if row.status == "planned" and row.pk != newest.pk and row.wanted != "cancelled"]


def _observation(source: str) -> int | None:
    from tom_observations.models import ObservationRecord

    kind, _, number = source.partition(":")
    if kind != "observation" or not number.isdecimal():
        return None
    return ObservationRecord.objects.filter(pk=int(number)).values_list("pk", flat=True).first()
