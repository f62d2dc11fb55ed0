"""The list of messages that came in, as a table with its filter."""

from __future__ import annotations

import uuid

import django_filters
from django.db.models import Q
from django.utils.html import format_html
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tom_hermes.models import Received, Unplaced
from tom_scimma import wording
from tom_scimma.filters import PageFilter, UtcFilter
from tom_scimma.tables import LOCK, PageTable, head
from tom_scimma.templatetags.scimma_words import moment

#: Bootstrap's colours of states
COLOURS = {"placed": "success", "partly": "warning", "unplaced": "danger"}


def badge(row: Received):
    """A message's state, and whether it was retracted."""
    state = format_html(
        '<span class="badge text-bg-{}">{}</span>', COLOURS.get(row.state, "secondary"), row.get_state_display()
    )
    return format_html('<span class="badge text-bg-dark">retracted</span> {}', state) if row.retracted else state


class ReceivedTable(PageTable):
    """Messages that came in, newest first."""

    received = head("Received (UTC)")
    title = head("Message", orderable=False)
    topic = head("Topic", "wide")
    submitter = head("By", "wide")
    state = head("What became of it")
    data = head("Data", "wide tight")
    open = head("Waiting", "wide tight")

    class Meta(PageTable.Meta):
        model = Received
        fields = ("received", "title", "topic", "submitter", "state", "data", "open")
        sequence = fields
        order_by = ()

    def cell_received(self, record: Received):
        return moment(record.received)

    def cell_title(self, record: Received):
        lock = "" if record.public else LOCK
        title = wording.short(record.title or "(no title)", 90)
        return format_html('{}<a href="{}">{}</a>', lock, record.get_absolute_url(), title)

    def cell_topic(self, record: Received) -> str:
        return wording.short(record.topic)

    def cell_submitter(self, record: Received) -> str:
        return wording.short(record.submitter or wording.NOTHING)

    def cell_state(self, record: Received):
        waits = format_html('<div class="narrow">{} waiting</div>', record.open) if record.open else ""
        return format_html("{}{}", badge(record), waits)

    def cell_data(self, record: Received):
        return record.data or wording.NOTHING

    def cell_open(self, record: Received):
        return record.open or wording.NOTHING


class ReceivedFilter(PageFilter):
    """Messages by what they say and what became of them."""

    first = ("state", "topic", "waiting")
    more = ("received_after", "received_before", "submitter", "retracted")

    state = django_filters.ChoiceFilter(choices=Received.State.choices, label="What became of it", empty_label="any")
    topic = django_filters.CharFilter(label="Topic", lookup_expr="istartswith")
    waiting = django_filters.ChoiceFilter(
        choices=[("yes", "with rows that wait")], label="Waiting", empty_label="any", method="by_waiting"
    )
    submitter = django_filters.CharFilter(label="By", lookup_expr="icontains")
    retracted = django_filters.ChoiceFilter(
        choices=[("yes", "retracted at HERMES"), ("no", "not retracted")],
        label="Retracted",
        empty_label="any",
        method="by_retracted",
    )
    received_after = UtcFilter(field_name="received", lookup_expr="gte", label="Received from (UTC)")
    received_before = UtcFilter(field_name="received", lookup_expr="lte", label="Received to (UTC)")

    class Meta:
        model = Received
        fields: list[str] = []

    def by_waiting(self, queryset, name, value):
        return queryset.filter(open__gt=0)

    def by_retracted(self, queryset, name, value):
        return queryset.filter(retracted=value == "yes")

    def general_search(self, queryset, name, value):
        """By title, event, HERMES' id, and the targets they are about, as far as the user may see these."""
        text = value.strip()
        try:
            return queryset.filter(uuid=uuid.UUID(text))
        except ValueError:
            pass
        user = getattr(self.request, "user", None)
        targets = targets_for_user(user, Target.objects.filter(name__icontains=text), "view_target").values("pk")
        rows = Unplaced.objects.filter(name__icontains=text).values("received_id")
        about = Received.targets.through.objects.filter(basetarget_id__in=targets).values("received_id")
        said = Q(title__icontains=text) | Q(event__icontains=text)
        return queryset.filter(said | Q(pk__in=about) | Q(pk__in=rows))
