"""What was fetched from the past, and where it goes on."""

from __future__ import annotations

from datetime import timedelta, timezone

from django.conf import settings
from django.db import models


class Backfill(models.Model):
    """One stretch of one topic's past: begun, how far it got, and what came of it."""

    class State(models.TextChoices):
        QUEUED = "queued", "waits for the worker"
        RUNNING = "running", "running, or cut short"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    source = models.CharField(max_length=40)
    topic = models.CharField(max_length=255)
    #: what was asked for, as text: times, names; with source and topic it says which stretch this is
    asked = models.CharField(max_length=255, blank=True)
    cursor = models.JSONField(default=dict)  #: where it goes on, in the source's own words
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    read = models.BigIntegerField(default=0)
    created = models.BigIntegerField(default=0)  #: messages that were not here before
    quarantined = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)  #: messages of the stretch, where the past can say so
    seen = models.BigIntegerField(default=0)  #: of those, looked at in this run, with what is here already
    unopened = models.BigIntegerField(default=0)  #: listed, but not opened to us
    since = models.DateTimeField(null=True)  #: of a stretch that a person asked for on a page
    until = models.DateTimeField(null=True)
    whole = models.BooleanField(default=False)  #: large messages are fetched too
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    started = models.DateTimeField()
    moved = models.DateTimeField()  #: when the cursor last did
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-moved", "-pk"]
        constraints = [models.UniqueConstraint(fields=["source", "topic", "asked"], name="scimma_backfill_once")]

    def __str__(self):
        return f"{self.source}: {self.topic} {self.asked}"

    @property
    def days(self) -> str:
        """The days of a stretch that a person asked for, UTC."""
        if self.since is None or self.until is None:
            return self.asked
        first, last = (
            moment.astimezone(timezone.utc) for moment in (self.since, self.until - timedelta(milliseconds=1))
        )
        return f"{first:%Y-%m-%d}" if first.date() == last.date() else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
