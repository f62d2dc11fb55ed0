"""What telescopes were asked for, and which of them may be asked by this TOM itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from tom_observations.models import ObservationRecord

from tom_scimma.models import Delivery, Event, Subscription
from tom_treasuremap.models.pointings import visible_observations


class ArmingQuerySet(models.QuerySet):
    def in_force(self, now: Any = None) -> ArmingQuerySet:
        """Those that still let this TOM ask by itself."""
        return self.filter(disarmed=None, until__gt=now or timezone.now(), by__is_active=True)

    def visible_to(self, user: Any) -> ArmingQuerySet:
        """Everybody who may arm sees all: who else could ask is what they must know. Others see their own rules'."""
        if user is None or not user.is_active or not user.is_authenticated:
            return self.none()
        if user.has_perm("tom_treasuremap.arm_telescope"):
            return self.all()
        return self.filter(rule__owner=user)


class Arming(models.Model):
    """One telescope that this TOM may ask by itself: for one rule, until a date, so much a night, by whose word."""

    telescope = models.CharField(max_length=60)  #: its name
    rule = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()
    hours = models.FloatField()  #: most hours of shutter time asked for in a night
    requests = models.PositiveIntegerField()  #: most requests in a night
    cancels = models.BooleanField(default=False)  #: it may also take back what it asked for, see `withdrawn.py`
    disarmed = models.DateTimeField(null=True)
    disarmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    why = models.TextField(blank=True)  #: it was disarmed

    objects = ArmingQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [("arm_telescope", "Can let this TOM ask a telescope by itself")]
        indexes = [models.Index(fields=["telescope", "until"], name="treasuremap_arming_force")]

    def __str__(self):
        return f"{self.telescope} for “{self.rule}”, armed by {self.by.get_username()} until {self.until:%Y-%m-%d %H:%M} UTC"

    @property
    def is_in_force(self) -> bool:
        """Whether it still lets this TOM ask."""
        return self.disarmed is None and self.until > timezone.now() and self.by.is_active


class AskedQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> AskedQuerySet:
        """What was asked about observations that this user may see; the event behind it they may see, or it has none."""
        if user is not None and user.is_active and user.is_superuser:
            return self.all()
        rows = self.filter(record__in=visible_observations(user))
        seen = Event.objects.visible_to(user).values("pk")
        return rows.filter(models.Q(event=None) | models.Q(event__in=seen))

    def open(self) -> AskedQuerySet:
        """Those of which more is to come."""
        from tom_treasuremap.followup.request import TERMINAL

        return self.exclude(record=None).exclude(record__status__in=TERMINAL)


class Asked(models.Model):
    """One request to a telescope with the observation that stands for it on the host's pages.

    The row comes before the observation, so that the same click twice finds it and makes no second one.
    """

    request_id = models.CharField(max_length=60, unique=True)  #: as `Request.id`, and the observation's id
    record = models.OneToOneField(ObservationRecord, on_delete=models.CASCADE, null=True, related_name="asked")
    target = models.ForeignKey("tom_targets.BaseTarget", on_delete=models.CASCADE, related_name="+")
    telescope = models.CharField(max_length=60)  #: its name
    event = models.ForeignKey(Event, on_delete=models.SET_NULL, null=True, related_name="asked")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    request = models.JSONField()  #: the Request, see `followup/written.py`
    night = models.DateField()  #: the date of the evening, at the telescope, of the night in which it begins
    plan = models.CharField(max_length=100, blank=True)  #: what it is part of: "plan:12"
    arming = models.ForeignKey(
        Arming, on_delete=models.SET_NULL, null=True, related_name="asked"
    )  #: None: a person did
    armed_by = models.CharField(max_length=300, blank=True)  #: of an automatic one, in words: who armed it, for what
    goes = models.DateTimeField(null=True)  #: of an automatic one: until then anybody may stop it
    submission = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, related_name="+")
    cancellation = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, related_name="+")
    cancel_after = models.DateTimeField(null=True)  #: then it is taken back, as soon as that can be
    grace = models.BooleanField(default=False)  #: this TOM takes it back by itself then, unless somebody keeps it
    cancel_reason = models.TextField(blank=True)
    message = models.TextField(blank=True)  #: why it is as it is, in the telescope's words or ours
    url = models.CharField(max_length=1000, blank=True)
    products = models.JSONField(default=list, blank=True)  #: [{"id", "filename", "created", "url"}]
    observed = models.JSONField(default=list, blank=True)  #: what was done, as in `State.observed`, times in ISO
    marked_by = models.CharField(max_length=150, blank=True)  #: who said so by hand
    calendar = models.IntegerField(null=True)  #: pk of the host's calendar entry
    polled = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    objects = AskedQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "asked"
        indexes = [
            models.Index(fields=["telescope", "night"], name="treasuremap_asked_night"),
            models.Index(fields=["plan"], name="treasuremap_asked_plan"),
        ]

    def __str__(self):
        return f"{self.request_id} at {self.telescope}"

    def get_absolute_url(self):
        return reverse("tom_observations:detail", kwargs={"pk": self.record_id}) if self.record_id else ""

    @property
    def is_automatic(self) -> bool:
        """This TOM asked by itself, where a person had armed it."""
        return bool(self.armed_by)

    @property
    def words(self) -> str:
        """Its status for people."""
        return self.record.status.lower().replace("_", " ") if self.record is not None else "being made"

    @property
    def seconds(self) -> float:
        """Shutter time asked for."""
        return sum(one["seconds"] * one["count"] for one in self.request["exposures"])

    @property
    def has_left(self) -> bool:
        """Whether the telescope has it, or may have it."""
        sent = self.submission
        if sent is None:
            return False
        return sent.state in (Delivery.State.SENDING, Delivery.State.DELIVERED) or sent.may_be_there

    @property
    def is_over(self) -> bool:
        """Nothing more is to come of it."""
        from tom_treasuremap.followup.request import TERMINAL

        return self.record is None or self.record.status in TERMINAL

    @property
    def is_stoppable(self) -> bool:
        """An automatic one that is still to go."""
        waits = self.goes is not None and self.goes > timezone.now() - timedelta(seconds=1)
        return waits and not self.has_left and not self.is_over

    @property
    def is_keepable(self) -> bool:
        """One that this TOM is about to take back by itself."""
        return self.grace and self.cancel_after is not None and not self.is_over
