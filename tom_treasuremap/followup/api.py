"""REST: `/api/followup/` what was asked of telescopes, asking, cancelling, marking; `/api/armings/` what this TOM may ask by itself."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from tom_treasuremap.api import Pages, Shown, body
from tom_treasuremap.facility import FollowUpFacility
from tom_treasuremap.followup import arming, asking, cadences, cancelling, idle, marking, withdrawn, written
from tom_treasuremap.followup.forms import FORMS
from tom_treasuremap.models import Arming, Asked
from tom_treasuremap.views.armings import ArmForm
from tom_treasuremap.views.asked import MarkForm


class AskedSerializer(Shown):
    """One request: what was asked, and what became of it."""

    def to_representation(self, instance: Asked) -> dict[str, Any]:
        record = instance.record
        times = {name: getattr(record, name) for name in ("scheduled_start", "scheduled_end")}
        return {
            "id": instance.pk,
            "observation": record.pk,
            "target": record.target_id,
            "status": record.status,
            **{name: written.iso(value) if value else None for name, value in times.items()},
            "request": instance.request,
            "night": instance.night.isoformat(),
            "event": instance.event.name if instance.event is not None else None,
            "plan": instance.plan or None,
            "armed_by": instance.armed_by or None,
            "message": instance.message,
            "observed": instance.observed,
            "products": instance.products,
            "delivery": instance.submission_id,
            "cancelling": instance.cancellation_id,
        }


#: what the form calls otherwise than the request, or says above all fields where the page has none to see
NAMES = {"target_id": "target", "target": "target", "event": "event"}
WHOLE = "non_field_errors"


def wrong(form: Any) -> dict[str, list[str]]:
    """What is wrong with a form, by the names that a request has for its fields."""
    found: dict[str, list[str]] = {}
    for name, errors in form.errors.as_data().items():
        for error in errors:
            at = NAMES.get(str(error.code), WHOLE) if name == NON_FIELD_ERRORS else NAMES.get(name, name)
            found.setdefault(at, []).extend(error.messages)
    return found


class AskedViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """By `telescope`, `night`, `event`, `status`, `plan`. POST asks, with the fields of the form; what is wrong is said by field."""

    serializer_class = AskedSerializer
    permission_classes = [IsAuthenticated]
    pagination_class = Pages
    lookup_value_regex = "[0-9]+"

    def get_queryset(self):
        rows = Asked.objects.visible_to(self.request.user).exclude(record=None)
        rows = rows.select_related("record__target", "event", "submission", "cancellation")
        said = self.request.query_params
        names = {"telescope": "telescope", "event": "event__name", "status": "record__status", "plan": "plan"}
        rows = rows.filter(**{path: said[name] for name, path in names.items() if said.get(name)})
        if said.get("night"):
            field = serializers.DateField()
            rows = rows.filter(night=field.run_validation(said["night"]))
        return rows

    def create(self, request, *args, **kwargs):
        """Asks a telescope: `kind`, `target` (its number), `telescope`, `filter_1`, `seconds_1`, `start`, `end`, ..."""
        kind = str(body(request).get("kind", "imaging"))
        if kind not in FORMS:
            raise ValidationError({"kind": [f"no {kind}; there are: {', '.join(FORMS)}"]})
        facility = FollowUpFacility()
        facility.set_user(request.user)
        said = {
            **dict(request.data.items()),
            "facility": facility.name,
            "target_id": request.data.get("target"),
            "observation_type": kind,
        }
        form = FORMS[kind](said, facility=facility)
        if not form.is_valid():
            raise ValidationError(wrong(form))
        from tom_targets.models import Target

        target = Target.objects.get(pk=form.cleaned_data["target_id"])
        records = asking.ask(form.requests, by=request.user, event=form.follows, targets=target)
        rows = self.get_queryset().filter(record__in=[record.pk for record in records])
        return Response([AskedSerializer(row).data for row in rows], status=201)

    @action(detail=True, methods=["post"])
    def cancel(self, request, pk=None):
        """Takes it back; with `cadence` true ends the host's cadence, too, also where the observation itself is over."""
        row = self.get_object()
        if not (cancelling.may_cancel(row.record, request.user) or row.is_stoppable):
            raise PermissionDenied("It is not yours to cancel.")
        try:
            end = serializers.BooleanField().run_validation(body(request).get("cadence", False))
        except ValidationError as error:
            raise ValidationError({"cadence": error.detail}) from error
        ended = end and cancelling.end_cadences(row.record, request.user)
        left = cancelling.cancel([row.record], request.user, f"Cancelled by {request.user.get_username()}.")
        if left and not (ended and row.is_over):
            raise ValidationError({"status": list(left.values())})
        asks = cancelling.cadences(row.record).exists()
        return Response({**AskedSerializer(self.get_object()).data, "cadence_goes_on": asks})

    @action(detail=True, methods=["post"])
    def resume(self, request, pk=None):
        """Sets the host's cadences going that the observation is of and that a retraction put at rest."""
        row = self.get_object()
        if not cancelling.may_cancel(row.record, request.user):
            raise PermissionDenied("It is not yours to resume.")
        resting = cadences.at_rest(row.record)
        if not resting:
            raise ValidationError({WHOLE: ["No cadence of it is at rest."]})
        for cadence in resting:
            cadences.resume(cadence, request.user)
        return Response({**AskedSerializer(self.get_object()).data, "cadence_goes_on": True})

    @action(detail=True, methods=["post"])
    def keep(self, request, pk=None):
        """It stays, though the event was retracted."""
        row = self.get_object()
        if not cancelling.may_cancel(row.record, request.user):
            raise PermissionDenied("It is not yours to keep.")
        withdrawn.keep(row, request.user)
        return Response(AskedSerializer(self.get_object()).data)

    @action(detail=True, methods=["post"])
    def mark(self, request, pk=None):
        """What became of it: `what` (observed, begun, failed, skipped), `why`, `start`, `depth`."""
        row, what = self.get_object(), str(body(request).get("what", ""))
        if not marking.may_mark(row, request.user):
            raise PermissionDenied("It is not yours to mark.")
        form = MarkForm(request.data)
        if what not in marking.STATES:
            raise ValidationError({"what": [f"one of {', '.join(marking.STATES)}"]})
        if not form.is_valid():
            raise ValidationError(wrong(form))
        if not marking.mark(row, what, request.user, **form.cleaned_data):
            raise ValidationError({"what": ["It has ended already."]})
        return Response(AskedSerializer(self.get_object()).data)


class ArmingSerializer(Shown):
    """One arming."""

    def to_representation(self, instance: Arming) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "telescope": instance.telescope,
            "rule": instance.rule_id,
            "by": instance.by.get_username(),
            "since": written.iso(instance.since),
            "until": written.iso(instance.until),
            "hours": instance.hours,
            "requests": instance.requests,
            "cancels": instance.cancels,
            "in_force": instance.is_in_force,
            "why": instance.why,
            "asks_nothing": idle.why(instance.rule, instance.telescope),
        }


class ArmingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """POST arms, for those with the permission; DELETE disarms."""

    serializer_class = ArmingSerializer
    permission_classes = [IsAuthenticated]
    pagination_class = Pages
    lookup_value_regex = "[0-9]+"

    def get_queryset(self):
        return (
            Arming.objects.visible_to(self.request.user).select_related("rule", "by").prefetch_related("rule__actions")
        )

    def create(self, request, *args, **kwargs):
        if not arming.may_arm(request.user):
            raise PermissionDenied("You may not arm telescopes.")
        form = ArmForm(body(request), user=request.user)
        if not form.is_valid():
            raise ValidationError(wrong(form))
        said = dict(form.cleaned_data)
        try:
            row = arming.arm(said.pop("telescope"), said.pop("rule"), request.user, said.pop("until"), **said)
        except ValueError as error:
            raise ValidationError({WHOLE: [str(error)]}) from error
        return Response(ArmingSerializer(row).data, status=201)

    def destroy(self, request, *args, **kwargs):
        """Disarms; the row stays."""
        row = self.get_object()
        arming.disarm(row, request.user, str(body(request).get("why", ""))[:500])
        row.refresh_from_db()
        return Response(ArmingSerializer(row).data)
