"""REST: `/api/telescopes/`, what is known of each and its state; who may say whether one is open says it by POST to `state/`."""

from __future__ import annotations

import dataclasses
import math
from datetime import timezone as zone
from typing import Any

from django.utils import timezone
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.response import Response

from tom_treasuremap.telescopes import STATES, Status, statuses, telescopes, writing
from tom_treasuremap.telescopes.telescope import Telescope


class StateSerializer(serializers.Serializer):
    """What is said of a telescope's state."""

    state = serializers.ChoiceField(
        choices=list(STATES),
        error_messages={"invalid_choice": "There is no state {input}; there are: " + ", ".join(STATES) + "."},
    )
    why = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    until = serializers.DateTimeField(required=False, allow_null=True, default=None, default_timezone=zone.utc)

    def validate_until(self, value):
        if value is not None and value <= timezone.now():
            raise serializers.ValidationError("That is over already.")
        return value


def stated(status: Status, user: Any) -> dict[str, Any]:
    """A state as JSON; who said it is told to people who are logged in."""
    found = dataclasses.asdict(status)
    return found if user.is_authenticated else {**found, "by": ""}


def described(one: Telescope, status: Status, user: Any) -> dict[str, Any]:
    """A telescope as JSON; what its transport is told stays here."""
    found = dataclasses.asdict(one)
    del found["options"]
    for axis in (found["slew"] or {}).get("axes", ()):
        axis["acceleration"] = axis["acceleration"] if math.isfinite(axis["acceleration"]) else None
    return {**found, "status": stated(status, user)}


class TelescopeViewSet(viewsets.ViewSet):
    """The telescopes by name."""

    permission_classes = [IsAuthenticatedOrReadOnly]
    lookup_field = "name"
    lookup_value_regex = "[a-z0-9-]+"

    def list(self, request):
        known = statuses()
        return Response([described(one, known.get(name, Status()), request.user) for name, one in telescopes().items()])

    def retrieve(self, request, name):
        return Response(described(self._one(name), statuses().get(name, Status()), request.user))

    @action(detail=True, methods=["get", "post"])
    def state(self, request, name):
        found = self._one(name)
        if request.method == "POST":
            if not request.user.has_perm("tom_treasuremap.set_telescope_state"):
                raise PermissionDenied("only those with the permission set_telescope_state may say this")
            said = StateSerializer(data=request.data)
            said.is_valid(raise_exception=True)
            values = said.validated_data
            status = writing.set_state(
                found.name, values["state"], request.user, timezone.now(), why=values["why"], until=values["until"]
            )
        else:
            status = statuses().get(name, Status())
        return Response({"telescope": found.name, **stated(status, request.user)})

    def _one(self, name: str) -> Telescope:
        found = telescopes().get(name)
        if found is None:
            raise NotFound(f"no telescope is called {name}")
        return found
