"""REST: gaps between the archive and this TOM, stretches that are fetched, and asking for one."""

from __future__ import annotations

from django.utils import timezone
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.response import Response

from tom_scimma.archive import shown
from tom_scimma.models import ArchiveDay, Backfill
from tom_scimma.serializers import Rows
from tom_scimma.views.archive import fetch
from tom_scimma.views.streams import PERMISSION


class DaySerializer(Rows):
    """One topic's day: what the archive lists to us, and what of it is not here."""

    class Meta:
        model = ArchiveDay
        fields = ["source", "topic", "day", "archived", "missing", "closed", "retracted", "looked"]
        read_only_fields = fields


class BackfillSerializer(Rows):
    """A stretch that is fetched, and how far it is."""

    class Meta:
        model = Backfill
        fields = [
            "id", "source", "topic", "asked", "state", "since", "until", "whole", "total", "seen", "read", "created",
            "quarantined", "unopened", "started", "moved",
        ]  # fmt: skip
        read_only_fields = fields


class Asking(serializers.Serializer):
    """What to fetch: days in UTC, the last one too."""

    source = serializers.CharField(required=False)
    topic = serializers.CharField()
    first = serializers.DateField()
    last = serializers.DateField()
    whole = serializers.BooleanField(required=False)


class GapViewSet(viewsets.GenericViewSet):
    """Days of topics we follow, as they compare with the archive; `?missing=true` those that lack something alone."""

    permission_classes = [IsAuthenticatedOrReadOnly]
    serializer_class = DaySerializer
    pagination_class = None
    queryset = ArchiveDay.objects.none()

    def list(self, request):
        days = [day for topic in shown.compared(request.user, timezone.now()) for day in topic.days]
        only = request.query_params.get("missing", "").lower() in ("true", "1")
        return Response(DaySerializer([day for day in days if day.missing or not only], many=True).data)

    @action(detail=False, methods=["post"], permission_classes=[IsAuthenticated])
    def fetch(self, request):
        """Queues the messages of these days that are not here; the worker fetches them."""
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        said = Asking(data=request.data)
        said.is_valid(raise_exception=True)
        try:
            row = fetch(request.user, {name: str(value) for name, value in said.validated_data.items()})
        except ValueError as error:
            raise ValidationError({"last": [str(error)]}) from error
        return Response(BackfillSerializer(row).data, status=201)


class BackfillViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Stretches of the archive that were asked for, and how far each is."""

    permission_classes = [IsAuthenticatedOrReadOnly]
    serializer_class = BackfillSerializer
    pagination_class = None
    queryset = Backfill.objects.none()

    def list(self, request, *args, **kwargs):
        return Response(BackfillSerializer(shown.fetched(request.user, timezone.now()), many=True).data)
