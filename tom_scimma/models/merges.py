"""Events that became one, or that may be one: who said so, when, and what it takes to part them again."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone

from tom_scimma.models.alerts import Alert
from tom_scimma.models.events import Event
from tom_scimma.models.visibility import VisibleQuerySet


class MergeQuerySet(VisibleQuerySet):
    """Merges and proposals, seen by those who may see both events and what says that they are one."""

    def visible_to(self, user) -> MergeQuerySet:
        """Rows whose events this user may see, and that are made of nothing that they may not."""
        rows = super().visible_to(user)
        if user is not None and user.is_active and user.is_superuser:
            return rows
        events = Event.objects.visible_to(user).order_by().values("pk")
        alerts = Alert.objects.visible_to(user).order_by().values("pk")
        rows = rows.filter(event__in=events).filter(models.Q(other=None) | models.Q(other__in=events))
        return rows.filter(models.Q(alert=None) | models.Q(alert__in=alerts))


class Merge(models.Model):
    """Two events that are one, were one, or may be one."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "proposed"  #: waits for a person
        MERGED = "merged", "merged"  #: `other` is no more; its name leads to `event`
        UNDONE = "undone", "undone"  #: parted again by a person; nothing joins them by itself any more
        REJECTED = "rejected", "rejected"  #: a person said that they are two

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="merges")  #: the one that stays
    other = models.ForeignKey(Event, on_delete=models.CASCADE, null=True, related_name="+")  #: None while it is merged
    name = models.CharField(max_length=200)  #: of the one that stays, then
    other_name = models.CharField(max_length=200)
    pair = models.CharField(max_length=64, unique=True)  #: of both names, in any order
    state = models.CharField(max_length=8, choices=State.choices)
    because = models.CharField(max_length=300)  #: why they are taken for one, in words
    alert = models.ForeignKey(Alert, on_delete=models.SET_NULL, null=True, related_name="+")  #: whose words say so
    made = models.DateTimeField(default=timezone.now)  #: when it was proposed or merged by itself
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=150, blank=True)  #: who decided; "": nobody in person
    decided = models.DateTimeField(null=True)  #: when a person accepted, rejected or undid it
    merged = models.DateTimeField(null=True)
    #: what `other` was and which rows came from it, to part them again
    moved = models.JSONField(default=dict)
    public = models.BooleanField(default=True)
    groups = models.ManyToManyField(Group, blank=True, related_name="+")

    objects = MergeQuerySet.as_manager()

    class Meta:
        ordering = ["-made", "-pk"]
        indexes = [models.Index(fields=["state", "-made"], name="scimma_merge_state")]

    def __str__(self):
        return f"{self.other_name} in {self.name}: {self.state}"


class Hint(models.Model):
    """What an alert says of a second event of which nobody has spoken yet: a proposal as soon as somebody does."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200, db_index=True)  #: of the second event, or the id of a notice about it
    because = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "name"], name="scimma_hint_once")]

    def __str__(self):
        return f"{self.alert_id}: {self.name}"


def pair_of(one: str, other: str) -> str:
    """The identity of a pair of names."""
    return hashlib.sha256("\n".join(sorted((one, other))).encode()).hexdigest()
