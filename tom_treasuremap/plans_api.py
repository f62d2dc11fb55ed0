"""REST: `/api/plans/`, what `visible_to` lets a user see; asking for one is a POST, approving it another."""

from __future__ import annotations

from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied as Forbidden
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from tom_scimma.models import Event
from tom_treasuremap.api import Shown, body
from tom_treasuremap.models import Plan
from tom_treasuremap.plan_forms import QuestionForm
from tom_treasuremap.plans import approving, making, sheet, written

COLUMNS = (
    "version", "state", "why", "telescopes", "question", "standing", "value", "bound", "gap", "stopped", "how", "improving",
    "changes", "error", "subscription", "asked", "ready", "approved", "sent", "ended", "reported",
)  # fmt: skip
#: of what it stands on, what is for the planner alone
INSIDE = ("pointings", "begun")
VISIT = (
    "order",
    "telescope",
    "field",
    "start",
    "end",
    "band",
    "exposure",
    "ra",
    "dec",
    "pos_angle",
    "turn",
    "gain",
    "told",
)


class PlanSerializer(Shown):
    """A plan with its visits; with why each field is in or out where one plan is asked for."""

    def to_representation(self, instance: Plan) -> dict[str, Any]:
        said = {
            "id": instance.pk,
            "line": instance.line_id,
            "event": instance.event.name if instance.event else None,
            **{name: getattr(instance, name) for name in COLUMNS},
            "asked_by": instance.asked_by.get_username() if instance.asked_by else None,
            "approved_by": instance.approved_by.get_username() if instance.approved_by else None,
        }
        said["standing"] = {name: value for name, value in instance.standing.items() if name not in INSIDE}
        if self.context.get("whole"):
            rows = instance.visits.select_related("observation").order_by("order")
            said["visits"] = [
                {
                    **{name: getattr(one, name) for name in VISIT},
                    "observation": one.observation_id,
                    "status": one.observation.status if one.observation else None,
                }
                for one in rows
            ]
            said["reasons"] = written.reasons(instance)
        return said


class PlanFilter(django_filters.FilterSet):
    event = django_filters.CharFilter(field_name="event__name")
    state = django_filters.MultipleChoiceFilter(choices=Plan.State.choices)

    class Meta:
        model = Plan
        fields: list = []


class Pages(LimitOffsetPagination):
    default_limit = 50
    max_limit = 500


class PlanViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Plans: the list, one with its visits and reasons, asking, approving, stopping."""

    serializer_class = PlanSerializer
    permission_classes = [IsAuthenticated]
    pagination_class = Pages
    filter_backends = [DjangoFilterBackend]
    filterset_class = PlanFilter

    def get_queryset(self):
        rows = Plan.objects.visible_to(self.request.user).select_related("event", "asked_by", "approved_by")
        return rows.defer("fields") if self.detail else rows.defer("fields", "considered")

    def get_serializer_context(self):
        return {**super().get_serializer_context(), "whole": bool(self.detail)}

    def create(self, request):
        """Asks for a plan: {"event": name or null, and what the form has}; 202 with the row that the worker makes."""
        name = body(request).get("event")
        event = Event.objects.visible_to(request.user).filter(name=name).first() if name else None
        if name and event is None:
            raise ValidationError({"event": [f"No event that you may see is called {name}."]})
        form = QuestionForm(request.data, user=request.user, event=event)
        if not form.is_valid():
            raise ValidationError(form.errors)
        row = making.ask(form.question(), by=request.user, event=event)
        return Response(self.get_serializer(row).data, status=202)

    @action(detail=True, methods=["post"])
    def approve(self, request, pk=None):
        """Approves and sends it; {"send": false}: approves only. 409 where that cannot be done any more."""
        row, wanted = self.get_object(), body(request)
        try:
            row = approving.approve(
                row, request.user, sends=wanted.get("send", True) not in (False, "false", "0"),
                reports=wanted.get("report") in (True, "true", "1") if "report" in wanted else None,
            )  # fmt: skip
        except PermissionDenied as error:
            raise Forbidden(str(error)) from error
        except approving.NotNow as error:
            return Response({"detail": str(error)}, status=409)
        return Response(self.get_serializer(row).data)

    @action(detail=True, methods=["post"])
    def stop(self, request, pk=None):
        """Ends the search; the best plan so far stays."""
        row = self.get_object()
        if not sheet.may_change(row, request.user):
            raise Forbidden("Only who asked for it, and who may approve plans, may stop its search.")
        making.stop(row)
        row.refresh_from_db()
        return Response(self.get_serializer(row).data)
