"""Who is who at HERMES, and what HERMES has of ours."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from tom_scimma.models import Delivery
from tom_scimma.secrets import SecretField


class HermesProfile(models.Model):
    """One user's own account at HERMES: its API token, which nobody is ever shown."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="hermes_profile")
    token = SecretField(null=True, blank=True)
    changed = models.DateTimeField(auto_now=True)

    def __str__(self):
        return f"HERMES account of {self.user}"


class Known(models.Model):
    """Something that HERMES was asked and that pages need at once: what an account may do, TNS's lists."""

    name = models.CharField(max_length=100, unique=True)  #: never holds a token, only a hash of it
    content = models.JSONField(default=dict)
    problem = models.CharField(max_length=500, blank=True)  #: why it could not be had the last time
    asked = models.DateTimeField(null=True)  #: None: somebody wants it asked anew; the worker does

    def __str__(self):
        return self.name


class SharedMessageQuerySet(models.QuerySet):
    def visible_to(self, user) -> SharedMessageQuerySet:
        """Those whose delivery this user may know of."""
        return self.filter(delivery__in=Delivery.objects.visible_to(user).values("pk"))


class SharedMessage(models.Model):
    """A message that HERMES published for this TOM; what it carried is with its delivery (the trunk's SharedItem)."""

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="hermes_message")
    uuid = models.UUIDField()  #: HERMES' id, the `_id` header
    topic = models.CharField(max_length=255)
    title = models.CharField(max_length=500, blank=True)
    sent = models.DateTimeField()
    names = models.JSONField(default=dict)  #: TNS name by the key of the target it was given to
    circular = models.PositiveIntegerField(null=True)  #: number of the GCN circular
    retracted = models.BooleanField(default=False)  #: hidden in the archive
    retracted_at = models.DateTimeField(null=True)

    objects = SharedMessageQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["uuid"], name="hermes_shared_uuid")]

    def __str__(self):
        return f"{self.topic} {self.title or self.uuid}"
