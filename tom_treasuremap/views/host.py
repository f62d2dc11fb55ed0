"""Some of the host's own pages, where it leaves to the facility what the facility cannot know: who asks, and whether they mean it.

They stand at the host's addresses, before its own, and do for other facilities what the host does.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django_filters import ModelMultipleChoiceFilter
from guardian.shortcuts import get_objects_for_user
from tom_observations.api_views import ObservationRecordViewSet
from tom_observations.models import ObservationRecord
from tom_observations.views import ObservationFilter, ObservationListView, ObservationRecordCancelView
from tom_targets.models import Target
from tom_targets.permissions import targets_for_user

from tom_treasuremap.followup import asking, cancelling
from tom_treasuremap.followup.asker import asking_as
from tom_treasuremap.models import Asked


def _targets(request: Any) -> Any:
    asked = Target.objects.filter(observationrecord__isnull=False)
    return targets_for_user(request.user, asked, "view_target").distinct().order_by("name")


def _groups(request: Any) -> Any:
    return get_objects_for_user(request.user, "tom_observations.view_observationgroup")


class SeenFilter(ObservationFilter):
    """Offers what the user may see; the host's offers everybody the names of all targets that were ever asked for, private ones too."""

    target_id = ModelMultipleChoiceFilter(queryset=_targets)
    observationgroup = ModelMultipleChoiceFilter(label="Observation Groups", queryset=_groups)


class ObservationsView(ObservationListView):
    """`/observations/list/`"""

    filterset_class = SeenFilter


class ObservationsViewSet(ObservationRecordViewSet):
    """`/api/observations/`: a stranger is told nothing of a target, not even why it cannot be observed."""

    filterset_class = SeenFilter

    def get_queryset(self) -> Any:
        """The host's, which leaves out PUBLIC and OPEN targets; what its page shows and cancels is found to be cancelled here, too."""
        rows = super().get_queryset()
        if self.action != "cancel":
            return rows
        seen = Asked.objects.visible_to(self.request.user).values("record")
        return ObservationRecord.objects.filter(Q(pk__in=rows.values("pk")) | Q(pk__in=seen))

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """The host's, whose form in a browser offers only what the user may see."""
        serializer = super().get_serializer(*args, **kwargs)
        target = getattr(serializer, "child", serializer).fields["target"]
        target.queryset = targets_for_user(self.request.user, Target.objects.all(), "view_target")
        return serializer

    def create(self, request, *args: Any, **kwargs: Any):
        with asking_as(request.user):
            return super().create(request, *args, **kwargs)

    def cancel(self, request, *args: Any, **kwargs: Any):
        with asking_as(request.user):
            return super().cancel(request, *args, **kwargs)


class ObservationCancelView(ObservationRecordCancelView):
    """`/observations/<pk>/cancel/`: the host cancels at a GET, which any page in the world can have a browser do; ours asks back."""

    def get(self, request, *args: Any, **kwargs: Any):
        record = get_object_or_404(ObservationRecord, pk=kwargs["pk"])
        if record.facility != asking.FACILITY:
            return super().get(request, *args, **kwargs)
        row = get_object_or_404(Asked.objects.visible_to(request.user).select_related("record"), record=record)
        if not cancelling.may_cancel(record, request.user):  # as it is answered who says yes
            messages.error(request, "It is not yours to cancel.")
            return redirect("tom_observations:detail", pk=record.pk)
        context = {"row": row, "cadences": cancelling.cadences(record)}
        return render(request, "tom_treasuremap/cancel.html", context)

    def post(self, request, *args: Any, **kwargs: Any):
        record = get_object_or_404(ObservationRecord, pk=kwargs["pk"])
        if record.facility == asking.FACILITY and request.POST.get("cadence"):
            cancelling.end_cadences(record, request.user)
        return super().get(request, *args, **kwargs)
