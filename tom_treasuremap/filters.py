"""What pages and REST choose pointings by."""

from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet

from tom_treasuremap.models import Pointing, Report


class PointingFilter(django_filters.FilterSet):
    """Team, instrument, band, status, source, depth and time; several values of one are any of them."""

    event = django_filters.CharFilter(field_name="event__name")
    team = django_filters.AllValuesMultipleFilter()
    instrument = django_filters.CharFilter(method="of_instrument", label="Instrument")
    band = django_filters.AllValuesMultipleFilter()
    status = django_filters.MultipleChoiceFilter(choices=Pointing.Status.choices)
    source = django_filters.MultipleChoiceFilter(choices=Pointing.Source.choices)
    depth_min = django_filters.NumberFilter(field_name="depth", lookup_expr="gte", label="Depth from")
    depth_max = django_filters.NumberFilter(field_name="depth", lookup_expr="lte", label="Depth to")
    after = django_filters.IsoDateTimeFilter(field_name="time", lookup_expr="gte", label="After (UTC)")
    before = django_filters.IsoDateTimeFilter(field_name="time", lookup_expr="lte", label="Before (UTC)")
    changed_after = django_filters.IsoDateTimeFilter(field_name="changed", lookup_expr="gte", label="Changed after")
    vanished = django_filters.BooleanFilter(method="gone", label="Also those that are gone")

    class Meta:
        model = Pointing
        fields: list = []

    def of_instrument(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """By its number at the Treasure Map, or a part of what it is called."""
        value = value.strip()
        named = Q(telescope__icontains=value)
        return rows.filter(named | Q(instrument_id=int(value)) if value.isdigit() and len(value) < 10 else named)

    def gone(self, rows: QuerySet, name: str, value: bool) -> QuerySet:
        """True: only those that their source has no more; False: only those that it has."""
        return rows.filter(vanished__isnull=not value)


class ReportFilter(django_filters.FilterSet):
    """Event, status there, status wanted, and id there."""

    event = django_filters.CharFilter(field_name="event__name")

    class Meta:
        model = Report
        fields = ["status", "wanted", "number"]
