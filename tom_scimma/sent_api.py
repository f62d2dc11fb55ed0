"""REST: /api/deliveries/. Who may know of one sees its row; who may see its subject, also what it says."""

from __future__ import annotations

import base64

from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from tom_scimma import acts, readership
from tom_scimma.api import Readable
from tom_scimma.models import Attempt, Delivery
from tom_scimma.sent_filter import DeliveryFilter
from tom_scimma.serializers import Rows
from tom_scimma.views.sent import perform

#: what quotes the payload or what the service said of it
QUOTING = ("subject", "reason", "errors", "receipt_id", "receipt_url", "receipt", "payload", "log")


class AttemptSerializer(Rows):
    """What was done about a delivery, once."""

    class Meta:
        model = Attempt
        fields = ["what", "number", "by_name", "started", "ended", "answer", "text"]
        read_only_fields = fields


class DeliverySerializer(Rows):
    """One thing said. What quotes it is null for those who may not see its subject; `readable` says so."""

    sender = serializers.CharField()
    event = serializers.CharField(source="event.name", default=None)
    readable = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = [
            *(
                "id",
                "destination",
                "origin",
                "state",
                "reason",
                "needs_person",
                "sender",
                "subject",
                "event",
                "is_test",
            ),
            *("created", "not_before", "deadline", "finished", "after", "resend_of", "generation", "key", "sha256"),
            *("size", "attempts", "looks", "receipt_id", "receipt_url", "readable"),
        ]
        read_only_fields = fields

    def get_readable(self, delivery) -> bool:
        return delivery.pk in self.context["readable"]

    def to_representation(self, instance):
        said = super().to_representation(instance)
        if not said["readable"]:
            said.update({name: None for name in QUOTING if name in said})
        return said


class DeliveryDetailSerializer(DeliverySerializer):
    """One delivery with its payload (base64), its receipt and its record."""

    payload = serializers.SerializerMethodField()
    log = AttemptSerializer(many=True)
    acts = serializers.SerializerMethodField()

    class Meta(DeliverySerializer.Meta):
        fields = [*DeliverySerializer.Meta.fields, "errors", "receipt", "payload", "log", "acts"]
        read_only_fields = fields

    def get_payload(self, delivery) -> str:
        return base64.b64encode(bytes(delivery.payload)).decode("ascii")

    def get_acts(self, delivery) -> list[str]:
        user = self.context["request"].user
        return sorted(acts.offered(delivery)) if acts.may_act(delivery, user) else []


class DeliveryViewSet(Readable):
    """What this TOM has told the world. POST to `act/<name>/` does what `acts` of the detail lists."""

    model = Delivery
    filterset_class = DeliveryFilter
    ordering_fields = ["id", "created", "finished"]
    ordering = ["-pk"]

    def get_queryset(self):
        rows = self.rows.select_related("event", "after", "resend_of")
        return rows.defer("payload", "receipt", "errors") if self.action == "list" else rows

    def get_serializer(self, rows, **options):
        """With what this user may read, asked once for all rows."""
        listed = rows if options.get("many") else [rows]
        context = {**self.get_serializer_context(), "readable": readership.readable(listed, self.request.user)}
        return self.get_serializer_class()(rows, context=context, **options)

    def get_serializer_class(self):
        return DeliverySerializer if self.action == "list" else DeliveryDetailSerializer

    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated], url_path=r"act/(?P<name>[a-z]+)")
    def act(self, request, pk=None, name=""):
        """Releases, cancels, sends again, ...: 409 with the reason when that is not possible (any more)."""
        delivery = self.get_object()
        if not acts.may_act(delivery, request.user) or not readership.may_read(delivery, request.user):
            raise PermissionDenied("only its sender, and who may change deliveries, may do that")
        try:
            new = perform(delivery, name, request.user, request.data)
        except acts.NotNow as error:
            return Response({"detail": str(error)}, status=status.HTTP_409_CONFLICT)
        shown = new or delivery
        shown.refresh_from_db()
        return Response(self.get_serializer(shown).data)
