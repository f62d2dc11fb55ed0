"""What this TOM told the Treasure Map: whose account, which pointings, and by which rules they go by themselves."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from tom_observations.models import ObservationRecord

from tom_scimma.course import DEAD_ENDS
from tom_scimma.models import Delivery, Event
from tom_scimma.secrets import SecretField
from tom_treasuremap.models.pointings import visible_observations


class TreasureMapProfile(models.Model):
    """One user's own account at the Treasure Map: its API token, which nobody is ever shown."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="treasuremap_profile")
    token = SecretField(null=True, blank=True)
    changed = models.DateTimeField(auto_now=True)

    def __str__(self):
        return f"Treasure Map account of {self.user}"


class Account(models.Model):
    """Who a token is at a server, which names its reports; never holds the token, only a hash of it."""

    origin = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    number = models.IntegerField()
    username = models.CharField(max_length=100, blank=True)
    checked = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["origin", "digest"], name="treasuremap_account_once")]

    def __str__(self):
        return f"{self.username} at {self.origin}"


class ReportQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> ReportQuerySet:
        """Those of events and observations that this user may see, which are their own or told in a delivery that they know of."""
        if user is None or not user.is_active or not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self.all()
        theirs = Q(by=user) | Q(posted__in=Delivery.objects.visible_to(user).values("pk"))
        seen = Q(observation=None) | Q(observation__in=visible_observations(user))
        return self.filter(event__in=Event.objects.visible_to(user).values("pk")).filter(theirs & seen)


class Report(models.Model):
    """One pointing of ours, as it was last told to the Treasure Map.

    `status` is what the server has, "" until it has it; `wanted` what it is to have. What cannot be changed there is cancelled
    and told anew, as the next `turn` of the same source.
    """

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="treasuremap_reports")
    origin = models.CharField(max_length=200)  #: which server
    source = models.CharField(max_length=200)  #: observation:17, form:..., file:..., visit:5
    turn = models.PositiveIntegerField(default=1)
    observation = models.ForeignKey(ObservationRecord, on_delete=models.SET_NULL, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    said = models.JSONField(default=dict)  #: the pointing as it was sent, or is to be
    digest = models.CharField(max_length=64, blank=True)  #: of what was sent
    wanted = models.CharField(max_length=10)
    status = models.CharField(max_length=10, blank=True)
    number = models.IntegerField(null=True)  #: the pointing's id there
    graceid = models.CharField(max_length=100, blank=True)  #: under which it was sent
    doi = models.CharField(max_length=200, blank=True)
    problem = models.TextField(blank=True)  #: why it is not told, or not as it is here
    posted = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, related_name="+")
    completed = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, related_name="+")
    cancelled = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, related_name="+")
    doi_asked = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "origin", "source", "turn"], name="treasuremap_report_once")
        ]
        indexes = [models.Index(fields=["origin", "number"], name="treasuremap_report_number")]

    def __str__(self):
        return f"{self.source} at {self.event}: {self.status or self.wanted}"

    @property
    def may_be_completed(self) -> bool:
        """Whether it is planned, and nothing that may yet succeed completes it."""
        refused = self.completed is not None and self.completed.state in DEAD_ENDS
        return self.wanted == "planned" or (self.wanted == "completed" and self.status == "planned" and refused)

    @property
    def words(self) -> str:
        """What it came from, for a table: those of forms and files have no name of their own."""
        kind, _, name = self.source.partition(":")
        return kind if kind in ("form", "file") else f"{kind} {name}"

    @property
    def deliveries(self) -> list[Delivery]:
        """What was sent about it, in order."""
        found = (self.posted, self.completed, self.cancelled, self.doi_asked)
        return [row for row in found if row is not None]


class ReportRule(models.Model):
    """Observations of a facility that are told to the Treasure Map by themselves, in the name of who made the rule."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="treasuremap_rules")
    facility = models.CharField(max_length=50)
    instrument = models.CharField(max_length=100, blank=True)  #: what the observation calls it; empty: whatever
    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )  #: of who submitted it
    number = models.IntegerField()  #: the instrument at the Treasure Map
    planned = models.BooleanField(default=True)
    completed = models.BooleanField(default=True)
    depth = models.FloatField(null=True, blank=True)  #: that this setup reaches, where an observation does not say
    depth_unit = models.CharField(max_length=10, blank=True)
    active = models.BooleanField(default=True)
    since = models.DateTimeField()  #: only what was submitted after it was made, or made active

    class Meta:
        ordering = ["facility", "instrument", "pk"]

    def __str__(self):
        return " ".join(filter(None, (self.facility, self.instrument)))
