"""How people are told: their contacts, and what each contact was told of."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, Group
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from tom_scimma.hours import DAILY, HOURLY, ONCE, Rules
from tom_scimma.models.alerts import Alert
from tom_scimma.models.outbox import EVERYBODY, Delivery
from tom_scimma.models.subscriptions import Subscription
from tom_scimma.models.visibility import groups_of
from tom_scimma.secrets import SecretField, Unreadable


class ContactQuerySet(models.QuerySet):
    """Contacts, and who may use them."""

    def usable_by(self, user) -> ContactQuerySet:
        """A person's own and those of their groups; forgotten ones are nobody's."""
        if user is None or isinstance(user, AnonymousUser) or not user.is_active:
            return self.none()
        groups = user.groups.exclude(name=EVERYBODY) if not user.is_superuser else Group.objects.all()
        return self.filter(Q(owner=user) | Q(group__in=groups), forgotten=False)


class Contact(models.Model):
    """One way to reach a person, or a group of people; the address is encrypted and never shown again."""

    class Pace(models.TextChoices):
        ONCE = ONCE, "at once"
        HOURLY = HOURLY, "once an hour"
        DAILY = DAILY, "once a day"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="scimma_contacts"
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=60)  #: what its people call it: "my telephone"
    scheme = models.CharField(max_length=30)  #: email, slack, ntfys ...: all of the address that is ever shown
    address = SecretField(null=True, blank=True)
    is_test = models.BooleanField(default=False)  #: rehearsals only: told of tests, never of what happened
    enabled = models.BooleanField(default=True)
    forgotten = models.BooleanField(default=False)  #: removed by its people; kept without address for the record
    picture = models.BooleanField(default=True)  #: the sky map comes with it where the channel takes one
    pace = models.CharField(max_length=8, choices=Pace.choices, default=Pace.ONCE)
    daily_at = models.TimeField(default=time(8))
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    zone = models.CharField(max_length=64, default="UTC")  #: IANA name; the three times above are its
    per_hour = models.PositiveSmallIntegerField(
        default=12, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )  #: at most so many messages within any hour
    created = models.DateTimeField(default=timezone.now)

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(owner=None) ^ Q(group=None), name="scimma_contact_of_somebody")
        ]

    def __str__(self):
        return f"{self.name} ({self.scheme}) of {self.whose}"

    def get_absolute_url(self):
        return reverse("tom_scimma:contact", kwargs={"pk": self.pk})

    @property
    def whose(self) -> str:
        """The person or group it reaches."""
        return self.owner.get_username() if self.owner is not None else self.group.name

    @property
    def lost(self) -> bool:
        """Whether its address cannot be read any more."""
        return isinstance(self.address, Unreadable)

    @property
    def rules(self) -> Rules:
        """When it may be told."""
        quiet = None if self.quiet_from is None or self.quiet_until is None else (self.quiet_from, self.quiet_until)
        return Rules(self.zone, quiet, self.pace, self.daily_at, self.per_hour)

    def usable(self, user) -> bool:
        """Whether it is one of `usable_by`, without a look at the database but for the user's groups, once."""
        if self.forgotten or user is None or not user.is_active:
            return False
        if self.group_id is None:
            return self.owner_id == user.pk
        return user.is_superuser or groups_of(user).get(self.group_id, EVERYBODY) != EVERYBODY

    @property
    def rights(self) -> Hashable:
        """What decides on `alerts`: contacts of equal rights see the same."""
        if self.owner is None:
            return frozenset([self.group_id])
        if not self.owner.is_active:
            return frozenset()
        return "everything" if self.owner.is_superuser else frozenset(groups_of(self.owner))

    @property
    def alerts(self) -> models.QuerySet[Alert]:
        """The alerts that whoever it reaches may see."""
        if self.owner is not None:
            return Alert.objects.visible_to(self.owner)
        ours = Alert.objects.filter(message__groups=self.group_id).values("pk")
        return Alert.objects.filter(Q(public=True) | Q(pk__in=ours))

    def local(self, moment: datetime) -> datetime:
        """A moment on the clock of its people."""
        return moment.astimezone(ZoneInfo(self.zone))

    def forget(self) -> None:
        """Removes the address for good; what was told stays on record."""
        self.address, self.enabled, self.forgotten = None, False, True
        self.save(update_fields=["address", "enabled", "forgotten"])


def subjects(numbers: Collection[int], user) -> ContactQuerySet:
    """Those of these contacts that a user may use, as what deliveries are about; see subjects.py."""
    return Contact.objects.usable_by(user).filter(pk__in=numbers).select_related("owner", "group")


class TellingQuerySet(models.QuerySet):
    """What was told, and who may know of it."""

    def visible_to(self, user) -> TellingQuerySet:
        """Those of alerts that this user may see, told to them, to a group of theirs, or to a colleague in one."""
        if user is None or isinstance(user, AnonymousUser) or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self.all()
        groups = list(user.groups.exclude(name=EVERYBODY).values_list("pk", flat=True))
        people = user._meta.model._base_manager.filter(groups__in=groups).values("pk")
        whom = Q(contact__owner=user) | Q(contact__group__in=groups) | Q(contact__owner__in=people)
        return self.filter(whom, alert__in=Alert.objects.visible_to(user).values("pk"))

    def waiting(self) -> TellingQuerySet:
        """Those that are still to be said."""
        return self.filter(delivery=None, dropped="")


class Telling(models.Model):
    """That a contact is to be told of an alert, because of a subscription: once for each of the three."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="tellings")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="tellings")
    subscription = models.ForeignKey(Subscription, on_delete=models.SET_NULL, null=True, related_name="tellings")
    subscription_name = models.CharField(max_length=100, blank=True)
    change = models.CharField(max_length=12)  #: new, updated, retracted, reinstated, reported
    note = models.CharField(max_length=200, blank=True)  #: why, where the change alone does not say it
    critical = models.BooleanField(default=False)
    created = models.DateTimeField(default=timezone.now)
    due = models.DateTimeField(null=True)  #: not before
    why = models.CharField(
        max_length=20, blank=True
    )  #: what it waits, or waited, for: digest, quiet hours, hourly limit
    delivery = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, related_name="tellings")
    said = models.DateTimeField(null=True)  #: when its message was handed to the outbox
    dropped = models.CharField(max_length=200, blank=True)  #: why it will not be told after all
    acknowledged = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    acknowledged_name = models.CharField(max_length=200, blank=True)

    objects = TellingQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["contact", "alert", "subscription"], name="scimma_telling_once")]
        indexes = [
            models.Index(fields=["due"], condition=Q(delivery=None, dropped=""), name="scimma_telling_waiting"),
            models.Index(fields=["contact", "-said"], name="scimma_telling_said"),
        ]

    def __str__(self):
        return f"alert {self.alert_id} to contact {self.contact_id}"

    @property
    def outcome(self) -> str:
        """How far it came, in a word or two: waiting, on its way, told, not told, dry run, cancelled, dropped."""
        if self.dropped:
            return "dropped"
        if self.delivery is None:
            return "told" if self.said else "waiting"
        return OUTCOMES[self.delivery.state]

    @property
    def may_be_seen(self) -> bool:
        """Whether its people have it, as far as anybody knows: only then can they say that they have seen it."""
        return self.outcome in ("told", "perhaps told")


State = Delivery.State
OUTCOMES = {
    State.HELD: "held", State.QUEUED: "on its way", State.SENDING: "on its way", State.DELIVERED: "told",
    State.REJECTED: "not told", State.EXPIRED: "not told", State.UNKNOWN: "perhaps told", State.CANCELLED: "cancelled",
    State.DRY: "dry run",
}  # fmt: skip
