"""What was worked out about coverage, so that it is worked out once."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from tom_scimma.models import Event


class CoverageRun(models.Model):
    """One question about coverage, and its answer once a worker, or the page itself, has worked it out.

    `key` is made of everything that goes into the answer: the map, the pointings as they are, the source that was
    described. Who asks has shown by the key that they may see all of these.
    """

    class State(models.TextChoices):
        ASKED = "asked", "to be worked out"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="coverage_runs")
    key = models.CharField(max_length=64, unique=True)
    question = models.JSONField()  #: see covering.Question
    state = models.CharField(max_length=6, choices=State.choices, default=State.ASKED)
    answer = models.JSONField(default=dict)  #: see working.work
    residual = models.BinaryField(null=True)  #: the packed map of what is left
    error = models.TextField(blank=True)
    asked = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "id"], name="treasuremap_coverage_state"),
            models.Index(fields=["event", "-id"], name="treasuremap_coverage_event"),
        ]

    def __str__(self):
        return f"coverage of {self.event}: {self.state}"
