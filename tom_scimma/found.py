"""What a query found, as tables and as rows for a file."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html

from tom_scimma import wording
from tom_scimma.filters import last
from tom_scimma.models import Alert, Candidate
from tom_scimma.notice import iso
from tom_scimma.query.names import ALERTS, CANDIDATES, EVENTS
from tom_scimma.tables import LOCK, TEST, EventTable, PageTable, head
from tom_scimma.templatetags.scimma_words import moment

#: what a file says of an event, and under which attribute
_EVENT = {
    "name": "name", "kind": "kind", "role": "role", "state": "state", "source": "source", "time": "time", "sent": "latest",
    "far": "far_hz", "area_50": "area_50", "area_90": "area_90", "distance": "distance_mpc", "distance_sd": "distance_sd_mpc",
    "ra": "ra", "dec": "dec", "radius": "radius_deg", "classification": "classification", "properties": "properties",
}  # fmt: skip
_ALERT = {
    "id": "pk", "name": "event.name", "kind": "kind", "type": "alert_type", "role": "role", "state": "event.state", "source": "source",
    "topic": "message.topic", "time": "time", "sent": "order", "far": "far_hz", "live": "live", "authority": "authority",
    "classification": "notice.classification", "properties": "notice.properties",
}  # fmt: skip
_CANDIDATE = {
    "target": "target.name", "level": "level", "volume_level": "volume_level", "status": "status",
    **{name: f"event.{path}" for name, path in _EVENT.items()},
}  # fmt: skip
COLUMNS = {EVENTS: _EVENT, ALERTS: _ALERT, CANDIDATES: _CANDIDATE}


def with_all(thing: str, rows: QuerySet) -> QuerySet:
    """The rows with what tables and files show of them, without what they do not."""
    if thing == ALERTS:
        rows = rows.select_related("event", "message").order_by("-order", "-pk")
        return rows.defer("message__headers", "message__traceback", "event__properties")
    if thing == CANDIDATES:
        return rows.select_related("event", "target").order_by(last("level", False), "pk")
    return rows


def records(thing: str, rows: Iterable[Any]) -> Iterable[dict[str, Any]]:
    """Each row as plain values: times in ISO 8601 UTC, numbers that are none as None."""
    for row in rows:
        yield {name: _plain(_at(row, path)) for name, path in COLUMNS[thing].items()}


def _at(row: Any, path: str) -> Any:
    for part in path.split("."):
        row = getattr(row, part)
    return row


def _plain(value: Any) -> Any:
    if hasattr(value, "tzinfo"):
        return iso(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def cell(value: Any) -> Any:
    """A value as a cell of a CSV file: objects as JSON, and nothing that a spreadsheet would run."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return "" if value is None else value


class AlertTable(PageTable):
    """Alerts, newest first."""

    name = head("Event", orderable=False)
    type = head("Alert", orderable=False)
    source = head("Source", "wide", orderable=False)
    order = head("Sent (UTC)")
    far_hz = head("False alarms", "wide")
    topic = head("Topic", "wide", orderable=False)

    class Meta(PageTable.Meta):
        model = Alert
        fields = ("name", "type", "source", "order", "far_hz", "topic")
        sequence = fields
        order_by = ()

    def order_far_hz(self, queryset, is_descending):
        return self.order_unknown_last(queryset, "far_hz", is_descending)

    def cell_name(self, record: Alert):
        lock, link = ("" if record.public else LOCK), record.event.get_absolute_url()
        return format_html(
            '{}<a href="{}">{}</a>{}',
            lock,
            link,
            wording.short(record.event.name),
            TEST if record.role == "test" else "",
        )

    def cell_type(self, record: Alert):
        said = wording.ALERT_TYPES.get(record.alert_type, record.alert_type)
        return format_html('{} <div class="narrow">{}</div>', f"{record.kind} {said}", wording.short(record.source, 30))

    def cell_source(self, record: Alert) -> str:
        return wording.short(record.source)

    def cell_order(self, record: Alert):
        return moment(record.order)

    def cell_far_hz(self, record: Alert) -> str:
        return wording.rate(record.far_hz)

    def cell_topic(self, record: Alert) -> str:
        return wording.short(record.message.topic)


class CandidateTable(PageTable):
    """Candidates, the most probable place first."""

    target = head("Target", orderable=False)
    event = head("Event", orderable=False)
    level = head("Level")
    volume_level = head("With distance", "wide")
    status = head("Status")

    class Meta(PageTable.Meta):
        model = Candidate
        fields = ("target", "event", "level", "volume_level", "status")
        sequence = fields
        order_by = ()

    def order_level(self, queryset, is_descending):
        return self.order_unknown_last(queryset, "level", is_descending)

    def order_volume_level(self, queryset, is_descending):
        return self.order_unknown_last(queryset, "volume_level", is_descending)

    def cell_target(self, record: Candidate):
        link = reverse("targets:detail", kwargs={"pk": record.target_id})
        return format_html('<a href="{}">{}</a>', link, wording.short(record.target.name))

    def cell_event(self, record: Candidate):
        lock, link = ("" if record.event.public else LOCK), record.event.get_absolute_url()
        return format_html('{}<a href="{}">{}</a>', lock, link, wording.short(record.event.name))

    def cell_level(self, record: Candidate) -> str:
        return wording.percent(record.level)

    def cell_volume_level(self, record: Candidate) -> str:
        return wording.percent(record.volume_level)

    def cell_status(self, record: Candidate) -> str:
        return record.get_status_display()


TABLES: dict[str, Callable[..., PageTable]] = {EVENTS: EventTable, ALERTS: AlertTable, CANDIDATES: CandidateTable}
NOUNS = {EVENTS: "event", ALERTS: "alert", CANDIDATES: "candidate"}
