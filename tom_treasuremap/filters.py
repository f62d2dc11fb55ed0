"""What pages and REST choose pointings by."""

from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet

from tom_scimma.filters import UtcFilter
from tom_treasuremap.models import Pointing, Report


class Among(django_filters.MultipleChoiceFilter):
    """Any of several values that rows have which may be seen: a list of all would name what hidden ones have."""

    @property
    def field(self):
        values = self.parent.queryset.order_by().values_list(self.field_name, flat=True).distinct()
        self.extra["choices"] = sorted((value, value) for value in values if value)
        return super().field


class PointingFilter(django_filters.FilterSet):
    """Team, instrument, band, status, source, depth and time; several values of one are any of them."""

    event = django_filters.CharFilter(field_name="event__name")
    team = Among()
    instrument = django_filters.CharFilter(method="of_instrument", label="Instrument")
    band = Among()
    status = django_filters.MultipleChoiceFilter(choices=Pointing.Status.choices)
    source = django_filters.MultipleChoiceFilter(choices=Pointing.Source.choices)
    depth_min = django_filters.NumberFilter(field_name="depth", lookup_expr="gte", label="Depth from")
    depth_max = django_filters.NumberFilter(field_name="depth", lookup_expr="lte", label="Depth to")
    after = UtcFilter(field_name="time", lookup_expr="gte", label="After (UTC)")
    before = UtcFilter(field_name="time", lookup_expr="lte", label="Before (UTC)")
    changed_after = UtcFilter(field_name="changed", lookup_expr="gte", label="Changed after (UTC)")
    vanished = django_filters.BooleanFilter(method="gone", label="Also those that are gone")

    class Meta:
        model = Pointing
        fields: list = []

    def of_instrument(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """By its number at the Treasure Map, or a part of what it is called."""
        found = Q()
        for one in filter(None, map(str.strip, self.data.getlist(name))):
            found |= Q(telescope__icontains=one)
            if one.isdecimal() and len(one) < 10:
                found |= Q(instrument_id=int(one))
        return rows.filter(found)

    def words(self) -> list[str]:
        """What of the choice cannot be read, by the names that a page has for the fields."""
        fields = self.form.fields
        return [f"{fields[name].label or name}: {text}" for name, texts in self.errors.items() for text in texts]

    def gone(self, rows: QuerySet, name: str, value: bool) -> QuerySet:
        """True: only those that their source has no more; False: only those that it has."""
        return rows.filter(vanished__isnull=not value)


class ReportFilter(django_filters.FilterSet):
    """Event, status there, status wanted, and id there."""

    event = django_filters.CharFilter(field_name="event__name")

    class Meta:
        model = Report
        fields = ["status", "wanted", "number"]
