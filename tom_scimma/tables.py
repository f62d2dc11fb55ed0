"""The lists as tables. Columns of class `wide` are left out on a phone."""

from __future__ import annotations

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from tom_common.htmx_table import HTMXTable

from tom_scimma import wording
from tom_scimma.models import Event, Message
from tom_scimma.templatetags.scimma_words import aged, moment

WIDE = {"th": {"class": "wide"}, "td": {"class": "wide"}}
LOCK = mark_safe(
    '<span class="fa fa-lock" title="protected: only its groups see this" role="img" aria-label="protected"></span> '
)
TEST = mark_safe(' <span class="badge text-bg-warning">test</span>')


class Known(tables.Column):
    """A column whose unknown values sort last."""

    def order(self, queryset, is_descending):
        from tom_scimma.filters import last

        return queryset.order_by(last(self.accessor or self.name, is_descending), "-pk"), True


class PageTable(HTMXTable):
    """The host's table with real links, so that it works without JavaScript."""

    selection = None
    partial_template_name = "tom_scimma/partials/table.html"

    class Meta:
        template_name = "tom_scimma/table.html"
        attrs = {"class": "table table-hover table-sm scimma-table"}


class EventTable(PageTable):
    """Events, newest alert first."""

    name = tables.Column("Event")
    kind = tables.Column("What", attrs=WIDE)
    time = Known("Event time (UTC)", accessor="time")
    latest = tables.Column("Latest word", attrs=WIDE)
    far_hz = Known("False alarms", accessor="far_hz", attrs=WIDE)
    area_90 = Known("90 % area", accessor="area_90", attrs={"td": {"class": "tight"}})
    distance_mpc = Known(
        "Distance", accessor="distance_mpc", attrs={"th": {"class": "wide"}, "td": {"class": "wide tight"}}
    )
    state = tables.Column("State")

    class Meta(PageTable.Meta):
        model = Event
        fields = ("name", "kind", "time", "latest", "far_hz", "area_90", "distance_mpc", "state")
        sequence = fields
        order_by = ()
        row_attrs = {"class": lambda record: "retracted" if record.state == "retracted" else ""}

    def render_name(self, record):
        link = format_html(
            '{}<a href="{}">{}</a>', "" if record.public else LOCK, record.get_absolute_url(), _short(record.name)
        )
        return format_html('{}<div class="narrow">{}</div>', link, _brief(record))

    def render_kind(self, record):
        return wording.what(
            record.kind, {record.top_class: record.top_probability} if record.top_class else {}, record.properties
        )

    def render_time(self, value):
        return moment(value)

    def render_latest(self, value):
        return aged(value)

    def render_far_hz(self, value):
        return wording.rate(value)

    def render_area_90(self, value):
        return wording.area(value)

    def render_distance_mpc(self, record):
        return wording.distance(record.distance_mpc, record.distance_sd_mpc)

    def render_state(self, record):
        mark = TEST if record.role == "test" else ""
        return format_html(
            '<span class="badge scimma-{}">{}</span>{}',
            record.state,
            wording.STATES.get(record.state, record.state),
            mark,
        )


class MessageTable(PageTable):
    """Messages, newest first."""

    received = tables.Column("Received (UTC)")
    topic = tables.Column("Topic")
    state = tables.Column("State")
    parser = tables.Column("Parser", attrs=WIDE)
    sender = tables.Column("Sender", attrs=WIDE)
    size = tables.Column("Size", attrs=WIDE)
    error = tables.Column("Said of it", orderable=False, attrs=WIDE)

    class Meta(PageTable.Meta):
        model = Message
        fields = ("received", "topic", "state", "parser", "sender", "size", "error")
        sequence = fields
        order_by = ()

    def render_received(self, record):
        return format_html(
            '{}<a href="{}">{}</a>', "" if record.public else LOCK, record.get_absolute_url(), moment(record.received)
        )

    def render_topic(self, record):
        return _short(record.topic)

    def render_state(self, record):
        mark = TEST if record.is_test else ""
        return format_html('<span class="badge scimma-{}">{}</span>{}', record.state, record.get_state_display(), mark)

    def render_size(self, value):
        return wording.size(value)

    def render_error(self, value):
        return _short(value, 120)


class QuarantineTable(MessageTable):
    """Messages that could not be read: why, where it broke, and the button to try again."""

    error = tables.TemplateColumn(template_name="tom_scimma/partials/why.html", verbose_name="Why", orderable=False)

    class Meta(MessageTable.Meta):
        fields = ("received", "topic", "size", "error")
        sequence = fields
        exclude = ("state", "parser", "sender")


def _brief(event: Event) -> str:
    """What an event is, for a phone."""
    known = event.top_class and event.top_probability is not None
    return (
        f"{event.kind}: {event.top_class} {wording.percent(event.top_probability)}"
        if known
        else wording.KINDS.get(event.kind, event.kind)
    )


def _short(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
