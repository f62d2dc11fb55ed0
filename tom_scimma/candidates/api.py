"""REST: candidates. Those who may change a target may decide on it, and add it to an event that they may see."""

from __future__ import annotations

import django_filters
from django.db.models import Prefetch, Q
from django.shortcuts import get_object_or_404
from rest_framework import mixins, serializers, status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.response import Response
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tom_scimma.api import Readable
from tom_scimma.candidates import deciding
from tom_scimma.conf import conf
from tom_scimma.filters import Number, UtcFilter
from tom_scimma.models import Candidate, CandidateDecision, CandidateLevel, Event
from tom_scimma.serializers import Rows


class LevelSerializer(Rows):
    """Where a candidate lies in one version of the map."""

    alert_type = serializers.CharField(source="alert.alert_type")

    class Meta:
        model = CandidateLevel
        fields = ["alert", "alert_type", "level", "volume_level", "inside"]
        read_only_fields = fields


class DecisionSerializer(Rows):
    """One decision of a person."""

    by = serializers.CharField(source="by.username", default=None)

    class Meta:
        model = CandidateDecision
        fields = ["status", "reason", "by", "at"]
        read_only_fields = fields


class CandidateSerializer(Rows):
    """A candidate with its levels in the versions that one may see."""

    event = serializers.CharField(source="event.name", read_only=True)
    event_state = serializers.CharField(source="event.state", read_only=True)
    target_name = serializers.CharField(source="target.name", read_only=True)
    ra = serializers.FloatField(source="target.ra", read_only=True)
    dec = serializers.FloatField(source="target.dec", read_only=True)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=deciding.LONGEST)
    decided_by = serializers.CharField(source="decided_by.username", default=None, read_only=True)
    added_by = serializers.CharField(source="added_by.username", default=None, read_only=True)
    levels = LevelSerializer(many=True, read_only=True)

    class Meta:
        model = Candidate
        fields = [
            "id",
            "event",
            "event_state",
            "target",
            "target_name",
            "ra",
            "dec",
            "level",
            "volume_level",
            "distance_mpc",
            "because",
            "since",
            "status",
            "reason",
            "decided_by",
            "decided_at",
            "added_by",
            "created",
            "levels",
        ]
        read_only_fields = [name for name in fields if name not in ("status", "reason")]


class CandidateDetailSerializer(CandidateSerializer):
    """One candidate, with all that was decided of it."""

    decisions = serializers.SerializerMethodField()

    class Meta(CandidateSerializer.Meta):
        fields = [*CandidateSerializer.Meta.fields, "decisions"]

    def get_decisions(self, row: Candidate) -> list[dict]:
        """Those that this user may read, the newest first."""
        rows = row.decisions.visible_to(self.context["request"].user).select_related("by")
        return DecisionSerializer(rows, many=True).data


class CandidateFilter(django_filters.rest_framework.FilterSet):
    """Candidates over REST; an event and a target are named, since a choice would list them to everybody."""

    event = django_filters.CharFilter(field_name="event__name")
    target = django_filters.NumberFilter(field_name="target_id")
    target_name = django_filters.CharFilter(field_name="target__name")
    level_max = Number(field_name="level", lookup_expr="lte")
    volume_level_max = Number(field_name="volume_level", lookup_expr="lte")
    inside = django_filters.BooleanFilter(method="by_place")
    since_after = UtcFilter(field_name="since", lookup_expr="gte")
    since_before = UtcFilter(field_name="since", lookup_expr="lte")
    decided_after = UtcFilter(field_name="decided_at", lookup_expr="gte")

    class Meta:
        model = Candidate
        fields = ["status", "because"]

    def by_place(self, queryset, name, value):
        inside = Q(level__lte=conf.CANDIDATE_LEVEL)
        return queryset.filter(inside) if value else queryset.exclude(inside)


class CandidateViewSet(mixins.CreateModelMixin, Readable):
    """Candidates. PATCH changes status and reason; POST {"event", "target"} adds a target by its key."""

    model = Candidate
    permission_classes = [IsAuthenticatedOrReadOnly]
    filterset_class = CandidateFilter
    ordering_fields = ["level", "volume_level", "since", "created", "decided_at", "id"]
    ordering = ["-pk"]

    def get_queryset(self):
        levels = (
            CandidateLevel.objects.visible_to(self.request.user).select_related("alert").order_by("alert__order", "pk")
        )
        rows = self.rows.select_related("event", "target", "decided_by", "added_by")
        return rows.prefetch_related(Prefetch("levels", levels))

    def get_serializer_class(self):
        return CandidateSerializer if self.action == "list" else CandidateDetailSerializer

    def create(self, request, *args, **kwargs):
        event = get_object_or_404(Event.objects.visible_to(request.user), name=str(request.data.get("event", "")))
        key = request.data.get("target")
        if isinstance(key, bool) or not str(key).isdecimal():
            raise ValidationError({"target": "Give the key of a target, a number."})
        mine = targets_for_user(request.user, Target.objects.filter(pk=int(key)), "view_target")
        row = deciding.add(event, get_object_or_404(mine), request.user)
        return Response(self.get_serializer(self.get_queryset().get(pk=row.pk)).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request, *args, **kwargs):
        row = self.get_object()
        said = self.get_serializer(row, data=request.data, partial=True)
        said.is_valid(raise_exception=True)
        if not Candidate.objects.filter(pk=row.pk).changeable_by(request.user).exists():
            raise PermissionDenied("Only those who may change the target may decide on it.")
        values = said.validated_data
        deciding.decide([row], values.get("status", row.status), values.get("reason", row.reason), request.user)
        return Response(self.get_serializer(self.get_queryset().get(pk=row.pk)).data)
