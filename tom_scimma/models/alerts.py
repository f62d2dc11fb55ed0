"""What somebody said of an event, where, and what that asks for."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from tom_scimma import notice
from tom_scimma.models.events import Event
from tom_scimma.models.messages import Message
from tom_scimma.models.visibility import VisibleQuerySet


class OfMessage(VisibleQuerySet):
    groups_lookup = "message__groups"


class OfAlert(VisibleQuerySet):
    public_lookup = "alert__public"
    groups_lookup = "alert__message__groups"


#: the order in which alerts stand for their event: what its source said, the newest first, then what anybody reports
FOREMOST = ("-authority", "-order", "-pk")


class Alert(models.Model):
    """One version of what somebody said of an event."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="alerts")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="alerts")
    position = models.IntegerField(default=0)  #: in the message, from 0
    #: identity of what is said (Notice.key with authority and audience): a repeat by another message is no new row
    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=3)
    alert_type = models.CharField(max_length=14)
    role = models.CharField(max_length=12)
    source = models.CharField(max_length=100)
    time = models.DateTimeField(null=True)
    sent = models.DateTimeField(null=True)  #: as the sender says
    order = models.DateTimeField()  #: the sender's time where it can be believed, else the broker's, else ours
    far_hz = models.FloatField(null=True)
    authority = models.BooleanField(default=False)  #: False: a report, which never changes the event
    live = models.BooleanField(default=False)  #: only a live alert is acted on
    public = models.BooleanField(default=True)  #: False: only the message's groups see it
    document = models.JSONField()  #: the whole notice in normal form

    objects = OfMessage.as_manager()

    class Meta:
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["message", "position"], name="scimma_alert_place")]
        indexes = [models.Index(fields=["event", "order"], name="scimma_alert_event_order")]

    def __str__(self):
        return f"{self.source} {self.alert_type} of {self.event_id}"

    @property
    def notice(self) -> notice.Notice:
        """The notice as parsed, without sky-map bytes."""
        return notice.from_json(self.document)


class Localization(models.Model):
    """A sky map that an alert gave, packed by `skymap.SkyMap.pack`."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="localizations")
    name = models.CharField(max_length=20, default="skymap")  #: skymap, or combined with an external coincidence
    sha256 = models.CharField(max_length=64)  #: of the FITS bytes as sent
    data = models.BinaryField()
    pixels = models.IntegerField(default=0)
    area_50 = models.FloatField(null=True)  #: deg2
    area_90 = models.FloatField(null=True)  #: deg2
    distance_mpc = models.FloatField(null=True)
    distance_sd_mpc = models.FloatField(null=True)
    ra = models.FloatField(null=True)  #: of the most probable pixel
    dec = models.FloatField(null=True)
    error = models.TextField(blank=True)  #: why the map could not be used; `data` is empty then

    objects = OfAlert.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "name"], name="scimma_localization_once")]

    def __str__(self):
        return f"{self.name} of alert {self.alert_id}"


class Reaction(models.Model):
    """Work that an alert asks for; written with the alert, done by the worker, harmless to repeat."""

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="reactions")
    name = models.CharField(max_length=100)
    change = models.CharField(max_length=12)  #: new, updated, retracted, reinstated
    run = models.CharField(max_length=200)  #: dotted path, called with (alert_id, change)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.IntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    worker = models.CharField(max_length=160, blank=True)  #: who has it, or had it last
    created = models.DateTimeField(default=timezone.now)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "name"], name="scimma_reaction_once")]
        indexes = [models.Index(fields=["state", "id"], name="scimma_reaction_state")]

    def __str__(self):
        return f"{self.name} for alert {self.alert_id}"
