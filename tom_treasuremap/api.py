"""REST: `/api/pointings/` and `/api/treasuremap-reports/`, what `visible_to` lets a user see; read only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ParseError
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.utils.serializer_helpers import ReturnDict

from tom_treasuremap.filters import PointingFilter, ReportFilter
from tom_treasuremap.listing import values
from tom_treasuremap.models import Pointing, Report


def body(request: Any) -> Mapping[str, Any]:
    """What a request posts, by field. Raises ParseError, a 400, for a list, a number or a text."""
    if not isinstance(request.data, Mapping):
        raise ParseError("Post an object with the names of the fields.")
    return request.data


class Shown(serializers.BaseSerializer):
    """What is shown, and taken by forms of ours: of one that is empty, DRF's page for browsers asks its fields and how they begin."""

    fields: Mapping[str, Any] = {}

    def get_initial(self) -> dict[str, Any]:
        return {}

    @property
    def data(self) -> Any:
        found = super().data
        return found if self.instance is not None else ReturnDict(found, serializer=self)

    def __iter__(self) -> Iterator[Any]:
        return iter(())


class PointingSerializer(Shown):
    """The columns of the downloads, with the footprint and the last changes."""

    def to_representation(self, instance: Pointing) -> dict:
        return {"id": instance.pk, **values(instance), "footprint": instance.footprint, "history": instance.history}


class Pages(LimitOffsetPagination):
    """`?limit=&offset=`, never more than 1000 at once."""

    default_limit = 100
    max_limit = 1000


class PointingViewSet(viewsets.ReadOnlyModelViewSet):
    """Who looked where: by event, team, instrument, band, status, source, depth, time."""

    serializer_class = PointingSerializer
    permission_classes = [IsAuthenticatedOrReadOnly]
    pagination_class = Pages
    filter_backends = [DjangoFilterBackend, OrderingFilter]
    filterset_class = PointingFilter
    ordering_fields = ["time", "changed", "first_seen", "ra", "dec", "depth", "id"]

    def get_queryset(self):
        return Pointing.objects.visible_to(self.request.user).select_related("event").defer("document")


class ReportSerializer(Shown):
    """What was told, what the Treasure Map has of it, and the deliveries that told it."""

    def to_representation(self, instance: Report) -> dict:
        names = (
            "source",
            "turn",
            "wanted",
            "status",
            "number",
            "graceid",
            "doi",
            "problem",
            "said",
            "created",
            "changed",
        )
        sent = [{"id": row.pk, "state": row.state} for row in instance.deliveries]
        found = {name: getattr(instance, name) for name in names}
        return {"id": instance.pk, "event": instance.event.name, **found, "deliveries": sent}


class ReportViewSet(viewsets.ReadOnlyModelViewSet):
    """What this TOM told the Treasure Map: by event, status, what it is to have, and its id there."""

    serializer_class = ReportSerializer
    permission_classes = [IsAuthenticated]
    pagination_class = Pages
    filter_backends = [DjangoFilterBackend, OrderingFilter]
    filterset_class = ReportFilter
    ordering_fields = ["changed", "created", "id"]

    def get_queryset(self):
        rows = Report.objects.visible_to(self.request.user)
        return rows.select_related("event", "posted", "completed", "cancelled", "doi_asked")
