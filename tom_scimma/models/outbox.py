"""What this TOM says to the world: each thing said, every attempt at it, and the switch that stops it all."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.urls import reverse
from django.utils import timezone

from tom_scimma.models.events import Event
from tom_scimma.models.visibility import groups_of

#: every user of a TOM is in this group, so that sharing it means nothing
EVERYBODY = "Public"


class DeliveryQuerySet(models.QuerySet):
    """Deliveries, and who may know of them."""

    def visible_to(self, user) -> DeliveryQuerySet:
        """Those this user may know of; whether also what they say, see `sent.may_read`.

        A superuser: all. Others, where it is about an event, only while they may see the event: their own; and those that
        somebody of a group of theirs sent, or that are about an event of a group of theirs, where it was not said to one
        person alone. One about an event that is forgotten: superusers alone, since nobody can say who might see it.
        """
        if user is None or isinstance(user, AnonymousUser) or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self.all()
        groups = [pk for pk, name in groups_of(user).items() if name != EVERYBODY]
        own = models.Q(by=user)
        seen = models.Q(event=None, event_name="") | models.Q(event__in=Event.objects.visible_to(user).values("pk"))
        if not groups:
            return self.filter(own & seen)
        colleagues = user._meta.model._base_manager.filter(groups__in=groups).values("pk")
        ours = Event.objects.filter(groups__in=groups).values("pk")
        theirs = models.Q(by__in=colleagues) | models.Q(event__in=ours)
        return self.filter(seen & (own | models.Q(personal=False) & theirs))

    def waiting_for_a_person(self) -> DeliveryQuerySet:
        """Those that go no further until somebody looks."""
        return self.filter(needs_person=True)


class Delivery(models.Model):
    """One thing said to one outside service: what, by whom, about what, where aimed, and how far it came."""

    class State(models.TextChoices):
        HELD = "held", "held"  #: waits for a person; `reason` says why
        QUEUED = "queued", "queued"  #: goes when its time has come and what it waits for has arrived
        SENDING = "sending", "sending"  #: a worker has it; it may or may not have left
        DELIVERED = "delivered", "delivered"
        REJECTED = "rejected", "rejected"  #: refused for good; the same again would be refused again
        UNKNOWN = "unknown", "reply lost"  #: may have arrived: looked up where that is possible, else a person decides
        CANCELLED = "cancelled", "cancelled"
        EXPIRED = "expired", "not sent in time"  #: its deadline passed
        DRY = "dry", "dry run"  #: would have been sent

    #: states in which nothing more happens by itself
    FINAL = (State.DELIVERED, State.REJECTED, State.CANCELLED, State.EXPIRED, State.DRY)

    destination = models.CharField(
        max_length=200
    )  #: a name that `destinations.find` knows: "people", "hopskotch:tom.news"
    service = models.CharField(max_length=60)  #: the name up to the colon; one lane of the worker
    key = models.CharField(max_length=64)  #: identity, see `outbox.key_of`
    generation = models.IntegerField(default=1)
    resend_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="resends")
    origin = models.CharField(max_length=300)  #: where it was aimed when it was queued, see `Destination.origin`
    payload = models.BinaryField()
    sha256 = models.CharField(max_length=64)  #: of the payload
    size = models.IntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=150, blank=True)  #: "": the TOM itself, nobody in person
    subject = models.CharField(max_length=255)  #: what it is about, "kind:identity", see subjects.py
    event = models.ForeignKey(Event, on_delete=models.SET_NULL, null=True, related_name="deliveries")
    event_name = models.CharField(max_length=200, blank=True)
    is_test = models.BooleanField(default=False)  #: about a test; only for test destinations
    personal = models.BooleanField(default=False)  #: said to one person; colleagues do not see it
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    reason = models.TextField(blank=True)  #: of the state, for people
    needs_person = models.BooleanField(default=False)
    created = models.DateTimeField(default=timezone.now)
    after = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="followers")
    not_before = models.DateTimeField(null=True)  #: next try; of an UNKNOWN one: the next look at the service
    deadline = models.DateTimeField()
    attempts = models.IntegerField(default=0)  #: how often it was taken up to be sent
    looks = models.IntegerField(default=0)  #: how often the service was asked whether it has it
    worker = models.CharField(max_length=160, blank=True)  #: who has it, or had it last
    claimed = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    receipt_id = models.CharField(max_length=300, blank=True)  #: the service's own name for it
    receipt_url = models.CharField(max_length=1000, blank=True)
    receipt = models.JSONField(default=dict)  #: what else the service answered
    errors = models.JSONField(default=dict)  #: of a REJECTED one: field to errors

    objects = DeliveryQuerySet.as_manager()

    #: the reason of a cancelled one whose reply was lost and that a person gave up looking for
    LEFT = "Left as it is: it may have arrived or not."

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-pk"]
        permissions = [("send_delivery", "Can send things to outside services")]
        constraints = [models.UniqueConstraint(fields=["destination", "key"], name="scimma_delivery_once")]
        indexes = [
            models.Index(fields=["state", "service", "id"], name="scimma_delivery_queue"),
            models.Index(fields=["service", "-id"], name="scimma_delivery_service"),
            models.Index(fields=["by", "-id"], name="scimma_delivery_by"),
            models.Index(fields=["event", "-id"], name="scimma_delivery_event"),
            models.Index(fields=["id"], condition=models.Q(needs_person=True), name="scimma_delivery_attention"),
        ]

    def __str__(self):
        return f"#{self.pk} to {self.destination}: {self.state}"

    def get_absolute_url(self):
        return reverse("tom_scimma:delivery", kwargs={"pk": self.pk})

    @property
    def may_be_there(self) -> bool:
        """Whether the service may have it, and nobody knows: its reply was lost, also where a person left it at that."""
        return self.state == self.State.UNKNOWN or (self.state == self.State.CANCELLED and self.reason == self.LEFT)

    @property
    def sender(self) -> str:
        """Who sent it, for people."""
        return self.by_name or "this TOM"

    @property
    def since(self) -> datetime:
        """The earliest time at which it can have reached the service."""
        first = self.log.filter(what=Attempt.What.SEND).order_by("pk").values_list("started", flat=True).first()
        return first or self.claimed or self.created


class Attempt(models.Model):
    """What was done about a delivery, by a worker or a person, and what came of it."""

    class What(models.TextChoices):
        SEND = "send", "sent"
        LOOK = "look", "looked up"
        CHECK = "check", "checked"
        PERSON = "person", "by hand"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log")
    what = models.CharField(max_length=8, choices=What.choices)
    number = models.IntegerField(default=0)  #: of a SEND: Delivery.attempts as it was then
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=160, blank=True)  #: the person, or the worker's process
    started = models.DateTimeField(default=timezone.now)
    ended = models.DateTimeField(null=True)  #: None: still at it, or killed
    answer = models.CharField(
        max_length=20, blank=True
    )  #: delivered, rejected, unavailable, lost, found, not found ...
    text = models.TextField(blank=True)
    traceback = models.TextField(blank=True)  #: of what nobody foresaw

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return f"{self.what} of #{self.delivery_id}: {self.answer or 'no answer'}"


class Stop(models.Model):
    """One time that everything which leaves was stopped; lifted or not. The rows are the record of who did it."""

    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=150)
    reason = models.TextField(blank=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    lifted_by_name = models.CharField(max_length=150, blank=True)
    in_force = models.BooleanField(null=True, default=True, unique=True)  #: True, or None once lifted: one at a time

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return f"stopped by {self.by_name} at {self.at:%Y-%m-%d %H:%M}"


class Worker(models.Model):
    """One `manage.py deliver` process, and how it does."""

    process = models.CharField(max_length=160, unique=True)  #: host:pid:start
    state = models.CharField(max_length=12, default="working")  #: working, waiting (the database was away), stopped
    started = models.DateTimeField()
    beat = models.DateTimeField()  #: last sign of life
    delivered = models.BigIntegerField(default=0)
    reacted = models.BigIntegerField(default=0)
    memory = models.BigIntegerField(null=True)  #: bytes
    in_hand = models.JSONField(default=list)  #: [[what, since], ...] of what has been going on for long
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return self.process


class Job(models.Model):
    """Something that an app wants done again and again, and when that was last and is next."""

    name = models.CharField(max_length=200, unique=True)
    due = models.DateTimeField()
    worker = models.CharField(max_length=160, blank=True)  #: who is at it; empty: nobody
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    runs = models.BigIntegerField(default=0)
    failures = models.IntegerField(default=0)  #: in a row
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    @classmethod
    def wake(cls, name: str) -> None:
        """Has the worker do a job at its next look, and not when it would have anyway: somebody waits for it."""
        now = timezone.now()
        cls.objects.filter(name=name, worker="", due__gt=now).update(due=now)
