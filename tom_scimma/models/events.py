"""Events and their other names."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import models
from django.urls import reverse

from tom_scimma.models.visibility import VisibleQuerySet


class Event(models.Model):
    """One thing that happened in the sky, whatever reported it.

    Its values are folded from its alerts by `fold.py` (last known value of each, in the sender's order) and written by
    `ingest.py` alone. They come from public alerts only; an event that only one protected topic speaks of holds that
    topic's values and is seen by its groups; one that several protected topics speak of holds nothing but its name.
    """

    class State(models.TextChoices):
        ACTIVE = "active", "active"
        RETRACTED = "retracted", "retracted"
        REPORTED = "reported", "reported"  #: only reports so far, no word from an authority

    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=3)
    role = models.CharField(max_length=12, default="observation")
    state = models.CharField(max_length=12, choices=State.choices, default=State.REPORTED)
    source = models.CharField(max_length=100, blank=True)
    time = models.DateTimeField(null=True)
    first_sent = models.DateTimeField(null=True)
    latest = models.DateTimeField()  #: when its newest alert was sent; lists sort by it
    instruments = models.JSONField(default=list)
    far_hz = models.FloatField(null=True)
    classification = models.JSONField(default=dict)
    top_class = models.CharField(max_length=60, blank=True)
    top_probability = models.FloatField(null=True)
    properties = models.JSONField(default=dict)
    distance_mpc = models.FloatField(null=True)
    distance_sd_mpc = models.FloatField(null=True)
    ra = models.FloatField(null=True)
    dec = models.FloatField(null=True)
    radius_deg = models.FloatField(null=True)
    area_50 = models.FloatField(null=True)  #: deg2
    area_90 = models.FloatField(null=True)  #: deg2
    #: sender's order of the newest authoritative alert folded in; a later arrival before it means folding anew
    folded = models.DateTimeField(null=True)
    alert_count = models.IntegerField(default=0)
    localization = models.ForeignKey("Localization", on_delete=models.SET_NULL, null=True, related_name="+")
    target = models.ForeignKey(
        "tom_targets.BaseTarget", on_delete=models.SET_NULL, null=True, related_name="scimma_events"
    )
    target_made = models.BooleanField(default=False)  #: we made it, so we may move it
    public = models.BooleanField(default=True)
    groups = models.ManyToManyField(Group, blank=True, related_name="+")
    created = models.DateTimeField(auto_now_add=True)

    objects = VisibleQuerySet.as_manager()
    # while a batch is stored, not kept:
    anew = False  #: its values must be worked out from all its alerts: another event was joined to it
    opened = False  #: something public was said of it
    standing: int | None = None  #: whose words name it, see roster.standing
    formerly: tuple[str, ...] = ()  #: names it had before

    class Meta:
        ordering = ["-latest", "-pk"]
        indexes = [
            models.Index(fields=["-latest", "-id"], name="scimma_event_latest"),
            models.Index(fields=["role", "-latest", "-id"], name="scimma_event_role_latest"),
            models.Index(fields=["public", "role"], name="scimma_event_seen"),  # the list's count reads no row
            models.Index(fields=["time"], name="scimma_event_time"),
            models.Index(fields=["kind", "-latest"], name="scimma_event_kind"),
            models.Index(fields=["far_hz"], name="scimma_event_far"),
            models.Index(fields=["area_90"], name="scimma_event_area"),
            models.Index(fields=["distance_mpc"], name="scimma_event_distance"),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("tom_scimma:event", kwargs={"name": self.name})

    def latest_word(self):
        """When its authorities last said something, whoever may read it, by the sender's clock; None before they did."""
        return self.alerts.filter(authority=True).aggregate(models.Max("order"))["order__max"]


class Alias(models.Model):
    """Another name of an event; a name belongs to one event."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=200, unique=True)

    def __str__(self):
        return self.name


class NoticeId(models.Model):
    """An id of a notice, come or only cited so far, and the event that the notice speaks of."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="notice_ids")
    name = models.CharField(max_length=200, unique=True)

    def __str__(self):
        return self.name
