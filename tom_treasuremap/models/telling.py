"""What ways to a telescope keep: what simulated ones took, what others told by a topic, people's tokens at an OCS."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from tom_scimma.models import Message
from tom_scimma.secrets import SecretField


class SimulatedRequest(models.Model):
    """One request that a simulated telescope took; what becomes of it follows from these rows, its seed and the time."""

    telescope = models.CharField(max_length=60)
    request_id = models.CharField(max_length=60)
    key = models.CharField(max_length=64)  #: of the delivery that brought it
    request = models.JSONField()  #: see `transports/document.py`
    taken = models.DateTimeField(default=timezone.now)
    cancelled = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["telescope", "request_id"], name="treasuremap_simulated_once"),
        ]
        indexes = [models.Index(fields=["key"], name="treasuremap_simulated_key")]

    def __str__(self):
        return f"{self.request_id} at {self.telescope}"


class ToldState(models.Model):
    """What a telescope said last, on its topic, of one request."""

    telescope = models.CharField(max_length=60)
    request_id = models.CharField(max_length=60)
    state = models.JSONField()  #: see `transports/told.py`
    said = models.DateTimeField()  #: when; what was said before it and comes later changes nothing
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["telescope", "request_id"], name="treasuremap_told_once")]

    def __str__(self):
        return f"{self.request_id} at {self.telescope}: {self.state.get('state')}"


class OcsProfile(models.Model):
    """One user's own account at the Observatory Control System: its API token, which nobody is ever shown."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ocs_profile")
    token = SecretField(null=True, blank=True)
    changed = models.DateTimeField(auto_now=True)

    def __str__(self):
        return f"OCS account of {self.user}"
