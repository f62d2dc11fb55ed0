"""Messages that came in, and what of them could not be placed."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.urls import reverse

from tom_hermes import units
from tom_hermes.said import REASONS
from tom_scimma.models.visibility import VisibleQuerySet


class ReceivedQuerySet(VisibleQuerySet):
    """Messages, each seen by all, by its topic's groups, or by whoever's token it was found with."""

    def visible_to(self, user) -> ReceivedQuerySet:
        """Rows this user may see."""
        seen = super().visible_to(user)
        if user is None or not user.is_authenticated or not user.is_active or user.is_superuser:
            return seen
        own = self.model._base_manager.filter(readers=user).values("pk")
        return self.filter(models.Q(pk__in=seen.values("pk")) | models.Q(pk__in=own))


class Received(models.Model):
    """One HERMES message and what became of it, however often and by whichever way it came."""

    class State(models.TextChoices):
        PLACED = "placed", "taken in"
        PARTLY = "partly", "partly taken in"
        UNPLACED = "unplaced", "not placed"
        EMPTY = "empty", "no data in it"
        OWN = "own", "our own"
        KEPT = "kept", "kept only"  #: the topic's policy takes nothing in

    #: identity: SHA-256 of its `_id`, if any, and of its content
    key = models.CharField(max_length=64, unique=True, editable=False)
    uuid = models.UUIDField(null=True, db_index=True)  #: HERMES' id, the `_id` header
    topic = models.CharField(max_length=255)
    #: the stored message, of those that came by the stream
    message = models.ForeignKey("tom_scimma.Message", null=True, on_delete=models.SET_NULL, related_name="+")
    document = models.JSONField(null=True)  #: as received, of those that did not
    sent = models.DateTimeField(null=True)
    received = models.DateTimeField()
    title = models.CharField(max_length=500, blank=True)
    submitter = models.CharField(max_length=200, blank=True)
    event = models.CharField(max_length=200, blank=True)  #: the event it says it is about
    state = models.CharField(max_length=10, choices=State.choices)
    made = models.IntegerField(default=0)  #: targets that it made
    data = models.IntegerField(default=0)  #: rows of data that it gave
    repeated = models.IntegerField(default=0)  #: rows of data that were here already
    open = models.IntegerField(default=0)  #: rows that wait to be placed
    targets = models.ManyToManyField("tom_targets.BaseTarget", blank=True, related_name="hermes_received")
    retracted = models.BooleanField(default=False)  #: in HERMES' archive, by its sender or the topic's owner
    public = models.BooleanField(default=True)  #: False: only members of `groups`, and `readers`
    groups = models.ManyToManyField(Group, blank=True, related_name="+")
    #: whose token found it in the archive, where not everybody may read it there
    readers = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")

    objects = ReceivedQuerySet.as_manager()

    class Meta:
        ordering = ["-received", "-pk"]
        indexes = [
            models.Index(fields=["-received", "-id"], name="hermes_received_received"),
            models.Index(fields=["state", "-received"], name="hermes_received_state"),
        ]

    def __str__(self):
        return f"{self.topic} {self.title or self.uuid or self.key[:8]}"

    def get_absolute_url(self):
        return reverse("tom_hermes:received-one", kwargs={"pk": self.pk})


class UnplacedQuerySet(models.QuerySet):
    """Rows of messages that are not, or not yet, data of this TOM."""

    def visible_to(self, user) -> UnplacedQuerySet:
        """Those of messages that this user may see."""
        return self.filter(received__in=Received.objects.visible_to(user).values("pk"))


class Unplaced(models.Model):
    """A row of a message that is not, or not yet, data of this TOM: as it was sent, and why."""

    class State(models.TextChoices):
        WAITING = "waiting", "waits for a person"
        FETCHING = "fetching", "file to be fetched"
        PLACED = "placed", "placed"
        DISMISSED = "dismissed", "dismissed"

    received = models.ForeignKey(Received, on_delete=models.CASCADE, related_name="unplaced")
    section = models.CharField(max_length=20)
    index = models.IntegerField()  #: its place in the section, from 0
    name = models.CharField(max_length=200, blank=True)  #: the target it is said of
    reason = models.CharField(max_length=10, choices=list(REASONS.items()))
    words = models.CharField(max_length=500)
    row = models.JSONField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    target = models.ForeignKey("tom_targets.BaseTarget", null=True, on_delete=models.SET_NULL, related_name="+")
    due = models.DateTimeField(null=True)  #: when the worker next asks for its file
    attempts = models.IntegerField(default=0)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    settled_at = models.DateTimeField(null=True)

    objects = UnplacedQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["received", "section", "index"], name="hermes_unplaced_row"),
        ]
        indexes = [
            models.Index(fields=["due"], condition=models.Q(state="fetching"), name="hermes_unplaced_due"),
            models.Index(fields=["name"], condition=models.Q(state="waiting"), name="hermes_unplaced_name"),
        ]

    def __str__(self):
        return f"{self.section}[{self.index}] of {self.received}"

    @property
    def lacking_units(self) -> list[tuple[str, tuple[str, ...]]]:
        """The keys of units that a person may say for this row, with what may be said."""
        if self.section == "spectroscopy":
            return [("flux_units", units.BRIGHTNESS[2:]), ("wavelength_units", units.WAVELENGTH)]
        limit = isinstance(self.row, dict) and self.row.get("brightness") in (None, "")
        return [("limiting_brightness_unit" if limit else "brightness_unit", units.BRIGHTNESS)]
