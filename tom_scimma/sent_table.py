"""What was sent, as a table."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from tom_scimma import readership, wording
from tom_scimma.destinations import services
from tom_scimma.models import Delivery
from tom_scimma.tables import LOCK, TEST, PageTable, head
from tom_scimma.templatetags.scimma_words import moment

#: a part of a name with what ends it; and so many letters of it are not broken
PIECE, NARROW = re.compile(r"[^:.\-]*[:.\-]+|[^:.\-]+"), 16


class DeliveryTable(PageTable):
    """Deliveries, newest first."""

    created = head("Queued (UTC)")
    destination = head("To", "broken")
    event_name = head("About", "tight")
    by_name = head("By", "wide tight")
    state = head("State")
    reason = head("Last word", "wide", orderable=False)

    class Meta(PageTable.Meta):
        model = Delivery
        fields = ("created", "destination", "event_name", "by_name", "state", "reason")
        sequence = fields
        order_by = ()

    def lines(self) -> Iterator[SafeString]:
        shown = [row.record for row in self.paginated_rows]
        self._readable = readership.readable(shown, self.request.user)
        self._called = _called({row.destination for row in shown})
        yield from super().lines()

    def row_class(self, record: Delivery) -> str:
        return "table-warning" if record.needs_person else ""

    def cell_created(self, record: Delivery):
        return format_html(
            '<a href="{}"><span class="text-secondary">#{}</span> {}</a>',
            *(record.get_absolute_url(), record.pk, moment(record.created)),
        )

    def cell_destination(self, record: Delivery):
        if record.destination in self._called:
            return wording.short(self._called[record.destination])
        return in_pieces(wording.short(record.destination))

    def cell_event_name(self, record: Delivery):
        if record.event is not None:
            lock = "" if record.event.public else LOCK
            return format_html('{}<a href="{}">{}</a>', lock, record.event.get_absolute_url(), record.event.name)
        return record.subject.partition(":")[0]

    def cell_by_name(self, record: Delivery) -> str:
        return wording.short(record.sender)

    def cell_state(self, record: Delivery):
        person = mark_safe(' <span class="badge text-bg-danger">needs you</span>') if record.needs_person else ""
        test = TEST if record.is_test else ""
        return format_html(
            '<span class="badge sent-{}">{}</span>{}{}', record.state, record.get_state_display(), person, test
        )

    def cell_reason(self, record: Delivery) -> str:
        if record.pk not in self._readable:
            return wording.NOTHING
        return wording.short(record.reason or record.receipt_id or wording.NOTHING, 140)


def in_pieces(name: str) -> SafeString:
    """A name that breaks after its colons, dots and dashes and nowhere else, but for a piece that fills a phone by itself."""
    pieces = (("text-nowrap" if len(piece) <= NARROW else "", piece) for piece in PIECE.findall(name))
    return format_html_join(mark_safe("<wbr>"), '<span class="{}">{}</span>', pieces)


def _called(names: Iterable[str]) -> dict[str, str]:
    """What people call these destinations, where their names say nothing: "people:3" is whose telephone?"""
    addresses: dict[str, list[str]] = defaultdict(list)
    for name in names:
        service, _, address = name.partition(":")
        addresses[service].append(address)
    known = {service: found for service, found in services().items() if service in addresses}
    words = {service: found.called(addresses[service]) for service, found in known.items()}
    return {f"{service}:{address}": called for service, some in words.items() for address, called in some.items()}
