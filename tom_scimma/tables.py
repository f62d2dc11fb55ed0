"""The lists as tables. Columns of class `wide` are left out on a phone.

The host's table does heads, sorting and pages; rows are put together here, since its way of rendering cells takes ten
times as long and a full page should come as fast as a short one.
"""

from __future__ import annotations

from collections.abc import Iterator

import django_tables2 as tables
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from tom_common.htmx_table import HTMXTable

from tom_scimma import wording
from tom_scimma.models import Event, Message
from tom_scimma.templatetags.scimma_words import aged, moment

LOCK = mark_safe(
    '<span class="fa fa-lock" title="protected: only its groups see this" role="img" aria-label="protected"></span> '
)
TEST = mark_safe(' <span class="badge text-bg-warning">test</span>')
GAP = '<li class="page-item disabled"><span class="page-link">…</span></li>'
#: so many pages on either side of this one have a link
NEAR = 3


def head(title: str, css: str = "", **options) -> tables.Column:
    """A column with this title; its cells come from the table's method of its name."""
    return tables.Column(title, attrs={"th": {"class": css}, "td": {"class": css}}, **options)


class PageTable(HTMXTable):
    """The host's table with real links, so that it works without JavaScript. A column `x` needs a method `cell_x`."""

    selection = None
    partial_template_name = "tom_scimma/partials/table.html"
    path = ""  #: the table's own address, where it is part of another page

    class Meta:
        template_name = "tom_scimma/table.html"
        attrs = {"class": "table table-hover table-sm scimma-table"}

    @property
    def order_by(self):
        return super().order_by

    @order_by.setter
    def order_by(self, value):
        """Rows that are equal in the column come newest first: without an order of their own pages would overlap."""
        tables.Table.order_by.fset(self, value)
        rows = getattr(self.data, "data", None)
        if isinstance(rows, QuerySet) and rows.query.order_by and rows.query.order_by[-1] not in ("pk", "-pk"):
            self.data.data = rows.order_by(*rows.query.order_by, "-pk")

    def order_unknown_last(self, queryset, field: str, descending: bool):
        """Rows by a column, those without a value at the end."""
        from tom_scimma.filters import last

        return queryset.order_by(last(field, descending), "-pk"), True

    def row_class(self, record) -> str:
        return ""

    def lines(self) -> Iterator[SafeString]:
        """The rows of the page, ready to be shown."""
        columns = [(getattr(self, f"cell_{c.name}"), c.attrs["td"].get("class", "")) for c in self.columns]
        for row in self.paginated_rows:
            cells = [f'<td class="{css}">{conditional_escape(cell(row.record))}</td>' for cell, css in columns]
            yield mark_safe(f'<tr class="{self.row_class(row.record)}">{"".join(cells)}</tr>')

    def pages(self) -> SafeString:
        """Links to the pages around this one, the first and the last; nothing where there is but one."""
        here, count = self.page.number, self.paginator.num_pages
        query = self.request.GET.copy()
        query.pop("page", None)
        start = f"{self.path}?{query.urlencode()}&page=" if query else f"{self.path}?page="
        near = range(max(1, here - NEAR), min(count, here + NEAR) + 1)
        shown = sorted({1, *near, count})
        links, before = [], 0
        for page in shown if count > 1 else ():
            if page - before > 1:
                links.append(GAP)
            css, current = (" active", ' aria-current="page"') if page == here else ("", "")
            link = f'<a class="page-link" href="{escape(start)}{page}"{current}>{page}</a>'
            links.append(f'<li class="page-item{css}">{link}</li>')
            before = page
        return mark_safe("".join(links))


class EventTable(PageTable):
    """Events, newest alert first."""

    name = head("Event")
    kind = head("What", "wide")
    time = head("Event time (UTC)")
    latest = head("Latest word", "wide")
    far_hz = head("False alarms", "wide")
    area_90 = head("90 % area", "tight")
    distance_mpc = head("Distance", "wide tight")
    state = head("State")

    class Meta(PageTable.Meta):
        model = Event
        fields = ("name", "kind", "time", "latest", "far_hz", "area_90", "distance_mpc", "state")
        sequence = fields
        order_by = ()

    def row_class(self, record: Event) -> str:
        return "retracted" if record.state == Event.State.RETRACTED else ""

    def order_time(self, queryset, is_descending):
        return self.order_unknown_last(queryset, "time", is_descending)

    def order_far_hz(self, queryset, is_descending):
        return self.order_unknown_last(queryset, "far_hz", is_descending)

    def order_area_90(self, queryset, is_descending):
        return self.order_unknown_last(queryset, "area_90", is_descending)

    def order_distance_mpc(self, queryset, is_descending):
        return self.order_unknown_last(queryset, "distance_mpc", is_descending)

    def cell_name(self, record: Event):
        lock = "" if record.public else LOCK
        link, brief = record.get_absolute_url(), _brief(record)
        return format_html(
            '{}<a href="{}">{}</a><div class="narrow">{}</div>', lock, link, wording.short(record.name), brief
        )

    def cell_kind(self, record: Event) -> str:
        known = {record.top_class: record.top_probability} if record.top_class else {}
        return wording.what(record.kind, known, record.properties).replace(" %", "\u00a0%")

    def cell_time(self, record: Event):
        return moment(record.time)

    def cell_latest(self, record: Event):
        return aged(record.latest)

    def cell_far_hz(self, record: Event) -> str:
        return wording.rate(record.far_hz)

    def cell_area_90(self, record: Event) -> str:
        return wording.area(record.area_90)

    def cell_distance_mpc(self, record: Event) -> str:
        return wording.distance(record.distance_mpc, record.distance_sd_mpc)

    def cell_state(self, record: Event):
        words = wording.STATES.get(record.state, record.state)
        return _badge(record.state, words, record.role == "test")


class MessageTable(PageTable):
    """Messages, newest first."""

    received = head("Received (UTC)")
    topic = head("Topic", "broken")
    state = head("State")
    parser = head("Parser", "wide")
    sender = head("Sender", "wide")
    size = head("Size", "wide")
    error = head("Said of it", "wide", orderable=False)

    class Meta(PageTable.Meta):
        model = Message
        fields = ("received", "topic", "state", "parser", "sender", "size", "error")
        sequence = fields
        order_by = ()

    def cell_received(self, record: Message):
        lock = "" if record.public else LOCK
        return format_html('{}<a href="{}">{}</a>', lock, record.get_absolute_url(), moment(record.received))

    def cell_topic(self, record: Message) -> str:
        return wording.short(record.topic)

    def cell_state(self, record: Message):
        return _badge(record.state, record.get_state_display(), record.is_test)

    def cell_parser(self, record: Message) -> str:
        return record.parser or wording.NOTHING

    def cell_sender(self, record: Message) -> str:
        return wording.short(record.sender or wording.NOTHING)

    def cell_size(self, record: Message) -> str:
        return wording.size(record.size)

    def cell_error(self, record: Message) -> str:
        return wording.short(record.error, 120)


class QuarantineTable(MessageTable):
    """Messages that could not be read: why, where it broke, and the button to try again."""

    error = head("Why", orderable=False)

    class Meta(MessageTable.Meta):
        fields = ("received", "topic", "size", "error")
        sequence = fields
        exclude = ("state", "parser", "sender")

    def cell_error(self, record: Message):
        return mark_safe(render_to_string("tom_scimma/partials/why.html", {"record": record}, self.request))


def _brief(event: Event) -> str:
    """What an event is, for a phone."""
    if event.top_class and event.top_probability is not None:
        return f"{event.kind}: {wording.short(event.top_class, 20)} {wording.percent(event.top_probability)}"
    return wording.KINDS.get(event.kind, event.kind)


def _badge(state: str, words: str, test: bool):
    return format_html('<span class="badge scimma-{}">{}</span>{}', state, words, TEST if test else "")
