"""Filters of what was sent, for the page and REST."""

from __future__ import annotations

import django_filters
from django.db.models import Q

from tom_scimma.filters import PageFilter, UtcFilter
from tom_scimma.models import Delivery


def _time(label: str, lookup: str) -> UtcFilter:
    from django import forms

    widget = forms.TextInput(attrs={"placeholder": "2023-05-18T12:59", "autocomplete": "off"})
    return UtcFilter(label=label, widget=widget, field_name="created", lookup_expr=lookup)


class DeliveryFilter(PageFilter):
    """By state, service, person, event and time."""

    first = ("state", "service", "person", "event")
    more = ("created_after", "created_before", "needs_person", "is_test")

    state = django_filters.ChoiceFilter(choices=Delivery.State.choices, label="State", empty_label="any")
    service = django_filters.CharFilter(label="Service", lookup_expr="istartswith", field_name="destination")
    person = django_filters.CharFilter(label="Sent by", lookup_expr="icontains", field_name="by_name")
    event = django_filters.CharFilter(label="Event", lookup_expr="icontains", field_name="event_name")
    needs_person = django_filters.BooleanFilter(label="Waits for a person")
    is_test = django_filters.BooleanFilter(label="About a test")
    created_after = _time("Queued from (UTC)", "gte")
    created_before = _time("Queued to (UTC)", "lte")

    class Meta:
        model = Delivery
        fields: list[str] = []

    def general_search(self, queryset, name, value):
        """By number (#12), service, event, person and the service's own id; never through what was said."""
        text = value.strip()
        if text.lstrip("#").isdigit():
            return queryset.filter(pk=min(int(text.lstrip("#")), 2**63 - 1))
        found = Q(destination__icontains=text) | Q(event_name__icontains=text) | Q(by_name__icontains=text)
        user = self.request.user
        receipt = (
            Q(receipt_id=text) if user.is_superuser else Q(receipt_id=text, by_id=user.pk)
        )  # others may not read it
        return queryset.filter(found | receipt)
