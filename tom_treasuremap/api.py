"""REST: `/api/pointings/`, what `visible_to` lets a user see; read only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ParseError
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import IsAuthenticatedOrReadOnly

from tom_treasuremap.filters import PointingFilter
from tom_treasuremap.listing import values
from tom_treasuremap.models import Pointing


def body(request: Any) -> Mapping[str, Any]:
    """What a request posts, by field. Raises ParseError, a 400, for a list, a number or a text."""
    if not isinstance(request.data, Mapping):
        raise ParseError("Post an object with the names of the fields.")
    return request.data


class PointingSerializer(serializers.BaseSerializer):
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
