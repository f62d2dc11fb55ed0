"""REST: one's own subscriptions, what they met, and what they would have told."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.filters import OrderingFilter
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from tom_scimma import hooks
from tom_scimma.api import Pages
from tom_scimma.conf import conf
from tom_scimma.hindsight import would_have_told
from tom_scimma.models import Match, Subscription
from tom_scimma.notice import iso
from tom_scimma.query import QueryError, understand
from tom_scimma.query.doubts import doubts
from tom_scimma.serializers import Rows
from tom_scimma.subscription_form import ActionChoice, too_many, write
from tom_scimma.subscription_table import seen_matches, wrong_with


def doubted(row: Subscription, user: Any) -> list[str]:
    """Keys of its query that nothing has, a sentence each; none of a query that cannot run any more."""
    return [] if wrong_with(row.query) else doubts(row.query, user)


class Actions(serializers.Field):
    """What a subscription does: {"people": {options}}; each as its form allows."""

    def to_representation(self, actions) -> dict[str, Any]:
        return {row.name: row.options for row in actions.all()}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        declared = hooks.subscription_actions()
        if not isinstance(data, dict) or not all(isinstance(options, dict) for options in data.values()):
            raise serializers.ValidationError('give an object of objects: {"name of the action": {options}}')
        found = {}
        for name, options in data.items():
            if name not in declared:
                raise serializers.ValidationError(f"no action {name!r}; there are: {', '.join(declared) or 'none'}")
            found[name] = self._options(declared[name], options)
        return found

    def _options(self, declared: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        """As the page's form would take them."""
        name = declared["name"]
        data = {f"do-{name}": "1", **{f"{name}-{key}": value for key, value in options.items()}}
        choice = ActionChoice(declared, options, self.context["request"].user, data)
        if not choice.is_valid():
            raise serializers.ValidationError({name: choice.form.errors if choice.form else "not allowed"})
        return choice.options


class SubscriptionSerializer(Rows):
    """A subscription with what it does."""

    actions = Actions(required=False)

    class Meta:
        model = Subscription
        fields = [
            "id", "name", "query", "enabled", "critical", "tests", "reports", "follow", "cap", "actions", "created", "changed",
        ]  # fmt: skip
        read_only_fields = ["id", "created", "changed"]

    def to_representation(self, instance: Subscription) -> dict[str, Any]:
        """With what of its query nobody knows; in a list without, since that looks through events."""
        said = super().to_representation(instance)
        return said if self.parent is not None else {**said, "doubts": doubted(instance, self.context["request"].user)}

    def validate_query(self, text: str) -> str:
        try:
            understand(text)
        except QueryError as error:
            raise serializers.ValidationError({key: str(value) for key, value in error.to_json().items()}) from error
        return text

    def validate_name(self, name: str) -> str:
        mine = Subscription.objects.filter(owner=self.context["request"].user, name=name)
        if mine.exclude(pk=getattr(self.instance, "pk", None)).exists():
            raise serializers.ValidationError("you have a subscription of that name")
        return name

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None and (wrong := too_many(self.context["request"].user)):
            raise serializers.ValidationError(wrong)
        return attrs

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Subscription:
        actions = validated_data.pop("actions", {})
        row = Subscription.objects.create(owner=self.context["request"].user, **validated_data)
        write(row, actions, set(actions))
        return row

    @transaction.atomic
    def update(self, instance: Subscription, validated_data: dict[str, Any]) -> Subscription:
        actions = validated_data.pop("actions", None)
        row = super().update(instance, validated_data)
        if actions is not None:
            write(row, actions, set(hooks.subscription_actions()))
        return row


class MatchSerializer(Rows):
    """An alert that a subscription met."""

    event = serializers.CharField(source="alert.event.name")

    class Meta:
        model = Match
        fields = ["id", "event", "alert", "why", "change", "capped", "created", "acted", "error"]
        read_only_fields = fields


class SubscriptionViewSet(viewsets.ModelViewSet):
    """One's own subscriptions; those of others are not there, whoever asks."""

    permission_classes = [IsAuthenticated]
    serializer_class = SubscriptionSerializer
    pagination_class = Pages
    filter_backends = [OrderingFilter]
    ordering_fields = ["name", "created", "changed", "id"]
    ordering = ["name", "pk"]
    lookup_value_regex = "[0-9]+"

    def get_queryset(self):
        return Subscription.objects.filter(owner=self.request.user).prefetch_related("actions")

    @action(detail=True)
    def matches(self, request, pk=None):
        """What it met, newest first."""
        rows = seen_matches(request.user).filter(subscription=self.get_object()).select_related("alert__event")
        page = self.paginate_queryset(rows.defer("alert__document"))
        return self.get_paginated_response(MatchSerializer(page, many=True).data)

    @action(detail=True)
    def hindsight(self, request, pk=None):
        """What it would have told in the last month."""
        row = self.get_object()
        options = {name: getattr(row, name) for name in ("tests", "reports", "follow")}
        try:
            found = would_have_told(row.query, request.user, timezone.now(), seconds=conf.QUERY_SECONDS, **options)
        except QueryError as error:
            return Response({"query": error.to_json()}, status=400)
        told = [
            {"event": t.event.name, "alert": t.alert.pk, "sent": iso(t.alert.order), "why": t.why} for t in found.told
        ]
        said = {"since": iso(found.since), "complete": found.complete, "alerts": found.alerts, "told": told}
        return Response({**said, "doubts": doubted(row, request.user)})
