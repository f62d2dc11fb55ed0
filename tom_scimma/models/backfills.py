"""What was fetched from the past, and where it goes on."""

from __future__ import annotations

from django.db import models


class Backfill(models.Model):
    """One stretch of one topic's past: begun, how far it got, and what came of it."""

    class State(models.TextChoices):
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
    started = models.DateTimeField()
    moved = models.DateTimeField()  #: when the cursor last did
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-moved", "-pk"]
        constraints = [models.UniqueConstraint(fields=["source", "topic", "asked"], name="scimma_backfill_once")]

    def __str__(self):
        return f"{self.source}: {self.topic} {self.asked}"
