"""How fetching an event's pointings goes, and what the Treasure Map calls the event."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from tom_scimma.models import Event


class EventName(models.Model):
    """What a server calls an event: reports go under `graceid`; unknown events have none."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    origin = models.CharField(max_length=200)
    graceid = models.CharField(max_length=100, blank=True)
    others = models.JSONField(default=list, blank=True)
    checked = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "origin"], name="treasuremap_name_once")]

    def __str__(self):
        return f"{self.event} is {self.graceid or 'unknown'} at {self.origin}"


class FetchState(models.Model):
    """How often and how well an event's pointings are fetched from one source."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="pointing_fetches")
    source = models.CharField(max_length=12)
    origin = models.CharField(max_length=200, blank=True)
    due = models.DateTimeField(null=True)  #: None: only on demand
    followed = models.BooleanField(default=False)  #: a person wants it followed, whatever its age
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    asked = models.DateTimeField(null=True)  #: when somebody last asked for it at once
    tried = models.DateTimeField(null=True)
    fetched = models.DateTimeField(null=True)  #: when it last succeeded
    complete = models.DateTimeField(null=True)  #: when all rows were last read
    seconds = models.FloatField(null=True)
    count = models.IntegerField(default=0)  #: rows that the source had
    new = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    vanished = models.IntegerField(default=0)
    failures = models.IntegerField(default=0)  #: in a row
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "source", "origin"], name="treasuremap_fetch_once")]
        indexes = [models.Index(fields=["due"], name="treasuremap_fetch_due")]

    def __str__(self):
        return f"{self.event} from {self.origin or self.source}"
